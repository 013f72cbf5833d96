"""Finds the line of the DAG tree that an error is due to. Pure."""

from dagship.inside.versions.layout import DAGS
from dagship.model.dag_versions import ROOT
from dagship.verify.tracebacks import Frame, Trace, parse_fault


def in_tree(frame: Frame, root: str) -> tuple[str, int] | None:
    """Returns file and line relative to the DAG directory, None for code that is not of the DAG version.

    What is included lies beside that directory, and is told relative to where both lie.
    """
    place = next((above for above in (root, _version_of(root)) if above and frame.file.startswith(f"{above}/")), None)
    return (frame.file.removeprefix(f"{place}/"), frame.line) if place is not None else None


def _version_of(root: str) -> str:
    """The directory of a version of an image; empty where the DAG directory is of no such."""
    version, _, name = root.rpartition("/")
    return version if name == DAGS and version.startswith(f"{ROOT}/") else ""


def blame(trace: Trace, root: str, file: str) -> tuple[int, tuple[str, int] | None]:
    """Returns the line of a DAG file that an error came through, and the helper's line it came from, if any."""
    for frames in (trace.frames, trace.chained):
        line, helper = _lines(frames, root, file)
        if line or helper:
            return line, helper
    return 0, None


def fault_blame(log: str, root: str, file: str) -> tuple[int, tuple[str, int] | None]:
    """Returns the same for a process that died, from what `faulthandler` wrote."""
    return _lines(parse_fault(log), root, file)


def _lines(frames: tuple[Frame, ...], root: str, file: str) -> tuple[int, tuple[str, int] | None]:
    own, last = 0, None
    for place in filter(None, (in_tree(frame, root) for frame in frames)):
        if place[0] == file:
            own, last = place[1], None
        else:
            last = place
    return own, last
