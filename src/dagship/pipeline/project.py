"""The project a task works on: its directory, its settings, and where output goes."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dagship.model.access import Access
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.workspace import NAME, Workspace


@dataclass(frozen=True, kw_only=True)
class Project:
    """The project that a task works on.

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
        """Its `.dagship/`; where that may have come with a commit, another in its place, and who asks first is told."""
        return Workspace(self.root, name=_untracked(self.root, self.console))

    @cached_property
    def access(self) -> Access | None:
        """Where Airflow's API is, and the token for it; None where there is none. Who asks first is told of risks."""
        url, token = self.settings.airflow_url, self.settings.airflow_token
        if token is None:
            return None
        access = Access(url=url, token=token)
        if access.exposure:
            self.console.warn(access.exposure)
        return access

    def path(self, relative: Path) -> Path:
        """Returns a path of the settings as an absolute one."""
        return self.root / relative


def _untracked(root: Path, console: Console) -> str:
    """A name that no commit can have filled: what tasks leave there says what is tested, and what an image is made of.

    Nothing that a commit holds is taken, changed since or not: by its attributes it decides what git takes for changed.
    """
    from dagship.image.tree import checkout

    name = NAME
    while checkout.holds(root / name):
        name += "-untracked"
    if name != NAME:
        console.warn(
            f"Git tracks {root / NAME}: whoever commits there could say which base, which packages and which image "
            f"are taken, and that it was tested. So nothing of it is used, and {name} takes its place. Run git rm -r "
            f"--cached {NAME}, and name a base that all shall have with the setting base."
        )
    return name
