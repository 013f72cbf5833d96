"""Makes the directory of a commit, from the store on the same volume."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from typing import Optional

from . import layout, state, store
from .git.repository import Failed, Git, NoSuchTree
from .settings import Settings
from .state import Verdict

STORE = ".git-store"
LOCK = ".lock"


def is_there(settings: Settings, commit: str) -> bool:
    """Whether the volume has the directory of a commit, made from what is asked for."""
    there = os.path.isdir(os.path.join(settings.root, commit))
    return there and state.read(settings.root, commit).made_of == settings.made_of


def fill(
    git: Git, settings: Settings, commit: str, *, judge: Optional[Callable[[str], Verdict]] = None
) -> Optional[Verdict]:
    """Makes the directory of a commit that the store has; under the lock.

    Args:
        git: The store.
        settings: What is made of it.
        commit: Its whole name.
        judge: Says whether it may be made, where one of that name is there and served.

    Returns:
        What `judge` said; where that is no, what was there stays.

    Raises:
        NoSuchTree: The commit has no such directory, or a link in it leads out of it.
        NoRoom: The volume cannot take it.
        Failed: It could not be written.

    """
    partial = store.begin(settings.root, commit)
    try:
        for name, path in settings.parts.items():
            git.check_out(commit, path, os.path.join(partial, name))
            _check_links(
                os.path.join(partial, name), f"the directory {path}" if name != layout.DAGS else "the DAG directory"
            )
        link = layout.link(settings.subdirectory)
        if link:
            os.symlink(layout.DAGS, os.path.join(partial, link))
        verdict = judge(partial) if judge else None
        if verdict is not None and not verdict.passed:
            store.remove(partial)
            return verdict
        # Before it has its name: a record of what is not there does no harm, and the other way round would.
        state.remember(settings.root, commit, made_of=settings.made_of, verdict=None)
        store.finish(settings.root, commit)
    except BaseException:
        store.remove(partial)
        raise
    return verdict


def _check_links(directory: str, what: str) -> None:
    link = store.leads_outside(directory)
    if link:
        raise NoSuchTree(f"The link {link!r} in it leads outside {what}.")


def obtain(settings: Settings, commit: str, *, limit: float) -> None:
    """Fetches a commit that a run is pinned to and makes its directory; what is current stays.

    Args:
        settings: The repository and the volume.
        commit: Its whole name.
        limit: Seconds that all of it may take.

    Raises:
        Failed: It could not be had.
        NoSuchTree: It has no such directory.
        NoRoom: The volume cannot take it.
        store.Busy: Others kept the volume locked.
        OSError: The volume cannot be written.

    """
    until = time.monotonic() + limit
    scratch = tempfile.mkdtemp(prefix="dagship-git-")
    try:
        with store.lock(settings.root, LOCK, until=until) as handle:
            if not is_there(settings, commit):
                git = Git(settings, os.path.join(settings.root, STORE), scratch, handle, until)
                git.fetch_commit(commit)
                fill(git, settings, commit)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


__all__ = ["LOCK", "STORE", "Failed", "NoSuchTree", "fill", "is_there", "obtain"]
