"""What DAGs import or read from the rest of the project: read into memory, to lie beside the DAG directory."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dagship.errors import UsageError
from dagship.image.tree.ignored import Rules
from dagship.image.tree.model import Tree, TreeFile
from dagship.image.tree.reader import patterns_of
from dagship.image.tree.walk import Walk
from dagship.inside.versions import layout
from dagship.untrusted import boundary

_MODULE = ".py"


def added(
    tree: Tree,
    project: Path,
    include: Sequence[Path],
    *,
    ignore: Sequence[str],
    secret_files: Sequence[Path],
    max_file_size: int,
) -> Tree:
    """Returns a DAG tree with what the project includes beside it.

    Args:
        tree: The tree.
        project: The project.
        include: Directories and modules of it.
        ignore: Patterns of files to leave out, as in .gitignore, in each of the directories.
        secret_files: Files that no image may hold, wherever they lie.
        max_file_size: Largest file allowed, bytes.

    Raises:
        UsageError: One is missing, empty or not in the project, has a name that is taken, or cannot be embedded.

    """
    files, left_out, size = list(tree.files), list(tree.left_out), tree.size
    for name, path in named(Path(tree.source), project, include).items():
        root, only = _place(project, path)
        rules = Rules(root, (*ignore, *patterns_of(root, secret_files)))
        walk = Walk(root, rules, max_file_size, what="included directory", only=only, size=size)
        below = "" if only else f"{name}/"
        found = sorted(walk.files(), key=lambda file: file.path)
        size += sum(len(file.content) for file in found)
        _check(path, name, found, tree)
        files += [replace(file, path=f"../{below}{file.path}") for file in found]
        left_out += [(place if only else f"{path}/{place}", why) for place, why in walk.left_out]
    return replace(
        tree,
        files=tuple(sorted(files, key=lambda file: file.path)),
        left_out=tuple(left_out),
        link=layout.link(within(project, Path(tree.source)) or ""),
    )


def named(dags: Path, project: Path, include: Sequence[Path]) -> Mapping[str, str]:
    """Returns what lies beside the DAG directory: its name there to its path in the project.

    Args:
        dags: The DAG directory.
        project: The project.
        include: Directories and modules of it.

    Raises:
        UsageError: One is not in the project, or has a name that is taken.

    """
    # Of a directory elsewhere the name may be any: what is built of it would depend on where it lies.
    place = within(project, dags)
    written = [_written(project, path) for path in include]
    try:
        return layout.beside("/" if place is None else place, written)
    except layout.Wrong as wrong:
        raise UsageError(
            f"The setting {wrong}", "Each lies in a DAG version by its last name, and is imported by it."
        ) from wrong


def within(project: Path, path: Path) -> str | None:
    """Returns a path as the project has it; None for one that is not in it."""
    relative = os.path.relpath(path, os.path.abspath(project))  # noqa: PTH100 - links keep their names
    if relative == ".." or relative.startswith(f"..{os.sep}"):
        return None
    return "" if relative == "." else relative


def _written(project: Path, path: Path) -> str:
    written = within(project, project / path)
    if written is None or boundary.leads_out(project, path):
        raise UsageError(
            f"The setting include names {path}, which lies outside the project.",
            f"Name what is in {project}: the rest of a DAG version has to come with it.",
        )
    return written


def _place(project: Path, path: str) -> tuple[Path, str]:
    """The directory that is read, and the one name in it that counts, empty for all."""
    place = project / path
    if not place.exists():
        raise UsageError(
            f"The setting include names {path}, which does not exist.", "Mend the name, or take it out there."
        )
    if place.is_dir():
        return place, ""
    if not place.is_file() or place.suffix != _MODULE:
        raise UsageError(
            f"The setting include names {path}, which is neither a directory nor a Python module.",
            "Name the directory that it lies in.",
        )
    return place.parent, place.name


def _check(path: str, name: str, files: Sequence[TreeFile], tree: Tree) -> None:
    if not files:
        raise UsageError(
            f"The setting include names {path}, where no file is that goes into an image.",
            "See what .dockerignore there and the setting ignore leave out, or take it out of include.",
        )
    module = name.removesuffix(_MODULE)
    if any("/" not in file.path and file.path.endswith(_MODULE) for file in files) and not layout.can_be_imported(name):
        raise UsageError(
            f"The setting include names {path}, which holds Python files, and Python imports nothing that is called "
            f"{module!r}.",
            "Rename it to letters, digits and underscores; or name the directories in it.",
        )
    taken = next(_taken(module, tree), None)
    if taken is not None and any(file.path.endswith(_MODULE) for file in files):
        raise UsageError(
            f"The setting include names {path}, and the DAG directory has {taken}, which Python finds before it.",
            "Give one of them another name.",
        )


def _taken(module: str, tree: Tree) -> Iterator[str]:
    """What the DAG directory has of the name of a module."""
    yield from (file.path for file in tree.files if file.path.startswith((f"{module}/", f"{module}.py")))
