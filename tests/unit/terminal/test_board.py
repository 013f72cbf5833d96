"""What is shown while workloads are waited for: in a log each thing that came about, on a terminal how things stand."""

import io
import threading

import pytest
from rich.console import Console as RichConsole

from dagship.terminal import board
from dagship.terminal.board import DONE, Board
from dagship.terminal.console import Console


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def log(lines: list[str]) -> Board:
    return Board("Moving workers", lines.append, None)


def test_a_log_gets_a_line_for_each_thing_that_came_about(log: Board, lines: list[str]) -> None:
    log.row("statefulset/worker", 0, 2, "worker-1 to end, 2 s left")
    log.row("statefulset/worker", 0, 2, "worker-1 to end, 1 s left")
    log.row("deployment/scheduler", 0, 1, "a new pod to be made")
    log.row("statefulset/worker", 1, 2, "worker-0 to be replaced")
    log.row("statefulset/worker", 2, 2, "the controller to end the update")
    log.row("statefulset/worker", 2, 2, DONE)
    log.row("statefulset/worker", 2, 2, DONE)

    assert lines == [
        "  statefulset/worker  0/2  worker-1 to end, 2 s left",
        "  deployment/scheduler  0/1  a new pod to be made",
        "  statefulset/worker  1/2  worker-0 to be replaced",
        "  statefulset/worker  2/2  the controller to end the update",
        f"  statefulset/worker  2/2  {DONE}",
    ]


def test_a_log_says_when_something_that_was_done_is_no_longer(log: Board, lines: list[str]) -> None:
    for what in (DONE, "worker-0 to be ready", DONE):
        log.row("statefulset/worker", 1, 1, what)

    assert len(lines) == 3


def test_a_log_is_not_reminded_of_what_it_was_just_told(log: Board, lines: list[str]) -> None:
    log.row("statefulset/worker", 0, 2, "worker-1 to end")
    log.remind()

    assert len(lines) == 1


def test_a_note_is_a_line_that_stays(log: Board, lines: list[str]) -> None:
    log.note("worker-1 was deleted")
    log.remind()

    assert lines == ["  worker-1 was deleted"]


def test_a_log_in_which_nothing_happens_is_told_what_is_waited_for(
    log: Board, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.row("statefulset/worker", 0, 2, "worker-1 to end")
    log.row("statefulset/worker", 0, 2, "worker-1 to be started")
    log.row("deployment/scheduler", 1, 1, DONE)
    monkeypatch.setattr(board, "REMINDER_SECONDS", 0.0)
    log.remind()

    assert lines[2:] == ["… Moving workers  0 s  statefulset/worker 0/2 worker-1 to be started"]


def test_a_reminder_comes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "REMINDER_SECONDS", 0.0)
    reminded = threading.Event()
    with board.show(RichConsole(file=io.StringIO()), "Moving workers", lambda _: reminded.set()):
        assert reminded.wait(10)


def test_a_log_has_the_title_and_the_seconds_when_it_is_done() -> None:
    output = io.StringIO()
    with Console(stderr=output).board("Moving workers") as shown:
        shown.row("statefulset/worker", 1, 1, DONE)

    assert output.getvalue() == f"  statefulset/worker  1/1  {DONE}\n✓ Moving workers  0.0 s\n"


def test_a_board_that_was_given_up_is_not_said_to_be_done() -> None:
    output = io.StringIO()
    with pytest.raises(KeyError), Console(stderr=output).board("Moving workers"):
        raise KeyError

    assert output.getvalue() == ""
    assert not [thread for thread in threading.enumerate() if thread.name.endswith("(remind)")]


def terminal() -> RichConsole:
    return RichConsole(file=io.StringIO(), force_terminal=True, width=100, color_system=None, markup=False)


def drawn(shown: Board) -> str:
    console = terminal()
    console.print(shown.table())
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_a_terminal_has_a_row_for_each_workload_as_it_is_now() -> None:
    output = terminal()
    with board.show(output, "Moving workers", pytest.fail) as shown:
        shown.row("statefulset/worker", 0, 2, "worker-1 to end, 2 s left")
        shown.row("statefulset/worker", 1, 2, "worker-0 to be replaced")
        shown.row("deployment/[red]x[/red]", 1, 1, DONE)
        text = drawn(shown)

    assert [line.split() for line in text.splitlines()] == [
        ["Moving", "workers", "0", "s"],
        ["statefulset/worker", "1/2", "worker-0", "to", "be", "replaced"],
        ["deployment/[red]x[/red]", "1/1", DONE],
    ]


def test_a_terminal_is_drawn_again_where_nothing_happens() -> None:
    output = io.StringIO()
    drawn_twice = threading.Event()

    class Counted(io.StringIO):
        def write(self, text: str) -> int:
            if output.write(text) and output.getvalue().count("worker-1 to end") > 1:
                drawn_twice.set()
            return len(text)

    console = RichConsole(file=Counted(), force_terminal=True, width=100, color_system=None)
    with board.show(console, "Moving workers", pytest.fail) as shown:
        shown.row("statefulset/worker", 0, 2, "worker-1 to end")

        assert drawn_twice.wait(10)


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\x9b31mb", "a\u202eb", "a\nb"])
def test_nothing_in_a_cluster_drives_the_terminal(text: str) -> None:
    output = io.StringIO()
    with Console(stderr=output).board("Moving workers") as shown:
        shown.row("statefulset/worker", 0, 1, text)
        on_terminal = drawn(shown)

    for told in (output.getvalue(), on_terminal):
        assert not {"\x1b", "\x9b", "\u202e"} & set(told)
        assert len(told.splitlines()) == 2
