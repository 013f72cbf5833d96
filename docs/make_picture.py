"""Makes docs/demo.svg out of a real run: `docs/make_picture.py [COMMAND ...]`, `script/demo` if none is named.

The command runs on a terminal of its own, so its colours and live lines are what a user sees; the picture shows what
is left on the screen when it ends.
"""

import fcntl
import os
import pty
import re
import shlex
import struct
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dagship.record import actor

PICTURE = Path(__file__).parent / "demo.svg"
COLUMNS = 112

_PART = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+|\x1b")


class Screen:
    """As much of a terminal as live lines need: lines are cleared, replaced, and gone back to."""

    def __init__(self) -> None:
        self.lines = [""]
        self._row = 0
        self._at_start = True

    def feed(self, text: str) -> None:
        """Takes what a program wrote."""
        for part in _PART.findall(text):
            if part == "\n":
                self._go_to(self._row + 1)
            elif part == "\r":
                self._at_start = True
            elif part == "\x1b[2K":
                self.lines[self._row] = ""
            elif up := re.fullmatch(r"\x1b\[(\d+)A", part):
                self._go_to(max(0, self._row - int(up[1])))
            elif part[0] != "\x1b" or part[-1] == "m":
                self._write(part)

    def _go_to(self, row: int) -> None:
        self._row, self._at_start = row, True
        self.lines += [""] * (row + 1 - len(self.lines))

    def _write(self, text: str) -> None:
        # A line that is written from its start replaces the one before: programs redraw lines whole.
        self.lines[self._row] = text if self._at_start else self.lines[self._row] + text
        self._at_start = False


def run(command: list[str]) -> tuple[int, str]:
    """Runs a command on a terminal of its own, shows it as it goes, and returns its exit code and what it wrote."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", COLUMNS=str(COLUMNS))
        os.execvp(command[0], command)  # noqa: S606 - a command of the caller's, and no shell
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    written = bytearray()
    try:
        while piece := os.read(terminal, 65536):
            written += piece
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    except OSError:
        pass  # how Linux says that the other end is closed
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), written.decode("utf-8", "replace")


def picture(command: list[str], written: str) -> str:
    """Returns an SVG of the screen after a run."""
    screen = Screen()
    screen.feed(written)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, file=nowhere, width=COLUMNS, force_terminal=True, color_system="truecolor")
        console.print(Text(f"$ {shlex.join(command)}", style="bold"))
        console.print(Text.from_ansi("\n".join(screen.lines).rstrip()))
        svg = console.export_svg(title="dagship", unique_id="dagship")
    # Without fonts from elsewhere: a page that shows the picture then asks nobody else for anything.
    return re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)


def main(command: list[str]) -> int:
    """Runs the command and writes the picture, unless the command fails."""
    code, written = run(command)
    if code == 0:
        # Whose machine it was is nobody's matter; as wide as before, since it stands in a table.
        name = actor.who()
        PICTURE.write_text(picture(command, written.replace(name, "you".ljust(len(name)))), encoding="utf-8")
        print(f"wrote {PICTURE}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["script/demo"]))
