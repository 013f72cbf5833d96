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
    """A DAG `hello` whose one task says a word of a module beside it, and returns it."""
    return f"""{_HEAD}
from words import WORD


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), tags=[{word!r}])
def hello():
    @task
    def say():
        print("it says", WORD)
        return WORD

    say()


hello()
"""


def steps(variable: str) -> str:
    """A DAG `steps` of two tasks that say the word; the first ends when a Variable is there."""
    return f"""{_HEAD}
from words import WORD


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))
def steps():
    @task
    def first():
        print("it says", WORD)
        while Variable.get({variable!r}, None) is None:
            time.sleep(1)

    @task
    def second():
        print("it says", WORD)

    first() >> second()


steps()
"""


def needs(variable: str, text: str) -> str:
    """A file of DAGs that needs a Variable, in its third line."""
    return f"from airflow.sdk import Variable\n\nNEEDED = Variable.get({variable!r})\n{text}"


def daily(since: str, pool: str = "default_pool") -> str:
    """A DAG `daily` whose one task does nothing in a pool; a run is made of each day since a date, `2026-01-31`."""
    return f"""import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

start = pendulum.parse({since!r}, tz="UTC")

with DAG("daily", schedule="@daily", start_date=start, catchup=True):
    EmptyOperator(task_id="nothing", pool={pool!r})
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


def proof() -> str:
    """A DAG `proof` whose one task ends well where a Variable of its name says `pass`, and waits where it says `wait`."""
    return f"""{_HEAD}

@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), is_paused_upon_creation=False)
def proof():
    @task
    def prove():
        while (said := Variable.get("proof", "fail")) == "wait":
            time.sleep(1)
        assert said == "pass"

    prove()


proof()
"""


def words(word: str) -> str:
    """The module beside it."""
    return f"WORD = {word!r}\n"
