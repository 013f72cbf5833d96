"""DAG files of the tests, for Airflow 3 and 2.11."""

_HEAD = """import time

import pendulum

try:
    from airflow.sdk import Variable, dag, task
except ImportError:
    from airflow.decorators import dag, task
    from airflow.models import Variable
"""


def hello(word: str) -> str:
    """A DAG `hello` whose one task says a word of a module beside it."""
    return f"""{_HEAD}
from words import WORD


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), tags=[{word!r}])
def hello():
    @task
    def say():
        print("it says", WORD)

    say()


hello()
"""


def waits(variable: str) -> str:
    """A DAG `waits` whose one task ends when a Variable is there."""
    return f"""{_HEAD}

@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))
def waits():
    @task
    def wait():
        while Variable.get({variable!r}, None) is None:
            time.sleep(1)

    wait()


waits()
"""


def words(word: str) -> str:
    """The module beside it."""
    return f"WORD = {word!r}\n"
