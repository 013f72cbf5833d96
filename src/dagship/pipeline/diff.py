"""`diff`: what becomes other in Airflow when one version takes the place of another."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dagship.cluster import connection
from dagship.diff.document import Known, document
from dagship.pipeline import sides
from dagship.pipeline.project import Project
from dagship.pipeline.sides import RUNNING, Found

if TYPE_CHECKING:
    from dagship.model.release_document import ReleaseDocument


def diff(project: Project, *, against: str, to: str, values: bool) -> "ReleaseDocument":
    """Compares two versions.

    Args:
        project: The project.
        against: The old version: an image, a digest of the repository, a directory of DAGs, or `running`.
        to: The new one, the same; empty for the image that `build` left.
        values: Whether values of params are shown, and not digests of them.

    Raises:
        UsageError: There is no such version.
        OutsideError: One is not to be had.

    """
    was = _found(project, against)
    now = _found(project, to) if to else sides.built(project)
    return document(
        (was.side, was.snapshot),
        (now.side, now.snapshot),
        at=datetime.now(UTC).replace(microsecond=0),
        dags_path=dags_path(project.path(project.settings.dags)),
        values=values,
        known=Known(),
    )


def _found(project: Project, given: str) -> Found:
    if given != RUNNING:
        return sides.named(project, given)
    from dagship.rollout.survey import read_namespace

    settings = project.settings
    cluster = connection.connect(context=settings.context, namespace=settings.namespace)
    with project.console.step(f"Looking at the namespace {cluster.namespace}"):
        survey = read_namespace(cluster, selector=settings.selector, only_looks=True)
    return sides.running(project, survey, cluster.namespace)


def dags_path(dags: Path) -> str:
    """Returns the DAG directory relative to the repository's root; `.` where there is no repository."""
    from dagship.image.tree import checkout

    top = checkout.top_of(dags)
    return dags.resolve().relative_to(top).as_posix() if top is not None else "."
