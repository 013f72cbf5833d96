"""Prints facts of the image this runs in as one JSON object: where Airflow's environment lies and what is in it.

Runs on the interpreter that runs Airflow, with nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import re
import site
import sys
import sysconfig
from importlib import metadata

PARENTS = ("/opt", "/opt/airflow", "/opt/airflow/dag-versions")
"""Directories on the way to the DAG versions."""


def purelib() -> str:
    """Returns where packages of Airflow's Python lie, without links: a layer would replace one by a directory."""
    return os.path.realpath(sysconfig.get_path("purelib"))


def user_base() -> str:
    """Returns where the image's user has packages of their own that its Python imports; empty where there are none."""
    return str(site.getuserbase()) if site.ENABLE_USER_SITE and os.path.isdir(site.getusersitepackages()) else ""


def packages() -> dict[str, str]:
    """Returns installed distributions, canonical name (PEP 503) to version."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name, version = distribution.metadata["Name"], distribution.version
        if name and version:
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    return found


def directories() -> list[dict[str, object]]:
    """Returns mode and owner of the directories that layers of ours pass through, those of them that exist."""
    found: list[dict[str, object]] = []
    parts = purelib().strip("/").split("/")
    for path in sorted({*PARENTS, *("/" + "/".join(parts[: count + 1]) for count in range(len(parts)))}):
        if os.path.isdir(path):
            status = os.stat(path)
            found.append({"path": path, "mode": status.st_mode & 0o7777, "uid": status.st_uid, "gid": status.st_gid})
    return found


def facts() -> dict[str, object]:
    """Returns everything that `BaseImage` wants to know of the inside."""
    installed = packages()
    return {
        "python": sys.executable,
        "python_version": "%d.%d.%d" % sys.version_info[:3],
        "prefix": sys.prefix,
        "purelib": purelib(),
        "user_base": user_base(),
        "airflow": installed.get("apache-airflow", ""),
        "packages": installed,
        "directories": directories(),
    }


if __name__ == "__main__":
    sys.stdout.write("@@FACTS@@" + json.dumps(facts()) + "\n")
