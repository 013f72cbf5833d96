"""A package of the project itself: its sources, as an archive that is the same for the same ones."""

from collections.abc import Sequence
from pathlib import Path

from dagship.errors import UsageError
from dagship.image.tree import archive
from dagship.image.tree.ignored import Rules
from dagship.image.tree.reader import patterns_of
from dagship.image.tree.walk import Walk
from dagship.untrusted import boundary

# What builds leave in a package, and what `lock` writes: none would ever fit a package that it lies in.
_LEFT = ("/build/", "/dist/", "*.egg-info/", "*.lock.txt", "*.constraints.txt", "pylock.*.toml")


def read(project: Path, path: str, *, ignore: Sequence[str], left_out: Sequence[Path], max_file_size: int) -> bytes:
    """Returns the archive of a package.

    Args:
        project: The project.
        path: The package's directory in it.
        ignore: Patterns of files to leave out, as in .gitignore.
        left_out: Files and directories of the project that are no part of it, wherever they lie.
        max_file_size: Largest file allowed, bytes.

    Raises:
        UsageError: It is not in the project, or something in it cannot be read.

    """
    if boundary.leads_out(project, Path(path)):
        raise UsageError(f"The package {path} lies out of the project.", "Run lock: it says what names it.")
    root = project / path
    if not root.is_dir():
        raise UsageError(f"The package {path} of the project is not there.", "Run lock: it says what names it.")
    patterns = tuple(one for one in patterns_of(root, left_out) if one != "/.")
    walk = Walk(root, Rules(root, (*_LEFT, *ignore, *patterns)), max_file_size, what="package")
    files = tuple(sorted(walk.files(), key=lambda file: file.path))
    if not files:
        raise UsageError(
            f"All files of the package {path} are left out.", "See what .dockerignore there and the setting ignore say."
        )
    return archive.source_archive(files)
