"""What a local Airflow is told, and how its password is read."""

import json

import pytest

from dagship.dev import environment
from dagship.dev.environment import DAGS_FOLDER, Keys

KEYS = Keys(session="session", token="token")


def told(airflow: str, **variables: str) -> dict[str, str]:
    return environment.environment(airflow, 8123, KEYS, variables)


@pytest.mark.parametrize("airflow", ["2.11.2", "3.0.6", "3.3.2", "3.4.0b2"])
def test_it_reads_the_project_and_asks_nobody_elsewhere(airflow: str) -> None:
    found = told(airflow)

    assert found["AIRFLOW__CORE__DAGS_FOLDER"] == DAGS_FOLDER
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("sqlite:////opt/airflow/dev/data/")
    assert found["AIRFLOW__SECRETS__BACKEND"] == ""
    assert found["AIRFLOW__LOGGING__REMOTE_LOGGING"] == "False"
    assert found["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"


def test_its_links_lead_to_the_port_of_this_machine() -> None:
    assert told("3.3.2")["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8123"
    assert told("3.3.2")["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"
    assert told("2.11.2")["AIRFLOW__WEBSERVER__BASE_URL"] == "http://127.0.0.1:8123"


def test_airflow_3_has_a_bundle_that_pins_no_run() -> None:
    (bundle,) = json.loads(told("3.3.2")["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])

    assert bundle["classpath"] == "airflow.dag_processing.bundles.local.LocalDagBundle"
    assert bundle["kwargs"]["path"] == DAGS_FOLDER
    assert "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST" not in told("2.11.2")


def test_an_executor_is_taken_that_goes_with_sqlite() -> None:
    assert told("2.11.2")["AIRFLOW__CORE__EXECUTOR"] == "SequentialExecutor"
    assert told("3.3.2")["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"


def test_the_env_file_changes_how_often_files_are_read_and_nothing_that_it_stands_on() -> None:
    found = told(
        "3.3.2",
        AIRFLOW_VAR_REGION="eu",
        AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL="60",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql://production/airflow",
        AIRFLOW__API__PORT="8080",
    )

    assert found["AIRFLOW_VAR_REGION"] == "eu"
    assert found["AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"] == "60"
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("sqlite:")
    assert found["AIRFLOW__API__PORT"] == "8123"


def test_the_password_is_read_as_each_airflow_writes_it() -> None:
    assert environment.password("2.11.2", b"kRm3") == "kRm3"
    assert environment.password("3.3.2", b'{"admin": "Q7xK"}\n') == "Q7xK"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"other": "x"}'])
def test_a_file_without_it_has_none(content: bytes) -> None:
    assert environment.password("3.3.2", content) == ""
