"""The project a task works on: its directory, its settings, and where output goes."""

from dataclasses import dataclass
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

    @property
    def workspace(self) -> Workspace:
        """Its `.dagship/`."""
        return Workspace(self.root)

    def path(self, relative: Path) -> Path:
        """Returns a path of the settings as an absolute one."""
        return self.root / relative
