"""Gets earlier DAG versions out of the images that hold them; each is checked and kept here by its whole digest."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from dagship.engine import images, registry
from dagship.errors import OutsideError, Refused
from dagship.image import kept, sidebyside
from dagship.image.tree.model import Tree
from dagship.model import dag_versions
from dagship.model.reference import Reference
from dagship.terminal.console import Console
from dagship.workspace import Workspace

_OR_LEAVE_IT = (
    "Name another with --previous or the setting previous; without it, what the cluster runs or what push left here "
    "counts, and where that is not to be had either, runs do not find the code that they began on."
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """An image that may hold earlier versions.

    Attributes:
        reference: The image.
        versions: The ids in it, the current one first, each with its whole digest where the image says it; none where
            nobody asked yet.
        explicit: Whether the user named it: then it must be there.

    """

    reference: str
    versions: Mapping[str, str] = field(default_factory=dict)
    explicit: bool = False


def gather(
    workspace: Workspace,
    console: Console,
    tree: Tree,
    sources: Sequence[Source],
    pinned: Sequence[str],
    *,
    keep: int,
    recent: Sequence[Source] = (),
) -> tuple[Tree, ...]:
    """Returns the versions that the next image keeps, newest first.

    Args:
        workspace: Where trees are kept.
        console: Shows what is fetched, and warns of what cannot be had.
        tree: What becomes current; it is kept here for the builds to come.
        sources: Images that hold earlier versions. The first that can be had is the one before this.
        pinned: Versions that unfinished runs began on.
        keep: How many versions an image holds, the current one counted.
        recent: Images of versions that came without one of their own to what runs, newest first; each has that version.

    Raises:
        OutsideError: An image that the user named cannot be had, or does not hold what it says.
        Refused: One of them holds other DAGs under the id of `tree`.

    """
    here = workspace.cache("versions")
    kept.keep(here, tree)
    known: Mapping[str, str] = {}
    asked: list[Source] = []
    for source in sources:
        holder = _examined(console, source)
        known = known or holder.versions
        asked.append(holder)
        if holder.versions and not set(filter(dag_versions.is_id, pinned)).difference((tree.version, *holder.versions)):
            break
    asked += recent
    for holder in asked:
        check_id(here, console, tree, holder)
    first, *rest = known or [""]
    order = filter(None, (first, *(version for source in recent for version in source.versions), *rest))
    found = {}
    lost: set[str] = set()
    for version in sidebyside.kept(tree.version, tuple(dict.fromkeys(order)), pinned, keep=keep):
        holders = [source for source in asked if version in source.versions]
        if (earlier := _tree(here, console, version, holders, lost)) is not None:
            found[version] = earlier
    kept.forget(here, {tree.digest, *(earlier.digest for earlier in found.values())})
    return tuple(found.values())


def check_id(here: Path, console: Console, tree: Tree, holder: Source) -> None:
    """Refuses DAGs whose id an image has for others: what runs pinned to it began on would be exchanged.

    Raises:
        Refused: It has other DAGs under the id of `tree`.

    """
    if tree.version not in holder.versions:
        return
    digest = holder.versions[tree.version]
    if not digest:
        digest = found.digest if (found := _tree(here, console, tree.version, [holder], set())) else tree.digest
    if digest != tree.digest:
        raise Refused(
            f"{holder.reference} holds other DAGs under the id {tree.version}, which these have too: runs that began "
            "on those would go on with these.",
            "It hardly ever happens by chance: look at who changed these DAGs last. Any change, a comment for "
            "instance, gives them another id.",
            f"there {digest}\nhere  {tree.digest}",
        )


def _examined(console: Console, source: Source) -> Source:
    """Returns the source with the versions in it, none where they cannot be known."""
    if source.versions:
        return source
    source = replace(source, reference=_pinned(source.reference))
    try:
        labels = labels_of(source.reference)
    except OutsideError as failed:
        _without(console, source, failed)
        return source
    versions = dag_versions.versions_of(labels)
    if source.explicit and not versions:
        raise OutsideError(
            f"The previous image {source.reference} holds no DAG versions: it was not built by dagship.",
            _OR_LEAVE_IT,
        )
    digests = dag_versions.digests_of(labels) or [""] * len(versions)
    return replace(source, versions=dict(zip(versions, digests, strict=True)))


def _pinned(reference: str) -> str:
    """The image that a tag has in its registry now: the engine may have it as it was before it moved."""
    named = Reference.parse(reference)
    if named.registry and not named.digest:
        with suppress(OutsideError):  # then the engine's will do, if it has one
            if digest := registry.digest(named):
                return str(named.pinned(digest))
    return reference


def labels_of(reference: str) -> "dict[str, str]":
    """Returns the labels of an image: the engine's if it has it, else the registry's, which sends no layers for them.

    Raises:
        OutsideError: Neither has it, or the registry cannot be asked.

    """
    facts = images.inspect(reference)
    return dict(facts.labels if facts is not None else images.in_registry(reference, _OR_LEAVE_IT).labels)


def _tree(here: Path, console: Console, version: str, holders: Sequence[Source], lost: set[str]) -> Tree | None:
    """Returns a version from here, else out of an image; one that cannot be had joins `lost`: it is tried once."""
    digest = next((source.versions[version] for source in holders), "")
    if digest and (tree := kept.find(here, version, digest)) is not None:
        return tree
    if not holders:
        console.warn(
            f"Unfinished runs began on the DAG version {version}, and no image found here holds it: "
            "they would not find their code in the image that is built. "
            "--previous or the setting previous names an image that holds it."
        )
    for source in holders:
        if source.reference in lost:
            continue
        try:
            tree = kept.out_of(console, source.reference, version, digest or source.versions[version], _OR_LEAVE_IT)
        except OutsideError as failed:
            _without(console, source, failed)
            lost.add(source.reference)
            continue
        if tree is not None:
            kept.keep(here, tree)
            return tree
        said = f"The directory of the DAG version {version} in {source.reference} is not what its name says."
        if source.explicit:
            raise OutsideError(
                said,
                "Name another image with --previous or the setting previous: this one was changed after it was built.",
            )
        console.warn(f"{said} It is left out.")
    return None


def _without(console: Console, source: Source, failed: OutsideError) -> None:
    """Goes on without an image, unless the user named it."""
    if source.explicit:
        raise OutsideError(
            f"The previous image {source.reference} cannot be had. {failed.message}",
            failed.hint or _OR_LEAVE_IT,
            failed.detail,
        ) from failed
    console.warn(
        f"The DAG versions of {source.reference} cannot be had: {failed.message} The image is built without them, "
        "and runs that began on them would not find their code."
    )
