"""Runs the git program: with no configuration but ours, no question, no hook, and an end to every call."""

import os
import signal
import time
from typing import Optional

from .. import child
from ..settings import Settings
from ..text import one_line
from . import credentials

LIMIT = 120.0
_PASSED_ON = (
    "PATH", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
)  # fmt: skip

# What git and ssh say besides the reason.
_EMPTY = ("Warning:", "fatal: Could not read from remote", "Please make sure", "and the repository exists", "hint:")

LARGER = "Give the volume more (dags.git.size, or the claim), or keep fewer versions (dags.git.keep)."
# Git's words for what the volume does not take.
_NO_ROOM = {
    "No space left on device": f"the volume is full. {LARGER}",
    "Disk quota exceeded": f"the quota of the volume is used up. {LARGER}",
    f"died of signal {signal.SIGXFSZ:d}": f"what it has to write is more than the volume has room for. {LARGER}",
    "File too large": f"what it has to write is more than the volume has room for. {LARGER}",
    "Read-only file system": "the volume cannot be written to.",
}

# In the file that a HOME has, and not in the environment: the other end of file:// is to know it too.
CONFIGURATION = """[safe]
    directory = *
[core]
    hooksPath = /dev/null
    autocrlf = false
    bigFileThreshold = 16m
[credential]
    helper =
[fetch]
    recurseSubmodules = false
[gc]
    auto = 4000
    autoDetach = false
    pruneExpire = now
[http]
    lowSpeedLimit = 1000
    lowSpeedTime = 30
[maintenance]
    auto = false
[submodule]
    recurse = false
"""


class Failed(Exception):  # noqa: N818 - the text is a sentence for people
    """Git could not do what was asked; the text is a sentence."""


class NoRoom(Exception):  # noqa: N818 - as above
    """The volume cannot take what git has to write; the text is a sentence."""


class Program:
    """The git program, and a store that it works on.

    Args:
        settings: The repository.
        store: Directory of the store.
        scratch: Directory of this process, for HOME and credentials.
        lock: File descriptor of the lock on the store, which is held until every git ended.
        until: Moment of `time.monotonic` at which a remote must have answered.

    """

    def __init__(self, settings: Settings, store: str, scratch: str, lock: int, until: float) -> None:
        self._settings, self._store, self._scratch = settings, store, scratch
        self._lock, self._until = lock, until
        with open(os.path.join(scratch, ".gitconfig"), "w", encoding="utf-8") as file:
            file.write(CONFIGURATION)

    def remote(
        self, *argv: str, limit: float = LIMIT, patient: bool = False, largest: Optional[int] = None
    ) -> child.Ended:
        """Runs a command that reaches the remote.

        Args:
            argv: The command.
            limit: Seconds that it may take.
            patient: Whether it may take them also where patience ends sooner.
            largest: Bytes of the largest file that it may write.

        Raises:
            Failed: It did not end in time, or there is no git.

        """
        environment = credentials.prepare(self._settings, self._scratch)
        try:
            left = limit if patient else min(limit, self._until - time.monotonic())
            return self._run(argv, dict(environment), left, largest)
        except child.TimeIsUp as late:
            raise Failed(f"{self.host} did not answer: {late}.") from late

    def local(
        self,
        *argv: str,
        index: Optional[str] = None,
        work_tree: Optional[str] = None,
        largest: Optional[int] = None,
        most: int = child.MOST,
    ) -> child.Ended:
        """Runs a command on the store.

        Args:
            argv: The command.
            index: Its index, where it has one.
            work_tree: Its work tree, where it has one.
            largest: Bytes of the largest file that it may write, its output too.
            most: Characters of its output that are wanted.

        Raises:
            Failed: It did not end in time, or there is no git.

        """
        more = {"GIT_INDEX_FILE": index} if index else {}
        more.update({"GIT_WORK_TREE": work_tree} if work_tree else {})
        try:
            return self._run(argv, more, LIMIT, largest, most)
        except child.TimeIsUp as late:
            raise Failed(f"git {argv[0]}: {late}.") from late

    def failed(self, what: str, ended: child.Ended) -> Exception:
        """Returns the error for a command that failed: `NoRoom` where the volume is why, else `Failed`."""
        said = f"{ended.err} died of signal {-ended.code}"
        why = next((why for words, why in _NO_ROOM.items() if words in said), "")
        if why:
            return NoRoom(f"git {what}: {why}")
        return Failed(f"git {what} ended with exit status {ended.code}: {self._reason(ended.err)}")

    @property
    def host(self) -> str:
        """The remote, for people."""
        return self._settings.host or self._settings.shown_url

    def _run(
        self,
        argv: tuple[str, ...],
        more: dict[str, str],
        limit: float,
        largest: Optional[int] = None,
        most: int = child.MOST,
    ) -> child.Ended:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment.update(
            HOME=self._scratch,
            LC_ALL="C",
            GIT_DIR=self._store,
            GIT_CONFIG_NOSYSTEM="1",
            GIT_TERMINAL_PROMPT="0",
            GIT_ALLOW_PROTOCOL="https:http:ssh:git:file",
            GIT_NO_REPLACE_OBJECTS="1",
            GIT_ATTR_NOSYSTEM="1",
            **more,
        )
        try:
            return child.run(
                ["git", *argv],
                environment=environment,
                limit=limit,
                directory=more.get("GIT_WORK_TREE", self._scratch),
                holding=(self._lock,),
                largest=largest,
                most=most,
            )
        except FileNotFoundError as missing:
            if missing.filename != "git":  # a directory, which went
                raise
            raise Failed("There is no git in the image; add the system package git.") from missing

    def _reason(self, words: str) -> str:
        """The line of git's words that says why."""
        lines = [line.strip() for line in words.splitlines() if line.strip() and not line.strip().startswith(_EMPTY)]
        fatal = [line for line in lines if line.startswith("fatal: ")]
        reason = (fatal or lines[-1:] or ["it gave no reason"])[0]
        return one_line(credentials.masked(self._settings, reason)).rstrip(".") + "."
