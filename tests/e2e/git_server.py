"""A git server on this machine, and a repository in it to commit to."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# A repository of the tests is nobody's: no name, no hooks, no settings of who runs them.
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@localhost",
    "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@localhost",
}  # fmt: skip


class GitServer:
    """A `git daemon`.

    Args:
        directory: Where repositories lie; `dags.git` is made there.
        address: To listen on; the pods reach it there.

    """

    def __init__(self, directory: Path, address: str) -> None:
        self._bare = directory / "dags.git"
        self._work = directory / "work"
        self._directory = directory
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None
        with socket.create_server((address, 0)) as free:
            self._port = free.getsockname()[1]
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self._bare), at=directory)
        self._git("clone", "--quiet", str(self._bare), str(self._work), at=directory)
        self._git("checkout", "--quiet", "-b", "main")

    @property
    def url(self) -> str:
        return f"git://{self._address}:{self._port}/dags.git"

    def delivers(self, mode: str, interval: int) -> dict[str, Any]:
        """Values of the chart's `dags` that follow this repository's branch, with a look every interval, seconds."""
        return {
            "mode": mode,
            "git": {"url": self.url, "branch": "main", "subdirectory": "dags", "interval": interval},
        }

    def _git(self, *arguments: str, at: Path | None = None) -> str:
        finished = subprocess.run(
            ["git", *arguments], cwd=at or self._work, env=os.environ | _ENVIRONMENT, capture_output=True, text=True
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    def commit(self, **files: str) -> str:
        """Commits Python files of the directory `dags`, and returns the commit; nothing is pushed."""
        for name, text in files.items():
            path = self._work / "dags" / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message=dags")
        return self._git("rev-parse", "HEAD")

    def push(self, *, force: bool = False) -> None:
        """Pushes the branch."""
        self._git("push", "--quiet", *(["--force"] if force else []), "origin", "main")

    def back(self, commits: int = 1) -> None:
        """Takes the last commits away, here."""
        self._git("reset", "--quiet", "--hard", f"HEAD~{commits}")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                "git", "daemon", "--export-all", "--reuseaddr", f"--listen={self._address}", f"--port={self._port}",
                f"--base-path={self._directory}", str(self._directory),
            ],
            env=os.environ | _ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # the programs that serve a connection go with it
        )  # fmt: skip

    def stop(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, 15)
            self._process.wait()
            self._process = None


@contextmanager
def serving(directory: Path, address: str, **files: str) -> Iterator[GitServer]:
    """A server whose repository has one commit, of these files; it ends with the block."""
    server = GitServer(directory, address)
    server.commit(**files)
    server.push()
    server.start()
    try:
        yield server
    finally:
        server.stop()
