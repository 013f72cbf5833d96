"""Shows workloads while they are waited for: a live table on a terminal, elsewhere a line for each change.

Where nothing changes, CI gets a reminder every 30 seconds, so that no job is ended for being silent.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.live import Live
    from rich.table import Table

REMINDER_SECONDS = 30.0
DONE = "done"


@dataclass(frozen=True, kw_only=True)
class Row:
    """The state of one workload: ready and wanted pods, and the reason of the wait."""

    ready: int
    desired: int
    what: str

    @property
    def counts(self) -> tuple[int, int, bool]:
        """The pods that are ready, of those that are wanted."""
        return self.ready, self.desired, self.what == DONE


class Board:
    """Rows by workload; whoever waits keeps them up to date.

    Args:
        title: What is waited for.
        line: Prints one line, where there is no terminal.
        live: The live display, where there is one.

    """

    def __init__(self, title: str, line: Callable[[str], None], live: "Live | None") -> None:
        self.title = title
        self.failed = False
        self._began = time.monotonic()
        self._rows: dict[str, Row] = {}
        self._line = line
        self._live = live
        self._lock = threading.Lock()
        self._last_said = time.monotonic()

    def row(self, name: str, ready: int, desired: int, what: str) -> None:
        """Says how a workload stands now."""
        # It names images and reasons that others chose; a live display prints them as they are.
        said = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in what)
        row = Row(ready=ready, desired=desired, what=said)
        with self._lock:
            before = self._rows.get(name)
            self._rows[name] = row
        # What is waited for changes every second; in a log only what came of it counts.
        if self._live is None and row.counts != (before.counts if before else None):
            self._last_said = time.monotonic()
            self._line(f"  {name}  {ready}/{desired}  {said}")

    def note(self, text: str) -> None:
        """Prints a line that stays, above the rows where they are on show."""
        self._last_said = time.monotonic()
        self._line(f"  {text}")

    def remind(self) -> None:
        """Says how things stand, when nothing was said for long; called by a thread that lives beside the wait."""
        if time.monotonic() - self._last_said < REMINDER_SECONDS:
            return
        self._last_said = time.monotonic()
        with self._lock:
            waiting = [
                f"{name} {row.ready}/{row.desired} {row.what}" for name, row in self._rows.items() if row.what != DONE
            ]
        self._line(f"… {self.title}  {self.seconds:.0f} s  {'; '.join(waiting)}")

    def table(self) -> "Table":
        """Returns the live display."""
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        table.add_row(Text(self.title, style="bold"), Text(f"{self.seconds:.0f} s"))
        with self._lock:
            for name, row in self._rows.items():
                style = "green" if row.what == DONE else "default"
                table.add_row(
                    Text(f"  {name}"), Text(f"{row.ready}/{row.desired}", style=style), Text(row.what, style=style)
                )
        return table

    @property
    def seconds(self) -> float:
        """Seconds since the waiting began."""
        return time.monotonic() - self._began


@contextmanager
def show(rich: "RichConsole", title: str, line: Callable[[str], None]) -> Iterator[Board]:
    """Shows a board while the block runs."""
    if rich.is_terminal:
        from rich.live import Live

        with Live(console=rich, transient=True, refresh_per_second=4) as live:
            board = Board(title, line, live)
            # Asked for at each refresh: the seconds go on where nothing else does.
            live.get_renderable = board.table  # type: ignore[method-assign]
            yield board
        return
    board = Board(title, line, None)
    done = threading.Event()

    def remind() -> None:
        while not done.wait(1.0):
            board.remind()

    thread = threading.Thread(target=remind, daemon=True)
    thread.start()
    try:
        yield board
    finally:
        done.set()
        thread.join()
