"""What an Airflow 2 answers about its DAGs and about pausing them."""

import pytest

from dagship.airflow import pause
from dagship.airflow.affected_dags import Dag


def test_an_airflow_2_lists_its_dags_and_an_airflow_3_says_its_version_alone() -> None:
    said = {"airflow": "2.11.2", "asked": 5, "version": "a" * 12, "dags": [["d", "d.py", 0, 2]], "there": ["d.py"]}
    found = pause.read_dags(said)

    assert (Dag("d", "d.py", paused=False, running=2),) == found.dags
    assert ("2.11.2", 5.0, "a" * 12, {"d.py"}) == (found.airflow, found.asked, found.version, found.there)
    assert () == pause.read_dags({"airflow": "3.3.2"}).dags
    with pytest.raises(KeyError):
        pause.read_dags({})


def test_pausing_is_done_when_it_is_of_every_part() -> None:
    one = {"paused": ["b"], "running": {}, "frozen": [], "done": True}
    other = {"paused": ["a"], "running": {"c": 1}, "frozen": ["d"], "done": False}

    assert pause.Pausing(paused=("a", "b"), running={"c": 1}, frozen=("d",), done=False) == pause.read_pausing(
        [one, other]
    )
    assert pause.read_pausing([one]).done


def test_a_hundred_dags_go_into_one_command() -> None:
    dags = [f"{number:03d}" for number in range(250)]

    assert [100, 100, 50] == [len(part) for part in pause.parts(reversed(dags))]
    assert dags == [dag for part in pause.parts(reversed(dags)) for dag in part]
