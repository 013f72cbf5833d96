"""What a watcher does with the time: when it goes on waiting, when it asks, when it deletes, when it gives up."""

from collections.abc import Callable

import pytest

from dagship.errors import Refused
from dagship.health.expectation import Expectation
from dagship.health.faults import Fault
from dagship.health.watcher import Last, Pods, Watcher, WorkloadFailed
from dagship.terminal.board import Board
from tests.builders import pods as o
from tests.builders.namespace import Namespace

WORKER = Expectation(kind="StatefulSet", name="worker", images={"worker": o.V2}, tasks_run_here=True)


def watcher(namespace: Namespace, *, lines: list[str] | None = None, timeout: float = 60.0) -> Watcher:
    board = Board("Moving workers", (lines if lines is not None else []).append, None)
    return Watcher(
        cluster=namespace,  # type: ignore[arg-type]
        feed=namespace,  # type: ignore[arg-type]
        check=namespace.check,
        board=board,
        ids=frozenset(),
        timeout=timeout,
        clock=namespace.clock,
    )


def starting(name: str = "worker-0", **more: object) -> o.Raw:
    return o.pod(name, ready=False, phase="Pending", statuses=[o.waiting()], **more)


def one(*pods: o.Raw, ready: int = 0, **more: object) -> Namespace:
    """A StatefulSet of one pod, and those that are there."""
    return Namespace(o.stateful_set(replicas=1, readyReplicas=ready, **more), *pods)


def put(namespace: Namespace, *items: o.Raw) -> Callable[[], object]:
    return lambda: [namespace.put(item["kind"], item) for item in items]


def probed(**more: object) -> o.Raw:
    return o.pod(containers=[o.container(readinessProbe=o.PROBE)], **more)


def right(namespace: Namespace) -> Callable[[], object]:
    return put(namespace, probed(), o.stateful_set(replicas=1))


def broken(waits: Watcher, *expected: Expectation, before: tuple[Expectation, ...] = ()) -> WorkloadFailed:
    with pytest.raises(WorkloadFailed) as caught:
        waits.until_done(expected or (WORKER,), before=before)
    return caught.value


def test_it_ends_as_soon_as_the_workload_is_right() -> None:
    namespace = one(starting())
    namespace.after(7.25, right(namespace))
    watcher(namespace).until_done([WORKER])

    assert namespace.now == o.NOW + 7.25


def test_what_stands_still_for_longer_than_it_may_is_given_up() -> None:
    namespace = one(starting())
    found = broken(watcher(namespace, timeout=60))

    assert namespace.now == pytest.approx(o.NOW + 61)
    assert found.fault.reason == "TimedOut"
    assert found.fault.message == "nothing moved for 61 s while waiting for worker-0 to be started"
    assert found.pod is not None


def test_whatever_moves_on_begins_the_time_anew() -> None:
    namespace = one(starting())
    namespace.after(50, put(namespace, probed(ready=False)))
    namespace.after(100, right(namespace))
    watcher(namespace, timeout=60).until_done([WORKER])

    assert namespace.now == o.NOW + 100


def test_coming_back_to_where_it_was_is_no_progress() -> None:
    namespace = one(starting())
    for seconds in range(10, 100, 20):
        namespace.after(seconds, put(namespace, probed(ready=False)))
        namespace.after(seconds + 10, put(namespace, starting()))
    found = broken(watcher(namespace, timeout=60))

    assert found.fault.reason == "TimedOut"
    assert namespace.now == pytest.approx(o.NOW + 71)


def test_a_pod_that_ends_has_its_own_time_for_it() -> None:
    namespace = one(o.pod(revision="worker-old", image=o.V1, deleting=o.NOW + 600))
    namespace.after(590, right(namespace))
    watcher(namespace, timeout=60).until_done([WORKER])

    assert namespace.now == o.NOW + 590


def test_a_pod_that_ends_well_after_longer_than_the_time_to_stand_still_fails_nothing() -> None:
    before = {"revision": "worker-old", "image": o.V1}
    namespace = one(o.pod(deleting=o.NOW + 600, **before))
    # The last that its node says of it: it was to be gone when it was told to end.
    namespace.after(400.25, put(namespace, o.pod(deleting=o.NOW, grace=0, **before)))
    namespace.after(400.75, namespace.kept["Pod"].clear)
    namespace.after(450, right(namespace))
    watcher(namespace, timeout=60).until_done([WORKER])

    assert namespace.now == o.NOW + 450


