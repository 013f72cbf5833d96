"""What a check, and a question to the database, may know of Airflow's environment."""

from pathlib import Path

from dagship.inside.versions import airflow_env


def test_the_check_knows_neither_the_database_nor_the_credentials_of_the_sync(tmp_path: Path) -> None:
    given = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://s3cret",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "cat s3cret",
        "AIRFLOW__CORE__SQL_ALCHEMY_CONN": "postgresql://s3cret",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": "[s3cret]",
        "DAGSHIP_SYNC_URL": "https://s3cret",
        "AIRFLOW_VAR_REGION": "north",
        "PATH": "/bin",
    }
    found = airflow_env.for_check(given, "/v/1", str(tmp_path))

    assert "s3cret" not in str(found)
    assert ("north", "/bin", "/v/1") == (
        found["AIRFLOW_VAR_REGION"],
        found["PATH"],
        found["AIRFLOW__CORE__DAGS_FOLDER"],
    )
    assert "False" == found["AIRFLOW__CORE__LOAD_EXAMPLES"]


def test_the_database_is_asked_with_airflows_environment_where_nothing_can_be_written(tmp_path: Path) -> None:
    given = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://db", "AIRFLOW_HOME": str(tmp_path / "none")}
    found = airflow_env.for_database(given, str(tmp_path))

    assert "postgresql://db" == found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert Path(found["AIRFLOW_CONFIG"]).read_text() == ""
