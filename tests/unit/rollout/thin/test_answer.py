"""The answer of a dag-processor: the document among whatever else is printed, and what is wrong by it."""

import json

import pytest

from dagship.rollout.thin.answer import Answer, read, trouble

SERVED = {"served": True, "seconds": 1.2, "import_errors": {}, "version": "6" * 12, "why_not": ""}


def test_the_document_is_found_among_other_lines() -> None:
    assert read(f"a warning\n{json.dumps(SERVED)}\n[1]\n\n") == Answer(served=True, version="6" * 12)


@pytest.mark.parametrize("said", ["", "No module named dagship_versions.thin", "{}", '{"served": "yes"}', "[true]"])
def test_what_is_no_document_is_no_answer(said: str) -> None:
    assert read(said) is None


def test_a_document_of_another_form_is_taken_as_far_as_it_goes() -> None:
    assert read('{"served": false, "import_errors": [], "why_not": null}') == Answer(served=False)


def test_what_is_served_is_no_trouble() -> None:
    assert trouble(Answer(served=True), "6" * 12, 3) == ("", "")


def test_an_import_error_is_told_by_its_file_and_its_last_line() -> None:
    one = Answer(served=False, import_errors={"a.py": "Traceback\n  File a\nKeyError: 'x'\n\n"})
    three = Answer(served=True, import_errors={"a.py": "x", "b.py": "", "c.py": ""})

    assert trouble(one, "6" * 12, 3) == ("ImportError", "the dag-processor cannot import a.py: KeyError: 'x'")
    assert trouble(three, "6" * 12, 3) == ("ImportError", "the dag-processor cannot import a.py (and 2 more files): x")
    assert trouble(Answer(served=False, import_errors={"a.py": ""}), "", 3)[1].endswith("a.py: it says nothing")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(served=False, why_not="The package is damaged."), "The package is damaged."),
        (Answer(served=False, version="5" * 12), f"it serves {'5' * 12}"),
        (Answer(served=False), "it serves nothing yet"),
    ],
)
def test_what_is_not_served_is_told_with_the_reason(answer: Answer, why: str) -> None:
    assert trouble(answer, "6" * 12, 30.4) == (
        "NotServed", f"DAG version {'6' * 12} was not served within 30 s: {why}",
    )  # fmt: skip
