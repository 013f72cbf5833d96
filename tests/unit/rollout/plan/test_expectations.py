"""What is waited for after objects are moved."""

from dagship.record.model import Change, Move
from dagship.rollout.plan import expectations


def test_a_workload_is_expected_to_run_what_its_move_says() -> None:
    changes = (
        Change(field="image", container="worker", before="a:1", after="a:2"),
        Change(field="image", container="wait", init=True, before="a:1", after="a:2"),
        Change(field="env", container="worker", name="TAG", after="2"),
    )
    worker = Move(kind="StatefulSet", name="worker", role="worker", changes=changes)
    scheduler = Move(kind="Deployment", name="scheduler", role="scheduler", changes=changes[:1])

    found = expectations.of_moves([worker, scheduler])

    assert [(one.key, one.images, one.tasks_run_here) for one in found] == [
        ("statefulset/worker", {"worker": "a:2", "wait": "a:2"}, True),
        ("deployment/scheduler", {"worker": "a:2"}, False),
    ]


def test_what_takes_effect_by_itself_is_not_waited_for() -> None:
    change = Change(field="image", container="cleanup", before="a:1", after="a:2")
    template = Change(field="template", container="base", name="pod.yaml", before="a:1", after="a:2")
    moves = [
        Move(kind="CronJob", name="cleanup", role="cronjob", changes=(change,)),
        Move(kind="ConfigMap", name="template", role="pod-template", changes=(template,)),
    ]

    assert expectations.of_moves(moves) == ()
