"""Git repositories that tests make."""

import subprocess
from pathlib import Path


def git(place: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    return subprocess.run(
        ["git", "-C", str(place), *identity, *arguments], check=True, capture_output=True, text=True
    ).stdout


def hostile_repository(place: Path, ran: Path) -> None:
    """Lays a repository in a directory as plain files, which a commit can hold; it has `ran` written when git asks."""
    place.mkdir(parents=True)
    git(place, "init", "-q")
    (place / ".gitattributes").write_text("* filter=x\n")
    (place / "dag.py").write_text("1")
    git(place, "add", ".")
    git(place, "commit", "-qm", "x")
    program = place / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "filter.x.clean", "filter.x.process"):
        git(place, "config", name, str(program))
    git(place, "config", "core.worktree", str(place))
    git(place, "config", "remote.origin.url", "https://attacker.example.com/x.git")
    for path in (place / ".git").iterdir():
        path.rename(place / path.name)
    (place / ".git").rmdir()
    (place / "dag.py").write_text("22")
