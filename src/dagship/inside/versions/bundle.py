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
from .git import forge
from .layout import DAGS
from .settings import ROOT
from .thin.delivered import Delivered
from .thin.serving import Serving

try:
    from airflow.dag_processing.bundles.base import BundleVersion  # 3.3
except ImportError:
    BundleVersion = None

log = logging.getLogger(__name__)

NAMED = "DAGSHIP_DAG_VERSION"
"""Variable of a rollback within an image: the version that new runs get instead of CURRENT."""

FOUNDATION = "DAGSHIP_FOUNDATION"
"""Variable of an image: what it is built on, for versions that come without it."""

VIEW_URL = "DAGSHIP_VIEW_URL_TEMPLATE"
"""Variable of an image: the page of a version, with `{version}` in it."""

# For a version that is announced to come: longer than a kubelet takes at its slowest.
_COMES_SECONDS = 120.0
# The dag-processor is taken for dead when it waits long.
_AT_ONCE_SECONDS = 2.0
_WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.5
_FETCH_SECONDS = 120.0
# From here on a task whose DAG file is not there yet is tried again later, on a worker that may have it.
_TRIES_AGAIN = (3, 1, 7)


class _SideBySide(BaseDagBundle):  # type: ignore[misc]
    """Version directories side by side.

    Args:
        root: The version directories.
        options: As every bundle takes them: name, version, refresh_interval.

    """

    supports_versioning = True

    def __init__(self, *, root: str = ROOT, **options: Any) -> None:
        super().__init__(**options)
        self.root = Path(root)
        finder.serve(root)
        if self.version and not store.is_id(self.version):
            raise AirflowException(f"{self.version!r} is no version of the DAG bundle {self.name!r}.")

    @property
    def path(self) -> Path:
        """DAG directory of the version; known without `initialize`."""
        return self._directory(self.version or self._serves() or ".none") / DAGS

    def get_current_version(self) -> Any:
        """Returns the version that this bundle serves."""
        version = self.version or self._serves() or None
        return BundleVersion(version=version) if BundleVersion is not None and version else version

    def view_url_template(self) -> Optional[str]:
        """Returns the address of the page of any version, with `{version}` in it; None where there is none."""
        template = os.environ.get(VIEW_URL, "").strip() or self._page()
        if not forge.fits(template, self.name, _release()):
            log.warning("Airflow %s has no room for the address of a version's page: %s", airflow.__version__, template)
            return None
        return template or None

    def view_url(self, version: Optional[str] = None) -> Optional[str]:
        """Returns the address of the page of a version; None where there is none."""
        template = self.view_url_template()
        return template.replace(forge.VERSION, version) if template and version else None

    def initialize(self) -> None:
        """Sees to it that the version is there.

        Raises:
            AirflowException: It is not, and Airflow would not try again by itself.

        """
        self._obtain()
        # Without any version there is nothing to parse, and Airflow would take all DAGs for deleted.
        if not self.path.is_dir() and (not self.version or _release() < _TRIES_AGAIN):
            what = f"the version {self.version}" if self.version else "a current version"
            raise AirflowException(f"The DAG bundle {self.name!r} does not have {what} in {self.root}.")
        super().initialize()

    def _directory(self, version: str) -> Path:
        """Where a version lies."""
        return self.root / version

    def _serves(self) -> str:
        """The version that new runs get."""
        raise NotImplementedError

    def _obtain(self) -> None:
        """What can be done for a version that is missing."""
        raise NotImplementedError

    def _page(self) -> str:
        """The address of the page of any version that is known without being told; empty for none."""
        return ""  # a version in an image is named by its content, and a forge knows commits


class BakedDagBundle(_SideBySide):
    """The versions in an image, and those that are announced to its pods while they run.

    New runs get the version that is announced; where none is, CURRENT, or what the variable `DAGSHIP_DAG_VERSION` names
    instead. A run that has begun keeps its own.

    """

    def __init__(self, *, root: str = ROOT, **options: Any) -> None:
        super().__init__(root=root, **options)
        place = str(self.base_dir / "thin")
        self._versions = Delivered(root, place, foundation=os.environ.get(FOUNDATION, ""))
        self._serving = Serving(self.name, self._versions, str(self.base_dir.parent), lambda: _own(root))
        # Why the version that a run is pinned to is not there; None where nobody looked yet.
        self._missing: Optional[str] = None
        if self._versions.can_come:
            finder.serve_delivered(place)

    @property
    def refresh_interval(self) -> float:
        """Seconds between refreshes. The dag-processor asks all the time; what is announced is due at once."""
        return float("-inf") if not self.version and self._serving.due else self._refresh_interval

    @refresh_interval.setter
    def refresh_interval(self, seconds: float) -> None:
        self._refresh_interval = seconds

    def refresh(self) -> None:
        """Takes the version that is announced; where none can be, nothing changes."""
        self._serving.refresh(_AT_ONCE_SECONDS)

    def _directory(self, version: str) -> Path:
        if self.version and self._missing is None:  # Airflow 3.0 asks for a callback's without `initialize`
            self._look(0.0)
        return self.root / version if self._missing else Path(self._versions.directory(version))

    def _serves(self) -> str:
        if not self._serving.current:
            self._serving.take(0.0)
        return self._serving.current

    def _obtain(self) -> None:
        seconds = _AT_ONCE_SECONDS if parsing.is_here() else _COMES_SECONDS
        if self.version:
            self._look(seconds)
        else:
            self._serving.take(seconds)

    def _look(self, seconds: float) -> None:
        """Sees to the version that a run is pinned to."""
        waits = seconds if self._versions.can_come else 0.0
        # What the dag-processor gets for a callback it does not need as long as it lives.
        self._missing = self._versions.obtain(self.version, seconds=waits, hold=not parsing.is_here())
        if self._missing and waits:
            log.warning("The DAG bundle %s: %s", self.name, self._missing)


class SyncedDagBundle(_SideBySide):
    """The versions on a volume that a sync fills from git: one directory for each commit."""

    def __init__(self, *, root: str = ROOT, **options: Any) -> None:
        super().__init__(root=root, **options)
        self._current = store.current(root)

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

    def _serves(self) -> str:
        return self._current

    def _page(self) -> str:
        return forge.commit(os.environ.get("DAGSHIP_SYNC_URL", ""))

    def _obtain(self) -> None:
        """Fetches the commit that a run is pinned to; where that cannot be, waits for others to bring it."""
        if not self.version or self.path.is_dir():
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


def _own(root: str) -> str:
    """The version that an image serves by itself: the one that a rollback names, else CURRENT."""
    named = os.environ.get(NAMED, "").strip()
    current = store.current(root)
    if not named or named == current:
        return current
    if store.is_id(named) and os.path.isdir(os.path.join(root, named)):
        return named
    log.warning("%s names %r, which is not in %s: CURRENT counts, which is %r", NAMED, named, root, current)
    return current


def _release() -> tuple[int, ...]:
    """The version of Airflow, as numbers."""
    numbers = []
    for part in airflow.__version__.split(".")[:3]:
        digits = "".join(char for char in part if char.isdigit())
        numbers.append(int(digits) if digits.isdigit() else 0)
    return tuple(numbers)
