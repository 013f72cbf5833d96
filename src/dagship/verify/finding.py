"""Makes findings. Pure."""

from dagship.model.verify_report import Finding, Kind, Severity

_LONGEST = 400


def finding(
    kind: Kind,
    message: str,
    *,
    severity: Severity = "error",
    file: str = "",
    line: int = 0,
    trace: str = "",
    hint: str = "",
) -> Finding:
    """Makes a finding."""
    return Finding(severity=severity, kind=kind, file=file, line=line, message=message, traceback=trace, hint=hint)


def short(message: str) -> str:
    """Cuts a message to a sentence's length; one that is masked already, for half a secret is not found any more."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


def place(file: str, line: int) -> str:
    """Returns a line of a file as people write it."""
    return f"{file}, line {line}" if line else file
