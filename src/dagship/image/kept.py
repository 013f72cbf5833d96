"""DAG trees that are kept here by their whole digest, and taken out of the images that hold them."""

import os
from contextlib import suppress
from pathlib import Path

from dagship.engine import images
from dagship.image.tree import archive
from dagship.image.tree.model import Tree
from dagship.model import dag_versions
from dagship.terminal.console import Console
from dagship.untrusted import files
from dagship.workspace import whole

# Trees kept here besides those of the image that is built: enough to go from one branch to another and back.
_KEPT_HERE = 30


def find(here: Path, version: str, digest: str) -> Tree | None:
    """Returns a tree that is kept here; None where it is not, or was damaged."""
    path = here / f"{digest}.tar"
    # Another build may forget it at any moment.
    with suppress(FileNotFoundError):
        tree = archive.unpack(files.read(path, limit=archive.MOST), version, digest)
        if tree is not None:
            keep(here, tree)
            return tree
        path.unlink()  # damaged: whoever gets it again keeps it again
    return None


def out_of(console: Console, reference: str, version: str, digest: str, advice: str) -> Tree | None:
    """Takes a tree out of an image, which is pulled where the engine lacks it; None where it is not what it should be.

    Raises:
        OutsideError: The image cannot be had; the error ends with `advice`.

    """
    from dagship.engine import created

    with console.step(f"Taking the DAG version {version} out of {reference}") as step:
        facts = images.inspect(reference)
        if facts is None:
            step.say("pulling")
            images.pull(reference, advice, others=None)
            facts = images.inspect(reference)
        if facts is None:
            return None
        data = created.directory(
            reference, f"{dag_versions.ROOT}/{version}", platform=facts.platform, limit=archive.MOST
        )
    return archive.unpack(data, version, digest) if data is not None else None


def keep(here: Path, tree: Tree) -> None:
    """Writes a tree whole or not at all; one that is there was used just now."""
    path = here / f"{tree.digest}.tar"
    try:
        os.utime(path)
    except FileNotFoundError:
        with whole(path) as file:
            file.write_bytes(archive.pack(tree))


def forget(here: Path, used: set[str]) -> None:
    """Removes those that were not used for longest, and none whose digest is among those used."""
    aged: list[tuple[float, Path]] = []
    for path in here.glob("*.tar"):
        with suppress(FileNotFoundError):  # another build forgets too
            aged.append((path.stat().st_mtime, path))
    for _, path in sorted(aged, reverse=True)[_KEPT_HERE:]:
        if path.stem not in used:
            path.unlink(missing_ok=True)
