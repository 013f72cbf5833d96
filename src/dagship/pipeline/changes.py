"""Tells what a release changes in DAG terms, of what the tests of both images saw, for the record of the cluster."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from dagship.diff import files, kept
from dagship.diff.document import document
from dagship.errors import OutsideError
from dagship.model.artifacts import Target
from dagship.model.kept_document import KeptDocument, side
from dagship.model.reference import Reference
from dagship.model.release_document import Side
from dagship.model.snapshot import Snapshot
from dagship.pipeline import snapshots
from dagship.pipeline.project import Project
from dagship.record.model import Release
from dagship.rollout.plan import dag_version


def tell(project: Project, releases: Sequence[Release], target: Target) -> KeptDocument | str:
    """Returns what becomes other when an image takes the place of the last release, or why that is not known.

    Args:
        project: The project.
        releases: Those of this Airflow, the newest last.
        target: The image.

    Raises:
        OutsideError: The registry does not answer, or refuses.

    """
    last = releases[-1]
    was = _snapshot(project, dag_version.serving(releases), last.dag_version)
    now = _snapshot(project, target.image, target.dag_version)
    if was is None or now is None:
        which = f"release {last.number}" if was is None else "this image"
        return f"what the test of {which} saw is not beside it in the registry"
    found = document(
        (_side(last.number, last, was), was),
        (_side(last.number + 1, target, now), now),
        at=datetime.now(UTC).replace(microsecond=0),
    )
    return kept.cut(found, last.number)


def affected(project: Project, releases: Sequence[Release], target: Target, version: str) -> tuple[str, ...] | None:
    """Returns the DAG files of an image that are other than in the last release, or made of a file that is.

    Args:
        project: The project.
        releases: Those of this Airflow, the newest last.
        target: The image.
        version: The DAG version that is served now.

    Returns:
        None where that is not known, and where it is not the last release's that is served.

    """
    if not releases or not version or releases[-1].dag_version != version:
        return None
    with suppress(OutsideError):
        was = _snapshot(project, dag_version.serving(releases), version)
        now = _snapshot(project, target.image, target.dag_version)
        if was is not None and now is not None:
            return files.affected(was, now)
    return None


def _snapshot(project: Project, image: str, version: str) -> Snapshot | None:
    if "@" not in image:
        return None
    found = snapshots.fetch(project, Reference.parse(image))
    return found if found is not None and version in ("", found.dag_version) else None


def _side(number: int, image: Release | Target, seen: Snapshot) -> Side:
    return side(number, image=image.image, dag_version=seen.dag_version, airflow=seen.airflow, commit=seen.commit)
