"""Runs one task: settings in, document out, every failure one sentence and an exit status."""

import atexit
import gc
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invoke import Exit

from dagship import interrupts
from dagship.errors import INTERRUPTED, DagshipError, OutsideError, UsageError, of_system
from dagship.terminal.outlet import keep_descriptors

if TYPE_CHECKING:
    from dagship.pipeline.project import Project
    from dagship.terminal.console import Console

log = logging.getLogger(__name__)

Act = Callable[["Project"], dict[str, Any]]

# The system takes back what a process leaves. Python would look for circles in all that was imported first, which takes
# as long as importing a fifth of it.
atexit.register(gc.freeze)


def run(json: bool, flags: Mapping[str, object], act: Act) -> None:
    """Runs a task.

    Args:
        json: Whether standard output gets a document.
        flags: Settings that the command line gave.
        act: Does the work; a document with `passed` false ends with status 1.

    Raises:
        Exit: The task failed; what there is to say was said.

    """
    from dagship.terminal.console import Console

    keep_descriptors()
    console = Console(json_wanted=json)
    with interrupts.heard():
        try:
            document = _done(console, flags, act)
        except DagshipError as failed:
            _fail(console, failed, failed.exit_code)
        except KeyboardInterrupt:
            _fail(
                console,
                DagshipError("Interrupted; what was started was stopped, and nothing was half-written."),
                INTERRUPTED,
            )
        except OSError as failed:
            where = f" ({failed.filename})" if failed.filename else ""
            error = of_system(failed)(f"The system refused: {failed.strerror or failed}{where}.")
            _fail(console, error, error.exit_code)
        except Exception as bug:
            log.debug("unexpected", exc_info=True)
            message = f"dagship failed in a way that it should not: {type(bug).__name__}: {bug}"
            _fail(console, DagshipError(message, "Please report it, with the output of the same call with --debug."), 2)
        else:
            _tell(console, document)


def _done(console: "Console", flags: Mapping[str, object], act: Act) -> dict[str, Any]:
    from dagship import settings_sources
    from dagship.pipeline.project import Project

    if not console.takes_documents:
        raise UsageError("--json has nowhere to go: standard output is closed.", "Leave it open, or leave --json out.")
    root = Path.cwd()
    return act(Project(root=root, settings=settings_sources.load(root, flags), console=console))


def _tell(console: "Console", document: dict[str, Any]) -> None:
    """The status says what happened, whether or not somebody reads on; that a document is lost is the machine's."""
    lost = console.document(document)
    if not document.get("passed", True):
        raise Exit(code=1)
    if lost is not None and not isinstance(lost, BrokenPipeError):
        why = getattr(lost, "strerror", None) or lost
        console.error(
            OutsideError(
                f"The task did what it was to do; its document could not be written to standard output: {why}.",
                "Free space, or write it elsewhere.",
            )
        )
        raise Exit(code=OutsideError.exit_code)


def _fail(console: "Console", error: DagshipError, code: int) -> None:
    console.error(error)
    console.document(
        {"error": {"message": error.message, "hint": error.hint, "detail": error.detail, "exit_code": code}}
    )
    raise Exit(code=code) from None
