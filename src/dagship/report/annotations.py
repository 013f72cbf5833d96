"""Workflow commands of GitHub Actions that show issues beside the code, the worst first. Pure.

The form and its escapes are those of actions/toolkit, packages/core/src/command.ts.
"""

from collections.abc import Sequence

from dagship.report.issues import Issue
from dagship.report.text import plain

# GitHub shows ten errors and ten warnings of a step, and drops the rest without a word.
MOST = 10
_LONGEST = 4000


def annotations(issues: Sequence[Issue]) -> tuple[str, ...]:
    """Returns a line for each of the ten worst errors and the ten worst warnings; none for what is accepted."""
    shown = [issue for issue in issues if not issue.accepted_until]
    worst = [
        issue
        for severity in ("error", "warning")
        for issue in [one for one in shown if one.severity == severity][:MOST]
    ]
    return tuple(map(_command, worst))


def _command(issue: Issue) -> str:
    given = {"file": issue.path, "line": str(issue.line or ""), "title": f"dagship: {issue.kind}"}
    properties = ",".join(f"{name}={_property(value)}" for name, value in given.items() if value)
    return f"::{issue.severity} {properties}::{_data(issue.text[:_LONGEST])}"


def _data(text: str) -> str:
    """Escapes a message. What is left is one line, so that nothing in it begins another command."""
    return plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
