"""Goes through a DAG directory: what is in it is read into memory, and what no image can hold is refused."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from dagship.errors import UsageError
from dagship.image.tree import checkout
from dagship.image.tree.dockerignore import Matches
from dagship.image.tree.ignored import ENVIRONMENT, MARKS, Rules
from dagship.image.tree.model import TreeFile
from dagship.inside.versions.check import pointer
from dagship.untrusted import files

# Nobody's DAGs have so many or lie so deep; a link to a directory counts as often as it is met.
_MOST_ENTRIES = 100_000
_DEEPEST = 100
# All files together: so many of the largest size allowed, and always so many bytes.
_MOST_OF_THE_LARGEST = 20
_OF_DAGS = "DAG directory"
_ALWAYS_ALLOWED = 200 << 20


class Walk:
    """One walk.

    Args:
        root: The directory.
        rules: What stays out.
        max_file_size: Largest file allowed, bytes.
        what: What people call the directory.
        only: The one name in it that counts; empty for all.
        size: Bytes that were read before, elsewhere, and count as well.

    Attributes:
        left_out: What stayed out by itself, as people should know: path and reason.
        closed: Directories that stayed out whole, for whatever reason; links are none.
        skipped: How many files and directories stayed out, for whatever reason.

    """

    def __init__(
        self,
        root: Path,
        rules: Rules,
        max_file_size: int,
        *,
        what: str = _OF_DAGS,
        only: str = "",
        size: int = 0,
    ) -> None:
        self.left_out: list[tuple[str, str]] = []
        self.closed: list[str] = []
        self._root, self._rules, self._largest = root, rules, max_file_size
        self._what, self._only, self._bytes = what, only, size
        self.skipped = self._entries = 0
        top = checkout.top_of(root)
        self._submodules = checkout.submodules(top) if top is not None else frozenset()

    def files(self) -> Iterator[TreeFile]:
        """Yields the files.

        Raises:
            UsageError: Something in it cannot be embedded.

        """
        return self._below(self._root, "", (), ())

    def _below(self, directory: Path, prefix: str, matches: Matches, above: tuple[str, ...]) -> Iterator[TreeFile]:
        """Yields the files below `directory`; `above` holds the real paths of the directories on the way to it."""
        above = (*above, self._real(directory, prefix, above))
        entries = self._scanned(directory, prefix)
        self._check_fetched(prefix, Path(above[-1]), [entry.name for entry in entries])
        for entry in entries:
            name = prefix + entry.name
            verdict = self._rules.on(name, matches, directory=entry.is_symlink() or entry.is_dir(follow_symlinks=False))
            # Before anything is asked of it: a link that is ignored may lead anywhere.
            if verdict.out or (verdict.for_what_is_in_it and not Path(entry.path).is_dir()):
                self.skipped += 1
                self.left_out += [(name, verdict.why)] if verdict.why else []
                self.closed += [name] if entry.is_dir(follow_symlinks=False) else []
                continue
            _check_name(self._root, name)
            if entry.is_symlink():
                self._check_link(name, entry)
            self._check_mark(prefix, name)
            if not entry.is_dir():
                yield self._file(name, entry)
            elif not verdict.asked_for and any(os.path.lexists(Path(entry.path, mark)) for mark in MARKS):
                self.skipped += 1
                self.left_out.append((name, ENVIRONMENT))
                self.closed += [] if entry.is_symlink() else [name]
            else:
                yield from self._below(Path(entry.path), f"{name}/", verdict.matches, above)

    def _real(self, directory: Path, prefix: str, above: tuple[str, ...]) -> str:
        real = os.path.realpath(directory)
        if real in above:
            raise UsageError(
                f"The link {prefix.rstrip('/')!r} in {self._root} leads back to a directory that it is in.",
                "Remove it: Airflow refuses such a loop too.",
            )
        if len(above) > _DEEPEST:
            raise UsageError(
                f"{prefix[:60]!r}… in {self._root} lies more than {_DEEPEST} directories deep.",
                f"{self._leave()} it out with .dockerignore.",
            )
        return real

    def _leave(self) -> str:
        """Begins what to do about too much: only of the DAG directory a flag says which it is."""
        return (
            "Name the directory that holds the DAG files with --dags, or leave" if self._what == _OF_DAGS else "Leave"
        )

    def _scanned(self, directory: Path, prefix: str) -> "list[os.DirEntry[str]]":
        found: list[os.DirEntry[str]] = []
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    if self._only and not prefix and entry.name != self._only:
                        continue
                    found.append(entry)
                    self._entries += 1
                    if self._entries > _MOST_ENTRIES:
                        raise UsageError(
                            f"The {self._what} {self._root} holds more than {_MOST_ENTRIES} files and directories.",
                            f"{self._leave()} what is not needed out with .dockerignore. What a link leads to counts "
                            "as often as it is met.",
                        )
        except OSError as unreadable:
            raise _unreadable(prefix or str(self._root), unreadable) from unreadable
        return sorted(found, key=lambda entry: entry.name)

    def _check_fetched(self, prefix: str, real: Path, names: list[str]) -> None:
        if not names and real in self._submodules:
            raise UsageError(
                f"The submodule {prefix.rstrip('/') or str(self._root)!r} is not fetched: its directory is empty.",
                "Run git submodule update --init, or tell your CI's checkout to fetch submodules; what the DAGs do not "
                "need can be left out with .dockerignore.",
            )
        if ".gitmodules" in names:  # of a submodule that has some itself
            self._submodules |= checkout.submodules(real)

    def _file(self, name: str, entry: "os.DirEntry[str]") -> TreeFile:
        try:
            status = entry.stat()
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(
                    f"{name!r} is neither a file nor a directory.",
                    "Only those can be embedded; remove it or add it to .dockerignore.",
                )
            if status.st_size > self._largest:
                raise UsageError(
                    f"{name!r} has {status.st_size} bytes, more than the {self._largest} that max_file_size allows.",
                    "Keep data elsewhere, add the file to .dockerignore, or raise the setting max_file_size.",
                )
            content = files.read(Path(entry.path), limit=self._largest)
        except OSError as unreadable:
            raise _unreadable(name, unreadable) from unreadable
        self._count(len(content))
        if pointer.is_pointer(content):
            raise UsageError(
                f"{name!r} is a pointer of Git LFS and not the file that it stands for.",
                "Fetch the files (git lfs pull, or what your CI has for it), or leave it out with .dockerignore.",
            )
        return TreeFile(path=name, executable=bool(status.st_mode & stat.S_IXUSR), content=content)

    def _count(self, more: int) -> None:
        self._bytes += more
        most = most_together(self._largest)
        if self._bytes > most:
            raise UsageError(
                f"The files in {self._root} have more than {most} bytes together.",
                "Keep data elsewhere, leave files out with .dockerignore, or raise the setting max_file_size above "
                f"{most // _MOST_OF_THE_LARGEST}: {_MOST_OF_THE_LARGEST} times that may be there together. What a link "
                "leads to counts as often as it is met.",
            )

    def _check_mark(self, prefix: str, name: str) -> None:
        if not prefix and name in MARKS:
            raise UsageError(
                f"The {self._what} {self._root} {ENVIRONMENT} itself: {name} is in it.",
                "Make the environment elsewhere, or leave all of it out with .dockerignore.",
            )

    def _check_link(self, name: str, entry: "os.DirEntry[str]") -> None:
        try:
            target = Path(entry.path).resolve(strict=True)
        except FileNotFoundError as broken:
            raise UsageError(
                f"The link {name!r} leads nowhere.", "Remove it, mend it, or leave it out with .dockerignore."
            ) from broken
        except (OSError, RuntimeError) as circle:
            if isinstance(circle, OSError) and circle.errno != errno.ELOOP:
                raise _unreadable(name, circle) from circle
            raise UsageError(f"The link {name!r} leads in a circle.", "Remove it or mend it.") from circle
        if not target.is_relative_to(self._root.resolve()):
            raise UsageError(
                f"The link {name!r} leads outside {self._root}.",
                "Copy what it leads to in there, or leave it out with .dockerignore.",
            )


def most_together(largest: int) -> int:
    """Returns the bytes that all files of a version may have, where one may have `largest`."""
    return max(_MOST_OF_THE_LARGEST * largest, _ALWAYS_ALLOWED)


def _check_name(root: Path, name: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as wrong:
        raise UsageError(f"The file name {os.fsencode(name)!r} in {root} is not UTF-8.", "Rename it.") from wrong


def _unreadable(name: str, failed: OSError) -> UsageError:
    return UsageError(
        f"{name!r} cannot be read: {failed.strerror}.", "Fix its permissions, or add it to .dockerignore."
    )
