"""The DAGs of the soak: version by version they differ in one number in the file and one in the module beside it."""

from dataclasses import dataclass, replace
from typing import Literal

HELPER = "soak_count"
# Marks what tasks write down.
SEEN = "seen."
# A task that only one version has is named by its number: so the structure of a run says of which version it is.
MARK = "at_"
# The first try of this one fails, as it is told to.
RETRIED = "retried"

_FILE = '''"""A DAG of the soak."""

import datetime
import json
import time
import uuid

import pendulum
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import BaseOperator, Variable, dag, get_current_context, task
from {helper} import COUNT

FILE = {number}
STEPS = {steps}
SECONDS = {seconds}
time.sleep({imports})


def see(part=""):
    ti = get_current_context()["ti"]
    print(f"the DAG file is of version {{FILE}}, the module beside it of version {{COUNT}}")
    # A variable outlives a try, which an XCom does not; and each execution has its own, also if Airflow counts two
    # as one try.
    name = ti.task_id + (f"[{{ti.map_index}}]" if ti.map_index >= 0 else "") + part
    seen = {{"dag": ti.dag_id, "run": ti.run_id, "task": name, "file": FILE, "helper": COUNT, "at": time.time()}}
    Variable.set(f"{seen}{{uuid.uuid4().hex}}", json.dumps(seen))


class Defers(BaseOperator):
    def execute(self, context):
        see()
        self.defer(trigger=TimeDeltaTrigger(datetime.timedelta(seconds=SECONDS)), method_name="resume")

    def resume(self, context, event=None):
        see(".resumed")


@dag(
    dag_id="{dag_id}",
    schedule={schedule!r},
    catchup=False,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    tags=["{tag}"],
    default_args={{"retries": 1, "retry_delay": datetime.timedelta(seconds=1)}},
)
def soak():
    @task
    def step():
        see()
        time.sleep(SECONDS)

    @task
    def mark():
        see()

{body}
    if {marked}:
        before >> mark.override(task_id=f"{mark}{{FILE}}")()


soak()
'''

_BODIES = {
    "steps": """\
    before = None
    for number in range(STEPS):
        now = step.override(task_id=f"step_{number}")()
        if before is not None:
            before >> now
        before = now
""",
    "mapped": """\
    @task
    def numbers():
        see()
        return list(range(STEPS))

    @task
    def part(number):
        see()
        time.sleep(SECONDS)

    before = part.expand(number=numbers())
""",
    "deferred": """\
    before = Defers(task_id="deferred")
""",
    "retried": f"""\
    @task
    def {RETRIED}():
        see()
        if get_current_context()["ti"].try_number == 1:
            raise RuntimeError("its first try is to fail")

    before = {RETRIED}()
""",
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A DAG of the soak.

    Attributes:
        dag_id: Its id.
        kind: What its tasks are.
        steps: Tasks, one after the other; those that are mapped side by side.
        seconds: Of each.
        at_once: Runs of it that are in progress at any time; none where something else starts them.
        every: Least seconds from one beginning to the next.
        imports: Seconds that the file takes to be imported.
        schedule: Airflow's.
        marked: Whether its structure says of which version it is.

    """

    dag_id: str
    kind: Literal["steps", "mapped", "deferred", "retried"] = "steps"
    steps: int
    seconds: int
    at_once: int = 1
    every: float = 0.0
    imports: int = 0
    schedule: str | None = None
    marked: bool = False


SHAPES = (
    Shape(dag_id="short", steps=2, seconds=1),
    # At any time a run is half done, and most likely a task at work when a worker has to go. A task takes longer than
    # the grace period that Kubernetes gives where nobody says otherwise.
    Shape(dag_id="long", steps=3, seconds=40, at_once=2),
)
# For deliveries that are seconds apart. Those besides start seldom: two cores have to do for all.
ALL = tuple(
    replace(shape, marked=True)
    for shape in (
        Shape(dag_id="short", steps=2, seconds=1, every=10.0),
        Shape(dag_id="long", steps=3, seconds=15, at_once=2),
        Shape(dag_id="mapped", kind="mapped", steps=2, seconds=5, every=90.0),
        Shape(dag_id="deferred", kind="deferred", steps=1, seconds=20, every=60.0),
        Shape(dag_id="retried", kind="retried", steps=1, seconds=0, every=90.0),
        Shape(dag_id="slow_3", steps=2, seconds=1, every=60.0, imports=3),
        Shape(dag_id="slow_5", steps=1, seconds=1, every=90.0, imports=5),
        Shape(dag_id="daily", steps=1, seconds=1, at_once=0, schedule="@daily"),
    )
)


def tag(number: int) -> str:
    """What the API says of a DAG that is served in this version."""
    return f"version-{number}"


def files(number: int, shapes: tuple[Shape, ...] = SHAPES) -> dict[str, str]:
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
                imports=shape.imports,
                schedule=shape.schedule,
                marked=shape.marked,
                body=_BODIES[shape.kind],
                mark=MARK,
                seen=SEEN,
            )
            for shape in shapes
        },
    }
