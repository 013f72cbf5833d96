"""What requirements mean over a base: Airflow stays, and so does what constraints would have otherwise."""

import pytest

from dagship.errors import Refused
from dagship.lock.freshness import environment
from dagship.lock.over_base import bounding, check, notes
from dagship.lock.requirements import Source, parse

HERE = environment("3.11.9", "linux/amd64")


@pytest.mark.parametrize("text", ["apache-airflow==3.1.0", "Apache_Airflow[amazon]<3", "apache-airflow-core!=3.3.2"])
def test_a_line_that_would_move_airflow_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        check(parse(text, "dags.in"), {"apache-airflow": "3.3.2", "apache-airflow-core": "3.3.2"}, HERE, "dags.in")

    assert caught.value.message.startswith("dags.in:1: ")
    assert "would move Airflow, and the base image has 3.3.2" in caught.value.message


@pytest.mark.parametrize("text", ["apache-airflow", "apache-airflow[google]==3.3.2", "apache-airflow>=3", "pandas==1"])
def test_a_line_that_leaves_airflow_alone_is_taken(text: str) -> None:
    check(parse(text, "dags.in"), {"apache-airflow": "3.3.2"}, HERE, "dags.in")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("requests==2.31.0\n\nrequests==2.30.0", "requests==2.31.0 (line 1) and requests==2.30.0 (line 3) exclude"),
        ("a<2\na==2.1", "a<2 (line 1) and a==2.1 (line 2) exclude one another: they ask for different versions of a"),
        ("airflow", "dags.in:1: 'airflow' is not Airflow: on the index Airflow is named apache-airflow"),
    ],
)
def test_what_cannot_be_met_is_told_without_asking_anyone(text: str, says: str) -> None:
    with pytest.raises(Refused) as caught:
        check(parse(text, "dags.in"), {"requests": "2.34.0"}, HERE, "dags.in")

    assert says in caught.value.message


def test_pins_of_one_package_under_markers_of_which_one_holds_are_taken() -> None:
    check(parse('a==1 ; python_version < "3.11"\na==2 ; python_version >= "3.11"\na>=2', "x"), {}, HERE, "x")


@pytest.mark.parametrize("text", ["torch==2.1.0+cpu\ntorch==2.1.0", "torch==2.1.0\ntorch==2.1.0+cpu"])
def test_a_version_and_its_local_build_go_together(text: str) -> None:
    check(parse(text, "x"), {}, HERE, "x")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("apache-airflow==2.11.2", "base --airflow 2.11.2 makes one of the release that the line asks for; or ask for"),
        ("apache-airflow[google]>=2,<3", "base --airflow X makes one of a release that the line takes"),
    ],
)
def test_another_airflow_in_the_file_says_how_its_base_is_made(text: str, says: str) -> None:
    with pytest.raises(Refused) as caught:
        check(parse(text, "dags.in"), {"apache-airflow": "3.3.2"}, HERE, "dags.in")

    assert says in caught.value.hint


def test_airflow_and_its_constraints_are_noted_with_the_place_that_names_them() -> None:
    source = Source(
        where="requirements.txt",
        text="pandas\napache-airflow[http,amazon]==3.3.2\n",
        releases={"requirements.txt:3": "3.3.2", "more.txt:1": "2.10.5"},
    )

    assert notes(source, {"apache-airflow": "3.3.2"}) == (
        "requirements.txt:2: Airflow 3.3.2 comes from the base image; its extras are locked: amazon, http.",
        "requirements.txt:3: the constraints of Airflow 3.3.2 are not fetched: the base image's own packages stand for them. What it does not have is as new as the lines allow.",
        "more.txt:1: the constraints of Airflow 2.10.5 are not fetched: the base image's own packages stand for them, and it has Airflow 3.3.2. What it does not have is as new as the lines allow.",
    )


def test_constraints_bound_what_the_base_lacks_and_move_nothing_that_it_has() -> None:
    limits = parse('numpy<2\nsix==1.16.0\nidna>=3\nboto3==1 ; python_version < "3"\n', "constraints.txt")
    kept, told = bounding(limits, {"six": "1.17.0", "idna": "3.10"}, HERE, "constraints.txt")

    assert [line.bound for line in kept] == ["numpy<2"]
    assert told == (
        "Constraints move no package of the base image; it has six 1.17.0, not ==1.16.0 (constraints.txt:2).",
    )
