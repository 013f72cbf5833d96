"""What moves before what."""

from dagship.rollout.plan import planner
from tests.builders.airflow import celery, container, cron_job, pod, stateful_set
from tests.builders.moves import OLD, TARGET, component, selected, steps


def test_what_serves_a_version_moves_before_what_announces_it() -> None:
    moves = planner.to_image(selected(*celery(OLD)), {}, [OLD], TARGET)

    assert steps(moves) == [
        (0, "statefulset/worker"),
        (1, "deployment/api-server"),
        (1, "deployment/scheduler"),
        (1, "deployment/triggerer"),
        (2, "deployment/dag-processor"),
    ]


def test_without_a_dag_processor_the_scheduler_is_last() -> None:
    worker = stateful_set("worker", pod(container("worker", OLD, "celery", "worker"), name="worker"))
    made = [component(name) for name in ("webserver", "scheduler", "triggerer")]

    assert steps(planner.to_image(selected(worker, *made), {}, [OLD], TARGET)) == [
        (0, "statefulset/worker"),
        (1, "deployment/triggerer"),
        (1, "deployment/webserver"),
        (2, "deployment/scheduler"),
    ]


def test_every_set_of_workers_is_first_and_whatever_else_in_between() -> None:
    made = [
        *(component(f"worker-{name}", OLD, "celery", "worker") for name in ("gpu", "big")),
        cron_job("cleanup", pod(container("cleanup", OLD, "kubernetes", "cleanup-pods"), name="cleanup")),
        component("flower", OLD, "celery", "flower"),
        component("dag-processor"),
        component("scheduler"),
    ]

    assert steps(planner.to_image(selected(*made), {}, [OLD], TARGET)) == [
        (0, "deployment/worker-big"),
        (0, "deployment/worker-gpu"),
        (1, "cronjob/cleanup"),
        (1, "deployment/flower"),
        (1, "deployment/scheduler"),
        (2, "deployment/dag-processor"),
    ]
