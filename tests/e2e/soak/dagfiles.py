"""The DAGs of the soak: version by version they differ in one number in the file and one in the module beside it."""

from dataclasses import dataclass

HELPER = "soak_count"
# Marks what tasks write down.
SEEN = "seen."

_FILE = '''"""A DAG of the soak."""

import datetime
import json
import time
import uuid

import pendulum
from airflow.sdk import Variable, dag, get_current_context, task
from {helper} import COUNT

FILE = {number}
STEPS = {steps}
SECONDS = {seconds}


@dag(
    dag_id="{dag_id}",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    tags=["{tag}"],
    default_args={{"retries": 1, "retry_delay": datetime.timedelta(seconds=1)}},
)
def soak():
    @task
    def step():
        ti = get_current_context()["ti"]
        print(f"the DAG file is of version {{FILE}}, the module beside it of version {{COUNT}}")
        # A variable outlives a try, which an XCom does not; and each execution has its own, also if Airflow counts two
        # as one try.
        seen = {{"dag": ti.dag_id, "run": ti.run_id, "task": ti.task_id, "file": FILE, "helper": COUNT, "at": time.time()}}
        Variable.set(f"{seen}{{uuid.uuid4().hex}}", json.dumps(seen))
        time.sleep(SECONDS)

    before = None
    for number in range(STEPS):
        now = step.override(task_id=f"step_{{number}}")()
        if before is not None:
            before >> now
        before = now


soak()
'''


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A DAG of the soak.

    Attributes:
        dag_id: Its id.
        steps: Tasks, one after the other.
        seconds: Of each.
        at_once: Runs of it that are in progress at any time.

    """

    dag_id: str
    steps: int
    seconds: int
    at_once: int


SHAPES = (
    Shape(dag_id="short", steps=2, seconds=1, at_once=1),
    # At any time a run is half done, and most likely a task at work when a worker has to go. A task takes longer than
    # the grace period that Kubernetes gives where nobody says otherwise.
    Shape(dag_id="long", steps=3, seconds=40, at_once=2),
)


def tag(number: int) -> str:
    """What the API says of a DAG that is served in this version."""
    return f"version-{number}"


def files(number: int) -> dict[str, str]:
    """The DAG directory of a version: names without `.py`, and text; the module first, as the files need it."""
    return {
        HELPER: f"COUNT = {number}\n",
        **{
            shape.dag_id: _FILE.format(
                helper=HELPER,
                number=number,
                tag=tag(number),
                dag_id=shape.dag_id,
                steps=shape.steps,
                seconds=shape.seconds,
                seen=SEEN,
            )
            for shape in SHAPES
        },
    }
