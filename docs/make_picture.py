"""Makes the pictures of the docs out of real runs: of `script/demo`, of what follows it, and of what `diff` writes.

They are docs/demo.svg and docs/deploy.svg; and with the arguments `report OLD NEW`, two images whose tests are known,
docs/report.png alone.

What follows is an edit of a DAG while a run of it is at work, its `deploy` and a `status`, with settings in the
environment that a project has in dagship.toml. Each command runs on a terminal of its own, so its colours and live
lines are what a user sees; a picture shows what is left on the screen when it ends. docs/deploy.svg is one screen:
where it is too long whole lines are left out, and three dots say where.
"""

import fcntl
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dagship.record import actor

DOCS = Path(__file__).parent
COLUMNS, LINES = 112, 40
EDITED = Path(".dagship/edited")
# What script/demo says by flags, and what it takes for granted.
DEMO = {
    "DAGSHIP_DAGS": str(EDITED),
    "DAGSHIP_REPOSITORY": f"{os.environ.get('DAGSHIP_TEST_REGISTRY', '127.0.0.1:5000')}/dagship/airflow",
    "DAGSHIP_NAMESPACE": "dagship-demo",
    "KUBECONFIG": os.environ.get("DAGSHIP_TEST_KUBECONFIG") or "/run/dagship/cluster/kubeconfig",
    "PATH": f"{Path('.venv/bin').resolve()}:{os.environ['PATH']}",
}
IN_SCHEDULER = "kubectl --namespace dagship-demo exec deployment/airflow-scheduler --container scheduler --"
EDIT = (
    (*IN_SCHEDULER.split(), "airflow", "dags", "trigger", "etl_orders", "--output", "plain"),
    ("sed", "-i", "s/@daily/@hourly/", f"{EDITED}/etl_orders.py"),
    ("dagship", "deploy"),
    ("dagship", "status"),
)

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


def run(command: Sequence[str]) -> tuple[int, str]:
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


def record(commands: Iterable[Sequence[str]]) -> list[list[str]]:
    """Runs commands one after the other, and returns the lines on the screen after each, with the command above them.

    Raises:
        SystemExit: One failed.

    """
    screens = []
    for command in commands:
        code, written = run(command)
        if code != 0:
            sys.exit(code)
        screen = Screen()
        screen.feed(written)
        # Whose machine it was is nobody's matter; as wide as before, since it stands in a table.
        name = actor.who()
        lines = "\n".join(screen.lines).rstrip().replace(name, "you".ljust(len(name))).splitlines()
        screens.append([f"\x1b[1m$ {shlex.join(command)}\x1b[0m", *lines])
    return screens


def one_screen(screens: list[list[str]], most: int = LINES) -> list[str]:
    """Returns the lines of all; the longest is cut where they are more than fit."""
    longest = max(screens, key=len)
    over = sum(map(len, screens)) - most
    if over > 0:
        # The end tells more than the beginning: what moved, and what came of it.
        head = (len(longest) - over) // 3
        longest[head : head + over + 1] = ["⋮"]
    return [line for screen in screens for line in screen]


def picture(path: Path, lines: Iterable[str]) -> None:
    """Writes an SVG of a screen."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, file=nowhere, width=COLUMNS, force_terminal=True, color_system="truecolor")
        for line in lines:
            # A long line is not folded: a picture of so many lines is to have so many.
            console.print(Text.from_ansi(line), no_wrap=True, overflow="ellipsis")
        svg = console.export_svg(title="dagship", unique_id="dagship")
    # Without fonts from elsewhere: a page that shows the picture then asks nobody else for anything.
    path.write_text(re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL), encoding="utf-8")
    print(f"wrote {path}")


def report(path: Path, old: str, new: str) -> None:
    """Compares two images, and takes a picture of the page that comes of it."""
    from playwright.sync_api import sync_playwright

    page = Path(".dagship/report.html")
    page.parent.mkdir(exist_ok=True)
    record([("dagship", "diff", f"--against={old}", f"--to={new}", f"--html={page}")])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 1000, "height": 1020}, color_scheme="light")
        shown.goto(page.resolve().as_uri())
        shown.screenshot(path=path)
        browser.close()
    print(f"wrote {path}")


def main() -> None:
    """Runs the demo, then edits its copy of the DAGs once more and delivers that, and writes both pictures."""
    if sys.argv[1:2] == ["report"]:
        return report(DOCS / "report.png", *sys.argv[2:])
    picture(DOCS / "demo.svg", record([["script/demo"]])[0])
    os.environ.update(DEMO)
    if not shutil.which("kubectl"):
        where = [Path("script/kubernetes").resolve()]
        os.environ["PATH"] += f":{subprocess.run(where, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()}"
    picture(DOCS / "deploy.svg", one_screen(record(EDIT)))
    return None


if __name__ == "__main__":
    main()
