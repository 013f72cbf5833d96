"""The queues of Celery workers."""

from typing import Any

import pytest

from dagship.workloads import queues
from dagship.workloads import spec as workload_spec
from dagship.workloads.spec import Workload
from tests.builders.airflow import container, deployment, pod


def worker(command: list[str], env: list[dict[str, Any]] | None = None) -> Workload:
    main = {**container("worker", "x:1", "worker", probe=False, env=env or []), "args": command}
    main.pop("command", None)
    made = deployment("worker", pod(main, name="worker"))
    return workload_spec.read("Deployment", made)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (["celery", "worker"], {"default"}),
        (["celery", "worker", "-q", "gpu,default"], {"gpu", "default"}),
        (["bash", "-c", "exec airflow celery worker --queues=gpu --concurrency 2"], {"gpu"}),
    ],
)
def test_a_worker_takes_what_its_command_names(command: list[str], found: set[str]) -> None:
    assert queues.of([worker(command)]) == found


def test_several_workers_take_all_of_theirs_and_a_variable_may_name_the_default() -> None:
    env = [{"name": "AIRFLOW__OPERATORS__DEFAULT_QUEUE", "value": "main"}]

    assert queues.of([worker(["celery", "worker"], env), worker(["celery", "worker", "-q", "gpu"])]) == {"main", "gpu"}


def test_nothing_is_known_where_a_shell_names_them_or_no_worker_is_there() -> None:
    assert queues.of([worker(["bash", "-c", 'airflow celery worker -q "$QUEUES"'])]) is None
    assert queues.of([worker(["start-worker.sh"])]) is None
    assert queues.of([]) is None
