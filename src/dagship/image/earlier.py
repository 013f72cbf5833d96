"""Gets earlier DAG versions out of the images that hold them; each is checked against its id, and kept here by it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dagship.console import Console
from dagship.dockerfile import VERSIONS_ROOT
from dagship.engine import images
from dagship.errors import OutsideError
from dagship.image import archive, sidebyside
from dagship.image.context import Tree
from dagship.workspace import Workspace, whole

# Trees kept here besides those of the image that is built: enough to go from one branch to another and back.
_KEPT_HERE = 30
_OR_LEAVE_IT = "Name another with --previous, or leave it out."


@dataclass(frozen=True, kw_only=True)
class Source:
    """An image that may hold earlier versions.

    Attributes:
        reference: The image.
        versions: The ids in it, the current one first, where that is known without asking.
        explicit: Whether the user named it: then it must be there.

    """

    reference: str
    versions: tuple[str, ...] = ()
    explicit: bool = False


def gather(
    workspace: Workspace, console: Console, tree: Tree, sources: Sequence[Source], pinned: Sequence[str], *, keep: int
) -> tuple[Tree, ...]:
    """Returns the versions that the next image keeps, newest first.

    Args:
        workspace: Where trees are kept by id.
        console: Shows what is fetched, and warns of what cannot be had.
        tree: What becomes current; it is kept here for the builds to come.
        sources: Images that hold earlier versions. The first that can be had is the one before this.
        pinned: Versions that unfinished runs began on.
        keep: How many versions an image holds, the current one counted.

    Raises:
        OutsideError: An image that the user named cannot be had, or does not hold what it says.

    """
    here = workspace.cache("versions")
    _keep(here, tree)
    known: tuple[str, ...] = ()
    asked: list[tuple[Source, tuple[str, ...]]] = []
    for source in sources:
        versions = _versions(console, source)
        known = known or versions
        asked.append((source, versions))
        if versions and not set(filter(sidebyside.is_id, pinned)).difference(tree.version, versions):
            break
    found = {}
    for version in sidebyside.kept(tree.version, known, pinned, keep=keep):
        holders = [source for source, versions in asked if version in versions]
        if (earlier := _tree(here, console, version, holders)) is not None:
            found[version] = earlier
    _forget(here, {tree.version, *found})
    return tuple(found.values())


def _versions(console: Console, source: Source) -> tuple[str, ...]:
    if source.versions:
        return source.versions
    try:
        labels = _labels(source.reference)
    except OutsideError as failed:
        _without(console, source, failed)
        return ()
    versions = sidebyside.versions_of(labels)
    if source.explicit and not versions:
        raise OutsideError(
            f"The previous image {source.reference} holds no DAG versions: it was not built by dagship.",
            _OR_LEAVE_IT,
        )
    return versions


def _labels(reference: str) -> "dict[str, str]":
    """The labels of an image: the engine's if it has it, else the registry's, which sends no layers for them."""
    facts = images.inspect(reference)
    return dict(facts.labels if facts is not None else images.labels_in_registry(reference))


def _tree(here: Path, console: Console, version: str, holders: Sequence[Source]) -> Tree | None:
    kept = here / f"{version}.tar"
    try:
        tree = archive.unpack(kept.read_bytes(), version)
    except OSError:
        tree = None
    if tree is not None:
        os.utime(kept)
        return tree
    if not holders:
        console.warn(
            f"Unfinished runs began on the DAG version {version}, and no image found here holds it: "
            "they would not find their code in the image that is built."
        )
    for source in holders:
        try:
            tree = _out_of(console, source.reference, version)
        except OutsideError as failed:
            _without(console, source, failed)
            continue
        if tree is not None:
            _keep(here, tree)
            return tree
        said = f"The directory of the DAG version {version} in {source.reference} is not what its name says."
        if source.explicit:
            raise OutsideError(said, "Name another image with --previous: this one was changed after it was built.")
        console.warn(f"{said} It is left out.")
    return None


def _out_of(console: Console, reference: str, version: str) -> Tree | None:
    from dagship.engine import containers

    with console.step(f"Taking the DAG version {version} out of {reference}") as step:
        if images.inspect(reference) is None:
            step.say("pulling")
            images.pull(reference)
        data = containers.directory(reference, f"{VERSIONS_ROOT}/{version}")
    return archive.unpack(data, version) if data is not None else None


def _without(console: Console, source: Source, failed: OutsideError) -> None:
    """Goes on without an image, unless the user named it."""
    if source.explicit:
        raise OutsideError(
            f"The previous image {source.reference} cannot be had. {failed.message}", _OR_LEAVE_IT, failed.detail
        ) from failed
    console.warn(
        f"The DAG versions of {source.reference} cannot be had: {failed.message} The image is built without them, "
        "and runs that began on them would not find their code."
    )


def _keep(here: Path, tree: Tree) -> None:
    path = here / f"{tree.version}.tar"
    if path.exists():
        os.utime(path)
        return
    with whole(path) as file:
        file.write_bytes(archive.pack(tree))


def _forget(here: Path, used: set[str]) -> None:
    for path in list(_newest_first(here))[_KEPT_HERE:]:
        if path.stem not in used:
            path.unlink(missing_ok=True)


def _newest_first(here: Path) -> Iterator[Path]:
    return iter(sorted(here.glob("*.tar"), key=lambda path: path.stat().st_mtime, reverse=True))
