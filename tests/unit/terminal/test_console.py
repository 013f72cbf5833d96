"""What is printed, where, and what text from outside cannot do."""

import io
import json

import pytest

from dagship.errors import DagshipError
from dagship.terminal.console import Console


@pytest.fixture
def streams() -> tuple[Console, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Console(json_wanted=True, stdout=out, stderr=err), out, err


def test_people_and_programs_read_different_streams(streams: tuple[Console, io.StringIO, io.StringIO]) -> None:
    console, out, err = streams
    console.say("hello")
    console.document({"a": 1})

    assert json.loads(out.getvalue()) == {"a": 1}
    assert err.getvalue() == "hello\n"


def test_a_line_that_is_to_be_said_once_is_not_said_again(streams: tuple[Console, io.StringIO, io.StringIO]) -> None:
    console, _, err = streams
    for text in ("base: a", "base: a", "base: b"):
        console.say(text, once=True)
    console.say("again")
    console.say("again")

    assert err.getvalue() == "base: a\nbase: b\nagain\nagain\n"


def test_no_document_is_printed_unless_wanted() -> None:
    out = io.StringIO()
    Console(stdout=out, stderr=io.StringIO()).document({"a": 1})

    assert not out.getvalue()


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\rb", "\x9b31m", "::error::x\x07", "\u202egnp.exe", "\x00"])
def test_nothing_from_outside_drives_a_terminal(text: str) -> None:
    err = io.StringIO()
    Console(stderr=err).say(text)

    assert not {"\x1b", "\r", "\x9b", "\x07", "\u202e", "\x00"} & set(err.getvalue())


def test_markup_is_text() -> None:
    err = io.StringIO()
    Console(stderr=err).say("[bold]x[/bold] :smile:")

    assert err.getvalue() == "[bold]x[/bold] :smile:\n"


def test_an_error_says_what_happened_and_what_to_do(streams: tuple[Console, io.StringIO, io.StringIO]) -> None:
    console, _, err = streams
    console.error(DagshipError("It broke.", "Mend it.", "line 1\nline 2"))

    assert err.getvalue() == "error: It broke.\nline 1\nline 2\n  → Mend it.\n"


def test_a_step_says_that_it_is_done_and_not_when_it_failed() -> None:
    err = io.StringIO()
    console = Console(stderr=err)
    with console.step("one"):
        pass
    with pytest.raises(ValueError, match="x"), console.step("two"):
        raise ValueError("x")

    assert "✓ one" in err.getvalue()
    assert "two" not in err.getvalue()


def test_a_question_is_for_people_and_its_answer_is_a_line() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = Console(json_wanted=True, stdout=out, stderr=err, stdin=io.StringIO(" airflow \nmore\n"))

    assert console.ask("Type \x1b[31mairflow:") == "airflow"
    assert err.getvalue() == "Type \N{REPLACEMENT CHARACTER}[31mairflow: "
    assert out.getvalue() == ""


def test_where_nobody_answers_the_answer_is_empty() -> None:
    console = Console(stderr=io.StringIO(), stdin=io.StringIO())

    assert not console.answers
    assert console.ask("Go on?") == ""


def test_a_command_to_the_ci_is_one_line_as_it_is() -> None:
    err = io.StringIO()
    Console(stderr=err).command("::error file=a.py,line=3,title=[bold]::" + "x" * 300 + "\n::warning::y")

    assert err.getvalue() == "::error file=a.py,line=3,title=[bold]::" + "x" * 300 + " ::warning::y\n"


@pytest.mark.parametrize("before", ["y " * 48, "y" * 96, "y " * 40, ""])
def test_a_cell_that_goes_on_in_another_line_begins_no_command_there(before: str) -> None:
    """GitHub's runner takes one after any blanks, which is what the cells before it are in such a line."""
    for command in ("::error::x", ":::error::x", "::add-mask::x", "##[error]x"):
        err = io.StringIO()
        Console(stderr=err).table("::a", ("", "what"), [("error", before + f"{command} " * 40), ("", command)])
        text = err.getvalue()

        assert text.count("\n") > 5
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::") or "##[" in line]


def test_a_line_that_is_full_loses_nothing_where_a_command_in_it_is_broken() -> None:
    err, text = io.StringIO(), "::warning::" * 120  # of 11 characters, so that each may be the first of a line
    Console(stderr=err).table("", ("what",), [(text,)])
    rows = err.getvalue().splitlines()[2:]

    assert "".join("".join(rows).split()) == text
    assert any(row.startswith(": :") and len(row) > 120 for row in rows)


def test_a_table_ends_with_its_last_row_and_shows_what_is_no_command_as_it_is() -> None:
    err = io.StringIO()
    console = Console(stderr=err)
    console.table("", ("", ">what"), [("a", "std::string"), ("b", "[::1]:80")])
    console.say("after")

    lines = [line.rstrip() for line in err.getvalue().splitlines()]
    assert lines[2:] == ["a   std::string", "b      [::1]:80", "after"]


def test_a_title_begins_no_command() -> None:
    err = io.StringIO()
    console = Console(stderr=err)
    with console.step("one\n::error::x"), console.board("two\n::error::x"):
        pass

    assert "\n: :error::x" in err.getvalue()
    assert "\n::" not in err.getvalue()


def test_a_document_has_no_command_in_it_and_means_the_same(streams: tuple[Console, io.StringIO, io.StringIO]) -> None:
    console, out, _ = streams
    said = {"text": "##[error]x ##vso[task.complete]\\##[a] ###[b] # [c] ::error::"}
    console.document(said)

    assert json.loads(out.getvalue()) == said
    assert "##[" not in out.getvalue()
    assert "##vso[" not in out.getvalue()
    assert "# [c]" in out.getvalue()
