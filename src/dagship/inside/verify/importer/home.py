"""Gives Airflow a home and its search path, in a container whose root is read-only and whose user nobody knows."""

import json
import os
import pwd
import shutil
import sys
import tempfile
from typing import Any


def settle(work: str) -> dict[str, Any]:
    """Makes that place, before Airflow is imported, and returns the job."""
    with open(os.path.join(work, "job.json"), encoding="utf-8") as file:
        job: dict[str, Any] = json.load(file)
    _settle_home(job["user"])
    _settle_config()
    return job


def be_like_airflow() -> None:
    """Makes the search path that of Airflow's own command, and hides the modules of the test.

    A DAG file must not find them, nor get them for helpers of the same name; nor what lies in the working directory,
    where the `airflow` command does not look either. Called before anything of the image's is imported.
    """
    package = __name__.partition(".")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    del sys.path[0]  # where this package lies: the start of the process put it there
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.path.dirname(command())  # of `python -c` it is the working directory


def command() -> str:
    """Where the `airflow` command lies."""
    return os.path.realpath(shutil.which("airflow") or sys.executable)


def _settle_home(user: str) -> None:
    """Says where Airflow's home is, if the image leaves it to the user that it runs as: here that is another."""
    if not os.environ.get("AIRFLOW_HOME"):
        name = user.partition(":")[0] or "0"
        try:
            entry = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
        except KeyError:
            return
        os.environ["AIRFLOW_HOME"] = os.path.join(entry.pw_dir, "airflow")


def _settle_config() -> None:
    """Points Airflow at an empty configuration where the image has none: it would write one into a read-only root."""
    home = os.environ.get("AIRFLOW_HOME") or os.path.join(os.path.expanduser("~"), "airflow")
    config = os.environ.get("AIRFLOW_CONFIG") or os.path.join(home, "airflow.cfg")
    if not os.path.exists(os.path.expanduser(os.path.expandvars(config))):
        # The same for both processes that import Airflow: files may look at it.
        os.environ["AIRFLOW_CONFIG"] = os.path.join(tempfile.gettempdir(), "dagship-airflow.cfg")
        with open(os.environ["AIRFLOW_CONFIG"], "a", encoding="utf-8"):
            pass
