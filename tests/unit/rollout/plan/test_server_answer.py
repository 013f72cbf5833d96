"""What the server made of what was asked for is what is undone, watched and written down."""

from typing import Any

import pytest

from dagship.health.watcher import WorkloadFailed
from dagship.model.artifacts import Target
from dagship.record import form
from dagship.record.model import Change, Move, Release
from dagship.rollout import status
from dagship.rollout.execute import apply, steps
from dagship.rollout.execute.operation import Moving
from dagship.rollout.execute.undo import go_back
from dagship.rollout.plan import drift, server_answer
from dagship.rollout.results import RolloutResult
from dagship.workloads import spec
from dagship.workloads import status as workload_status
from tests.builders import operations
from tests.builders import pods as o
from tests.builders.namespace import Namespace

MIRROR = "mirror.example/hub/team/airflow"
MOVE = Move(kind="CronJob", name="x", changes=(Change(field="image", container="c", before=o.V1, after=o.V2),))


class Rewriting(Namespace):
    """A server with a webhook that changes the images of what is written."""

    def __init__(self, *objects: o.Raw, by: dict[str, str]) -> None:
        super().__init__(*objects)
        self.by = by

    def patch(self, kind: str, name: str, body: o.Raw) -> o.Raw:
        written = super().patch(kind, name, body)
        for one in containers(written) if kind == "CronJob" else ():
            one["image"] = self.by.get(one["image"], one["image"])
        return written


def containers(raw: o.Raw) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = raw["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return found


def server(says: str = o.V1, **by: str) -> Rewriting:
    raw = o.cron_job()
    raw["metadata"] = {"name": "x", "uid": "uid-x"}
    containers(raw)[:] = [o.container("c", says)]
    return Rewriting(raw, by=by)


def rolling(namespace: Namespace) -> Moving:
    return operations.moving(namespace, Target(image=o.V2, digest=o.digest(o.V2)), MOVE)


def says(namespace: Namespace) -> str:
    return str(containers(namespace.get("CronJob", "x"))[0]["image"])


def back(moving: Moving) -> RolloutResult:
    return go_back(moving, None)


@pytest.mark.parametrize("came", [f"{MIRROR}@{o.digest(o.V2)}", f"{MIRROR}:2-mirrored"])
def test_what_the_server_answered_is_in_the_journal_and_is_taken_back(came: str) -> None:
    namespace = server(**{o.V2: came})
    moving = rolling(namespace)
    steps.move_one(moving, MOVE)
    journal = form.parse(namespace.get("ConfigMap", form.NAME)).journal

    assert says(namespace) == came
    assert journal is not None
    assert [change.after for move in journal.moves for change in move.changes] == [came]
    assert back(moving).state == "Everything runs again what it ran before; nothing of the new image is left."
    assert says(namespace) == o.V1
    assert form.parse(namespace.get("ConfigMap", form.NAME)).journal is None


def test_another_image_in_the_place_of_the_one_asked_for_is_told_and_taken_back() -> None:
    another = f"{MIRROR}@sha256:{'3' * 64}"
    namespace = server(**{o.V2: another})
    moving = rolling(namespace)
    with pytest.raises(WorkloadFailed) as broken:
        steps.move_one(moving, MOVE)

    assert broken.value.fault.message == (
        f"the server put {another} in the place of {o.V2}: an admission webhook of the cluster does that"
    )
    assert back(moving).outcome == "undone"
    assert says(namespace) == o.V1


def test_a_server_that_answers_what_was_asked_for_is_written_down_once() -> None:
    namespace = server()
    moving = rolling(namespace)
    steps.move_one(moving, MOVE)

    assert moving.answers == {}
    assert moving.came == moving.operation.plan


def test_what_was_written_and_not_yet_in_the_journal_is_known_by_its_digest() -> None:
    known = drift.own_values([MOVE], None)
    raw = server(f"{MIRROR}@{o.digest(o.V2)}").get("CronJob", "x")

    assert drift.outstanding(MOVE, raw, known) == MOVE.changes
    assert drift.without_foreign(MOVE, raw, known) == MOVE
    assert drift.says(MOVE, raw)


@pytest.mark.parametrize(
    ("now", "ours"),
    [("mirror.example/hub/apache/airflow:2", True), ("docker.io/apache/airflow:2", True), ("r.corp/airflow:2", False)],
)
def test_a_tag_of_another_registry_is_ours_where_a_mirror_may_have_it(now: str, ours: bool) -> None:
    change = Change(field="image", container="c", before="apache/airflow:2", after=o.V2)
    move = MOVE.model_copy(update={"changes": (change,)})
    raw = server(now).get("CronJob", "x")

    assert drift.without_foreign(move, raw, drift.own_values([move], None)).changes == ((change,) if ours else ())


def test_an_image_is_not_asked_for_again_where_its_release_says_what_came_of_it() -> None:
    came = f"{MIRROR}@{o.digest(o.V2)}"
    now = Move(kind="CronJob", name="x", changes=(Change(field="image", container="c", before=came, after=o.V2),))
    release = Release(
        number=1,
        kind="rollout",
        image=o.V2,
        when="",
        moves=(server_answer.answered(MOVE, server(came).get("CronJob", "x")),),
    )

    assert server_answer.as_recorded([now], o.V2, [release])[0].changes[0].after == came
    assert server_answer.as_recorded([now], o.V1, [release]) == (now,)
    assert server_answer.as_recorded([MOVE], o.V2, [release]) == (MOVE,)


def test_a_move_that_is_done_already_is_its_own_answer() -> None:
    namespace = server(o.V2)

    assert apply.apply(namespace, namespace, MOVE, drift.own_values([MOVE], None)) == MOVE  # type: ignore[arg-type]


def test_what_a_tag_stands_for_is_told_by_the_pods_whatever_a_webhook_called_it_there() -> None:
    template = {"metadata": {}, "spec": {"containers": [o.container(image="team/airflow:1")]}}
    workload = spec.read("StatefulSet", o.stateful_set(template=template))
    pods = (workload_status.pod(o.pod("worker-0", image=f"{MIRROR}:1")),)
    look = status._Look(workload=workload, containers=workload.containers, verdict=None, pods=pods)

    assert status._report(look, {}, {}).digests == {"team/airflow:1": f"sha256:{'f' * 64}"}
