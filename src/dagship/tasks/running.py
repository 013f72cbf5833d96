"""Runs one task: settings in, document out, every failure one sentence and an exit status."""

import logging
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invoke import Exit

from dagship.errors import INTERRUPTED, DagshipError

if TYPE_CHECKING:
    from dagship.console import Console
    from dagship.project import Project

log = logging.getLogger(__name__)


def run(json: bool, flags: Mapping[str, object], act: "Callable[[Project], dict[str, Any]]") -> None:
    """Runs a task.

    Args:
        json: Whether standard output gets a document.
        flags: Settings that the command line gave.
        act: Does the work; a document with `passed` false ends with status 1.

    Raises:
        Exit: The task failed; what there is to say was said.

    """
    from dagship.console import Console

    console = Console(json_wanted=json)
    try:
        with _terminable():
            from dagship import settings
            from dagship.project import Project

            root = Path.cwd()
            project = Project(root=root, settings=settings.load(root, flags), console=console)
            document = act(project)
    except DagshipError as failed:
        _fail(console, failed, failed.exit_code)
    except KeyboardInterrupt:
        _fail(
            console,
            DagshipError("Interrupted; what was started was stopped, and nothing was half-written."),
            INTERRUPTED,
        )
    except BrokenPipeError:
        raise Exit(code=INTERRUPTED) from None
    except OSError as failed:
        where = f" ({failed.filename})" if failed.filename else ""
        _fail(console, DagshipError(f"The system refused: {failed.strerror or failed}{where}."), DagshipError.exit_code)
    except Exception as bug:
        log.debug("unexpected", exc_info=True)
        message = f"dagship failed in a way that it should not: {type(bug).__name__}: {bug}"
        _fail(console, DagshipError(message, "Please report it, with the output of the same call with --debug."), 2)
    else:
        console.document(document)
        if not document.get("passed", True):
            raise Exit(code=1)


def _fail(console: "Console", error: DagshipError, code: int) -> None:
    console.error(error)
    console.document(
        {"error": {"message": error.message, "hint": error.hint, "detail": error.detail, "exit_code": code}}
    )
    raise Exit(code=code) from None


class _terminable:  # noqa: N801 - a context manager that reads as a word
    """Makes SIGTERM, which CI sends to cancel a job, end a task as Ctrl-C does."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGTERM, self._interrupt)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    @staticmethod
    def _interrupt(*_: object) -> None:
        raise KeyboardInterrupt
