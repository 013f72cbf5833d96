"""A DAG tree with a file for every kind of finding, for Airflow 2 and 3 alike."""

_HEAD = """\
import datetime

from airflow import DAG
try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:
    from airflow.operators.bash import BashOperator

START = datetime.datetime(2026, 1, 1)
"""


def dag(dag_id: str, before: str = "", inside: str = "") -> str:
    """Returns a DAG file of one task; `before` stands above the DAG, `inside` in its `with` block."""
    block = "".join(f"    {line}\n" for line in inside.splitlines())
    return f"""{_HEAD}
{before}
with DAG({dag_id!r}, start_date=START, schedule=None) as dag:
    first = BashOperator(task_id="first", bash_command="true")
{block}"""


def line_of(source: str, text: str) -> int:
    """Returns the line of a file on which `text` first stands."""
    return source[: source.index(text)].count("\n") + 1


# Airflow takes timetables from plugins alone.
_TIMETABLE = """\
from airflow.timetables.simple import NullTimetable
class Never(NullTimetable):
    pass
"""

TREE = {
    "fine.py": dag("fine"),
    "import_error.py": dag("import_error", "import a_package_that_is_not_there"),
    "syntax_error.py": dag("syntax_error", "def broken(:\n    pass"),
    "broken_helper.py": dag("broken_helper", "from helpers import tables"),
    "helpers/__init__.py": "",
    "helpers/tables.py": "NAMES = {}\n\n\ndef name():\n    return NAMES['orders']\n\n\nname()\n",
    "cycle.py": dag(
        "cycle", "", "second = BashOperator(task_id='second', bash_command='true')\nfirst >> second >> first"
    ),
    "duplicate_one.py": dag("duplicate"),
    "duplicate_two.py": dag("duplicate"),
    "twice.py": dag(
        "twice",
        "with DAG('twice', start_date=START, schedule=None) as other:\n    BashOperator(task_id='x', bash_command='y')",
    ),
    "task_after.py": dag("task_after") + "\nBashOperator(task_id='after', bash_command='true', dag=dag)\n",
    "exports.py": dag("exports"),
    "imports_a_dag.py": dag("imports_a_dag", "from exports import dag as theirs"),
    "never_called.py": _HEAD
    + """
import airflow.decorators


@airflow.decorators.dag(start_date=START, schedule=None)
def never_called():
    BashOperator(task_id="first", bash_command="true")
""",
    "kept_nowhere.py": _HEAD
    + """

def make():
    made = DAG("kept_nowhere", start_date=START, schedule=None)
    BashOperator(task_id="first", bash_command="true", dag=made)


make()
""",
    "one_of_two.py": _HEAD
    + """
dag = DAG("one", start_date=START, schedule=None)
dag = DAG("two", start_date=START, schedule=None)
BashOperator(task_id="first", bash_command="true", dag=dag)
""",
    # Neither the seed of a process nor its places are the file's own.
    "takes_the_environment.py": dag(
        "takes_the_environment", "import os\nGIVEN = repr(sorted(os.environ.items()))"
    ).replace('"true"', "GIVEN"),
    "varies.py": dag("varies", "NAMES = {'north', 'east', 'south', 'west', 'up', 'down', 'left', 'right'}").replace(
        '"true"', "' '.join(NAMES)"
    ),
    "not_serializable.py": dag("not_serializable", _TIMETABLE).replace("schedule=None", "schedule=Never()"),
    "timeout.py": dag("timeout", "import time\ntime.sleep(60)"),
    "stubborn.py": dag(
        "stubborn",
        "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass",
    ),
    "slow.py": dag("slow", "import time\ntime.sleep(8.5)"),
    "segfault.py": dag("segfault", "import ctypes\nctypes.string_at(0)"),
    "os_exit.py": dag("os_exit", "import os\nprint('no configuration')\nos._exit(3)"),
    "sys_exit.py": dag("sys_exit", "import sys\nsys.exit(4)"),
    "variable.py": dag("variable", "from airflow.models import Variable\nREGION = Variable.get('region_of_sales')"),
    "connection.py": dag(
        "connection", "from airflow.hooks.base import BaseHook\nHOST = BaseHook.get_connection('warehouse').host"
    ),
    "network.py": dag("network", "import urllib.request\nurllib.request.urlopen('http://api.example.test/tables')"),
    "swallowed.py": dag(
        "swallowed",
        "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 443), 1)\nexcept OSError:\n    pass",
    ),
    "deprecated.py": dag("deprecated", "import warnings\nwarnings.warn('use the new way', DeprecationWarning)"),
    "read_only.py": dag("read_only", "open('/opt/airflow/cache.txt', 'w')"),
    "leaves_a_helper.py": dag(
        "leaves_a_helper", "import sys\nsys.path.insert(0, __file__.rpartition('/')[0] + '/own')\nimport own_helper"
    ),
    "own/own_helper.py": "",
    "relies_on_it.py": dag("relies_on_it", "import own_helper"),
    "names_an_error.py": dag("names_an_error", "from sqlalchemy.exc import ConnectTimeoutError"),
    "by_its_folder.py": dag("by_its_folder", "from dags.helpers import tables"),
    "hidden.py": dag("hidden", "from sqlalchemy.orders import rows"),
    "sqlalchemy/orders.py": "",
    "notes.py": "raise RuntimeError('says nothing of the two words, and so is not read')\n",
    "ignored/never.py": dag("never", "raise RuntimeError('ignored')"),
    ".airflowignore": "ignored/\n",
}
