"""A table of causes, and the one that a text has the words of."""

from dagship.engine.causes import Cause, first, tail
from dagship.errors import OutsideError, Transient

CAUSES = (
    Cause(words="no space", message="The disk is full: {what}.", hint="Make room. {advice}"),
    Cause(words="timed? ?out", message="It took too long.", hint="", passing=True),
    Cause(words="space", message="never", hint=""),
)


def test_the_first_cause_whose_words_are_there_makes_the_error() -> None:
    found = first(CAUSES, "one\n\nno space left\n", lines=1, what="a pull", advice="Prune.")

    assert type(found) is OutsideError
    assert (found.message, found.hint, found.detail) == (
        "The disk is full: a pull.",
        "Make room. Prune.",
        "no space left",
    )


def test_one_that_passes_may_be_tried_again() -> None:
    assert type(first(CAUSES, "i/o timeout", lines=1)) is Transient


def test_a_text_without_any_of_the_words_has_no_cause() -> None:
    assert first(CAUSES, "something else", lines=1) is None


def test_of_a_long_text_the_last_lines_that_say_something_are_kept() -> None:
    assert tail("a\nb\n \n\nc\n", 2) == "b\nc"
    assert len(tail("x" * 9000)) == 4000
