"""The environment of a local Airflow: SQLite, one machine, a user of its own, and DAG files that are read often."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from dagship.inside.versions.airflow_env import ALONE
from dagship.inside.versions.layout import DAGS
from dagship.model.dag_versions import ROOT

USER = "admin"

HOME = "/opt/airflow"
VERSION = f"{ROOT}/dev"
"""The project lies in it as a DAG version does in an image, so that its modules are found the same way."""
DAGS_FOLDER = f"{VERSION}/{DAGS}"

VOLUME = f"{HOME}/dev"
DATA = f"{VOLUME}/data"
"""What Airflow writes and may be kept: the database, logs, the password."""

_SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
# An edit of a DAG file is read at once by its time; of a module that it imports, with the next reading of the DAG file.
_READ_AGAIN, _LISTED_AGAIN = "5", "3"
# LocalExecutor starts a process for each, at once.
_TASKS = "8"

# Whoever wants another rhythm says so in the env file.
_EAGER_2 = {
    "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": _READ_AGAIN,
    "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": _LISTED_AGAIN,
    "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
    "AIRFLOW__CORE__MIN_SERIALIZED_DAG_FETCH_INTERVAL": "0",
    "AIRFLOW__WEBSERVER__WORKERS": "1",
}
_EAGER_3 = {
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": _READ_AGAIN,
    "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
    "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
    "AIRFLOW__CORE__PARALLELISM": _TASKS,
    "AIRFLOW__API__WORKERS": "1",
    # The scheduler is up before the API server, and a task that is not answered in time fails.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "15",
    # It would say each time that it looks for files.
    "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "airflow.dag_processing.manager=WARNING",
}


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys by which the processes of one Airflow know one another: new ones with each start.

    Attributes:
        session: Signs the cookies of browsers.
        token: Signs what tasks show to the API server.

    """

    session: str
    token: str


def is_airflow_2(airflow: str) -> bool:
    """Whether a version of Airflow is one of 2."""
    return airflow.startswith("2.")


def address(port: int) -> str:
    """Returns where Airflow answers: the same within the container and on this machine, as its links want it."""
    return f"http://127.0.0.1:{port}"


def environment(airflow: str, port: int, keys: Keys, variables: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment.

    Args:
        airflow: The version of Airflow.
        port: Where it is to answer.
        keys: Its keys.
        variables: The user's own, from the env file.

    """
    eager, needed = (_EAGER_2, _of_2(port, keys)) if is_airflow_2(airflow) else (_EAGER_3, _of_3(port, keys))
    return {**eager, **variables, **ALONE, **_OF_BOTH, **needed}


_OF_BOTH = {
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{DATA}/airflow.db",
    "AIRFLOW__CORE__DAGS_FOLDER": DAGS_FOLDER,
    # A key would have to be kept with the data, beside which it would lie: it would protect nothing.
    "AIRFLOW__CORE__FERNET_KEY": "",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": f"{DATA}/logs",
    "NO_COLOR": "1",
    "PYTHONUNBUFFERED": "1",
}


def _of_2(port: int, keys: Keys) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",  # SQLite takes no other
        "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "False",
        "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "0.0.0.0",  # noqa: S104 - in the container
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
        "AIRFLOW__WEBSERVER__BASE_URL": address(port),
        "AIRFLOW__WEBSERVER__SECRET_KEY": keys.session,
        # The project's may ask a company's login, which knows nothing of this address.
        "AIRFLOW__WEBSERVER__CONFIG_FILE": f"{DATA}/webserver_config.py",
    }


def _of_3(port: int, keys: Keys) -> dict[str, str]:
    # One that pins no run: what is edited is what runs.
    bundles = [
        {
            "name": "dags-folder",
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": DAGS_FOLDER, "refresh_interval": int(_LISTED_AGAIN)},
        }
    ]
    return {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__AUTH_MANAGER": _SIMPLE,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": password_file("3."),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address(port)}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"sqlite+aiosqlite:///{DATA}/airflow.db",
        "AIRFLOW__API__HOST": "0.0.0.0",  # noqa: S104 - in the container
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address(port),
        "AIRFLOW__API__SECRET_KEY": keys.session,
        "AIRFLOW__API_AUTH__JWT_SECRET": keys.token,
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
    }


def password_file(airflow: str) -> str:
    """Returns where Airflow keeps the password that it makes."""
    return f"{DATA}/{'password.txt' if is_airflow_2(airflow) else 'passwords.json'}"


def password(airflow: str, content: bytes) -> str:
    """Reads the password of `USER` from that file; empty where it is not in it."""
    text = content.decode("utf-8", "replace").strip()
    if is_airflow_2(airflow):
        return text
    try:
        return str(json.loads(text)[USER])
    except (ValueError, KeyError, TypeError):
        return ""


def health(airflow: str) -> str:
    """Returns the path that answers once Airflow is there for people."""
    return "/health" if is_airflow_2(airflow) else "/api/v2/monitor/health"
