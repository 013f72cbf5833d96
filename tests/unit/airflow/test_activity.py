"""What Airflow says of its runs and tasks, counted."""

from dagship.airflow.activity import Task
from tests.builders import pods as o
from tests.builders.scheduler import Airflow, answer, live


def test_unfinished_runs_and_running_tasks_are_counted() -> None:
    runs = [
        {"version": "a" * 12, "state": "running", "runs": 2},
        {"version": "a" * 12, "state": "queued", "runs": 1},
        {"version": "", "state": "running", "runs": 4},
    ]
    common = {"dag_id": "d", "run_id": "r", "try_number": 1, "state": "running", "began": 1.0}
    tasks = [
        {**common, "task_id": "t", "host": "worker-0.worker.ns.svc.cluster.local"},
        {**common, "task_id": "u", "map_index": 3, "host": "worker-0"},
        {**common, "task_id": "v", "host": "10.0.0.7"},
    ]
    there = {**o.pod("worker-1"), "status": {**o.pod()["status"], "podIP": "10.0.0.7"}}
    found = live(Airflow(answer(runs=runs, tasks=tasks, running=3, baked=True), there, o.pod("scheduler-0")))

    assert {"": 4, "a" * 12: 3} == found.by_version
    assert {"a" * 12: 3} == found.pinned
    assert {"worker-0": ["d.t of r", "d.u[3] of r"], "worker-1": ["d.v of r"]} == {
        host: [str(task) for task in own] for host, own in found.by_host.items()
    }


def test_versions_that_are_not_in_the_image_pin_nothing_to_it() -> None:
    runs = [{"version": "4" * 40, "state": "running", "runs": 2}]

    assert {} == live(Airflow(answer(runs=runs, baked=False))).pinned


def test_tries_of_one_task_share_a_key() -> None:
    first, second = (Task(dag_id="d", run_id="r", task_id="t", try_number=number) for number in (1, 2))

    assert first.key == second.key
