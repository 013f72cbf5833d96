"""Which DAG version a process serves to whoever names none: the one that is announced, else the image's own."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace

from .. import layout
from ..dag_processor import hints, parsing
from ..dag_processor.affected import Affected, affected
from ..text import now, one_line
from . import directory, kept, served
from .delivered import Delivered
from .served import Served

log = logging.getLogger(__name__)

# What could not be had is tried again: a volume may have room then.
_AGAIN_SECONDS = 10.0
_NOT_COUNTED = -1
# While files are read anew who waits for them is told soon; one that takes longer is told when the turn comes.
_SOON_SECONDS = 10.0


class Serving:
    """What a process serves.

    Args:
        bundle: The name of its bundle.
        versions: The versions of its pod.
        storage: Where it says what it serves.
        own: The version that its image serves by itself.

    Attributes:
        current: The id of the version; empty before it was asked for.

    """

    def __init__(self, bundle: str, versions: Delivered, storage: str, own: Callable[[], str]) -> None:
        self.current = ""
        self._bundle, self._versions, self._storage, self._own = bundle, versions, storage, own
        self._mark, self._again, self._soon, self._is_own = "", float("inf"), 0.0, False
        self._said = Served(bundle)

    @property
    def due(self) -> bool:
        """Whether there may be another version than the one that is served; asked all the time."""
        self._report()
        changed = self._versions.mark != self._mark or time.monotonic() >= self._again
        return bool(self.current) and changed

    def has_news(self) -> bool:
        """Whether a dag-processor is to ask at once; it may be asked from another thread."""
        return self._versions.mark != self._mark or (bool(self._said.left) and time.monotonic() < self._soon)

    def refresh(self, seconds: float) -> None:
        """Does what `take` does, for the object that the dag-processor itself has, which tells what it serves.

        Airflow makes others of the same bundle now and then, and refreshes none of them.
        """
        if not self._is_own:
            self._is_own = True
            hints.watch(self._bundle, self.has_news)
            self._write()
        only_asked = self._said.left and self._versions.mark == self._mark and not self._said.why_not
        if not (self.current and only_asked):  # it was asked for how far it is with what it reads anew
            self.take(seconds)

    def take(self, seconds: float) -> None:
        """Serves the version that is announced; where that cannot be had, what it serves already, or the image's own.

        Args:
            seconds: To wait for the version.

        """
        self._mark, self._again = self._versions.mark, float("inf")
        if not self._versions.can_come:
            self.current = self.current or self._own()
            return
        announced, why = self._versions.announced()
        if announced and not why:
            why = self._versions.obtain(announced.version, seconds=seconds)
        version = ""
        if why:
            if one_line(why) != self._said.why_not:
                log.warning("The DAG bundle %s does not serve what is announced: %s", self._bundle, why)
            self._again = time.monotonic() + _AGAIN_SECONDS
        elif announced:
            version = announced.version
        elif not self._versions.is_gone:
            version = self._own()  # what was announced is taken back
        version = version or self.current or self._own()
        said = replace(self._said, serial=announced.serial if announced else 0, why_not=one_line(why))
        if announced and not why:
            said = replace(said, tree=announced.tree)
        elif version != self.current:
            said = replace(said, tree="")
        self._serve(version, said)

    def _serve(self, version: str, said: Served) -> None:
        before = self.current
        if version != before:
            dags = os.path.join(self._versions.directory(version), layout.DAGS)
            said = replace(said, version=version, since=now(), dags=dags, files=None, left=_NOT_COUNTED, failed=())
            if before:
                log.info("The DAG bundle %s serves the version %s instead of %s", self._bundle, version, before)
                said = self._read_anew(before, said)
                kept.release(self._versions.place, before)
            else:  # it starts, maybe in the middle of a delivery, which has not broken what was broken before
                said = replace(said, broken=tuple(sorted(parsing.broken_before(self._bundle))))
            self.current, self._soon = version, time.monotonic() + _SOON_SECONDS
        self._say(said)

    def _read_anew(self, before: str, said: Served) -> Served:
        """Has the dag-processor read what differs; returns what is to be said of that."""
        known = parsing.known(self._bundle)
        first, others = self._affected(before, said.version, known.with_dags)
        parsing.begin_anew(self._bundle, at=said.dags, first=first, others=others)
        return replace(said, files=None if others else first, broken=tuple(sorted(known.broken)))

    def _affected(self, before: str, version: str, with_dags: frozenset[str]) -> Affected:
        old, new = self._versions.directory(before), self._versions.directory(version)
        try:
            files = {"before": directory.content(old).files, "after": directory.content(new).files}
            return affected(directory.differing(old, new), **files, with_dags=with_dags)
        except OSError:  # the one before was changed
            return Affected((), all=True)

    def _report(self) -> None:
        """Says how far the dag-processor has come with what it reads anew."""
        files = self._said.files
        if self._said.left:
            broken = parsing.known(self._bundle).broken.difference(self._said.broken)
            failed = tuple(sorted(broken if files is None else broken.intersection(files)))
            self._say(replace(self._said, left=parsing.left(self._bundle, files), failed=failed))

    def _say(self, said: Served) -> None:
        is_news, self._said = said != self._said, said
        if is_news and self._is_own:
            self._write()

    def _write(self) -> None:
        if parsing.is_here():
            served.write(self._storage, self._said)
