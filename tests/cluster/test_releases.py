"""What is recorded of rollouts, and the ways back. Workloads want no pods, so that each rollout takes a second."""

import base64
import gzip
import json

import pytest

from dagship.errors import UsageError
from dagship.model.artifacts import Target
from dagship.record import config_map
from dagship.record.model import Record, Release
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from tests.builders.airflow import Object, container, deployment, pod, stateful_set
from tests.cluster.images import REPOSITORY, image
from tests.cluster.rig import Rig

FIRST, SECOND, THIRD, FOURTH = (f"{REPOSITORY}@sha256:{digit * 64}" for digit in "1234")
BEFORE, BEFORE_WORKER = "apache/airflow:3.3.2", "apache/airflow:3.3.2-python3.12"


def idle(name: str, said: str, *command: str) -> Object:
    return deployment(name, pod(container(name, said, *(command or (name,))), name=name), replicas=0)


def roll(rig: Rig, *images: str) -> None:
    for said in images:
        assert rig.rollout(said).outcome == "moved"


def says(rig: Rig) -> set[str]:
    return set().union(*rig.kubectl.images().values())


def short(releases: tuple[Release, ...]) -> list[tuple[int, str, str]]:
    return [(release.number, release.kind, release.image) for release in releases]


def test_a_release_says_who_when_by_which_job_and_what(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat", "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/dags", "GITHUB_RUN_ID": "77",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    rig.kubectl.apply(idle("scheduler", FIRST))
    target = Target(image=SECOND, digest=SECOND.partition("@")[2], dag_version="3f9c2a71d0b4", airflow="3.3.2")
    actions.rollout(rig.cluster, rig.console, target, RolloutOptions())
    # As everybody may read it.
    written = rig.kubectl.get("configmap/dagship")["data"]
    found, release = (json.loads(written[f"release.{number}"]) for number in (0, 1))

    assert {name: release[name] for name in ("number", "kind", "image", "dag_version", "airflow", "who", "job")} == {
        "number": 1, "kind": "rollout", "image": SECOND, "dag_version": "3f9c2a71d0b4", "airflow": "3.3.2",
        "who": "octocat", "job": "https://github.com/acme/dags/actions/runs/77",
    }  # fmt: skip
    assert found["number"] == 0
    assert rig.kubectl.get("lease/dagship")["spec"]["holderIdentity"] == ""
    assert rig.kubectl.get("configmap/dagship")["data"]["rollout"] == ""


def test_the_last_twenty_releases_are_kept(rig: Rig) -> None:
    older = tuple(Release(number=number, kind="rollout", image=FIRST, when="", moves=()) for number in range(5, 25))
    rig.kubectl.apply(idle("scheduler", FIRST))
    config_map.store(rig.cluster, Record(releases=older), None)
    roll(rig, SECOND)

    assert [release.number for release in rig.record.releases] == list(range(6, 26))


def test_a_record_that_has_all_releases_under_one_key_is_written_anew(rig: Rig) -> None:
    older = {"number": 0, "kind": "found", "image": "", "when": "2026-01-01"}
    moves = base64.b64encode(gzip.compress(b'{"0": []}')).decode()
    data = {"schema": "6", "version": "0.9", "releases": json.dumps([older]), "rollout": "", "moves": moves}
    own: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dagship"}, "data": data}
    rig.kubectl.apply(own, idle("scheduler", FIRST))
    roll(rig, SECOND)

    assert short(rig.record.releases) == [(0, "found", ""), (1, "rollout", SECOND)]
    assert not {"releases", "moves", "changes"} & rig.kubectl.get("configmap/dagship")["data"].keys()


def test_rollback_goes_to_the_release_before_and_back_again(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", FIRST))
    roll(rig, SECOND, THIRD)
    back = rig.rollback()
    after_back = says(rig)
    forth = rig.rollback()

    assert (back.outcome, back.image, back.release) == ("moved", SECOND, 3)
    assert after_back == {SECOND}
    assert (forth.outcome, forth.image) == ("moved", THIRD)
    assert says(rig) == {THIRD}
    assert short(rig.record.releases) == [
        (0, "found", ""),
        (1, "rollout", SECOND),
        (2, "rollout", THIRD),
        (3, "rollback", SECOND),
        (4, "rollback", THIRD),
    ]


def test_the_repository_may_change_from_one_release_to_the_next(rig: Rig) -> None:
    elsewhere = f"registry.example.com/elsewhere@sha256:{'9' * 64}"
    rig.kubectl.apply(idle("scheduler", FIRST))
    roll(rig, SECOND, elsewhere)

    assert says(rig) == {elsewhere}
    assert rig.rollback().image == SECOND
    assert says(rig) == {SECOND}


def test_rollback_goes_to_any_release_that_is_recorded(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", FIRST))
    roll(rig, SECOND, THIRD, FOURTH)

    assert rig.rollback(1).image == SECOND
    assert says(rig) == {SECOND}
    with pytest.raises(UsageError, match="There is no release 9 in the record") as refused:
        rig.rollback(9)
    assert "0, 1, 2, 3, 4" in refused.value.hint


def test_a_release_keeps_its_dag_version_when_it_is_gone_back_to(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", FIRST))
    target = Target(image=SECOND, digest=SECOND.partition("@")[2], dag_version="3f9c2a71d0b4", airflow="3.3.2")
    actions.rollout(rig.cluster, rig.console, target, RolloutOptions())
    roll(rig, THIRD)
    back = rig.rollback()

    assert (back.dag_version, back.airflow) == ("3f9c2a71d0b4", "3.3.2")
    assert rig.record.releases[-1].dag_version == "3f9c2a71d0b4"


def adopted(rig: Rig) -> None:
    """Two workloads on two images of another repository, one that is not Airflow's, and a first rollout."""
    worker = stateful_set(
        "worker", pod(container("worker", BEFORE_WORKER, "celery", "worker"), name="worker"), replicas=0
    )
    rig.kubectl.apply(worker, idle("scheduler", BEFORE), idle("statsd", "statsd:1"))
    rig.rollout(FIRST, from_image="apache/airflow")


FOUND = {"statefulset/worker": {BEFORE_WORKER}, "deployment/scheduler": {BEFORE}, "deployment/statsd": {"statsd:1"}}


def test_what_was_there_before_dagship_can_be_gone_back_to_image_by_image(rig: Rig) -> None:
    adopted(rig)
    moved = rig.kubectl.images()
    back = rig.rollback()

    assert moved == {**FOUND, "statefulset/worker": {FIRST}, "deployment/scheduler": {FIRST}}
    assert (back.outcome, back.image, back.release) == ("moved", "", 2)
    assert rig.kubectl.images() == FOUND


def test_after_the_way_back_to_what_was_found_a_rollout_finds_it_all_again(rig: Rig) -> None:
    adopted(rig)
    rig.rollback(0)
    roll(rig, SECOND)

    assert rig.kubectl.images() == {**FOUND, "statefulset/worker": {SECOND}, "deployment/scheduler": {SECOND}}
    assert rig.rollback().image == ""
    assert rig.kubectl.images() == FOUND


def test_to_go_back_twice_to_what_was_found_is_one_release(rig: Rig) -> None:
    adopted(rig)
    rig.rollback(0)
    again = rig.rollback(0)

    assert (again.outcome, again.passed) == ("unchanged", True)
    assert [release.number for release in rig.record.releases] == [0, 1, 2]


def test_what_is_gone_since_a_release_is_said_and_the_rest_goes_back(rig: Rig) -> None:
    adopted(rig)
    rig.kubectl("delete", "deployment/scheduler")
    back = rig.rollback(0)

    assert back.passed
    assert "deployment/scheduler is gone since release 0" in back.warnings
    assert rig.kubectl.images()["statefulset/worker"] == {BEFORE_WORKER}


def test_where_nothing_was_recorded_there_is_no_way_back(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", FIRST))

    with pytest.raises(UsageError, match="There is no earlier release to go back to") as refused:
        rig.rollback()

    assert refused.value.hint == "Releases recorded: none. status shows them."
    assert says(rig) == {FIRST}


def test_a_rollback_from_the_command_line_names_its_release(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", FIRST))
    roll(rig, SECOND)
    planned = rig.command("rollback", "--to=0", "--dry-run", "--json")
    wrong = rig.command("rollback", "--to=last")

    assert planned.returncode == 0, planned.stderr
    assert json.loads(planned.stdout)["outcome"] == "planned"
    assert wrong.returncode == 2
    assert "'last' is not the number of a release" in wrong.stderr
    assert says(rig) == {SECOND}


def test_going_back_moves_pods_as_going_forth_does(rig: Rig) -> None:
    old, new = image("a"), image("b")
    rig.start(deployment("scheduler", pod(container("scheduler", old, "scheduler"), name="scheduler")))
    roll(rig, new)
    back = rig.rollback()

    assert back.passed
    assert list(rig.kubectl.running().values()) == [old]


def test_a_rollback_passes_over_releases_of_the_image_that_runs(rig: Rig) -> None:
    """A canary and then the rest: two releases of one image."""
    rig.kubectl.apply(idle("scheduler", FIRST), idle("triggerer", FIRST))
    assert rig.rollout(SECOND, names=("deployment/triggerer",)).passed
    assert rig.rollout(SECOND).passed

    result = rig.rollback()

    assert "moved" == result.outcome
    assert {FIRST} == says(rig)


@pytest.mark.wide
def test_a_rollout_that_was_left_half_done_can_be_rolled_back_from(rig: Rig) -> None:
    good, bad = image("half-good"), image("half-bad", "crashes")
    rig.kubectl.apply(
        deployment("scheduler", pod(container("scheduler", image("half-first"), "scheduler"), name="scheduler"))
    )
    rig.kubectl.wait_ready("deployment/scheduler")
    assert rig.rollout(good).passed
    assert "left" == rig.rollout(bad, undo=False).outcome

    result = rig.rollback()

    assert ("moved", good) == (result.outcome, result.image)
    assert {"deployment/scheduler": {good}} == rig.kubectl.images()
    assert rig.record.journal is None


def test_where_everything_runs_the_image_already_nothing_moves_and_no_release_is_made(rig: Rig) -> None:
    rig.kubectl.apply(idle("scheduler", FIRST))
    found = rig.rollout(FIRST)
    recorded = rig.record
    rig.rollout(SECOND)
    rig.kubectl("set", "image", "deployment/scheduler", f"scheduler={THIRD}")
    by_hand = rig.rollout(THIRD)

    assert (found.outcome, found.release, recorded.releases) == ("unchanged", None, ())
    assert (by_hand.outcome, by_hand.release) == ("unchanged", None)
    assert [one.image for one in rig.record.releases] == ["", SECOND]
