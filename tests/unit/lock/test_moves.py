"""Which packages of the base move, and what is said of it. Left out: the resolving."""

import pytest

from dagship.lock import moves
from dagship.lock.pins import parse_lock
from dagship.lock.requirements import Source
from tests.builders.locks import BASE, A

OVER = BASE.model_copy(
    update={"packages": {"apache-airflow": "3.3.2", "apache-airflow-task-sdk": "1.3.2", "six": "1.17.0", "x": "2+cpu"}}
)


def asked(text: str) -> dict[str, str]:
    return moves.asked(Source(where="requirements.txt", text=text), OVER)


def test_a_line_that_asks_for_another_version_by_name_moves_that_package_alone() -> None:
    assert asked("pandas<2\n\nSix==1.16.0\nsix<1.17\n") == {"six": "requirements.txt:3"}


@pytest.mark.parametrize(
    "line",
    [
        "six",
        "six>=1.16",
        "x==2",
        "six==1.16.0 ; python_version < '3'",
        "not-in-the-base==1",
        "apache-airflow==3.3.1",
        "apache-airflow-task-sdk<1.3.2",
    ],
)
def test_what_the_base_meets_or_a_marker_excludes_or_is_airflow_itself_stays(line: str) -> None:
    assert asked(line) == {}


def test_what_moves_is_told_with_both_versions_and_the_line() -> None:
    locked = parse_lock(f"six==1.16.0 --hash={A}\npandas==2 --hash={A}\n", "dags.txt")

    (moved,) = moves.of_lock(locked, OVER, {"six": "requirements.txt:18"}, "dags.txt")

    assert str(moved) == "six 1.17.0 → 1.16.0, asked for by requirements.txt:18"
    assert moves.of_lock(locked, OVER, {}, "dags.txt")[0].by == "dags.txt"
