"""Real git repositories to follow, and a sync of them whose check and database are plain functions."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from dagship.inside.versions.runs import Runs
from dagship.inside.versions.settings import Settings
from dagship.inside.versions.state import Finding, Verdict
from dagship.inside.versions.syncer import Sync

IDENTITY = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Repository:
    """A work tree, and the bare repository that it is pushed to: what is followed."""

    def __init__(self, place: Path) -> None:
        self.work, self.bare = place / "work", place / "remote.git"
        self.url = f"file://{self.bare}"
        self.git("init", "-q", "--bare", "-b", "main", str(self.bare), at=place)
        self.git("clone", "-q", str(self.bare), str(self.work), at=place)
        self.git("checkout", "-q", "-b", "main")

    def git(self, *argv: str, at: Path | None = None) -> str:
        environment = {**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": "/dev/null"}
        ran = subprocess.run(
            ["git", *argv], cwd=at or self.work, env=environment, check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    def commit(self, **files: str | None) -> str:
        """Commits and pushes files; `__` stands for a slash, `_py` for the ending; None removes one."""
        for name, content in files.items():
            path = self.work / (name.replace("__", "/").replace("_py", ".py"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink() if content is None else path.write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        self.git("push", "-q", "--force", "origin", "HEAD")
        return self.git("rev-parse", "HEAD")

    def vanish(self) -> None:
        self.bare.rename(self.bare.with_name("gone.git"))

    def come_back(self) -> None:
        self.bare.with_name("gone.git").rename(self.bare)


class Place:
    """A volume, with a sync of a repository."""

    def __init__(self, directory: Path, repository: Repository) -> None:
        self.root = directory / "versions"
        self.root.mkdir()
        self.scratch = directory / "scratch"
        self.settings = Settings(url=repository.url, root=str(self.root), credentials=str(directory / "secret"))
        self.checked: list[str] = []
        self.runs = Runs(0, frozenset())
        self.ask = lambda: self.runs

    def check(self, directory: str) -> Verdict:
        """Refuses a version with a file that says `broken`."""
        self.checked.append(Path(directory).name)
        for path in sorted(Path(directory).rglob("*.py")):
            if "broken" in path.read_text():
                error = "ModuleNotFoundError: No module named 'x'"
                return Verdict(passed=False, reason=f"{path.name}: {error}", findings=(Finding(path.name, error),))
        return Verdict(passed=True)

    def sync(self, **changes: object) -> Sync:
        """A sync as it starts; one that was there is gone."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        sync = Sync(settings, scratch=str(self.scratch), check=self.check, ask=self._ask)
        sync.begin()
        return sync

    def _ask(self) -> Runs:
        return self.ask()

    @property
    def current(self) -> str:
        return (self.root / "CURRENT").read_text().strip()

    @property
    def versions(self) -> set[str]:
        return {
            path.name for path in self.root.iterdir() if path.is_dir() and path.name[0] != "." and not path.is_symlink()
        }
