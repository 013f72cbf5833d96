"""A DAG tree in memory, and its version id."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

from dagship.model.dag_versions import version_id


@dataclass(frozen=True, kw_only=True)
class TreeFile:
    """One file of a DAG tree.

    Attributes:
        path: Relative to the DAG directory, with `/`; what is included lies beside that, at `../NAME`.
        executable: Whether its owner may execute it.
        content: Its bytes.

    """

    path: str
    executable: bool
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A DAG tree in memory, with what is included beside it.

    Attributes:
        source: Where it was read: an absolute path; for a version out of an image, its id.
        files: Its files, sorted by path.
        link: Name of a link to the DAG directory beside it, by which DAGs import from there as in the project.
        left_out: What stayed out by itself, as people should know: path and reason.
        closed: Directories of the DAG directory that stayed out whole, for whatever reason.

    """

    source: PurePath
    files: tuple[TreeFile, ...]
    link: str = ""
    left_out: tuple[tuple[str, str], ...] = ()
    closed: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The version id: the first 12 hex digits of `digest`, for people and as the name of a directory.

        Whoever tries for a minute finds two trees with one id: what is reused or kept is compared by `digest`.
        """
        return version_id(self.digest)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 over sorted (path, executable bit, content) and the link, 64 hex digits.

        No clock, no git and no place enters it: the same tree has the same one on any machine.
        """
        digest = hashlib.sha256()
        for file in self.files:
            # Lengths and separators make the sequence unambiguous.
            digest.update(f"{file.path}\0{'x' if file.executable else '-'}\0{len(file.content)}\0".encode())
            digest.update(file.content)
        if self.link:  # a path would be followed by one of two letters
            digest.update(f"{self.link}\0link".encode())
        return digest.hexdigest()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(len(file.content) for file in self.files)
