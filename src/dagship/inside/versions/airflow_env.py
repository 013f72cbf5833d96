"""The environments in which Airflow is started beside itself: to check files, and to ask its database."""

import os
from collections.abc import Mapping

# Where Airflow writes what nobody reads afterwards.
FOLDERS = (
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
    "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY",
    "AIRFLOW__SCHEDULER__CHILD_PROCESS_LOG_DIRECTORY",
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH",
)

# An Airflow by itself: it asks and tells nobody elsewhere, whatever the configuration names.
ALONE = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",  # it would load another configuration than the image's
    "AIRFLOW__SECRETS__BACKEND": "",
    "AIRFLOW__WORKERS__SECRETS_BACKEND": "",
    "AIRFLOW__METRICS__STATSD_ON": "False",
    "AIRFLOW__METRICS__OTEL_ON": "False",
    "AIRFLOW__TRACES__OTEL_ON": "False",
    "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
}
# Nothing is waited for either, and what is found is told whole; also for the test of an image.
OF_CHECK = {
    **ALONE,
    "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACKS": "True",
    "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH": "100",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    "PYTHONUNBUFFERED": "1",  # a process that dies keeps nothing back of what it printed
    "PYTHONDONTWRITEBYTECODE": "1",
    "USER": "airflow",
    "LOGNAME": "airflow",
}
# What the check must not know: where the database is, what runs DAGs here, and what the sync was told.
_DROPPED = (
    "AIRFLOW__CORE__SQL_ALCHEMY_CONN",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST",
    "DAGSHIP_SYNC_",
)
# By it Python finds what lies beside the DAG directory.
_ROOT = "DAGSHIP_SYNC_ROOT"


def for_check(environ: Mapping[str, str], dags: str, scratch: str) -> dict[str, str]:
    """Returns the environment that DAG files are checked in: Airflow's own, without its database.

    Args:
        environ: Airflow's environment.
        dags: The DAG directory.
        scratch: A directory to write into.

    """
    kept = {name: value for name, value in environ.items() if not name.startswith(_DROPPED) or name == _ROOT}
    return {
        **kept,
        **OF_CHECK,
        **{name: os.path.join(scratch, "airflow") for name in FOLDERS},
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{scratch}/none.db",
        "AIRFLOW__CORE__DAGS_FOLDER": dags,
        "HOME": scratch,
        "TMPDIR": scratch,
    }


def for_database(environ: Mapping[str, str], scratch: str) -> dict[str, str]:
    """Returns the environment to ask the database in: Airflow's own, able to start where nothing can be written."""
    home = environ.get("AIRFLOW_HOME") or os.path.join(os.path.expanduser("~"), "airflow")
    config = environ.get("AIRFLOW_CONFIG") or os.path.join(home, "airflow.cfg")
    found = dict(environ)
    if not os.path.exists(os.path.expanduser(os.path.expandvars(config))):
        found["AIRFLOW_CONFIG"] = os.path.join(scratch, "airflow.cfg")
        with open(found["AIRFLOW_CONFIG"], "a", encoding="utf-8"):
            pass
    folders = {name: os.path.join(scratch, "airflow") for name in FOLDERS}
    return {**found, **folders, "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"}
