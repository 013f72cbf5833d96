"""The Job that makes the tables: when its failure is one."""

from typing import Any

from dagship.chart import migration
from tests.builders import pods as o

JOB: dict[str, Any] = {
    "kind": "Job",
    "metadata": {"name": "air-migrate-1", "uid": "job"},
    "spec": {},
    "status": {},
}


def job(kind: str = "", reason: str = "", message: str = "") -> dict[str, Any]:
    conditions = [{"type": kind, "status": "True", "reason": reason, "message": message}] if kind else []
    return {**JOB, "status": {"conditions": conditions}}


def pod(*statuses: dict[str, Any], name: str = "air-migrate-1-x", age: float = 100.0) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": o.stamp(o.NOW - age),
            "ownerReferences": [{"kind": "Job", "name": "air-migrate-1", "uid": "job", "controller": True}],
        },
        "spec": {"containers": [o.container("migrate")], "nodeName": "node-1"},
        "status": {"phase": "Running", "containerStatuses": list(statuses)},
    }


def failed(code: int = 1, *, restarts: int = 0, state: dict[str, Any] | None = None) -> dict[str, Any]:
    """A container that failed; it is over, unless it has a state since."""
    status = {"name": "migrate", "restartCount": restarts, "ready": False, "state": state or {}, "lastState": {}}
    status["lastState" if state else "state"] = o.ended(code)
    return status


BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff"}}
RUNNING = {"running": {"startedAt": o.stamp(o.NOW)}}


def test_a_job_is_done_or_has_given_up_or_neither() -> None:
    assert migration.is_done(job("Complete"))
    assert not migration.is_done(JOB)
    assert migration.given_up(JOB) is None
    found = migration.given_up(job("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"))

    assert found is not None
    assert (found.reason, found.message) == ("BackoffLimitExceeded", "Job has reached the specified backoff limit")


def test_a_failed_run_is_seen_while_it_is_over_in_its_pause_and_in_the_next_run() -> None:
    for state, restarts, number in ((None, 0, 1), (BACK_OFF, 1, 2), (RUNNING, 2, 2)):
        (attempt,) = migration.attempts([pod(failed(restarts=restarts, state=state))])

        assert (attempt.pod, attempt.container, attempt.number) == ("air-migrate-1-x", "migrate", number)
        assert attempt.began == o.NOW - 8
    assert migration.attempts([pod(failed(0)), pod(o.running("migrate")), pod()]) == ()


def test_a_run_that_began_before_the_database_was_there_says_nothing() -> None:
    (attempt,) = migration.attempts([pod(failed())])

    assert not migration.may_count(attempt, None)
    assert not migration.may_count(attempt, o.NOW)
    assert migration.may_count(attempt, 0.0)


def test_two_failures_are_no_chance() -> None:
    assert not migration.is_repeated([pod(failed())])
    assert migration.is_repeated([pod(failed(restarts=1))])
    assert migration.is_repeated([pod(failed(), name="a"), pod(failed(), name="b")])


def test_pods_are_ready_since_the_last_of_them_is() -> None:
    def ready(age: float, status: str = "True") -> dict[str, Any]:
        condition = {"type": "Ready", "status": status, "lastTransitionTime": o.stamp(o.NOW - age)}
        return {"metadata": {}, "status": {"conditions": [{"type": "Initialized", "status": "True"}, condition]}}

    assert migration.ready_since([ready(10), ready(30)]) == o.NOW - 10
    assert migration.ready_since([ready(10), ready(30, "False")]) is None
    assert migration.ready_since([ready(10), {"metadata": {}}]) is None
    assert migration.ready_since([]) is None


def test_a_job_that_is_in_a_pause_or_over_gets_a_new_start_and_one_that_works_is_left_alone() -> None:
    assert migration.needs_new_start(job("Failed"), [])
    assert migration.needs_new_start(JOB, [pod(failed(state=BACK_OFF, restarts=3))])
    assert migration.needs_new_start(JOB, [pod(o.waiting("migrate", "CreateContainerConfigError"))])
    assert not migration.needs_new_start(JOB, [pod(failed(state=RUNNING, restarts=1))])
    assert not migration.needs_new_start(job("Complete"), [pod(failed(0))])


def test_only_its_own_pods_are_a_jobs_and_the_newest_is_last() -> None:
    other = pod(name="other")
    other["metadata"]["ownerReferences"][0]["uid"] = "another"
    new, old = pod(name="a", age=5), pod(name="b", age=50)

    assert migration.pods_of(JOB, [new, other, old]) == (old, new)


def test_what_is_waited_for_is_said() -> None:
    assert migration.waiting([]) == "a pod to be made"
    assert migration.waiting([pod(o.running("migrate"))]) == "air-migrate-1-x to make the tables"
    assert migration.waiting([pod(o.waiting("migrate"))]) == "air-migrate-1-x to be started"
    assert migration.waiting([pod(failed(state=BACK_OFF))]).endswith("migrate: CrashLoopBackOff")


def test_a_job_without_a_node_says_why() -> None:
    full = pod()
    del full["spec"]["nodeName"]
    why = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: 1 Insufficient memory."}
    full["status"]["conditions"] = [why]

    assert migration.waiting([full]) == f"a node for air-migrate-1-x: {why['message']}"
