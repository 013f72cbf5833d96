"""The git checkout around a directory, asked so that nothing which lies in the directory is run.

Git looks for a repository by itself: in each directory upwards, `.git` or not. A repository may lie in a commit as
plain files (`HEAD`, `objects`, `refs`, `config`), and its `config` names programs that git then runs. So a `.git` is
looked for here, which no commit can hold, git is told to take that one and no other, and of the programs that it names
none is run.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dagship import process
from dagship.errors import OutsideError
from dagship.untrusted import files

# What a repository can have run, switched off; no hook, no fsmonitor, no remote that is asked for what is not here.
_QUIET = {
    "safe.bareRepository": "explicit",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
}
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_LITERAL_PATHSPECS": "0",
}
# `.git` as a file is one line.
_MOST_OF_A_LINK = 10_000


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A checkout.

    Attributes:
        top: Its uppermost directory.
        git_directory: Where git keeps its history.

    """

    top: Path
    git_directory: Path

    def commit(self) -> str:
        """Returns the commit that is checked out; empty where there is none."""
        return self._ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}") or ""

    def remote(self) -> str:
        """Returns the address of its origin as git knows it, credentials included; empty where it has none."""
        return self._ask("config", "--get", "remote.origin.url") or ""

    def changed(self) -> bool | None:
        """Whether files that git tracks differ from the commit; None where git cannot say.

        Filters tell what a file would be in a commit. Those that the repository itself defines are not run: the
        machine's own (git-lfs writes itself there) are.
        """
        listed = self._ask("config", "--null", "--show-scope", "--list")
        if listed is None:
            return None
        asked = ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty")
        said = self._ask(*asked, settings=_filters(listed))
        if said is None or said:
            return None if said is None else True
        # Not left to git, which would go by what each of them can have run.
        below = (place for place in submodules(self.top) if place != self.top and place.is_relative_to(self.top))
        inner = (around(place) for place in below if os.path.lexists(place / ".git"))
        return next((changed for one in inner if one is not None and (changed := one.changed()) is not False), False)

    def _ask(self, *arguments: str, settings: Mapping[str, str] | None = None) -> str | None:
        return _git(self.top, *_named(self.git_directory, self.top), *arguments, settings=settings)


def around(directory: Path) -> Checkout | None:
    """Finds the checkout that a directory lies in; None when there is none, or git does not trust it.

    Git trusts what belongs to who runs it, and what `safe.directory` names; named by its path it would trust any.
    """
    top = top_of(directory)
    if top is None:
        return None
    found = _git_directory(top)
    trusted = _git(top, "rev-parse", "--absolute-git-dir") if found else None
    if found is None or trusted is None or Path(trusted).resolve() != found:
        return None
    return Checkout(top=top, git_directory=found)


def holds(path: Path) -> bool:
    """Whether a commit may hold a path or anything below it, written small or not: not all disks tell.

    Asked of any checkout, trusted or not: in a CI's container it often belongs to another user, and a list of names
    runs nothing.
    """
    top = top_of(path.parent)
    found = _git_directory(top) if top is not None else None
    if top is None or found is None:
        return False
    wanted = os.path.relpath(path.parent.resolve() / path.name, top)
    return bool(_git(top, *_named(found, top), "ls-files", "--", f":(icase,literal){wanted}"))


def submodules(directory: Path) -> frozenset[Path]:
    """Returns the real paths of the submodules that a directory's `.gitmodules` names, fetched or not."""
    try:
        text = files.read(directory / ".gitmodules").decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return frozenset()
    import configparser

    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    try:
        parser.read_string(text)
    except (ValueError, configparser.Error):
        return frozenset()
    named = (parser.get(section, "path", fallback="") or "" for section in parser.sections())
    return frozenset((directory / path.strip('"')).resolve() for path in named if path)


def top_of(directory: Path) -> Path | None:
    """Returns the directory above, or this one, in which `.git` lies; git is not asked."""
    start = directory.resolve()
    return next((above for above in (start, *start.parents) if os.path.lexists(above / ".git")), None)


def _git_directory(top: Path) -> Path | None:
    """The directory of `.git`: itself or, in worktrees and submodules, the one that the file names."""
    at = top / ".git"
    if at.is_dir():
        return at.resolve()
    try:
        word, _, path = files.read(at, limit=_MOST_OF_A_LINK).decode("utf-8", "surrogateescape").partition(": ")
    except OSError:
        return None
    return (top / path.rstrip("\n")).resolve() if word == "gitdir" else None


def _named(git_directory: Path, top: Path) -> tuple[str, str]:
    return f"--git-dir={git_directory}", f"--work-tree={top}"


def _filters(listed: str) -> dict[str, str]:
    """Returns the settings that put the machine's own filters, or none, in the place of the repository's.

    Args:
        listed: Scope, and name and value with a line's end between, each with a NUL behind it.

    """
    own: dict[str, str] = {}
    replaced: set[str] = set()
    fields = listed.split("\0")
    for scope, entry in zip(fields[::2], fields[1::2], strict=False):
        name, _, value = entry.partition("\n")
        if not name.startswith("filter.") or not name.endswith((".clean", ".process", ".required")):
            continue
        if scope in {"local", "worktree"}:
            replaced.add(name)
        else:
            own[name] = value
    return {name: own.get(name, "false" if name.endswith(".required") else "") for name in sorted(replaced)}


def _git(top: Path, *arguments: str, settings: Mapping[str, str] | None = None) -> str | None:
    """Returns what git says; None when it fails, or is not on this machine."""
    # Settings travel in the environment, behind the caller's: a name may hold any character there.
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    count = int(given) if given.isdecimal() else 0
    environment = dict(_ENVIRONMENT)
    for name, value in {**_QUIET, **(settings or {})}.items():
        environment |= {f"GIT_CONFIG_KEY_{count}": name, f"GIT_CONFIG_VALUE_{count}": value}
        count += 1
    try:
        finished = process.run(
            ["git", "-C", str(top), *arguments],
            env=environment | {"GIT_CONFIG_COUNT": str(count), "GIT_CEILING_DIRECTORIES": str(top.parent)},
        )
    except OutsideError:
        return None
    return finished.stdout.rstrip("\n") if finished.code == 0 else None
