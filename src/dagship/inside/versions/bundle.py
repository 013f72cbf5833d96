"""DAG bundles for Airflow 3.0 to 3.4: directories side by side, so that a run ends on the code it began with."""

import logging
import os
import time
from pathlib import Path
from typing import Any, Optional

import airflow
from airflow.dag_processing.bundles.base import BaseDagBundle
from airflow.exceptions import AirflowException

from . import finder, store
from .dag_processor import parsing
from .layout import DAGS
from .settings import ROOT

try:
    from airflow.dag_processing.bundles.base import BundleVersion  # 3.3
except ImportError:
    BundleVersion = None

log = logging.getLogger(__name__)

NAMED = "DAGSHIP_DAG_VERSION"
"""Variable of a rollback within an image: the version that new runs get instead of CURRENT."""

_WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.5
_FETCH_SECONDS = 120.0
# From here on a task whose DAG file is not there yet is tried again later, on a worker that may have it.
_TRIES_AGAIN = (3, 1, 7)


class BakedDagBundle(BaseDagBundle):  # type: ignore[misc]
    """The versions in an image: none comes and none goes while it runs.

    New runs get CURRENT, or what the variable `DAGSHIP_DAG_VERSION` names instead; a run that has begun keeps its own.

    Args:
        root: The version directories.
        options: As every bundle takes them: name, version, refresh_interval.

    """

    supports_versioning = True

    def __init__(self, *, root: str = ROOT, **options: Any) -> None:
        super().__init__(**options)
        self.root = Path(root)
        finder.serve(root)
        self._current = self._serving(root)
        if self.version and not store.is_id(self.version):
            raise AirflowException(f"{self.version!r} is no version of the DAG bundle {self.name!r}.")

    @property
    def path(self) -> Path:
        """DAG directory of the version; known without `initialize`."""
        return self.root / (self.version or self._current or ".none") / DAGS

    def get_current_version(self) -> Any:
        """Returns the version that this bundle serves."""
        version = self.version or self._current or None
        return BundleVersion(version=version) if BundleVersion is not None and version else version

    def refresh(self) -> None:
        """Does nothing: what is in an image stays."""

    def initialize(self) -> None:
        """Sees to it that the version is there.

        Raises:
            AirflowException: It is not, and Airflow would not try again by itself.

        """
        if not self.path.is_dir():
            self._obtain()
        # Without any version there is nothing to parse, and Airflow would take all DAGs for deleted.
        if not self.path.is_dir() and (not self.version or _release() < _TRIES_AGAIN):
            what = f"the version {self.version}" if self.version else "a current version"
            raise AirflowException(f"The DAG bundle {self.name!r} does not have {what} in {self.root}.")
        super().initialize()

    def _serving(self, root: str) -> str:
        """The version that new runs get: the one that a rollback names, else CURRENT."""
        named = os.environ.get(NAMED, "").strip()
        current = store.current(root)
        if not named or named == current:
            return current
        if store.is_id(named) and os.path.isdir(os.path.join(root, named)):
            return named
        log.warning("%s names %r, which is not in %s: CURRENT counts, which is %r", NAMED, named, root, current)
        return current

    def _obtain(self) -> None:
        """What can be done for a version that is missing; in an image, nothing."""


class SyncedDagBundle(BakedDagBundle):
    """The versions on a volume that a sync fills from git: one directory for each commit."""

    def _serving(self, root: str) -> str:
        return store.current(root)

    def refresh(self) -> None:
        """Takes the version that the sync has published meanwhile.

        Raises:
            AirflowException: There is none.

        """
        current = store.current(str(self.root))
        if not current:
            raise AirflowException(f"The DAG bundle {self.name!r} has no current version in {self.root}.")
        if current != self._current:
            parsing.begin_anew(self.name)
            self._current = current

    def _obtain(self) -> None:
        """Fetches the commit that a run is pinned to; where that cannot be, waits for others to bring it."""
        if not self.version:
            return
        if store.is_commit(self.version) and os.environ.get("DAGSHIP_SYNC_URL") and os.access(self.root, os.W_OK):
            reason = self._fetch(self.version)
            if not reason:
                return
            log.warning("The version %s could not be fetched: %s", self.version, reason)
        log.info("Waiting for the version %s of the DAG bundle %s", self.version, self.name)
        until = time.monotonic() + _WAIT_SECONDS
        while not self.path.is_dir() and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)

    def _fetch(self, version: str) -> Optional[str]:
        """Fetches a commit; returns why it could not be had."""
        from dataclasses import replace

        from . import obtain, settings
        from .git.repository import Failed, NoRoom, NoSuchTree

        try:
            found = replace(settings.read(os.environ), root=str(self.root))
            obtain.obtain(found, version, limit=_FETCH_SECONDS)
        except store.Busy:
            return "others kept the volume locked"
        except (Failed, NoRoom, NoSuchTree, settings.WrongSettings, OSError) as failed:
            return str(failed)
        return None


def _release() -> tuple[int, ...]:
    """The version of Airflow, as numbers."""
    numbers = []
    for part in airflow.__version__.split(".")[:3]:
        digits = "".join(char for char in part if char.isdigit())
        numbers.append(int(digits) if digits.isdigit() else 0)
    return tuple(numbers)
