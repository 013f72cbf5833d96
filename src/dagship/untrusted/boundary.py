"""Keeps paths inside the project: its files may be those of somebody nobody trusts yet.

Such a file, or a link, must not bring what else is on the machine into an image, a container or a log.
"""

import os
from itertools import chain
from pathlib import Path

from dagship.errors import UsageError


def leads_out(root: Path, path: Path) -> bool:
    """Whether a path, relative to the project or absolute, is outside of it once its links are followed."""
    try:
        return not (root / path).resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):  # a circle of links, or no path at all
        return True


def refuse_links(directory: Path) -> None:
    """Refuses a link where tasks keep things: the directory itself, which need not be there, or anything in it.

    Raises:
        UsageError: There is one.

    """
    below = (Path(at, name) for at, *names in os.walk(directory) for name in chain(*names))
    for path in chain([directory], below):
        if path.is_symlink():
            raise UsageError(
                f"{path} is a link: what tasks keep there would be read from another place, and written to it.",
                "Delete it, and see whether it came with a commit; what belongs there is made again.",
            )


def check_link(root: Path, path: Path) -> None:
    """Refuses a path that is written as one in the project, and that a link leads out of it.

    Raises:
        UsageError: It is.

    """
    written = Path(os.path.normpath(root / path))  # no link is followed
    if leads_out(root, path) and written.is_relative_to(os.path.normpath(root)):
        raise UsageError(
            f"A link leads {path} out of the project.",
            "Put there what it leads to; or, where that is yours, name it as it is by a flag or in the environment.",
        )
