"""The DAG tree: read into memory, checked, and given its version id."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import Protocol

from dagship.errors import UsageError

IGNORE_FILE = ".dockerignore"
IGNORED = (
    ".git/", ".hg/", ".svn/", ".dagship/", ".venv/", "__pycache__/", "*.py[cod]", ".pytest_cache/", ".mypy_cache/",
    ".ruff_cache/", ".ipynb_checkpoints/", ".DS_Store", "*.swp", f"/{IGNORE_FILE}", ".env", "/dagship.toml",
)  # fmt: skip
"""What no DAG tree ships: histories, caches, editors' traces, and files that may hold passwords."""

_VERSION_DIGITS = 12


class Matcher(Protocol):
    """Says which paths are ignored."""

    def match_file(self, file: str) -> bool | None:
        """Whether `file`, relative and with `/` (at its end for a directory), is ignored."""


@dataclass(frozen=True, kw_only=True)
class TreeFile:
    """One file of a DAG tree.

    Attributes:
        path: Relative to the tree, with `/`.
        executable: Whether its owner may execute it.
        content: Its bytes.

    """

    path: str
    executable: bool
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A DAG tree in memory.

    Attributes:
        source: Where it was read: an absolute path; for a version out of an image, its id.
        files: Its files, sorted by path.

    """

    source: PurePath
    files: tuple[TreeFile, ...]

    @property
    def version(self) -> str:
        """The version id: the first 12 hex digits of `digest`, for people and as the name of a directory.

        Whoever tries for a minute finds two trees with one id: what is reused or kept is compared by `digest`.
        """
        return version_id(self.digest)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 over sorted (path, executable bit, content), 64 hex digits.

        No clock, no git and no place enters it: the same tree has the same one on any machine.
        """
        digest = hashlib.sha256()
        for file in self.files:
            # Lengths and separators make the sequence unambiguous.
            digest.update(f"{file.path}\0{'x' if file.executable else '-'}\0{len(file.content)}\0".encode())
            digest.update(file.content)
        return digest.hexdigest()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(len(file.content) for file in self.files)


def version_id(digest: str) -> str:
    """Returns the version id of a tree with this digest."""
    return digest[:_VERSION_DIGITS]


def read(dags: Path, *, ignore: Sequence[str], max_file_size: int) -> Tree:
    """Reads a DAG tree.

    Args:
        dags: The directory; links inside it are followed, and must stay inside it.
        ignore: Patterns of files to leave out, as in .gitignore, besides `IGNORED` and the tree's `.dockerignore`.
        max_file_size: Largest file allowed, bytes.

    Raises:
        UsageError: It is missing, empty or without a DAG, or something in it cannot be embedded.

    """
    root = Path(os.path.abspath(dags))  # noqa: PTH100 - resolve() would hide the name the user knows
    if not root.is_dir():
        what = "is not a directory" if root.exists() else "does not exist"
        raise UsageError(
            f"The DAG directory {root} {what}.", "Name the directory that holds the DAG files with --dags."
        )
    ignored = _matcher(root, ignore)
    files = tuple(sorted(_walk(root, root, "", ignored, max_file_size, ()), key=lambda file: file.path))
    if not files:
        raise UsageError(f"The DAG directory {root} is empty.", "Put DAG files there, or name another with --dags.")
    if not any(_may_hold_a_dag(file) for file in files):
        raise UsageError(
            f"No file in {root} can hold a DAG: none is a zip archive or a Python file that mentions airflow or dag.",
            "Name the directory that holds the DAG files with --dags.",
        )
    return Tree(source=root, files=files)


def patterns_of(dags: Path, files: Sequence[Path]) -> tuple[str, ...]:
    """Returns the patterns that leave out those of `files` that lie in the DAG directory."""
    root = dags.resolve()
    inside = [file.resolve().relative_to(root) for file in files if file.resolve().is_relative_to(root)]
    return tuple("/" + re.sub(r"([\\*?\[\]!# ])", r"\\\1", path.as_posix()) for path in inside)


