"""A checkout that is compared with what Airflow serves, read as a build would read it."""

import hashlib
from pathlib import Path

from dagship.errors import UsageError
from dagship.image import reading
from dagship.pipeline.project import Project
from dagship.rollout.status_served import Checkout


def read(project: Project, place: str) -> Checkout:
    """Reads the DAG version of a checkout, by the settings of the project.

    Args:
        project: The project.
        place: The checkout's directory, from where the command runs on or absolute.

    Raises:
        UsageError: It is no directory, has no DAGs where the settings say, or commands are to make files of it first.

    """
    settings, root = project.settings, Path(place).absolute()
    if settings.prepare:
        raise UsageError(
            "What a checkout would be is not known before the commands of the setting prepare have run.",
            "build says the DAG version, and status --served the one that is served.",
        )
    tree = reading.read(root, settings, dags=settings.dags, include=settings.include)
    files = {
        file.path: f"{'x' if file.executable else '-'}{hashlib.sha256(file.content).hexdigest()}" for file in tree.files
    }
    return Checkout(place=place, version=tree.version, files=files)
