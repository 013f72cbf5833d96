"""What a container's log says of why it ended. Every text below and in logs/ was printed by Airflow, a database or a broker.

The logs are the last lines of components of Airflow 2.11.2 and 3.3.2 that were started wrong, one fault each;
meanings.json has what each is to mean, and a part of the hint.
"""

import json
from pathlib import Path

import pytest

from tests.builders.crashes import crash

LOGS = Path(__file__).parent / "logs"


def log(name: str) -> str:
    return (LOGS / f"{name}.txt").read_text(encoding="utf-8")


MEANINGS = json.loads((LOGS.parent / "meanings.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(path.stem for path in LOGS.iterdir()))
def test_a_log_is_put_into_airflows_words(name: str) -> None:
    said, hint = crash(log(name))

    assert said == MEANINGS[name]["sentence"]
    assert MEANINGS[name]["hint"] in hint
    assert bool(MEANINGS[name]["hint"]) is bool(hint)


def test_a_name_that_a_module_lacks_is_a_matter_of_the_package_or_of_ones_own_file() -> None:
    packages = "/home/airflow/.local/lib/python3.12/site-packages/acme/__init__.py"
    hints = {
        path: crash(f"ImportError: cannot import name 'run' from 'acme' ({path})\n")[1]
        for path in (packages, "/opt/airflow/plugins/acme.py", "unknown location")
    }

    assert "Pin the package" in hints.pop(packages)
    assert ["Pin" in hint or "lock" in hint for hint in hints.values()] == [False, False]


def test_a_file_that_may_not_be_read_is_not_covered_by_an_empty_directory() -> None:
    said, hint = crash("PermissionError: [Errno 13] Permission denied: '/etc/keys/id'\n")

    assert said == "It may not read or write /etc/keys/id."
    assert "emptyDir" not in hint


def test_a_dag_file_is_named_below_its_version() -> None:
    text = log("2.11.2-dagproc_stdout").replace("/opt/airflow/dags/", "/opt/airflow/dag-versions/3f9c2a71d0b4/")

    assert crash(text)[0].startswith("The DAG file broken2.py, line 2 (and 1 more)")


def test_of_several_faults_the_last_counts() -> None:
    assert crash(log("3.3.2-plugin_scheduler") + log("3.3.2-pg_password"))[0].startswith("The database at 127.0.0.1")
    assert crash(log("3.3.2-pg_password") + log("3.3.2-local_settings"))[0].startswith("The image has no Python module")


# What the chart's prepare.py prints, with the words of psycopg2.
@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            'could not translate host name "db.example" to address: Name or service not known',
            "The database at db.example:5432 cannot be reached: Name or service not known.",
        ),
        (
            ('connection to server at "db.example" (10.0.0.9), port 5432 failed: Connection refused Is the server '
            "running on that host and accepting TCP/IP connections?"),
            "The database at db.example:5432 cannot be reached: Connection refused.",
        ),
        (
            ('connection to server at "db.example" (10.0.0.9), port 5432 failed: FATAL: password authentication failed '
            'for user "airflow"'),
            'The database at db.example:5432 refuses Airflow: password authentication failed for user "airflow".',
        ),
    ],
)  # fmt: skip
def test_what_the_chart_waited_for_in_vain_is_named_with_its_place(said: str, sentence: str) -> None:
    log = f"waiting for the database at db.example:5432: {said}\nThe database at db.example:5432 cannot be reached: {said}\n"
    means, hint = crash(log)

    assert means == sentence
    assert "database.secret" in hint


def test_a_database_that_runs_and_takes_nobody_more_is_not_said_to_be_out_of_reach() -> None:
    server = 'connection to server at "db" (127.0.0.1), port 5432 failed: '
    full = crash(f"{server}FATAL:  sorry, too many clients already\n")
    closed = crash(
        f'{server}FATAL:  no pg_hba.conf entry for host "127.0.0.1", user "a", database "b", no encryption\n'
    )

    assert "has no connection left" in full[0]
    assert "max_connections" in full[1]
    assert "refuses Airflow" in closed[0]
    assert "pg_hba.conf" in closed[1]
