"""Whether a running Airflow can take a DAG version as it is, and why not."""

from pathlib import Path

import pytest

from dagship.image import plan as planning
from dagship.image.plan import Plan
from dagship.image.thin import legal
from dagship.image.tree.model import Tree, TreeFile
from dagship.model.thin import MOST, Announcement, Packaged, Receiver
from tests.builders.plans import NO_LOCK, base, settings

IMAGE = f"r@sha256:{'9' * 64}"
HERE = Receiver(onto=IMAGE)
V1, V2, V3 = "1" * 12, "2" * 12, "3" * 12


@pytest.fixture
def plan(tmp_path: Path, tree: Tree) -> Plan:
    return planning.plan(settings(tmp_path), base(), NO_LOCK, tree)


def running(tmp_path: Path, dags: str, **changes: str) -> dict[str, str]:
    """The labels of an image that runs, with DAGs of its own."""
    tree = Tree(source=tmp_path, files=(TreeFile(path="a.py", executable=False, content=dags.encode()),))
    return planning.labels(planning.plan(settings(tmp_path, **changes), base(), NO_LOCK, tree), {})


def packages(**sizes: int) -> dict[str, Packaged]:
    return {
        version.removeprefix("v"): Packaged(tree="", base="", foundation="", image="", bytes=size)
        for version, size in sizes.items()
    }


def announcing(labels: dict[str, str], version: str = V1, **changes: str) -> Announcement:
    values = {"foundation": labels["io.dagship.foundation"], "base": labels["io.dagship.dag.version"]} | changes
    return Announcement(serial=1, version=version, tree="", image="", **values)


def test_dags_go_onto_an_image_that_is_the_same_but_for_them(tmp_path: Path, plan: Plan) -> None:
    assert legal.of_cluster(plan, HERE) == ""
    assert legal.of_image(plan, HERE, running(tmp_path, "other")) == ""


def test_what_the_cluster_says_against_it_counts(plan: Plan) -> None:
    assert legal.of_cluster(plan, HERE.model_copy(update={"why_not": "a rollout is unfinished there"})) == (
        "a rollout is unfinished there"
    )
    assert "no image of this repository" in legal.of_cluster(plan, Receiver())


def test_an_airflow_that_pins_no_run_takes_none(tmp_path: Path, tree: Tree) -> None:
    plan = planning.plan(settings(tmp_path), base(airflow="2.11.2"), NO_LOCK, tree)

    assert legal.of_cluster(plan, HERE) == "Airflow 2.11.2 pins no run to a DAG version; Airflow 3 does"


def test_another_foundation_takes_the_whole_image(tmp_path: Path, plan: Plan) -> None:
    labels = running(tmp_path, "other", system_packages="git")

    assert "more than the DAGs is another" in legal.of_image(plan, HERE, labels)


def test_an_image_that_does_not_say_its_foundation_takes_none(tmp_path: Path, plan: Plan) -> None:
    labels = {name: text for name, text in running(tmp_path, "x").items() if name != "io.dagship.foundation"}

    assert "older dagship" in legal.of_image(plan, HERE, labels)
    assert "older dagship" in legal.of_image(plan, HERE, {})


def test_what_runs_already_is_not_announced_unless_another_is(tmp_path: Path, plan: Plan) -> None:
    labels = planning.labels(plan, {})
    other, stale = (
        HERE.model_copy(update={"announcement": announcing(labels, **changes)}) for changes in ({}, {"base": V2})
    )

    assert legal.of_image(plan, HERE, labels) == "the image that runs has these DAGs"
    assert legal.of_image(plan, stale, labels) == "the image that runs has these DAGs"
    assert legal.of_image(plan, other, labels) == ""


def test_a_package_takes_the_place_of_its_own_and_of_those_that_no_run_needs(tmp_path: Path) -> None:
    half = MOST // 2
    receiver = Receiver(onto=IMAGE, packages=packages(**{f"v{V1}": half, f"v{V2}": half, f"v{V3}": half}))
    package = bytes(half)

    assert legal.takes_all(package, V1, receiver) is False
    assert legal.takes_all(package, V1, receiver.model_copy(update={"packages": packages(**{f"v{V1}": MOST})}))
    assert legal.of_room(package, V1, receiver, {V2}) == ""
    assert "512 KiB can be announced at most" in legal.of_room(package, V1, receiver, {V2, V3})
    assert "unfinished runs need" in legal.of_room(package, V1, receiver, None)


def test_what_is_announced_stays_beside_a_package_whatever_runs_need(tmp_path: Path) -> None:
    announced = announcing(running(tmp_path, "x"), version=V2)
    receiver = Receiver(onto=IMAGE, packages=packages(**{f"v{V2}": MOST}), announcement=announced)

    assert legal.of_room(b"x", V1, receiver, ()) != ""


def test_a_package_that_is_too_large_by_itself_is_said_to_be() -> None:
    assert legal.of_room(bytes(MOST + 1024), V1, HERE, ()) == (
        "what differs takes 513 KiB, and 512 KiB can be announced at most"
    )
