"""Decides what the program that runs the commands of `prepare` is told."""

import posixpath
from collections.abc import Mapping

from dagship.image.plan import Plan
from dagship.image.tree.project_copy import MOST_FILES, Places
from dagship.image.tree.walk import most_together
from dagship.inside.versions.airflow_env import FOLDERS, OF_CHECK
from dagship.settings import Settings

# In the container. The same on every machine: what a command makes may hold the path that it was called in.
_TMP = "/tmp"  # noqa: S108
PROJECT, HOME = f"{_TMP}/project", f"{_TMP}/home"

# Beside the files: what commands and their libraries put into `$TMPDIR` and their home, bytes.
_ELSE = 1 << 30


def job(settings: Settings, plan: Plan, where: Places, *, nonce: str) -> dict[str, object]:
    """Returns what `inside/prepare/main.py` is to do.

    Args:
        settings: The commands and their limits.
        plan: The image that they run in.
        where: Where the parts of the version lie.
        nonce: What no other run has, where a result that the builder kept will not do.

    """
    return {
        "project": PROJECT,
        "home": HOME,
        "user": "" if plan.recipe.user in {"0", "root"} else plan.recipe.user,
        "commands": settings.prepare,
        "seconds": settings.prepare_timeout,
        "environment": environment(where, user_base=plan.recipe.user_base),
        "most_bytes": most_together(settings.max_file_size),
        "most_files": MOST_FILES,
        "nonce": nonce,
    }


def memory(settings: Settings) -> int:
    """Returns the bytes that commands may write, those of the version counted."""
    return most_together(settings.max_file_size) + _ELSE


def environment(where: Places, *, user_base: str) -> Mapping[str, str]:
    """Returns the variables of the commands, beside the image's.

    Python finds modules as DAG files do, and Airflow no database; what depends on chance or the clock is fixed as far
    as a variable can.
    """
    tops = (where.dags, *(posixpath.dirname(top) for top in (where.dags, *where.beside.values())))
    places = dict.fromkeys(posixpath.join(PROJECT, top).rstrip("/") for top in tops)
    return {
        **OF_CHECK,
        "AIRFLOW__CORE__DAGS_FOLDER": posixpath.join(PROJECT, where.dags).rstrip("/"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/none.db",
        "CONNECTION_CHECK_MAX_COUNT": "0",
        **dict.fromkeys(FOLDERS, f"{HOME}/airflow"),
        "HOME": HOME,
        "TMPDIR": _TMP,
        "PYTHONPATH": ":".join(places),
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": "315532800",  # the time of the files
        "TZ": "UTC",
        **({"PYTHONUSERBASE": user_base} if user_base else {}),
    }
