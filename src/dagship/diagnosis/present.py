"""Shows a failure to people."""

import textwrap
from typing import TYPE_CHECKING

from dagship.diagnosis.failure import Failure

if TYPE_CHECKING:
    from dagship.terminal.console import Console


def show_failure(console: "Console", failure: Failure) -> None:
    """Prints what went wrong: the pod, the reason, its events and last log lines."""
    where = " ".join(
        part
        for part in (
            failure.workload,
            failure.pod and f"pod {failure.pod}",
            failure.container and f"container {failure.container}",
        )
        if part
    )
    console.say("")
    console.say(f"✗ {where}: {failure.reason}")
    if failure.meaning:
        console.say(f"  {failure.meaning}")
    if failure.message and failure.message not in failure.meaning:
        console.say(textwrap.indent(failure.message, "  "))
    for title, lines in (("events", failure.events), ("last log lines", failure.log)):
        if lines:
            console.say(f"  {title}:")
            for line in lines:
                console.say(f"  | {line}")
    if failure.hint:
        console.say(f"  → {failure.hint}")
    console.say("")
