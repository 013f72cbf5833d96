"""What a release is besides its workloads, as it comes and goes."""

from typing import Any

import pytest

from dagship.chart.related_objects import Others
from dagship.health import faults
from dagship.health.watcher import WorkloadFailed
from dagship.terminal.board import Board
from dagship.workloads import status
from tests.builders import pods as o
from tests.builders.namespace import Namespace
from tests.unit.chart.test_migration import BACK_OFF, JOB, failed, job, pod

UNREACHABLE = "The database at db.example:5432 cannot be reached: Name or service not known"


def labelled(raw: dict[str, Any], component: str, release: str = "air") -> dict[str, Any]:
    labels = {
        "app.kubernetes.io/name": "airflow",
        "app.kubernetes.io/instance": release,
        "app.kubernetes.io/component": component,
    }
    metadata = {**raw["metadata"], "labels": {**raw["metadata"].get("labels", {}), **labels}}
    return {**raw, "metadata": metadata}


def a_job(raw: dict[str, Any] = JOB) -> dict[str, Any]:
    return labelled(raw, "migrate")


def database(*, ready: float | None) -> list[dict[str, Any]]:
    """The release's own, and since how many seconds it is ready."""
    one = o.pod("air-postgres-0", ready=ready is not None)
    for condition in one["status"]["conditions"]:
        condition["lastTransitionTime"] = o.stamp(o.NOW - (ready or 0))
    return [labelled(o.stateful_set("air-postgres"), "postgres"), labelled(one, "postgres")]


def others(*objects: dict[str, Any], began: float = o.NOW - 60, log: str = "") -> tuple[Others, Namespace]:
    namespace = Namespace()
    namespace.kept["Job"] = {}
    for one in objects:
        namespace.put(one["kind"], one)
    namespace.printed["air-migrate-1-x", "migrate", False] = log
    namespace.printed["worker-0", "worker", True] = log
    board = Board("Starting air", lambda _: None, None)
    return Others(
        cluster=namespace, feed=namespace, board=board, release="air", began=began  # type: ignore[arg-type]
    ), namespace  # fmt: skip


def broken(found: Others) -> WorkloadFailed:
    with pytest.raises(WorkloadFailed) as caught:
        found.are_there()
    return caught.value


def test_without_a_job_nothing_else_is_waited_for() -> None:
    assert others()[0].are_there()


def test_the_tables_are_waited_for() -> None:
    assert not others(a_job())[0].are_there()
    assert others(a_job(job("Complete")), pod(failed(0)))[0].are_there()
    assert others(labelled(JOB, "migrate", "another"))[0].are_there()


def test_the_first_failure_that_says_why_is_the_answer() -> None:
    found = broken(others(a_job(), labelled(pod(failed()), "migrate"), log=UNREACHABLE)[0])

    assert (found.workload, found.fault.container) == ("job/air-migrate-1", "migrate")
    assert found.pod is not None
    assert found.pod.name == "air-migrate-1-x"


def test_a_failure_that_says_nothing_may_be_chance_once() -> None:
    assert not others(a_job(), pod(failed()), log="bye")[0].are_there()
    found = broken(others(a_job(), pod(failed(restarts=1, state=BACK_OFF)), log="bye")[0])

    assert found.fault.reason == "Error"


def test_a_job_that_has_given_up_is_the_answer_without_a_pod_too() -> None:
    found = broken(others(a_job(job("Failed", "BackoffLimitExceeded")))[0])

    assert (found.fault.reason, found.pod) == ("BackoffLimitExceeded", None)


def test_while_the_releases_own_database_comes_up_a_failure_is_none() -> None:
    """Its image may take minutes to be pulled, and the Job waits for less than that."""
    for ready in (None, 3.0):  # the run began 8 seconds ago
        assert not others(a_job(), pod(failed()), *database(ready=ready), log=UNREACHABLE)[0].are_there()
    assert broken(others(a_job(), pod(failed()), *database(ready=9.0), log=UNREACHABLE)[0]).fault.reason == "Error"


def test_what_failed_before_the_install_says_nothing() -> None:
    assert not others(a_job(), pod(failed()), began=o.NOW - 5, log=UNREACHABLE)[0].are_there()


