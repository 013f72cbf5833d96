"""Has the dag-processor begin anew with a bundle, whose files are those of another version from now on.

By itself it stores what a parse finds under the version that the bundle has when the parse ends, and goes on with the
queue as it is, which leads into the directory of the version before: a structure under the stamp of another version,
for half a minute, and for good in the runs that begin meanwhile.
"""

import inspect
import logging
import re
import signal
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

from .. import layout

log = logging.getLogger(__name__)

# Airflow 3.0 names the file of an import error from the root.
_FROM_THE_ROOT = re.compile(rf"^/.*?/[0-9a-f]{{12}}/{layout.DAGS}/")
# The same from Airflow 3.0 to 3.4, and none of it promised.
_TAKEN = ("_processors", "_file_queue", "_file_stats", "_callback_to_execute", "_bundle_versions")


class Known(NamedTuple):
    """Files of a bundle, relative to its DAG directory: those that have DAGs or an import error, and the latter."""

    with_dags: frozenset[str]
    broken: frozenset[str]


def begin_anew(bundle: str, *, at: str = "", first: Sequence[str] = (), others: bool = True) -> None:
    """Ends the parsing of a bundle, and has its files parsed again at once; does nothing in any other process.

    Callbacks stay: nothing is stored of them, and who is to be told of a failure is.

    Args:
        bundle: Its name.
        at: The DAG directory from now on, where files are to come first.
        first: Files to parse before all others, relative to that.
        others: Whether the others are parsed again as well; else each has its turn as before.

    """
    manager = dag_processor()
    if manager is None:
        return
    taken: list[Any] = [getattr(manager, name, None) for name in _TAKEN]
    if None in taken:
        log.warning("The dag-processor of this Airflow is not known: what it parses now of %r may be mixed up", bundle)
        return
    parsers, queue, last, callbacks, stamps = taken
    again = {*first, *_ended(parsers, bundle)}
    remove = queue.pop if isinstance(queue, dict) else queue.remove
    for file in list(queue):
        if _is_parsed(file, bundle) and file not in callbacks:
            remove(file)
    for file, parse in last.items():
        if file.bundle_name == bundle and (others or str(file.rel_path) in again):
            parse.last_finish_time = None  # one that was parsed since its file was written would wait for its turn
    kind = sys.modules["airflow.dag_processing.manager"].DagFileInfo
    for path in first:  # what Airflow does not take for a DAG file it takes out again
        file = kind(rel_path=Path(path), bundle_name=bundle, bundle_path=Path(at))
        if isinstance(queue, dict):
            queue[file] = None
        elif file not in queue:
            queue.append(file)
    # It gets the new version when Airflow has told its database. Should that fail, there is none to store under.
    stamps.pop(bundle, None)


def _ended(parsers: "dict[Any, Any]", bundle: str) -> "list[str]":
    """Ends what parses files of a bundle; returns the files."""
    ended = []
    for file, parser in list(parsers.items()):
        if _is_parsed(file, bundle) and not getattr(parser, "had_callbacks", False):  # Airflow 3.0 does not tell
            del parsers[file]
            parser.kill(signal.SIGKILL)
            if hasattr(parser, "close"):  # before 3.3 the log is still written to, by what is left in its socket
                parser.close()
            ended.append(str(file.rel_path))
    return ended


def known(bundle: str) -> Known:
    """Returns what the dag-processor knows of the files of a bundle; nothing in any other process."""
    last = getattr(dag_processor(), "_file_stats", {})
    ours = {str(file.rel_path): parse for file, parse in last.items() if file.bundle_name == bundle}
    return Known(
        frozenset(path for path, parse in ours.items() if parse.num_dags or parse.import_errors),
        frozenset(path for path, parse in ours.items() if parse.import_errors),
    )


def broken_before(bundle: str) -> frozenset[str]:
    """Returns the files of a bundle that the dag-processor before this one could not read, by Airflow's database.

    They are relative to its DAG directory; there are none in any other process, nor where it cannot be asked.
    """
    if not is_here():
        return frozenset()
    try:
        from airflow.models.errors import ParseImportError
        from airflow.utils.session import create_session
        from sqlalchemy import select

        asked = select(ParseImportError.filename).where(ParseImportError.bundle_name == bundle)
        with create_session(scoped=False) as session:  # a session of the dag-processor may be under way
            return frozenset(below_dags(str(file)) for file in session.scalars(asked))
    except Exception as failed:  # noqa: BLE001 - of any driver, and of any Airflow to come
        log.warning("It is not known which files of %r were broken before: %s", bundle, failed)
        return frozenset()


def below_dags(file: str) -> str:
    """Returns where a file lies in the DAG directory of a version. Pure."""
    return _FROM_THE_ROOT.sub("", file)


def left(bundle: str, files: Optional[Collection[str]]) -> int:
    """Returns how many files of a bundle have not been parsed since it was begun with anew; below 0 for not known.

    Args:
        bundle: Its name.
        files: Those that count, relative to its DAG directory; None for all.

    """
    manager = dag_processor()
    if bundle not in getattr(manager, "_bundle_versions", (bundle,)):
        return -1  # it has not looked which files there are
    last = getattr(manager, "_file_stats", {})
    new = [file for name in ("_file_queue", "_processors") for file in getattr(manager, name, ()) if file not in last]
    waiting = [*new, *(file for file, parse in last.items() if parse.last_finish_time is None)]
    ours = {str(file.rel_path) for file in waiting if _is_parsed(file, bundle)}
    return len(ours if files is None else ours.intersection(files))


def is_here() -> bool:
    """Whether it is a dag-processor that is asking."""
    return dag_processor() is not None


def _is_parsed(file: Any, bundle: str) -> bool:
    """Whether a file of the dag-processor is there to be parsed; what names a version is there for a run's callback."""
    return bool(file.bundle_name == bundle and file.bundle_version is None)


def dag_processor() -> Any:
    """The dag-processor that is asking its bundle, found among the callers; None where it is another program."""
    module = sys.modules.get("airflow.dag_processing.manager")
    frame = inspect.currentframe() if module is not None else None
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, getattr(module, "DagFileProcessorManager", ())):
            return caller
        frame = frame.f_back
    return None
