"""The user's text in Markdown, rendered by GitHub's own parser: code, or plain words, and nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagship.report.markdown.escape import block, code, words
from dagship.report.text import one_line, plain
from tests.builders.release_documents import HOSTILE
from tests.builders.rendered_markdown import rendered

TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("`@#:/.<>[]()*_~!|\\$&-+=1a \n\r\t\x1b\u202e"), st.characters()), max_size=60
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_is_code_and_says_what_it_is(text: str) -> None:
    page = rendered(f"- before {code(text)} after")

    assert page.code == [one_line(text, 200) or " "]
    assert page.others == ["before", "after"]
    assert page.tags == {"ul", "li", "code"}


@given(TEXTS)
def test_any_name_is_code(text: str) -> None:
    page = rendered(f"{code(text)}")

    assert page.code == [one_line(text, 200) or " "]
    assert page.others == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_sentence_is_plain_words_and_code(text: str) -> None:
    check_words(text)
    check_words(f"The DAG {text} makes 412 runs at once, and (perhaps) more.")


@given(TEXTS)
def test_any_sentence_is_plain_words_and_code(text: str) -> None:
    check_words(text)


def check_words(text: str) -> None:
    page = rendered(f"- {words(text)}")

    assert page.tags <= {"ul", "li", "code"}
    assert re.sub(r"\s", "", page.text) == re.sub(r"\s", "", one_line(text, 600))
    # What GitHub and GitLab look for in the text of what was rendered; each needs one of these.
    assert not re.search(r"[@#/~%&!$^\[\]`<>*_:](?!$|\s)", " ".join(page.others)), page.others
    assert not re.search(r"\b[0-9a-f]{7,40}\b", " ".join(page.others))


def test_plain_words_stay_as_they_are() -> None:
    sentence = "It makes up for 412 runs (since catchup was off), don't it: yes."

    assert words(sentence) == sentence
    assert words("my_dag makes 3 runs.") == "`my_dag` makes 3 runs."
    assert words("1. first") == "`1.` first"
    assert words("in all 412.") == "in all 412."


@pytest.mark.parametrize("text", HOSTILE)
def test_lines_are_a_block_of_code(text: str) -> None:
    shown = block(f"first\n{text}\nlast", "  ")
    page = rendered(f"- item\n\n{shown}\n\n- next")

    assert page.code == [plain(f"first\n{text}\nlast\n")]
    assert page.tags == {"ul", "li", "p", "pre", "code"}
