"""What is put into the report of a failure, from what pods, events and logs say."""

from dagship.cluster.failures import Forbidden
from dagship.diagnosis import events_and_logs
from dagship.diagnosis.failure import Failure
from dagship.health.faults import Fault
from dagship.health.watcher import WorkloadFailed
from dagship.workloads import status
from tests.builders import pods as o
from tests.builders.namespace import Namespace


def failure(
    namespace: Namespace, raw: o.Raw | None = None, *, container: str = "", reason: str = "TimedOut"
) -> Failure:
    pod = status.pod(raw) if raw else None
    fault = Fault(pod=pod.name if pod else "", container=container, reason=reason, message="")
    return events_and_logs.failure(namespace, WorkloadFailed("statefulset/worker", fault, pod))  # type: ignore[arg-type]


def event(seconds: float, message: str = "") -> o.Raw:
    return {
        "reason": f"At{seconds:g}",
        "message": message or "so it was",
        "metadata": {},
        "lastTimestamp": o.stamp(o.NOW + seconds),
    }


def test_the_events_of_this_pod_are_asked_for_and_not_those_of_its_namesake() -> None:
    namespace = Namespace()
    failure(namespace, o.pod(uid="this-one"))
    failure(namespace)

    assert [asked for _, asked in namespace.asked] == ["involvedObject.uid=this-one", "involvedObject.name=worker"]


def test_the_latest_events_come_in_their_order_each_on_a_line() -> None:
    namespace = Namespace()
    namespace.events = [event(seconds, "two\n  lines") for seconds in (5, 1, 9, 3, 2, 8, 4, 7, 6)]
    found = failure(namespace, o.pod())

    assert found.events == tuple(f"At{seconds}: two lines" for seconds in range(2, 10))


def test_of_a_container_that_was_started_again_the_run_that_failed_is_quoted() -> None:
    namespace = Namespace()
    namespace.printed = {("worker-0", "worker", True): "it failed\n", ("worker-0", "worker", False): "starting\n"}
    found = failure(namespace, o.pod(ready=False, statuses=[o.crashing()]), container="worker")

    assert found.log == ("it failed",)


def test_of_one_that_runs_for_the_first_time_what_it_says_is_quoted() -> None:
    namespace = Namespace()
    namespace.printed = {("worker-0", "worker", False): "".join(f"line {number}\n" for number in range(30))}
    found = failure(namespace, o.pod(ready=False))

    assert found.container == "worker"
    assert found.log == tuple(f"line {number}" for number in range(10, 30))


def test_a_line_without_end_is_cut() -> None:
    namespace = Namespace()
    namespace.printed = {("worker-0", "worker", False): "x" * 100_000}
    namespace.events = [event(1, "y" * 100_000)]
    found = failure(namespace, o.pod(ready=False))

    assert [len(line) for line in (*found.log, *found.events)] == [1000, 1000]
    assert found.log[0].endswith("x…")


def test_a_pod_without_a_node_has_no_container_to_blame() -> None:
    found = failure(Namespace(), o.unschedulable())

    assert (found.pod, found.container, found.log) == ("worker-0", "", ())


def test_who_may_not_ask_still_reports() -> None:
    class Closed(Namespace):
        def list(self, kind: str, *, fields: str = "") -> list[o.Raw]:
            raise Forbidden(f"Cannot list {kind} {fields}: it is forbidden.")

    found = failure(Closed(), o.pod(uid="this-one"), reason="CrashLoopBackOff")

    assert found.reason == "CrashLoopBackOff"
    assert found.events == ("could not be asked: Cannot list Event involvedObject.uid=this-one: it is forbidden.",)
