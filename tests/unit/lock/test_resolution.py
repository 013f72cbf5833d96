"""The job of the step that resolves."""

import os
from pathlib import Path

import pytest

from dagship.errors import OutsideError
from dagship.lock.requirements import parse
from dagship.lock.resolution import job, read_result
from dagship.settings import Settings
from tests.builders.locks import BASE


def test_a_job_carries_what_was_parsed_and_no_two_are_the_same() -> None:
    lines = parse("\npandas[excel]>=2 # x", "requirements/dags.in")
    made = [job(Settings(), BASE, lines, "requirements/dags.in", {"numpy": "2.0"}) for _ in range(2)]

    assert made[0]["lines"] == [
        {"line": 2, "text": "pandas[excel]>=2", "free": "pandas[excel]", "name": "pandas", "specifier": ">=2"}
    ]
    assert made[0]["name"] == "requirements/dags.in"
    assert made[0]["nonce"] != made[1]["nonce"]


@pytest.mark.parametrize(
    "where", ["../../etc/x.in", "/abs/dags.in", "a b.in", "-r.in", "$(x).in", ".lock.txt", "a/../b.in"]
)
def test_a_strange_file_name_stays_outside(where: str) -> None:
    assert job(Settings(), BASE, (), where, {})["name"] == "requirements.in"


@pytest.mark.parametrize("text", ["", "[", "[" * 100_000, "[]", "{}", '"ok"'])
def test_a_result_that_is_none_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "result.json").write_text(text)

    with pytest.raises(OutsideError, match="left no result"):
        read_result(tmp_path / "result.json")


def test_a_result_without_end_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    for name in ("pipe", "device", "missing"):
        with pytest.raises(OutsideError, match="left no result"):
            read_result(tmp_path / name)


def test_what_moves_is_named_in_the_job() -> None:
    assert job(Settings(), BASE, (), "dags.in", {}, moving=("six", "attrs"))["moving"] == ["attrs", "six"]
