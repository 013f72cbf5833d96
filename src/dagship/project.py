"""The project a task works on: its directory, its settings, and where output goes."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dagship.console import Console
from dagship.settings import Settings
from dagship.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Project:
    """What every task works with.

    Attributes:
        root: The project's directory; relative paths in settings start here.
        settings: Its settings.
        console: Where output goes.

    """

    root: Path
    settings: Settings
    console: Console

    @cached_property
    def workspace(self) -> Workspace:
        """Its `.dagship/`; who asks for it first is told where that came with a commit."""
        workspace = Workspace(self.root)
        _warn_if_tracked(workspace.directory, self.console)
        return workspace

    def path(self, relative: Path) -> Path:
        """Returns a path of the settings as an absolute one."""
        return self.root / relative


def _warn_if_tracked(directory: Path, console: Console) -> None:
    from dagship.image import checkout

    around = checkout.around(directory.parent) if os.path.lexists(directory) else None
    if around is not None and around.tracks(directory):
        console.warn(
            f"Git tracks {directory}: what a commit holds there passes for what a task made here, the base, its "
            f"operating system and locks among it. Run git rm -r --cached {directory.name}, and name a base that all "
            "shall have with the setting base."
        )