def test_from_its_end_on_the_time_to_stand_still_counts() -> None:
    before = {"revision": "worker-old", "image": o.V1}
    namespace = one(o.pod(deleting=o.NOW + 600, **before))
    over = o.pod(deleting=o.NOW, grace=0, finalizers=["example.com/audit"], **before)
    namespace.after(400, put(namespace, over))
    found = broken(watcher(namespace, timeout=60))

    assert namespace.now == pytest.approx(o.NOW + 461)
    assert found.fault.message == (
        "nothing moved for 61 s while waiting for worker-0 to be let go, "
        "it has ended and example.com/audit keeps it (a finalizer)"
    )


def test_no_time_passes_while_the_server_is_away() -> None:
    namespace = one(starting())
    lines: list[str] = []
    namespace.after(10, lambda: setattr(namespace, "age", 30.0))
    namespace.after(110, lambda: setattr(namespace, "age", 0.0))
    namespace.after(160, right(namespace))
    watcher(namespace, lines=lines, timeout=60).until_done([WORKER])

    assert [line.strip() for line in lines if "API server" in line] == [
        "the API server does not answer; waiting for it",
        "the API server answers again",
    ]


def event(reason: str, message: str, seconds: float) -> o.Raw:
    return {"reason": reason, "message": message, "metadata": {}, "lastTimestamp": o.stamp(o.NOW + seconds)}


def test_a_set_that_makes_no_pod_is_asked_why_once_and_given_up() -> None:
    namespace = one()
    namespace.events = [
        event("FailedCreate", 'pods "worker-0" is forbidden: exceeded quota: full', 3),
        event("SuccessfulCreate", "create Pod worker-0 successful", -300),
    ]
    found = broken(watcher(namespace))

    assert namespace.asked == [(10.0, "involvedObject.uid=uid-set")]
    assert (found.workload, found.fault.reason) == ("statefulset/worker", "FailedCreate")
    assert "exceeded quota" in found.fault.message


def test_a_set_whose_pods_are_only_late_is_asked_once_in_each_standstill() -> None:
    namespace = Namespace(o.stateful_set(replicas=2, readyReplicas=0))
    namespace.events = [
        event("FailedCreate", "its service account is not there yet", 2),
        event("SuccessfulCreate", "create Pod worker-0 successful", 3),
        event("Killing", "Stopping container worker", 4),
    ]
    namespace.after(25, put(namespace, probed()))
    namespace.after(60, put(namespace, probed(name="worker-1"), o.stateful_set(replicas=2)))
    watcher(namespace).until_done([WORKER])

    assert [seconds for seconds, _ in namespace.asked] == [10.0, 35.0]


def test_a_warning_is_shown_once() -> None:
    namespace = one(o.unschedulable())
    namespace.after(20, right(namespace))
    lines: list[str] = []
    waits = watcher(namespace, lines=lines)
    waits.until_done([WORKER])

    said = "warning: statefulset/worker: worker-0 has no node: 0/3 nodes are available: 3 Insufficient memory."
    assert [line.strip() for line in lines].count(said) == 1
    assert list(waits.warnings) == [said.removeprefix("warning: ")]


CRASHING = o.pod(ready=False, statuses=[o.crashing()], uid="first")


def test_a_pod_that_crashes_ends_the_wait() -> None:
    namespace = one(starting(uid="first"))
    namespace.after(5, put(namespace, CRASHING))
    found = broken(watcher(namespace))

    assert (found.fault.reason, namespace.deleted) == ("CrashLoopBackOff", [])
    assert namespace.now == o.NOW + 5


def test_a_pod_that_was_broken_before_gets_one_new_start() -> None:
    """Somebody may have mended what broke it, and its next try by itself may be minutes away."""
    namespace = one(CRASHING)
    again = {**CRASHING, "metadata": {**CRASHING["metadata"], "uid": "second"}}
    namespace.after(3, put(namespace, again))
    found = broken(watcher(namespace))

    assert namespace.deleted == ["worker-0"]
    assert (found.fault.reason, namespace.now) == ("CrashLoopBackOff", o.NOW + 3)


def test_a_pod_whose_main_container_runs_is_not_started_again_for_one_beside_it() -> None:
    beside = o.pod(
        ready=False,
        containers=[o.container(), o.container("log-groomer")],
        statuses=[o.running(), o.crashing("log-groomer")],
    )
    namespace = one(beside)
    found = broken(watcher(namespace))

    assert (found.fault.container, namespace.deleted) == ("log-groomer", [])


