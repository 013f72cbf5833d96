"""The way back: what goes, in which order, and what is said of what does not."""

import pytest

from dagship.cluster.failures import Forbidden, Unreachable
from dagship.diagnosis.failure import Failure
from dagship.model.artifacts import Target
from dagship.record import form
from dagship.record.model import Change, Move, Record, Release
from dagship.rollout.execute.undo import go_back
from dagship.rollout.results import RolloutResult
from tests.builders import operations
from tests.builders import pods as o
from tests.builders.namespace import Namespace

CAUSE = Failure(workload="cronjob/last", reason="CrashLoopBackOff")
OTHER = "registry:5000/team/airflow:theirs"


def cron_job(name: str, *images: str) -> o.Raw:
    """A CronJob: there is nothing of it to wait for."""
    raw = o.cron_job()
    raw["metadata"] = {"name": name, "uid": f"uid-{name}"}
    spec = raw["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    spec["containers"] = [o.container(f"c{number}", image) for number, image in enumerate(images)]
    return raw


def move(name: str, containers: int = 1) -> Move:
    changes = (Change(field="image", container=f"c{number}", before=o.V1, after=o.V2) for number in range(containers))
    return Move(kind="CronJob", name=name, changes=tuple(changes))


def image(namespace: Namespace, name: str) -> list[str]:
    spec = namespace.get("CronJob", name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return [container["image"] for container in spec["containers"]]


def back(
    namespace: Namespace, *moves: Move, failure: Failure | None = CAUSE, written: Record | None = None
) -> RolloutResult:
    target = Target(image=o.V2, digest=o.digest(o.V2))
    return go_back(operations.moving(namespace, target, *moves, record=written), failure)


def journal_state(namespace: Namespace) -> str | None:
    written = form.parse(namespace.get("ConfigMap", form.NAME))
    return written.journal.state if written.journal else None


def test_all_goes_back_what_moved_last_first_and_nothing_is_left_of_it() -> None:
    namespace = Namespace(cron_job("first", o.V2), cron_job("last", o.V2))
    result = back(namespace, move("first"), move("last"))

    assert namespace.patched == ["last", "first"]
    assert image(namespace, "first") == image(namespace, "last") == [o.V1]
    assert (result.outcome, result.passed, result.failure) == ("undone", False, CAUSE)
    assert result.state == "Everything runs again what it ran before; nothing of the new image is left."
    assert journal_state(namespace) is None


def test_releases_that_the_record_has_no_room_for_are_named() -> None:
    releases = tuple(
        Release(number=number, kind="rollout", image=o.V1, who="x" * 400_000, when="") for number in range(4)
    )
    result = back(Namespace(cron_job("first", o.V2)), move("first"), written=Record(releases=releases))

    assert result.warnings == ("the record has no room for release 0, 1: rollback reaches to 2",)


def test_what_never_moved_is_not_written_to() -> None:
    namespace = Namespace(cron_job("first", o.V2), cron_job("last", o.V1))
    back(namespace, move("first"), move("last"))

    assert namespace.patched == ["first"]


def test_going_back_because_one_wants_to_is_a_pass() -> None:
    result = back(Namespace(cron_job("first", o.V2)), move("first"), failure=None)

    assert (result.outcome, result.passed) == ("undone", True)


def test_what_someone_else_wrote_stays_and_the_fields_beside_it_go_back() -> None:
    namespace = Namespace(cron_job("first", OTHER, o.V2), cron_job("last", o.V2))
    result = back(namespace, move("first", 2), move("last"))

    assert image(namespace, "first") == [OTHER, o.V1]
    assert image(namespace, "last") == [o.V1]
    assert result.outcome == "undone"
    assert result.state == "All else runs again what it ran before; cronjob/first says what someone else wrote there."
    assert journal_state(namespace) is None


def test_what_someone_deleted_keeps_nothing_else_from_going_back() -> None:
    namespace = Namespace(cron_job("first", o.V2))
    result = back(namespace, move("first"), move("middle"), move("last"))

    assert image(namespace, "first") == [o.V1]
    assert result.outcome == "undone"
    assert result.state == (
        "All else runs again what it ran before; cronjob/last, cronjob/middle were deleted by someone else."
    )


def test_what_the_server_does_not_let_go_back_keeps_nothing_else_from_it_and_is_not_forgotten() -> None:
    namespace = Namespace(cron_job("first", o.V2), cron_job("last", o.V2))
    namespace.refusals["last"] = Forbidden("Cannot patch CronJob last: it is forbidden.")
    result = back(namespace, move("first"), move("last"), failure=None)

    assert image(namespace, "first") == [o.V1]
    assert image(namespace, "last") == [o.V2]
    assert (result.outcome, result.passed) == ("left", False)
    assert result.failure == Failure(
        workload="cronjob/last", reason="Refused", message="Cannot patch CronJob last: it is forbidden."
    )
    assert result.state == (
        "All else runs again what it ran before; cronjob/last could not be taken back: "
        "Cannot patch CronJob last: it is forbidden; rollout --undo tries that again."
    )
    assert journal_state(namespace) == "undoing"


def test_a_server_that_is_away_ends_it_where_it_is() -> None:
    namespace = Namespace(cron_job("first", o.V2), cron_job("last", o.V2))
    namespace.refusals["last"] = Unreachable("Cannot patch CronJob last: nobody answers.")
    with pytest.raises(Unreachable):
        back(namespace, move("first"), move("last"))

    assert image(namespace, "first") == [o.V2]
    assert journal_state(namespace) == "undoing"


def test_one_that_does_not_come_up_keeps_none_of_the_others_waiting() -> None:
    """The worker's pod never gets ready, and the scheduler's does after that is known."""

    def scheduler(**more: object) -> o.Raw:
        return o.deployed("a", image=o.V1, containers=[o.container(image=o.V1, readinessProbe=o.PROBE)], **more)

    namespace = Namespace(
        o.stateful_set(replicas=1, readyReplicas=0, image=o.V1),
        o.pod(image=o.V1, ready=False),
        o.deployment(replicas=1, image=o.V1, availableReplicas=0, readyReplicas=0),
        o.replica_set(image=o.V1),
        scheduler(ready=False, statuses=[o.waiting()]),
    )
    namespace.after(15, lambda: namespace.put("Pod", scheduler(ready=False)))
    namespace.after(30, lambda: namespace.put("Pod", scheduler()))
    namespace.after(30, lambda: namespace.put("Deployment", o.deployment(replicas=1, image=o.V1)))
    changes = (Change(field="image", container="worker", before=o.V1, after=o.V2),)
    moves = [
        Move(kind="StatefulSet", name="worker", changes=changes),
        Move(kind="Deployment", name="scheduler", changes=changes),
    ]
    result = back(namespace, *moves)

    assert result.outcome == "left"
    assert "statefulset/worker says again what it said before, but does not come up with that either" in result.state
    assert "deployment/scheduler" not in result.state
    assert namespace.now == o.NOW + 30
    assert journal_state(namespace) == "undoing"
