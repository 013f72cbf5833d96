"""The one place that prints: people read standard error, `--json` puts one document on standard output.

A terminal gets a live line with the seconds, anything else (CI) plain lines and a reminder while a step is long.
Library code never prints: it takes a `Console` and says what it does.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

from rich.console import Console as RichConsole
from rich.text import Text

from dagship.errors import DagshipError
from dagship.terminal import harmless
from dagship.terminal.harmless import printable
from dagship.terminal.outlet import Outlet

if TYPE_CHECKING:
    from rich.status import Status

    from dagship.terminal.board import Board

_REMINDER_SECONDS = 30.0
# Columns where there is no terminal to ask: logs are wide.
_PLAIN_WIDTH = 120


class Step:
    """A step under way; `say` shows what it is at."""

    def __init__(self, title: str, status: "Status | None") -> None:
        self.title = title
        self.now = ""
        self.began = time.monotonic()
        self._status = status

    def say(self, what: str) -> None:
        """Shows what the step is doing now: on a terminal at once, elsewhere with the next reminder."""
        self.now = printable(what).replace("\n", " ")
        if self._status is not None:
            self._status.update(Text(f"{self.title}  {self.now}"[: max(20, self._status.console.width - 4)]))

    @property
    def seconds(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.began


class Console:
    """The output of a task.

    Args:
        json_wanted: Whether standard output is for one JSON document.
        stderr: Where people read; for tests.
        stdout: Where the document goes; for tests.
        stdin: Where answers come from; for tests.

    """

    def __init__(
        self,
        *,
        json_wanted: bool = False,
        stderr: TextIO | None = None,
        stdout: TextIO | None = None,
        stdin: TextIO | None = None,
    ) -> None:
        self.json_wanted = json_wanted
        self._said: set[str] = set()
        self._in = stdin or sys.stdin
        self._out = Outlet.of(stdout or sys.stdout)
        people = cast("TextIO", Outlet.of(stderr or sys.stderr))
        # No markup and no highlighting: user text is text.
        self._rich = RichConsole(file=people, markup=False, highlight=False, emoji=False, soft_wrap=True)
        if not self._rich.is_terminal:
            self._rich.width = _PLAIN_WIDTH

    def say(self, text: str, *, once: bool = False) -> None:
        """Prints a line for people; with `once` only where it was not printed so before."""
        if once and text in self._said:
            return
        self._said |= {text} if once else set()
        self._rich.print(Text(printable(text)))

    def warn(self, text: str) -> None:
        """Prints a warning for people."""
        self._rich.print(Text("warning: ", style="yellow").append(printable(text), style="default"))

    def command(self, text: str) -> None:
        """Prints a line that is a command to the CI system, escaped already: `::error file=…::…`."""
        self._rich.print(Text(" ".join(text.splitlines())))

    @property
    def answers(self) -> bool:
        """Whether somebody can be asked."""
        return self._in is not None and self._in.isatty()

    def ask(self, question: str) -> str:
        """Asks for a line, and returns it without spaces around it; empty where there is no more to read."""
        self._rich.print(Text(f"{printable(question)} ", style="bold"), end="")
        return self._in.readline().strip()

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Shows a step while it runs, and one line with its seconds when it is done."""
        title = printable(title)
        if self._rich.is_terminal:
            with self._rich.status(Text(title)) as status:
                step = Step(title, status)
                yield step
        else:
            step = Step(title, None)
            with self._reminded(step):
                yield step
        self._rich.print(Text("✓ ", style="green").append(f"{title}  {step.seconds:.1f} s", style="default"))

    @contextmanager
    def _reminded(self, step: Step) -> Iterator[None]:
        done = threading.Event()

        def remind() -> None:
            while not done.wait(_REMINDER_SECONDS):
                self.say(f"… {step.title}  {step.seconds:.0f} s  {step.now}")

        thread = threading.Thread(target=remind, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    @contextmanager
    def board(self, title: str) -> Iterator["Board"]:
        """Shows workloads while they are waited for, and one line with the seconds when it is done."""
        from dagship.terminal import board

        title = printable(title)
        with board.show(self._rich, title, self.say) as shown:
            yield shown
        mark = Text("✗ ", style="red") if shown.failed else Text("✓ ", style="green")
        self._rich.print(mark.append(f"{title}  {shown.seconds:.1f} s", style="default"))

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Prints a table; a column whose name starts with `>` is aligned to the right."""
        from rich import box
        from rich.table import Table

        table = Table(
            title=printable(title) or None, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False
        )
        for column in columns:
            table.add_column(
                column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold"
            )
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        # A full line in which a command is broken is longer by a blank.
        self._rich.print(harmless.Harmless(table), soft_wrap=False, crop=False, end="")

    def summary(self, fields: Mapping[str, str]) -> None:
        """Prints the closing lines of a task: names and values, aligned."""
        width = max(map(len, fields), default=0)
        self._rich.print()
        for name, value in fields.items():
            self._rich.print(Text.assemble((f"{name:<{width}}  ", "bold"), printable(value)))

    def error(self, error: DagshipError) -> None:
        """Prints what happened and what to do."""
        self._rich.print(Text("error: ", style="bold red").append(printable(error.message), style="default"))
        if error.detail:
            self._rich.print(Text(printable(error.detail.rstrip()), style="dim"))
        if error.hint:
            self._rich.print(Text("  → ", style="bold").append(printable(error.hint), style="default"))

    @property
    def takes_documents(self) -> bool:
        """Whether there is a standard output, where a document is wanted."""
        return not self.json_wanted or not self._out.closed

    def document(self, document: Mapping[str, object]) -> OSError | ValueError | None:
        """Prints the JSON document of a task, when one is wanted; returns why it did not arrive, if so."""
        if not self.json_wanted:
            return None
        self._out.write(harmless.document(json.dumps(document, ensure_ascii=True, indent=2)) + "\n")
        self._out.flush()
        return self._out.failed
