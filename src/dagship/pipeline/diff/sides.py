"""Finds the two versions that `diff` compares: each an image with the snapshot that its test took."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dagship.errors import DagshipError, OutsideError, UsageError
from dagship.model import thin
from dagship.model.artifacts import BuiltImage
from dagship.model.reference import Reference
from dagship.model.release_document import Side
from dagship.model.snapshot import Snapshot
from dagship.model.thin import Thin
from dagship.pipeline import snapshots, stages, which_image
from dagship.pipeline.project import Project

if TYPE_CHECKING:
    from dagship.rollout.survey import Survey

RUNNING = "running"
"""The word for what runs in the namespace."""


class Found(NamedTuple):
    """One of the two versions.

    Attributes:
        side: What it is, for people.
        snapshot: What its test saw.
        pinned: The image by digest in its registry; None where it was not pushed.
        thin: The image that it is, but for one DAG version; None for one that was built whole.

    """

    side: Side
    snapshot: Snapshot
    pinned: Reference | None
    thin: Thin | None = None


def built(project: Project) -> Found:
    """Finds the image that `build` left, and warns where the DAG directory holds another version by now.

    Raises:
        UsageError: There is none.

    """
    image = project.workspace.read("image", BuiltImage)
    if image is None:
        raise UsageError("There is no image yet.", "Run build first, or name a version with --to.")
    if warning := _edited_since(project, image):
        project.console.warn(warning)
    return _of_image(project, image, image.reference)


def _edited_since(project: Project, image: BuiltImage) -> str:
    """Returns a sentence where the image is not of the DAG directory as it is; empty where it is, or nobody can say.

    What the commands of `prepare` would make of the directory they alone know.
    """
    from dagship.image import reading

    settings = project.settings
    if settings.prepare or not image.dag_version:
        return ""
    try:
        tree = reading.read(project.root, settings, dags=settings.dags, include=settings.include)
    except DagshipError:  # build was given another directory, or will say what is wrong with this one
        return ""
    if tree.version == image.dag_version:
        return ""
    return (
        f"The image that build left is of DAG version {image.dag_version}, and the directory {settings.dags} of "
        f"{tree.version}: what is compared is the image. Run build and test-image first for what the directory holds."
    )


def named(project: Project, given: str) -> Found:
    """Finds the version that somebody names: an image, a digest of the repository, or a directory of DAGs.

    Raises:
        UsageError: It is none of these, or holds no Airflow.
        OutsideError: It is not to be had.

    """
    if (project.root / given).is_dir():
        return _of_directory(project, given)
    if given.startswith("sha256:"):
        return _of_reference(project, Reference.repository(project.settings.repository).pinned(given), given)
    return _of_reference(project, Reference.parse(given), given)


def running(project: Project, survey: "Survey", namespace: str) -> Found:
    """Finds what runs, as the record of the namespace has it.

    Raises:
        UsageError: dagship has released nothing there.
        OutsideError: It is not to be had.

    """
    from dagship.rollout.plan import dag_version, own_releases

    image = dag_version.serving(own_releases.own(survey))
    if not image:
        raise UsageError(
            f"No release of dagship is on record in the namespace {namespace}"
            + (f": {survey.unread}" if survey.unread else "."),
            "Name the old version with --against: an image, or a directory of DAGs.",
        )
    return _of_reference(project, Reference.parse(image), f"namespace {namespace}")


def _of_reference(project: Project, reference: Reference, given: str) -> Found:
    pinned = reference if reference.digest else None
    if pinned is None:
        with suppress(OutsideError):  # it may be in the engine alone
            digest = _digest(reference)
            pinned = reference.pinned(digest) if digest else None
    if pinned is not None:
        with suppress(OutsideError):  # then it is tested, where an engine is
            found = snapshots.fetch(project, pinned)
            if found is not None:
                return _found(found, given, pinned, _thin(pinned))
    try:
        image = which_image.current(project, str(reference))
    except OutsideError as failed:
        raise OutsideError(
            f"What the test of {reference} saw is not kept beside it, and it cannot be tested here. {failed.message}",
            "Run diff where an engine is; push puts what test-image saw beside the image.",
            failed.detail,
        ) from failed
    return _of_image(project, image, given, pinned)


def _digest(reference: Reference) -> str:
    from dagship.registry.repository import Repository

    # A name without a registry's host is asked for nowhere: most such images never leave the engine.
    return Repository(reference).digest(reference.tag) if reference.registry and reference.tag else ""


def _of_image(project: Project, image: BuiltImage, given: str, pinned: Reference | None = None) -> Found:
    known = snapshots.known(project, image.id, image.digest)
    if known is None:
        known = _tested(project, image)
    digest = image.digest and Reference.parse(image.reference).pinned(image.digest)
    return _found(known, given, pinned or digest or None, image.thin)


def _tested(project: Project, image: BuiltImage) -> Snapshot:
    """Tests an image for its snapshot."""
    from dagship.verify import verifier

    taken: list[Snapshot] = []
    report = verifier.verify(project.settings, project.workspace, project.console, image, keep=taken.append)
    if not taken:
        raise UsageError(
            f"The DAGs of {image.reference} cannot be looked at: nothing of it could be imported.",
            "test-image says why.",
        )
    snapshots.keep(project, taken[0], report)
    return taken[0].model_copy(update={"findings": report.findings})


def _of_directory(project: Project, given: str) -> Found:
    """Builds the image of a directory of DAGs, all else being the project's, and no older version beside them."""
    settings = project.settings.model_copy(update={"dags": Path(given), "keep_versions": 1})
    image = stages.build_for_itself(replace(project, settings=settings))
    return _of_image(project, image, given)


def _thin(pinned: Reference) -> Thin | None:
    from dagship.engine.images import LABEL_CONTENT
    from dagship.registry.repository import Repository

    facts = Repository(pinned).facts(pinned.digest)
    return thin.of(facts.labels, facts.labels.get(LABEL_CONTENT, "")) if facts is not None else None


def _found(snapshot: Snapshot, given: str, pinned: Reference | None, of_thin: Thin | None) -> Found:
    side = Side(
        given=given,
        image=str(pinned) if pinned is not None else snapshot.image,
        dag_version=snapshot.dag_version,
        airflow=snapshot.airflow,
        commit=snapshot.commit,
    )
    return Found(side, snapshot, pinned, of_thin)
