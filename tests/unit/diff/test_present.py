"""The document of a release in the terminal: what it says, and that no text of users is more than text in it."""

import re
import unicodedata
from collections.abc import Callable

import pytest

from dagship.diff import present
from dagship.model.release_document import Pull, Way
from tests.builders.release_documents import HOSTILE, changed, document, many, nothing
from tests.builders.results import Shown

# What a runner of GitHub, GitLab or Azure takes for a command in a line of a job's output.
_COMMAND = re.compile(r"^\s*::|##\[|##vso\[|section_(start|end):")


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def test_a_release_is_told_by_dag_and_the_verdict_comes_last(shown: Shown) -> None:
    said = lines(shown(present.show, document()))

    assert "~ daily  (daily.py:12)" in said
    assert "→ a value → other  (other.py:12)" in said
    assert "runs at once: 412+, from 2025-10-14T00:00:00+00:00" in said
    assert "error: a value: It makes 412 runs at once." in said
    assert said[-7:] == [
        "was              a value (a81e07c455f2)",
        "now              dags (3f9c2a71d0b4)",
        "parsing          12.50 s → 20.25 s",
        "each node pulls  20.5 kB",
        "way              rollout: a value",
        "unchanged        295 DAGs",
        "verdict          5 DAGs change: a value.",
    ]


def test_what_is_announced_is_pulled_by_no_node(shown: Shown) -> None:
    way = Way(way="thin", why="DAG version 3f9c2a71d0b4 is announced to what runs, and no pod is replaced.")
    said = lines(shown(present.show, nothing().model_copy(update={"pull": Pull(layers=(), bytes=0), "way": way})))

    assert "each node pulls  nothing" in said
    assert f"way              thin: {way.why}" in said


def test_what_is_long_is_cut_and_says_how_much_is_not_there(shown: Shown) -> None:
    dag = changed(fields=tuple(changed().fields[1].model_copy(update={"name": str(one)}) for one in range(100)))

    assert "260 more DAGs; --json has them all" in lines(shown(present.show, many()))
    assert "… 80 lines more" in lines(shown(present.show, nothing().model_copy(update={"dags": (dag,)})))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "told",
    [
        lambda console, text: present.show(console, document(text)),
        lambda console, text: present.show_back(console, 7, document(text), (text,)),
    ],
    ids=["there", "back"],
)
def test_a_text_of_users_makes_no_line_of_its_own_no_command_and_no_escape(
    shown: Shown, told: Callable[..., None], text: str
) -> None:
    said = shown(told, text)

    assert not {unicodedata.category(each) for each in said if each not in "\n\t"} & {"Cc", "Cf", "Cs"}
    assert not any(_COMMAND.search(line) for line in said.splitlines())
    if len(text) < 20:  # a table folds what is longer
        assert len(said.splitlines()) == len(shown(told, "a value").splitlines())
