"""Watches the import of one DAG file: files it reads, hosts it reaches for, deprecations it is warned of.

The latter are blamed on a line of the DAG tree, found on the stack at the moment they happen: by the time the import
ends, a swallowed exception has left no trace, and a warning says no more than where its `stacklevel` happened to point.
"""

import os
import sys
import warnings
from typing import Any, Optional

LIMIT = 50
"""Most events of one sort that one file may report."""

_LONGEST = 1000
_LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_ADDRESSED = ("socket.connect", "socket.sendto", "socket.sendmsg")
# Frames between the deprecated thing and whoever used it.
_BETWEEN = ("importlib", "warnings", "typing_extensions", "functools", "contextlib", "attr")
_OURS = __name__.partition(".")[0]


class Watch:
    """What one import does besides defining DAGs.

    Args:
        root: The DAG directory.
        top: The directory that it lies in with all that is included, or the same.

    """

    def __init__(self, root: str, top: str) -> None:
        self.files: set[str] = set()
        self.network: list[dict[str, Any]] = []
        self.warnings: list[dict[str, Any]] = []
        self._root, self._top = (each.rstrip(os.sep) + os.sep for each in (root, top))
        self._own_names = {"", "localhost", os.uname().nodename}

    def start(self) -> None:
        """Watches from here to the end of the process: an audit hook cannot be taken out again."""
        sys.addaudithook(self._audit)
        warnings.simplefilter("always")
        watch = self

        class Noted(warnings.WarningMessage):
            """The interpreter makes one of these for every warning that no filter drops, whoever records them."""

            def __init__(
                self, message: Any, category: Any, filename: str, lineno: int, *rest: Any, **named: Any
            ) -> None:
                super().__init__(message, category, filename, lineno, *rest, **named)
                watch._warned(str(message), category, filename, lineno)

        warnings.WarningMessage = Noted  # type: ignore[misc]

    def forget(self) -> None:
        """Starts anew, for another file."""
        self.files, self.network, self.warnings = set(), [], []

    def _audit(self, event: str, arguments: "tuple[Any, ...]") -> None:
        # A module is opened and then executed, whoever imports it and whether that fails; compiled, the latter alone.
        if event in ("open", "exec"):
            path = arguments[0] if event == "open" else getattr(arguments[0], "co_filename", None)
            if isinstance(path, str) and path.startswith(self._top):
                self.files.add(path)
            return
        if not event.startswith("socket."):
            return
        if event in _LOOKUPS:
            host = arguments[0]
        elif event in _ADDRESSED and len(arguments) > 1 and isinstance(arguments[1], tuple):
            host = arguments[1][0]
        else:
            return
        host = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
        place = None if host in self._own_names else self._innermost()
        if place is not None:
            self._note(self.network, {"host": host[:255], "file": place[0], "line": place[1]})

    def _warned(self, message: str, category: type, filename: str, line: int) -> None:
        if not _deprecation(category):
            return
        place = (self._relative(filename), line) if filename.startswith(self._top) else self._user()
        if place is not None:
            event = {"category": category.__name__, "message": _beginning(message), "file": place[0], "line": place[1]}
            self._note(self.warnings, event)

    def _relative(self, path: str) -> str:
        """A path as it is told: in the DAG directory from there, else from where that lies."""
        return path[len(self._root if path.startswith(self._root) else self._top) :]

    def _note(self, events: list[dict[str, Any]], event: dict[str, Any]) -> None:
        if event not in events and len(events) < LIMIT:
            events.append(event)

    def _innermost(self) -> Optional[tuple[str, int]]:
        """The innermost line of the DAG tree on the stack; None when it is not the tree's doing."""
        frame: Any = sys._getframe(2)  # noqa: SLF001 - the documented way to a frame
        while frame is not None:
            if frame.f_code.co_filename.startswith(self._top):
                return self._relative(frame.f_code.co_filename), frame.f_lineno
            frame = frame.f_back
        return None

    def _user(self) -> Optional[tuple[str, int]]:
        """The line that used what is deprecated, if it is the tree's: what libraries do among themselves is not."""
        frame: Any = sys._getframe(2)  # noqa: SLF001 - the documented way to a frame
        airflow_warns = False
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(self._top):
                return self._relative(name), frame.f_lineno
            package = (frame.f_globals.get("__name__") or "").split(".")[0]
            if name[:1] != "<" and package not in (*_BETWEEN, "airflow", _OURS):
                return None
            if package == "airflow":
                # A module of Airflow's that is being imported may warn of itself; else it imports what warns.
                if airflow_warns and frame.f_code.co_name == "<module>":
                    return None
                airflow_warns = True
            frame = frame.f_back
        return None


def _beginning(message: str) -> str:
    return message if len(message) <= _LONGEST else message[:_LONGEST] + "…"  # by it a cut secret is found and masked


def _deprecation(category: type) -> bool:
    known = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
    return issubclass(category, known) or "Deprecat" in category.__name__ or "RemovedIn" in category.__name__
