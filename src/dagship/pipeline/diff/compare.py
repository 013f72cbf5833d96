"""`diff`: what becomes other in Airflow when one version takes the place of another."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dagship.cluster import connection
from dagship.diff.document import Known, document
from dagship.model.release_document import ReleaseDocument
from dagship.pipeline.diff import meets, sides
from dagship.pipeline.diff.sides import RUNNING, Found
from dagship.pipeline.project import Project

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.rollout.survey import Survey


def diff(project: Project, *, against: str, to: str, values: bool) -> ReleaseDocument:
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
    place = _place(project) if RUNNING in (against, to) else None
    was = _found(project, against, place)
    now = _found(project, to, place) if to else sides.built(project)
    compare = partial(
        document,
        (was.side, was.snapshot),
        (now.side, now.snapshot),
        at=datetime.now(UTC).replace(microsecond=0),
        dags_path=dags_path(project.path(project.settings.dags)),
        values=values,
    )
    if place is None or against != RUNNING:
        return compare(known=Known(pull=meets.in_registry(was, now)))
    # Airflow is asked for the last run of those DAGs alone that it matters for.
    first = compare()
    asked = [one.dag_id for one in first.dags if one.runs_at_once and one.runs_at_once.if_never_run]
    return compare(known=meets.in_cluster(project, place.cluster, place.survey, (was, now), asked))


class _Place(NamedTuple):
    cluster: "Cluster"
    survey: "Survey"


def _place(project: Project) -> _Place:
    from dagship.rollout.survey import read_namespace

    settings = project.settings
    cluster = connection.connect(context=settings.context, namespace=settings.namespace)
    with project.console.step(f"Looking at the namespace {cluster.namespace}"):
        return _Place(cluster, read_namespace(cluster, selector=settings.selector, only_looks=True))


def _found(project: Project, given: str, place: _Place | None) -> Found:
    if given == RUNNING and place is not None:
        return sides.running(project, place.survey, place.cluster.namespace)
    return sides.named(project, given)


def dags_path(dags: Path) -> str:
    """Returns the DAG directory relative to the repository's root; `.` where there is no repository."""
    from dagship.image.tree import checkout

    top = checkout.top_of(dags)
    return dags.resolve().relative_to(top).as_posix() if top is not None else "."
