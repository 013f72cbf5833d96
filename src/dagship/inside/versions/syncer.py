"""Keeps a volume at what a git repository has: a commit is fetched, checked and published.

The last good one stays, whatever becomes of the next.
"""

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Optional, TypeVar

from . import obtain, state, store
from .check import not_fetched
from .git import credentials
from .git.repository import Failed, Git, NoRoom, NoSuchRef, NoSuchTree
from .reporter import Reporter
from .runs import CannotAsk, Runs
from .settings import Settings
from .state import Record, Verdict
from .status import Status
from .text import say, unusable

_FOREVER = float("inf")
_CHECK_AGAIN_SECONDS = 600.0
_CUT_OFF = "Its import check was killed, and the sync with it: it may need more memory (dags.git.resources)."
_NOTES = 10
_BACK = 20

_Got = TypeVar("_Got")


class Sync:
    """The sync of one volume.

    Args:
        settings: What is followed, and how.
        scratch: A directory of this process.
        check: Imports the files of a directory and judges them.
        ask: Asks which runs are unfinished.
        image: Stands for what a verdict depends on besides the files.

    """

    def __init__(
        self,
        settings: Settings,
        *,
        scratch: str,
        check: Callable[[str], Verdict],
        ask: Callable[[], Runs],
        image: str = "",
    ) -> None:
        self.settings, self._scratch, self._ask, self._image = settings, scratch, ask, image
        self._judge = check
        self._reporter = Reporter(settings)

    @property
    def status(self) -> Status:
        """What is known."""
        return self._reporter.status

    def begin(self) -> None:
        """Removes what a killed sync left half-made, and says that it starts."""
        with store.lock(self.settings.root, obtain.LOCK, until=_FOREVER):
            store.clean(self.settings.root)
            state.forget(self.settings.root)
        if credentials.accepts_new_hosts(self.settings):
            say(f"warning: the Secret has no known_hosts, so {self.settings.host} is believed at first sight")
        self._reporter.to("starting")

    def look(self, until: float = _FOREVER) -> Status:
        """Asks git once, and does what follows from it.

        Args:
            until: Moment of `time.monotonic` at which git must have answered.

        """
        try:
            self._look(until)
        except (NoSuchRef, NoRoom) as gone:
            self._reporter.to("refused", reason=str(gone))
        except Failed as failed:
            self._reporter.to("unreachable", reason=str(failed))
        except store.Busy:
            self._reporter.to("unreachable", reason="Others keep the volume locked.")
        except OSError as broken:
            self._reporter.to("refused", reason=unusable(broken, "The volume", self.settings.root))
        return self.status

    def pause(self) -> float:
        """Returns the seconds until the next look: while it holds, less."""
        interval = self.settings.interval
        return min(interval, max(10.0, interval / 2)) if self.status.state == "held" else interval

    def _look(self, until: float) -> None:
        root = self.settings.root
        commit = self._with_room(Git.fetch_tip, until)
        there = obtain.is_there(self.settings, commit)
        known = self._make(commit, until)
        if there and commit == store.current(root) and (known is None or known.passed):
            self._reporter.to("current", notes=known.notes if known else ())
            return
        verdict = known or self._examine(commit)
        if not verdict.passed:
            if not store.current(root):
                self._fall_back(commit, until)
            self._reporter.to("refused", candidate=commit, reason=verdict.reason, findings=verdict.findings)
            if not known:
                self._prune("" if verdict.lasting else commit)
            return
        held = self._held()
        if held:
            self._reporter.to("held", candidate=commit, reason=held)
            return
        self._publish(commit, verdict)
        self._prune()

    def _fall_back(self, refused: str, until: float) -> None:
        """Publishes the newest commit before one that is refused, where nothing is current: a new pod has to start."""
        if time.monotonic() >= until:
            return  # the next one that tries finds the verdict, and has time for this
        before = [one for one in self._with_room(lambda git: git.history(_BACK), until) if one != refused]
        for commit in before:
            if time.monotonic() >= until:
                return
            known = self._make(commit, until)
            verdict = known or self._examine(commit)
            if verdict.passed:
                self._publish(commit, verdict)
                return

    def _check(self, directory: str) -> Verdict:
        return not_fetched.told(self._judge(directory), directory)

    def _git(self, handle: int, until: float = _FOREVER) -> Git:
        return Git(self.settings, os.path.join(self.settings.root, obtain.STORE), self._scratch, handle, until)

    def _with_room(self, act: Callable[[Git], _Got], until: float) -> _Got:
        """Does under the lock what takes room; where the volume has none, once more when what nobody needs is gone."""
        try:
            return self._locked(act, until)
        except NoRoom:
            if not self._make_room():
                raise
        return self._locked(act, until)

    def _locked(self, act: Callable[[Git], _Got], until: float) -> _Got:
        with store.lock(self.settings.root, obtain.LOCK, until=until) as handle:
            return act(self._git(handle, until))

    def _make_room(self) -> bool:
        """Removes what nobody needs, of the versions and of the store; returns whether that was anything."""
        before = store.used(self.settings.root)
        self._prune()
        self._locked(Git.shrink, _FOREVER)
        return store.used(self.settings.root) < before

    def _make(self, commit: str, until: float) -> Optional[Verdict]:
        """Makes the directory of a commit unless it is there or not wanted; returns what is known of it already."""
        try:
            return self._with_room(lambda git: self._fill(git, commit), until)
        except (NoSuchTree, NoRoom) as wrong:
            lasting = isinstance(wrong, NoSuchTree)  # room may come
            verdict = Verdict(passed=False, reason=str(wrong), lasting=lasting, at=time.time())
            return self._locked(lambda _: self._remember(commit, verdict), until)

    def _fill(self, git: Git, commit: str) -> Optional[Verdict]:
        verdict = self._remembered(state.read(self.settings.root, commit))
        if obtain.is_there(self.settings, commit) or not (verdict is None or verdict.passed):
            return verdict
        # What is served already changes only if it may: here the same commit is made from another directory of it.
        judge = self._check if commit == store.current(self.settings.root) else None
        judged = obtain.fill(git, self.settings, commit, judge=judge)
        return self._remember(commit, judged) if judged else verdict

    def _examine(self, commit: str) -> Verdict:
        root = self.settings.root
        # Who takes too much memory is killed, and with a container all that is in it: then this is what is found.
        cut_off = Verdict(passed=False, reason=_CUT_OFF, lasting=False, at=time.time())
        with store.lock(root, obtain.LOCK, until=_FOREVER):
            self._remember(commit, cut_off)
        try:
            verdict = self._check(os.path.join(root, commit))
        except BaseException:  # told to end, which says nothing of the commit
            with contextlib.suppress(store.Busy), store.lock(root, obtain.LOCK, until=time.monotonic() + 1.0):
                state.remember(root, commit, verdict=None)
            raise
        with store.lock(root, obtain.LOCK, until=_FOREVER):
            return self._remember(commit, verdict)

    def _remembered(self, record: Record) -> Optional[Verdict]:
        """The verdict on a version, if it would be the same today."""
        verdict = record.verdict
        if verdict is None or record.made_of != self.settings.made_of or verdict.image != self._image:
            return None
        # A clock that was set back is no reason to believe it for longer.
        return verdict if verdict.lasting or 0 <= time.time() - verdict.at < _CHECK_AGAIN_SECONDS else None

    def _remember(self, commit: str, verdict: Verdict) -> Verdict:
        verdict = replace(verdict, image=self._image)
        state.remember(self.settings.root, commit, made_of=self.settings.made_of, verdict=verdict)
        return verdict

    def _held(self) -> str:
        """Why nothing may be published now; where nothing is current a pod could not start without."""
        if not self.settings.hold or not store.current(self.settings.root):
            return ""
        try:
            running = self._ask().running
        except CannotAsk as cannot:
            return str(cannot)
        if not running:
            return ""
        return f"{running} DAG run{'s are' if running > 1 else ' is'} in progress."

    def _publish(self, commit: str, verdict: Verdict) -> None:
        root = self.settings.root
        with store.lock(root, obtain.LOCK, until=_FOREVER) as handle:
            store.publish(root, commit)
            state.remember(root, commit, published=max(time.time(), state.last_published(root) + 0.001))
            self._reporter.to("current", notes=verdict.notes)
            say(f"published {commit} of {self.settings.ref}")
            for note in verdict.notes[:_NOTES]:
                say(f"note: {note.file}: {note.error}")
            self._git(handle).tidy()

    def _prune(self, candidate: str = "") -> None:
        """Removes versions that nobody needs any more; where the runs cannot be asked for, none."""
        root = self.settings.root
        old = [version for version in state.removable(root, self.settings.keep) if version != candidate]
        if not old:
            return
        try:
            needed = self._ask().versions
        except CannotAsk as cannot:
            say(f"no old version is removed: {cannot}")
            return
        with store.lock(root, obtain.LOCK, until=_FOREVER):
            for version in old:
                if version not in needed and version != store.current(root):
                    store.remove(os.path.join(root, version))
