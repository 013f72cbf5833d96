"""What git delivery comes to on a real Airflow."""

import json
from pathlib import Path

from tests.e2e.api import until
from tests.e2e.releases import NAME, Release

INTERVAL = 5


def syncs(air: Release, project: Path) -> dict[str, dict[str, str]]:
    """What `status` says of every sync, by pod."""
    done = air.dagship(project, "status", f"--release={NAME}", "--json")
    assert done.returncode in {0, 1}, done.stderr
    return {one["pod"]: one for one in json.loads(done.stdout)["git"]}


def everywhere(air: Release, project: Path, **fields: str) -> None:
    """Waits until every sync says so."""

    def said() -> bool:
        found = syncs(air, project)
        return bool(found) and all(one[name] == value for one in found.values() for name, value in fields.items())

    until(said, f"every sync says {fields}", INTERVAL + 45)


def served(air: Release, tag: str) -> None:
    """Waits until Airflow serves the file that has this tag."""
    with air.api() as api:
        until(
            lambda: tag in api.tags("hello"),
            f"Airflow serves {tag}",
        )