def test_what_was_done_before_and_breaks_while_others_move_gets_no_new_start() -> None:
    namespace = one(CRASHING)
    namespace.put("Deployment", o.deployment(replicas=0))
    other = Expectation(kind="Deployment", name="scheduler")
    found = broken(watcher(namespace), other, before=(WORKER,))

    assert (found.workload, namespace.deleted) == ("statefulset/worker", [])


def test_a_pod_in_the_way_is_deleted_once_and_checked_for_first() -> None:
    namespace = one(o.pod(ready=False, statuses=[o.crashing()], revision="worker-old", image=o.V1))
    namespace.after(5, right(namespace))
    watcher(namespace).until_done([WORKER])

    assert namespace.deleted == ["worker-0"]
    assert namespace.checks > 5


def test_a_workload_that_is_gone_and_one_that_is_another_s_are_told_apart() -> None:
    gone = broken(watcher(Namespace()))
    theirs = broken(watcher(one(image="registry:5000/other:1")))

    assert gone.fault.reason == "Deleted"
    assert theirs.fault.reason == "TakenBack"
    assert theirs.fault.message == "someone set its image to registry:5000/other:1"


def test_the_controller_s_deadline_does_not_count_while_old_pods_end_before_new_ones_begin() -> None:
    """Recreate with a grace period above the Deployment's own deadline, as tasks that last an hour need it."""
    over = o.condition("Progressing", "False", "ProgressDeadlineExceeded", "has timed out progressing")
    waiting = o.deployment(
        replicas=1, strategy={"type": "Recreate"}, updatedReplicas=0, readyReplicas=0, conditions=[over]
    )
    old = o.pod(
        "scheduler-old-1", revision="old", owner="scheduler-old", hash_label="pod-template-hash", deleting=o.NOW + 900
    )
    namespace = Namespace(waiting, old, o.replica_set("old", 1, image=o.V1))
    scheduler = Expectation(kind="Deployment", name="scheduler", images={"worker": o.V2})

    def ends() -> None:
        del namespace.kept["Pod"]["scheduler-old-1"]

    namespace.after(700, ends)
    namespace.after(705, put(namespace, o.deployment(replicas=1, strategy={"type": "Recreate"}, conditions=[])))
    found = broken(watcher(namespace, timeout=60), scheduler)

    # Given up in the end, since no new pod ever comes; but for that, and long after the old one was gone.
    assert "TimedOut" == found.fault.reason
    assert namespace.now > o.NOW + 700


def test_what_else_is_waited_for_is_asked_at_each_look() -> None:
    namespace = one(probed(), ready=1)
    waits = watcher(namespace)
    waits.also = lambda: namespace.now >= o.NOW + 5
    waits.until_done([WORKER])

    assert namespace.now == o.NOW + 5


def test_what_else_there_is_may_break_too() -> None:
    def breaks() -> bool:
        raise WorkloadFailed("job/migrate", Fault(pod="", container="", reason="Error", message=""))

    waits = watcher(one(probed(), ready=1))
    waits.also = breaks

    assert broken(waits).workload == "job/migrate"


def test_a_pod_that_is_excused_is_neither_deleted_nor_the_end() -> None:
    namespace = one(o.pod(ready=False, statuses=[o.crashing()]))
    waits = watcher(namespace)
    waits.excused = lambda found, pod: found.reason == "CrashLoopBackOff" and pod.name == "worker-0"
    namespace.after(20, right(namespace))
    waits.until_done([WORKER])

    assert namespace.deleted == []
    assert namespace.now == o.NOW + 20


def test_whoever_observes_is_shown_the_pods_and_what_it_says_stands_beside_what_is_waited_for() -> None:
    namespace = one(starting(uid="first"))
    namespace.after(3, right(namespace))
    shown: list[tuple[str, bool, str, float]] = []

    def observe(workload: str, pods: Pods, now: float, *, worker: bool, last: Last) -> str:
        shown.append((workload, worker, pods[0].name, now))
        return "draining: 2 tasks"

    lines: list[str] = []
    waits = watcher(namespace, lines=lines)
    waits.observe = observe
    waits.until_done([WORKER])

    assert shown[0] == ("statefulset/worker", True, "worker-0", o.NOW)
    assert any("worker-0 to be started (draining: 2 tasks)" in line for line in lines)


def test_nothing_is_deleted_once_the_check_refuses() -> None:
    namespace = one(o.pod(ready=False, statuses=[o.crashing()], revision="worker-old", image=o.V1))
    checks = iter([None])

    def check() -> None:
        if next(checks, "lost") == "lost":
            raise Refused("Another took the lease.")

    waits = watcher(namespace)
    waits.check = check
    with pytest.raises(Refused):
        waits.until_done([WORKER])

    assert namespace.deleted == []
