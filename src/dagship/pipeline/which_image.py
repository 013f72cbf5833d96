"""Finds the image that a task is about: the one named by `--image`, else the one that the task before left."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dagship.errors import OutsideError, UsageError
from dagship.model import dag_versions, moved_packages, thin
from dagship.model.artifacts import BuiltImage, PushedImage, Target
from dagship.model.reference import Reference
from dagship.pipeline.project import Project

if TYPE_CHECKING:
    from dagship.model.verify_report import VerifyReport


def current(project: Project, image: str) -> BuiltImage:
    """Finds the image a task works on: the one named, else the one that `build` left.

    Raises:
        UsageError: There is neither, or the engine does not have it.

    """
    from dagship.engine import images

    built = project.workspace.read("image", BuiltImage)
    reference = image or (built.reference if built else "")
    if not reference:
        raise UsageError("There is no image yet.", "Run build first, or name one with --image.")
    named = Reference.parse(reference)
    if not named.tag and not named.digest:
        raise UsageError(f"{reference!r} names neither a tag nor a digest.", "Say which image of the repository.")
    facts = images.inspect(reference)
    # A builder with a store of its own left it in the registry alone.
    if facts is None and (image or (built is not None and built.digest)):
        with project.console.step(f"Pulling {reference}"):
            images.pull(reference, "Run build again, or name another image with --image.", others=None)
        facts = images.inspect(reference)
    if facts is None:
        raise UsageError(
            f"The engine does not have {reference}.", "Run build again, or name another image with --image."
        )
    if built is not None and built.reference == reference and built.id == facts.id:
        return built
    return BuiltImage(
        reference=reference,
        id=facts.id,
        digest="",
        content=facts.labels.get(images.LABEL_CONTENT, ""),
        base=facts.labels.get("org.opencontainers.image.base.name", ""),
        moved=moved_packages.of(facts.labels),
        platforms=(facts.platform,),
        size=facts.size,
        layers=(),
        seconds={},
        reused=True,
        **_facts(facts.labels),
    )


def target(project: Project, *, image: str) -> Target:
    """Finds the image to roll out: the one named, else the one that `push` recorded.

    Raises:
        UsageError: There is neither, or the registry does not have it.
        OutsideError: The one named has no digest, and nobody can be asked for it.

    """
    pushed = project.workspace.read("push", PushedImage)
    if not image and pushed is None:
        raise UsageError("Nothing was pushed yet.", "Run push first, or name an image with --image.")
    if pushed is not None and (not image or image in _names(pushed)):
        pinned = Reference.parse(pushed.reference).pinned(pushed.digest)
        found = Target(image=str(pinned), digest=pushed.digest, **pushed.facts(Target))
    else:
        reference = Reference.parse(image)
        pinned = reference.pinned(reference.digest or _digest(reference))
        found = _known_here(pinned)
    _check_there(project, pinned)
    return found


def unpushed(image: BuiltImage, report: "VerifyReport | None") -> Target:
    """Returns an image as one to roll out, by its tag where no registry has it yet.

    Args:
        image: The image.
        report: What its test found; it knows its DAGs.

    """
    tagged = Reference.parse(image.reference)
    name = str(tagged.pinned(image.digest)) if image.digest else image.reference
    dags = report.dags if report is not None else {}
    return Target(image=name, digest=image.digest, dags=dags, **image.facts(Target))


def _names(pushed: PushedImage) -> tuple[str, ...]:
    return pushed.reference, str(Reference.parse(pushed.reference).pinned(pushed.digest))


def _digest(reference: Reference) -> str:
    from dagship.engine import registry

    if not reference.tag:
        raise UsageError(f"{str(reference)!r} names neither a tag nor a digest.", "Say which image of the repository.")
    try:
        digest = registry.digest(reference)
    except OutsideError as failed:
        raise OutsideError(
            f"The digest of {reference} cannot be asked for. {failed.message}",
            "Name the image by digest, which needs no engine: --image REPOSITORY@sha256:…",
            failed.detail,
        ) from failed
    if digest is None:
        raise UsageError(f"The registry does not have {reference}.", "Push it first, or name another with --image.")
    return digest


def _known_here(pinned: Reference) -> Target:
    """Returns an image with what the engine or the registry says of it, where either can be asked.

    A rollout needs neither.
    """
    return Target(image=str(pinned), digest=pinned.digest, **_facts(_labels(pinned)))


def _facts(labels: Mapping[str, str]) -> dict[str, Any]:
    """Returns what the labels of an image say of its DAGs and its Airflow, as `DagImage` has it."""
    from dagship.engine import images
    from dagship.image.plan import LABEL_AIRFLOW

    return {
        "dag_version": labels.get(dag_versions.LABEL_DAGS, ""),
        "dag_versions": dag_versions.versions_of(labels),
        "dag_digests": dag_versions.digests_of(labels),
        "dag_changes": dag_versions.changes_of(labels),
        "airflow": labels.get(LABEL_AIRFLOW, ""),
        "thin": thin.of(labels, labels.get(images.LABEL_CONTENT, "")),
    }


def _labels(pinned: Reference) -> dict[str, str]:
    """The labels of an image; none where nobody can be asked."""
    from dagship.engine import images

    with suppress(OutsideError):
        # By digest alone: what the engine has under the tag may be older.
        facts = images.inspect(str(pinned))
        if facts is not None:
            return dict(facts.labels)
    with suppress(OutsideError, ValueError):
        return dict(images.in_registry(str(pinned)).labels)
    return {}


def _check_there(project: Project, pinned: Reference) -> None:
    """Refuses an image that the registry says it does not have; where it cannot be asked from here, a pod will tell."""
    from dagship.engine import registry

    try:
        with project.console.step(f"Asking the registry for {pinned.name}"):
            found = registry.digest(pinned)
    except OutsideError:
        return
    if found is None:
        raise UsageError(f"The registry does not have {pinned}.", "Push it first, or name another with --image.")