def test_a_job_that_helm_no_longer_knows_is_not_asked() -> None:
    """An upgrade that broke off leaves the one of the revision before."""
    old = a_job(job("Failed"))
    old["metadata"] = {**old["metadata"], "name": "air-migrate-0", "creationTimestamp": o.stamp(o.NOW - 600)}
    new = a_job(job("Complete"))
    new["metadata"] = {**new["metadata"], "creationTimestamp": o.stamp(o.NOW)}

    assert others(old, new)[0].are_there()


def test_a_secret_that_the_job_lacks_is_the_answer_at_once() -> None:
    lacks = o.waiting("migrate", "CreateContainerConfigError", 'secret "db" not found')
    found = broken(others(a_job(), pod(lacks))[0])

    assert found.fault.message == 'secret "db" not found'


def crashed(restarts: int = 1) -> tuple[faults.Fault, status.PodState]:
    one = status.pod(o.pod(ready=False, statuses=[o.crashing(restarts=restarts)]))
    found = faults.pod_fault(one, since={}, now=o.NOW)
    assert found is not None
    return found, one


def test_a_component_may_fail_while_the_tables_are_not_made() -> None:
    found, namespace = others(a_job())

    assert found.excuse(*crashed(1))
    namespace.put("Job", a_job(job("Complete")))
    assert found.excuse(*crashed(1))  # that was before
    assert not found.excuse(*crashed(2))


def test_a_component_may_fail_while_what_it_needs_is_not_there() -> None:
    assert others(*database(ready=None))[0].excuse(*crashed())
    assert not others(*database(ready=3.0))[0].excuse(*crashed())


def test_no_other_trouble_is_excused() -> None:
    one = status.pod(o.pod(ready=False, statuses=[o.waiting("worker", "CreateContainerConfigError", "x")]))
    found = faults.pod_fault(one, since={}, now=o.NOW)

    assert found is not None
    assert not others(a_job())[0].excuse(found, one)


def test_the_database_itself_is_not_excused() -> None:
    found, namespace = others(a_job(), *database(ready=None))
    broke = o.pod("air-postgres-0", ready=False, statuses=[o.crashing()])
    namespace.put("Pod", labelled(broke, "postgres"))
    state = status.pod(broke)
    dead = faults.pod_fault(state, since={}, now=o.NOW)

    assert dead is not None
    assert not found.excuse(dead, state)


def mounting(*, made: float) -> dict[str, Any]:
    one = labelled(o.pod("worker-0", ready=False, phase="Pending", statuses=[o.waiting()]), "worker")
    one["metadata"]["creationTimestamp"] = o.stamp(made)
    return one


def not_found() -> dict[str, Any]:
    said = 'MountVolume.SetUp failed for volume "git-credentials" : secret "git" not found'
    return {"reason": "FailedMount", "message": said, "lastTimestamp": o.stamp(o.NOW), "metadata": {}}


def test_a_volume_that_is_not_there_is_the_answer_after_ten_seconds() -> None:
    found, namespace = others(mounting(made=o.NOW))
    namespace.events = [not_found()]

    assert found.are_there()
    namespace.now += 9
    assert found.are_there()
    assert namespace.asked == []
    namespace.now += 1
    why = broken(found)
    assert (why.workload, why.fault.reason) == ("statefulset/set", "FailedMount")


def test_a_pod_of_a_deployment_is_called_by_the_deployments_name() -> None:
    one = o.deployed("x", ready=False, phase="Pending", statuses=[o.waiting()])
    one["metadata"]["creationTimestamp"] = o.stamp(o.NOW)
    found, namespace = others(labelled(one, "scheduler"), o.replica_set())
    namespace.events = [not_found()]
    found.are_there()
    namespace.now += 10

    assert broken(found).workload == "deployment/scheduler"


def test_a_pod_from_before_gets_a_new_start_when_its_volume_was_not_there() -> None:
    found, namespace = others(mounting(made=o.NOW - 600))
    namespace.events = [not_found()]
    found.are_there()
    namespace.now += 10

    assert found.are_there()
    assert namespace.deleted == ["worker-0"]


def test_a_slow_volume_is_asked_about_every_ten_seconds_and_waited_for() -> None:
    found, namespace = others(mounting(made=o.NOW))
    for _ in range(31):
        assert found.are_there()
        namespace.now += 1

    assert [seconds for seconds, _ in namespace.asked] == [10, 20, 30]
