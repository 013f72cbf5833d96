"""Plugins and configuration: what Airflow finds in its home, one for all runs."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from dagship.errors import UsageError
from dagship.image.tree.ignored import Rules
from dagship.image.tree.model import Tree
from dagship.image.tree.reader import patterns_of
from dagship.image.tree.walk import Walk
from dagship.untrusted import boundary

HOME = "/opt/airflow"
"""Airflow's home in the image."""


def read(
    project: Path,
    directories: Mapping[str, Path | None],
    *,
    ignore: Sequence[str],
    secret_files: Sequence[Path],
    max_file_size: int,
) -> Tree | None:
    """Reads the directories; None where none is named.

    Args:
        project: The project.
        directories: The name in Airflow's home, which is the setting's too, to the directory.
        ignore: Patterns of files to leave out, as in .gitignore, in each of the directories.
        secret_files: Files that no image may hold, wherever they lie.
        max_file_size: Largest file allowed, bytes.

    Raises:
        UsageError: One is missing, empty or not in the project, or cannot be embedded.

    """
    found = Tree(source=PurePath(project), files=())
    for name, path in directories.items():
        if path is None:
            continue
        root = _checked(project, name, path)
        walk = Walk(
            root, Rules(root, (*ignore, *patterns_of(root, secret_files))), max_file_size,
            what=f"directory of {name}", size=found.size,
        )  # fmt: skip
        files = tuple(replace(file, path=f"{name}/{file.path}") for file in walk.files())
        if not files:
            raise UsageError(
                f"The setting {name} names {path}, where no file is that goes into an image.",
                "See what .dockerignore there and the setting ignore leave out, or take the setting out.",
            )
        left_out = tuple((f"{path}/{place}", why) for place, why in walk.left_out)
        found = replace(found, files=(*found.files, *files), left_out=(*found.left_out, *left_out))
    if not found.files:
        return None
    return replace(found, files=tuple(sorted(found.files, key=lambda file: file.path)))


def environment(tree: Tree | None, *, airflow: str) -> dict[str, str]:
    """Returns the variables by which Airflow finds the files, sorted.

    Args:
        tree: What was read.
        airflow: The version of Airflow.

    """
    paths = {file.path for file in tree.files} if tree is not None else set()
    variables = {}
    if any(path.startswith("plugins/") for path in paths):
        variables["AIRFLOW__CORE__PLUGINS_FOLDER"] = f"{HOME}/plugins"
    if "config/airflow.cfg" in paths:
        variables["AIRFLOW_CONFIG"] = f"{HOME}/config/airflow.cfg"
    if "config/webserver_config.py" in paths:
        section = "WEBSERVER" if airflow.startswith("2.") else "FAB"
        variables[f"AIRFLOW__{section}__CONFIG_FILE"] = f"{HOME}/config/webserver_config.py"
    return dict(sorted(variables.items()))


def _checked(project: Path, name: str, path: Path) -> Path:
    if boundary.leads_out(project, path):
        raise UsageError(
            f"The setting {name} names {path}, which lies outside the project.", f"Name a directory in {project}."
        )
    root = Path(os.path.abspath(project / path))  # noqa: PTH100 - links keep their names
    if not root.is_dir():
        what = "is no directory" if root.exists() else "does not exist"
        raise UsageError(f"The setting {name} names {path}, which {what}.", "Mend the name, or take the setting out.")
    return root
