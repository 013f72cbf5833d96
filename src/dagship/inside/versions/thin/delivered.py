"""The DAG versions of a pod: those in its image, and those that are delivered to it while it runs."""

import errno
import logging
import os
import sys
import time
from typing import Optional

from .. import store
from . import announcement, directory, kept, mount, package
from .announcement import Announcement
from .assembly import Unable, assemble
from .package import Package

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
# Until what the pod lacks, as room on a volume, may be there.
_PAUSE_SECONDS = 1.0
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS)
# For a lock that others hold, who assemble a version or remove one.
_PATIENCE = 2.0


class Delivered:
    """The DAG versions of a pod.

    Args:
        root: The version directories of the image.
        place: Where those are assembled that are not in it.
        mounted: Where the ConfigMap is mounted.
        foundation: What the image is built on; empty where it does not say, and then it takes none.

    """

    def __init__(self, root: str, place: str, *, foundation: str, mounted: str = mount.PLACE) -> None:
        self.place = place
        self._root, self._mounted, self._foundation = root, mounted, foundation

    @property
    def can_come(self) -> bool:
        """Whether versions can come that are not here yet."""
        return bool(self._foundation) and mount.is_there(self._mounted)

    @property
    def mark(self) -> str:
        """What is another one when what is announced may be."""
        return mount.mark(self._mounted)

    @property
    def is_gone(self) -> bool:
        """Whether the ConfigMap is missing: what it announced before is not taken back by that."""
        return mount.is_empty(self._mounted)

    def directory(self, version: str) -> str:
        """Returns the directory of a version, which may not be there."""
        baked = os.path.join(self._root, version)
        return baked if os.path.isdir(baked) else os.path.join(self.place, version)

    def announced(self) -> tuple[Optional[Announcement], str]:
        """Returns what is announced to this image, and why what is announced is not heeded."""
        text = mount.announced(self._mounted)
        if not text:
            return None, ""
        try:
            found = announcement.read(text)
        except announcement.Wrong as wrong:
            return None, str(wrong)
        return found, announcement.why_not(found, foundation=self._foundation, current=store.current(self._root))

    def obtain(self, version: str, *, seconds: float, hold: bool = True) -> str:
        """Sees to it that a version is there and is what it was; returns why it cannot be, empty where it is.

        Args:
            version: Its id.
            seconds: To wait for its package.
            hold: Whether it stays as long as this process lives.

        """
        until = time.monotonic() + seconds
        while True:
            mark = self.mark
            try:
                self._see_to(version, hold=hold)
            except package.Wrong as wrong:
                why, pause = str(wrong), float("inf")
            except Unable as unable:
                why, pause = str(unable), _PAUSE_SECONDS
            else:
                return ""
            if time.monotonic() < until:
                log.info("Waiting for the version %s: %s", version, why)
            again = time.monotonic() + pause
            while self.mark == mark and time.monotonic() < min(again, until):
                time.sleep(_POLL_SECONDS)
            if time.monotonic() >= until:
                return why

    def _see_to(self, version: str, *, hold: bool) -> None:
        if os.path.isdir(os.path.join(self._root, version)):
            return
        found = self._package(version)
        there = os.path.join(self.place, version)
        if found is None and not os.path.isdir(there):
            raise package.Wrong(f"There is no package of the version {version}.")
        # As root, whom no mode holds up, Python would write into it.
        sys.dont_write_bytecode = True
        self._keep(version, hold=hold)
        # Whoever runs tasks here could have changed it: each looks again.
        digest = directory.digest(there)
        if digest and digest == (found.tree if found else digest) and digest.startswith(version):
            return
        if found is None:
            raise package.Wrong(
                f"The directory of the version {version} was changed after it was assembled, and there is no package "
                "of it any more."
            )
        assemble(self.place, found, os.path.join(self._root, found.base), until=time.monotonic() + _PATIENCE)

    def _package(self, version: str) -> Optional[Package]:
        data = mount.packaged(self._mounted, version)
        if data is None:
            return None
        found = package.read(data)
        if found.version != version:
            raise package.Wrong(f"The package of the version {version} is one of {found.version}.")
        if found.foundation != self._foundation or not os.path.isdir(os.path.join(self._root, found.base)):
            raise package.Wrong(f"The package of the version {version} is for another image than this one.")
        return found

    def _keep(self, version: str, *, hold: bool) -> None:
        try:
            os.makedirs(self.place, exist_ok=True)
            (kept.hold if hold else kept.use)(self.place, version)
        except OSError as failed:
            # A task that runs as another user uses what is there.
            if failed.errno not in _NOT_OURS:
                raise Unable(f"{self.place} cannot be written: {failed.strerror}.") from failed
