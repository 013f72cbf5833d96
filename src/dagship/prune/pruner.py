"""Reads the registry, then the places that may run its images, decides, and deletes when told to."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from dagship.engine.images import LABEL_CONTENT
from dagship.errors import DagshipError, OutsideError, Refused
from dagship.model import thin
from dagship.model.dag_versions import LABEL_DAGS, versions_of
from dagship.model.reference import Reference
from dagship.prune import choice
from dagship.prune.model import Image, PruneReport, Seen, Verdict
from dagship.prune.present import show
from dagship.registry import attached
from dagship.registry.repository import RegistryFacts, Repository

if TYPE_CHECKING:
    from dagship.terminal.console import Console

_AT_A_TIME = 8
_LABEL_TAG = "org.opencontainers.image.version"
_LABEL_CREATED = "org.opencontainers.image.created"


def prune(
    console: "Console",
    repository: str,
    look: Callable[[], tuple[Seen, ...]],
    *,
    keep: int,
    pushed: str,
    delete: bool,
    ignore_runs: bool,
) -> PruneReport:
    """Finds the images that nothing refers to, and deletes them when told to.

    Args:
        console: Shows progress.
        repository: The repository, without tag.
        look: Reads the places. Called once the registry was read: what refers to an image must not be older than that.
        keep: How many of the newest are kept in any case.
        pushed: Digest of what `push` recorded here, or empty.
        delete: Whether to delete.
        ignore_runs: Whether to delete although an Airflow could not be asked for its unfinished runs.

    Raises:
        Refused: It is not known well enough what is in use; nothing was deleted.
        OutsideError: The registry or a cluster does not answer, or refuses.

    """
    remote = Repository(Reference.repository(repository))
    with console.step(f"Reading the tags of {repository}") as step:
        images = _read(remote, step.say)
    places = look()
    found = choice.verdicts(images, places, keep=keep, pushed=pushed)
    report = PruneReport(
        outcome="planned",
        repository=repository,
        places=tuple(seen.place for seen in places),
        images=found,
        untouched=tuple(sorted(tag for image in images if not image.own_tag for tag in image.tags)),
        bytes=choice.freed(images, found),
        warnings=tuple(_unasked(seen) for seen in places if seen.unasked),
    )
    show(console, report)
    if not delete:
        return report
    _check(images, places, ignore_runs=ignore_runs)
    return report.model_copy(update={"outcome": "deleted", "images": _delete(console, remote, images, found)})


def _read(remote: Repository, say: Callable[[str], None]) -> tuple[Image, ...]:
    # What is attached to an image comes and goes with it.
    tags = tuple(tag for tag in remote.tags() if not attached.TAG.fullmatch(tag))
    by_digest: dict[str, tuple[RegistryFacts, list[str]]] = {}
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for count, (tag, facts) in enumerate(zip(tags, pool.map(remote.facts, tags), strict=True), 1):
            say(f"{count} of {len(tags)}")
            if facts is not None:
                by_digest.setdefault(facts.digest, (facts, []))[1].append(tag)
    return tuple(_image(facts, tags) for facts, tags in by_digest.values())


def _image(facts: RegistryFacts, tags: Iterable[str]) -> Image:
    current = facts.labels.get(LABEL_DAGS, "")
    return Image(
        digest=facts.digest,
        tags=tuple(sorted(tags)),
        own_tag=facts.labels.get(_LABEL_TAG, "") if current else "",
        dag_versions=_brought(facts.labels) if current else (),
        # The label is of this build; the configuration's is of the oldest cached step in some builders.
        created=facts.labels.get(_LABEL_CREATED, facts.created) if current else facts.created,
        parts=facts.parts,
        blobs=dict(facts.blobs),
    )


def _brought(labels: Mapping[str, str]) -> tuple[str, ...]:
    """The versions whose runs it is kept for: of a thin image its own, since the one below it has the others."""
    versions = versions_of(labels)
    return versions if thin.of(labels, labels.get(LABEL_CONTENT, "")) is None else versions[:1]


def _unasked(seen: Seen) -> str:
    return f"the Airflow in {seen.place} could not be asked for its unfinished runs: {seen.unasked}"


def _check(images: Iterable[Image], places: Iterable[Seen], *, ignore_runs: bool) -> None:
    images = tuple(images)
    for seen in places:
        if not choice.is_used(images, seen):
            raise Refused(
                f"Nothing in {seen.place} mentions an image of this repository that dagship made; nothing was deleted.",
                "It may be another cluster, namespace or repository than you mean: see --context, --namespace, "
                "--places and --repository.",
            )
        if seen.unasked and not ignore_runs:
            said = _unasked(seen).rstrip(".")
            raise Refused(
                f"{said[0].upper()}{said[1:]}; nothing was deleted.",
                "Mend that, or delete all the same with --ignore-runs: runs pinned to a version that goes would fail.",
            )


def _delete(
    console: "Console", remote: Repository, images: Iterable[Image], found: tuple[Verdict, ...]
) -> tuple[Verdict, ...]:
    deleted: set[str] = set()
    images = tuple(images)
    going = choice.unreferenced(images, found)
    with console.step(f"Deleting {len(going)} images") as step:
        if going:
            going = choice.unreferenced(images, found, _wanted(remote, images))
        for image, parts in going:
            step.say(image.tags[0])
            try:
                # A tag that was pushed anew meanwhile is another image's.
                if all(remote.digest(tag) in (image.digest, "") for tag in image.tags):
                    remote.delete(image.digest)
                    deleted.add(image.digest)
                    if beside := remote.digest(attached.tag(image.digest)):
                        remote.delete(beside)
                    for part in parts:
                        remote.delete(part)
            except DagshipError as failed:
                raise OutsideError(
                    failed.message, failed.hint, f"{len(deleted)} of {len(going)} images were deleted.\n{failed.detail}"
                ) from failed
    return tuple(one.model_copy(update={"deleted": one.digest in deleted}) for one in found)


def _wanted(remote: Repository, images: Iterable[Image]) -> set[str]:
    """The digests that a tag was put on meanwhile: somebody's wish to keep them. Deleting takes every tag along."""
    known = {tag for image in images for tag in image.tags}
    new = (remote.facts(tag) for tag in remote.tags() if tag not in known and not attached.TAG.fullmatch(tag))
    return {digest for facts in new if facts is not None for digest in (facts.digest, *facts.parts)}
