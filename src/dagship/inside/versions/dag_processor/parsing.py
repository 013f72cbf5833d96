"""Has the dag-processor begin anew with a bundle, whose files are those of another version from now on.

By itself it stores what a parse finds under the version that the bundle has when the parse ends, and goes on with the
queue as it is, which leads into the directory of the version before: a structure under the stamp of another version,
for half a minute, and for good in the runs that begin meanwhile.
"""

import inspect
import logging
import signal
import sys
from typing import Any

log = logging.getLogger(__name__)

# The same from Airflow 3.0 to 3.4, and none of it promised.
_TAKEN = ("_processors", "_file_queue", "_file_stats", "_callback_to_execute", "_bundle_versions")


def begin_anew(bundle: str) -> None:
    """Ends the parsing of a bundle, and has its files parsed again at once; does nothing in any other process.

    Callbacks stay: nothing is stored of them, and who is to be told of a failure is.
    """
    manager = _dag_processor()
    if manager is None:
        return
    taken: list[Any] = [getattr(manager, name, None) for name in _TAKEN]
    if None in taken:
        log.warning("The dag-processor of this Airflow is not known: what it parses now of %r may be mixed up", bundle)
        return
    parsers, queue, last, callbacks, stamps = taken
    for file, parser in list(parsers.items()):
        if _is_parsed(file, bundle) and not getattr(parser, "had_callbacks", False):  # Airflow 3.0 does not tell
            del parsers[file]
            parser.kill(signal.SIGKILL)
            if hasattr(parser, "close"):  # before 3.3 the log is still written to, by what is left in its socket
                parser.close()
    remove = queue.pop if isinstance(queue, dict) else queue.remove
    for file in list(queue):
        if _is_parsed(file, bundle) and file not in callbacks:
            remove(file)
    for file, parse in last.items():
        if file.bundle_name == bundle:
            parse.last_finish_time = None  # one that was parsed since its file was written would wait for its turn
    # It gets the new version when Airflow has told its database. Should that fail, there is none to store under.
    stamps.pop(bundle, None)


def _is_parsed(file: Any, bundle: str) -> bool:
    """Whether a file of the dag-processor is there to be parsed; what names a version is there for a run's callback."""
    return bool(file.bundle_name == bundle and file.bundle_version is None)


def _dag_processor() -> Any:
    """The dag-processor that is asking its bundle, found among the callers; None where it is another program."""
    module = sys.modules.get("airflow.dag_processing.manager")
    frame = inspect.currentframe() if module is not None else None
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, getattr(module, "DagFileProcessorManager", ())):
            return caller
        frame = frame.f_back
    return None
