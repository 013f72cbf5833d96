"""DAG files for holding runs of Airflow 2: what each task saw of both files is its XCom."""

_HEAD = """import time
from datetime import timedelta

import pendulum
from airflow.datasets import Dataset
from airflow.decorators import dag, task
from airflow.models import Variable

from words import WORD

"""


def overlaps(word: str) -> str:
    """A DAG `overlaps` of which runs are under way at every moment: each takes longer than the next is away."""
    return f"""{_HEAD}
@dag(schedule=timedelta(seconds=20), start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False,
    max_active_runs=2, is_paused_upon_creation=False)
def overlaps():
    @task
    def first():
        time.sleep(12)
        return [{word!r}, WORD]

    @task
    def second(seen):
        time.sleep(12)
        return [{word!r}, WORD]

    second(first())


overlaps()
"""


def waits(word: str) -> str:
    """A DAG `waits` whose run ends when the Variable `go` is there."""
    return f"""{_HEAD}
@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), is_paused_upon_creation=False)
def waits():
    @task
    def wait():
        while Variable.get("go", None) is None:
            time.sleep(0.5)
        return [{word!r}, WORD]

    @task
    def after(seen):
        return [{word!r}, WORD]

    after(wait())


waits()
"""


def fed(word: str) -> str:
    """A DAG `feeds` that updates a dataset, and a DAG `fed` that runs after that."""
    return f"""{_HEAD}
DATA = Dataset("file:///data")


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), is_paused_upon_creation=False)
def feeds():
    @task(outlets=[DATA])
    def feed():
        return [{word!r}, WORD]

    feed()


@dag(schedule=[DATA], start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), is_paused_upon_creation=False)
def fed():
    @task
    def eat():
        return [{word!r}, WORD]

    eat()


feeds()
fed()
"""


def quiet(word: str) -> str:
    """A DAG `quiet` that is paused, as a person left it."""
    return f"""{_HEAD}
@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), is_paused_upon_creation=True)
def quiet():
    @task
    def nothing():
        return [{word!r}, WORD]

    nothing()


quiet()
"""


def files(word: str) -> dict[str, str]:
    """All of them, and the module beside them."""
    return {
        "overlaps": overlaps(word),
        "waits": waits(word),
        "fed": fed(word),
        "quiet": quiet(word),
        "words": f"WORD = {word!r}\n",
    }