def _matcher(root: Path, ignore: Sequence[str]) -> Matcher:
    from pathspec import GitIgnoreSpec

    lines: list[str] = []
    try:
        lines = (root / IGNORE_FILE).read_text("utf-8").splitlines()
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as broken:
        raise UsageError(f"{root / IGNORE_FILE} cannot be read as UTF-8 text.", "Fix it or remove it.") from broken
    try:
        return GitIgnoreSpec.from_lines([*IGNORED, *lines, *ignore])
    except ValueError as broken:
        raise UsageError(
            f"A pattern of files to ignore is wrong: {broken}.", "Patterns are written as in .gitignore."
        ) from broken


def _walk(  # noqa: PLR0917 - what a recursion carries
    root: Path, directory: Path, prefix: str, ignored: Matcher, limit: int, above: tuple[str, ...]
) -> Iterator[TreeFile]:
    """Yields the files below `directory`; `above` holds the real paths of the directories on the way to it."""
    real = os.path.realpath(directory)
    if real in above:
        raise UsageError(
            f"The link {prefix.rstrip('/')!r} in {root} leads back to a directory that it is in.",
            "Remove it: Airflow refuses such a loop too.",
        )
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as unreadable:
        raise _unreadable(prefix or str(root), unreadable) from unreadable
    for entry in entries:
        name = prefix + entry.name
        if ignored.match_file(name) or (entry.is_symlink() and ignored.match_file(name + "/")):
            continue  # before anything is asked of it: a link that is ignored may lead anywhere
        _check_name(root, name)
        if entry.is_symlink():
            _check_link(root, name, entry)
        is_directory = entry.is_dir()
        if is_directory and ignored.match_file(name + "/"):
            continue
        if is_directory:
            yield from _walk(root, Path(entry.path), name + "/", ignored, limit, (*above, real))
        else:
            yield _file(name, entry, limit)


def _file(name: str, entry: "os.DirEntry[str]", limit: int) -> TreeFile:
    try:
        status = entry.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(
                f"{name!r} is neither a file nor a directory.",
                "Only those can be embedded; remove it or add it to .dockerignore.",
            )
        if status.st_size > limit:
            raise UsageError(
                f"{name!r} has {status.st_size} bytes, more than the {limit} that max_file_size allows.",
                "Keep data elsewhere, add the file to .dockerignore, or raise the setting max_file_size.",
            )
        content = Path(entry.path).read_bytes()
    except OSError as unreadable:
        raise _unreadable(name, unreadable) from unreadable
    return TreeFile(path=name, executable=bool(status.st_mode & stat.S_IXUSR), content=content)


def _check_name(root: Path, name: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as wrong:
        raise UsageError(f"The file name {os.fsencode(name)!r} in {root} is not UTF-8.", "Rename it.") from wrong


def _check_link(root: Path, name: str, entry: "os.DirEntry[str]") -> None:
    try:
        target = Path(entry.path).resolve(strict=True)
    except FileNotFoundError as broken:
        raise UsageError(f"The link {name!r} leads nowhere.", "Remove it or mend it.") from broken
    except (OSError, RuntimeError) as circle:
        raise UsageError(f"The link {name!r} leads in a circle.", "Remove it or mend it.") from circle
    if not target.is_relative_to(root.resolve()):
        raise UsageError(f"The link {name!r} leads outside {root}.", "Copy what it leads to into the DAG directory.")


def _unreadable(name: str, failed: OSError) -> UsageError:
    return UsageError(
        f"{name!r} cannot be read: {failed.strerror}.", "Fix its permissions, or add it to .dockerignore."
    )


def _may_hold_a_dag(file: TreeFile) -> bool:
    """Airflow's own rule (`dag_discovery_safe_mode`), made milder because a deployment may replace it."""
    content = file.content.lower()
    return file.path.endswith(".zip") or (file.path.endswith(".py") and (b"airflow" in content or b"dag" in content))
