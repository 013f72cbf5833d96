"""Reads the report of the program that runs the commands of `prepare` (`inside/prepare/main.py`). Pure."""

import json
import re
import shlex
from collections.abc import Callable

from pydantic import BaseModel, ValidationError

from dagship.errors import UsageError

# What a command prints has a sign before it.
_SAID = re.compile(r"#\d+ \d+\.\d+ @@PREPARE@@(\{.*\})")
_LONGEST = 100
_LINES = 15
_KILL = 9


class Report(BaseModel):
    """What went wrong.

    Attributes:
        kind: What it was.
        command: The command, where it was one.
        code: Its exit status.
        words: Its last words, or the system's.
        path: The file, where it was one.

    """

    kind: str
    command: tuple[str, ...] = ()
    code: int | None = None
    words: str = ""
    path: str = ""


def listener(said: list[Report], say: Callable[[str], None]) -> Callable[[str], None]:
    """Returns what hears each line of the build: it notes a report, and passes on all else."""

    def hear(line: str) -> None:
        report = _read(line)
        if report is not None:
            said.append(report)
        else:
            say(line)

    return hear


def _read(line: str) -> Report | None:
    found = _SAID.fullmatch(line)
    try:
        return Report.model_validate(json.loads(found[1])) if found else None
    except (ValueError, RecursionError, ValidationError):
        return None


def reason(said: list[Report], limit: float) -> UsageError | None:
    """Returns the error for what was reported; None when nothing was.

    Args:
        said: What was reported.
        limit: Seconds that the commands had.

    """
    if not said:
        return None
    report = said[0]
    shown = _shown(report.command)
    words = "\n".join(report.words.strip().splitlines()[-_LINES:])
    match report.kind:
        case "status":
            message = f"The command {shown} of prepare {_ended(report.code or 0)}."
            hint = (
                "Its last words are above. It runs in the image, without a network unless prepare_network gives it "
                "one, and of the project it has the DAG directory and what include names."
            )
        case "time":
            message = f"The commands of prepare did not end within {limit:g} s: {shown} ran then, and was ended."
            hint = (
                "Where they only need longer, raise prepare_timeout. Nobody answers a question there, and without "
                "prepare_network there is no network to wait for."
            )
        case "no-start":
            message, words = f"The command {shown} of prepare could not be started: {words}.", ""
            hint = (
                "A program comes with a package of the requirements, or of Debian (system_packages). A script of the "
                'project has to be executable, or is given to its interpreter: ["python", "dags/generate.py"].'
            )
        case "large" | "many":
            what = "bytes" if report.kind == "large" else "files"
            message = f"The commands of prepare left more {what} than a DAG version may have."
            hint = "What nobody needs afterwards belongs in $TMPDIR, and data elsewhere. max_file_size sets the bytes."
        case "special":
            message = f"The commands of prepare left {report.path!r}, which is neither a file nor a directory."
            hint = "Have them remove it: only those can be in a DAG version."
        case _:
            return None
    return UsageError(message, hint, words)


def _shown(command: tuple[str, ...]) -> str:
    text = shlex.join(command)
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit status {code}"
    return "was killed, as where memory runs out" if code == -_KILL else f"was ended by signal {-code}"
