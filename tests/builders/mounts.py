"""What a pod that takes delivered versions has on its disk: a mounted ConfigMap, and the versions of its image."""

import io
import json
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from dagship.image.thin import package
from dagship.image.tree import archive
from dagship.image.tree.model import Tree
from dagship.model.thin import Announcement
from tests.builders.packages import FOUNDATION


class Mount:
    """A directory that is written as the kubelet writes the mount of a ConfigMap."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._generation = 0
        self.files: dict[str, bytes] = {}
        place.mkdir()
        self.write({})

    def write(self, files: Mapping[str, bytes]) -> None:
        """Exchanges all files in one step, by the link that leads to them."""
        self._generation += 1
        before = self.place / (self.place / "..data").readlink() if (self.place / "..data").is_symlink() else None
        whole = self.place / f"..2026_11_29_{self._generation}"
        whole.mkdir()
        for name, content in files.items():
            (whole / name).write_bytes(content)
        (self.place / "..data_tmp").symlink_to(whole.name)
        (self.place / "..data_tmp").rename(self.place / "..data")
        for name in files.keys() - self.files.keys():
            (self.place / name).symlink_to(f"..data/{name}")
        for name in self.files.keys() - files.keys():
            (self.place / name).unlink()
        self.files = dict(files)
        if before is not None:
            shutil.rmtree(before)

    def add(self, **files: bytes | None) -> None:
        """Changes some of the files; `a_tgz` is a.tgz, and None takes one away."""
        named = {name.replace("_", "."): content for name, content in files.items()}
        self.write({name: content for name, content in {**self.files, **named}.items() if content is not None})

    def announce(self, tree: Tree, base: Tree, *, serial: int = 1, foundation: str = FOUNDATION) -> None:
        """Brings the package of a tree and announces it, in one step."""
        data = package.pack(tree, base, foundation)
        self.add(**{f"{tree.version}_tgz": data, "current": announcement(tree, base, serial, foundation)})


def announcement(tree: Tree, base: Tree, serial: int = 1, foundation: str = FOUNDATION) -> bytes:
    """What is announced of a tree."""
    said = Announcement(
        serial=serial,
        version=tree.version,
        tree=tree.digest,
        foundation=foundation,
        base=base.version,
        image=f"registry/air@sha256:{'1' * 64}",
    )
    return json.dumps(said.model_dump()).encode()


def bake(root: Path, tree: Tree, *earlier: Tree) -> None:
    """Lays trees where an image has its versions, the first one current."""
    root.mkdir(parents=True, exist_ok=True)
    for each in (tree, *earlier):
        with tarfile.open(fileobj=io.BytesIO(archive.pack(each))) as packed:
            packed.extraction_filter = lambda member, _: member  # as it is; Python 3.11.2 takes no argument for that
            packed.extractall(root)
    (root / "CURRENT").write_text(f"{tree.version}\n")
