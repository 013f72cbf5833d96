"""Others who act in the namespace while a rollout is under way: people, quotas, registries, whoever grants rights."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import pytest

from dagship.cluster.api import Cluster
from dagship.diagnosis.failure import Failure
from dagship.record.model import Record
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.results import RolloutResult
from tests.builders.airflow import Object, container, deployment, pod, stateful_set
from tests.cluster import images
from tests.cluster.conftest import TESTBED
from tests.cluster.gateways import edited, token_of
from tests.cluster.rig import SECONDS, Rig
from tests.engine import registries
from tests.machine import ROOT


def worker(image: str) -> Object:
    return stateful_set("worker", pod(container("worker", image, "celery", "worker"), name="worker"))


def one(name: str, image: str, *, beside: bool = False) -> Object:
    """A Deployment of one pod, of one container or two."""
    both = [container(name, image, name), *([container("log-groomer", image, "groom-logs")] if beside else [])]
    return deployment(name, pod(*both, name=name))


def failure_of(result: RolloutResult) -> Failure:
    assert not result.passed
    assert result.failure is not None
    return result.failure


def test_an_image_that_someone_else_sets_meanwhile_stays_and_the_rest_goes_back(rig: Rig) -> None:
    old, new, theirs = images.image("old"), images.image("new"), images.image("theirs")
    rig.start(worker(old), one("scheduler", old, beside=True))
    with rig.meanwhile(
        "deployment/scheduler", new, lambda: rig.kubectl("set", "image", "deployment/scheduler", f"scheduler={theirs}")
    ):
        result = rig.rollout(new)

    failure = failure_of(result)
    assert (failure.workload, failure.reason) == ("deployment/scheduler", "TakenBack")
    assert failure.message == f"someone set its image to {theirs}"
    assert result.outcome == "undone"
    assert result.state == (
        "All else runs again what it ran before; deployment/scheduler says what someone else wrote there."
    )
    assert rig.kubectl.images() == {"statefulset/worker": {old}, "deployment/scheduler": {theirs, old}}
    assert rig.record == Record()


def test_a_workload_that_someone_deletes_meanwhile_is_named_and_the_rest_goes_back(rig: Rig) -> None:
    old, new = images.image("old"), images.image("new")
    rig.start(worker(old), one("scheduler", old))
    with rig.meanwhile("deployment/scheduler", new, lambda: rig.kubectl("delete", "deployment", "scheduler")):
        result = rig.rollout(new)

    failure = failure_of(result)
    assert (failure.workload, failure.reason) == ("deployment/scheduler", "Deleted")
    assert result.outcome == "undone"
    assert result.state == ("All else runs again what it ran before; deployment/scheduler was deleted by someone else.")
    assert rig.kubectl.images() == {"statefulset/worker": {old}}
    assert rig.record == Record()


def test_a_workload_that_someone_scales_meanwhile_moves_with_all_its_pods(rig: Rig) -> None:
    old, new = images.image("old"), images.image("new")
    rig.start(worker(old))
    with rig.meanwhile("statefulset/worker", new, lambda: rig.kubectl("scale", "statefulset/worker", "--replicas=2")):
        result = rig.rollout(new)

    assert (result.passed, result.outcome) == (True, "moved"), rig.text
    assert rig.pods() == [("worker", (new,), True)] * 2


ROLE = ROOT / "k8s/rbac/role.yaml"


@pytest.fixture
def deployer(rig: Rig, kubeconfig: Path, connect: Callable[..., Cluster], tmp_path: Path) -> Iterator[Rig]:
    """The same, for a rollout by an account that has the rights of k8s/rbac and no more."""
    token = token_of(rig.kubectl, "deployer")
    rig.kubectl("apply", "-f", "-", input=ROLE.read_text("utf-8").replace("namespace: airflow", ""))
    account = f"--serviceaccount={rig.kubectl.namespace}:deployer"
    rig.kubectl("create", "rolebinding", "deployer", "--role=dagship-deployer", account)
    cluster = connect(rig.kubectl.namespace, edited(kubeconfig, tmp_path, user={"token": token}))
    yield replace(rig, cluster=cluster)
    cluster.close()


def take_away(rig: Rig, resource: str) -> None:
    """Lets the deployer look at workloads of a kind, and no more."""
    other = {"statefulsets": "deployments", "deployments": "statefulsets"}[resource]
    looking = {"apiGroups": ["apps"], "resources": [resource], "verbs": ["get", "list", "watch"]}
    patch = [
        {"op": "replace", "path": "/rules/0/resources", "value": [other]},
        {"op": "add", "path": "/rules/-", "value": looking},
    ]
    rig.kubectl("patch", "role", "dagship-deployer", "--type=json", "--patch", json.dumps(patch))


def test_rights_that_go_on_the_way_end_a_rollout_and_what_moved_before_goes_back(rig: Rig, deployer: Rig) -> None:
    old, new = images.image("old"), images.image("new")
    rig.start(worker(old), one("scheduler", old))
    before, ran = rig.written(), rig.pods()
    with rig.meanwhile("statefulset/worker", new, lambda: take_away(rig, "deployments")):
        result = deployer.rollout(new)

    failure = failure_of(result)
    assert (failure.workload, failure.reason) == ("deployment/scheduler", "Refused")
    assert 'deployments.apps "scheduler" is forbidden' in failure.message
    assert result.outcome == "undone"
    assert rig.written() == before
    assert rig.pods() == ran
    assert rig.record == Record()


def test_rights_that_go_before_the_way_back_leave_what_they_were_for_and_that_is_said(rig: Rig, deployer: Rig) -> None:
    old, new = images.image("old"), images.image("new", "crashes-as-scheduler")
    rig.start(worker(old), one("scheduler", old))
    before, ran = rig.written(), rig.pods()
    with rig.meanwhile("deployment/scheduler", new, lambda: take_away(rig, "statefulsets")):
        result = deployer.rollout(new)

    failure = failure_of(result)
    assert (failure.workload, failure.reason) == ("deployment/scheduler", "CrashLoopBackOff")
    assert result.outcome == "left"
    assert result.state.startswith(
        "All else runs again what it ran before; statefulset/worker could not be taken back:"
    )
    assert 'statefulsets.apps "worker" is forbidden' in result.state
    assert result.state.endswith("rollout --undo tries that again.")
    assert rig.kubectl.images() == {"statefulset/worker": {new}, "deployment/scheduler": {old}}

    rig.kubectl("apply", "-f", "-", input=ROLE.read_text("utf-8").replace("namespace: airflow", ""))
    undone = actions.undo(deployer.cluster, rig.console, RolloutOptions(timeout=SECONDS))
    assert (undone.passed, undone.outcome) == (True, "undone"), rig.text
    assert rig.written() == before
    assert rig.pods() == ran
    assert rig.record == Record()


on_this_machine = pytest.mark.skipif(not TESTBED.exists(), reason="the nodes pull from loopback of this machine")


@pytest.mark.wide
@on_this_machine
def test_a_registry_that_stumbles_is_no_failure(rig: Rig) -> None:
    new = images.image(f"stumbling-{token_hex(4)}")
    rig.start(one("web", images.image("old")))
    with registries.serving(registries.flaky(images.REGISTRY, failures=1)) as stumbling:
        result = rig.rollout(new.replace(images.REGISTRY, stumbling), from_image=images.REPOSITORY)

    assert (result.passed, result.outcome) == (True, "moved"), rig.text


@pytest.mark.wide
@on_this_machine
def test_an_image_that_takes_too_long_to_come_is_named_when_the_time_is_over(rig: Rig) -> None:
    new = images.image(f"slow-{token_hex(4)}")
    rig.start(one("web", images.image("old")))
    before, ran = rig.written(), rig.pods()
    enough = threading.Event()
    with registries.serving(registries.slow(images.REGISTRY, enough)) as slow:
        try:
            result = rig.rollout(new.replace(images.REGISTRY, slow), from_image=images.REPOSITORY, timeout=8)
        finally:
            enough.set()

    failure = failure_of(result)
    assert (failure.reason, result.outcome) == ("TimedOut", "undone"), rig.text
    assert failure.message.endswith(f"while waiting for {failure.pod} to be started")
    assert any(event.startswith(f'Pulling: Pulling image "{slow}/') for event in failure.events)
    assert rig.written() == before
    assert rig.pods() == ran
