"""Locks requirements: exact versions and hashes, resolved over the base image's packages, none of which ever moves.

A lock is only resolved (`resolution`) when the files alone cannot tell that it is current (`freshness`): a build asks
each time.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dagship.errors import Refused, UsageError
from dagship.lock import freshness, requirements
from dagship.lock.pins import Lock, digest, is_of_another_tool, is_unmerged, looks_locked, parse_lock
from dagship.lock.requirements import Source
from dagship.model.artifacts import BaseImage, LockFile
from dagship.resources import resource
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.workspace import Workspace


def lock(
    settings: Settings,
    workspace: Workspace,
    console: Console,
    base: BaseImage,
    *,
    check: bool = False,
    upgrade: bool = False,
    upgrade_packages: tuple[str, ...] = (),
    source: Path,
    target: Path,
) -> LockFile:
    """Locks `source` into `target`, which is written whole or not at all; what is locked already stays where it can.

    Args:
        settings: Index, builder, packages that may be built from source.
        workspace: The project.
        console: Shows the steps.
        base: The base image.
        check: Whether to change nothing, and refuse when the lock is stale.
        upgrade: Whether every package may move.
        upgrade_packages: Packages that may move.
        source: Requirements of the user, one in a line.
        target: The lock.

    Raises:
        UsageError: A file cannot be read, or a line is not a requirement.
        Refused: There is no solution, or with `check`, the lock is stale.
        OutsideError: The engine or the index failed.

    """
    wanted, shown = _source(workspace, source), _shown(workspace, target)
    _check(wanted, base)
    old = _source(workspace, target).text if target.exists() else ""
    locked = _old(old, shown)
    movable = _movable(locked, shown, upgrade, upgrade_packages)
    as_wanted = freshness.stamp(wanted, base, locked.pins)
    if not movable and locked.stamp is not None and locked.stamp.covers(as_wanted):
        return freshness.lock_file(shown, locked, base)
    if check and old and is_of_another_tool(old):  # what a build takes is no stale lock
        freshness.check_source(locked, shown, wanted, base)
        freshness.check_base(locked, shown, base, has_source=True)
        return freshness.lock_file(shown, locked, base)
    kept = {pin.name: pin.version for pin in freshness.applying(locked, base) if pin.name not in movable}
    new = _resolve(settings, console, base, wanted, kept)
    found = parse_lock(new, shown)
    if locked.stamp is not None and locked.stamp.differs_in_platform(as_wanted) and found.pins == locked.pins:
        # The same on this platform as on those before: all of them are noted, so that no machine makes it stale.
        both = replace(as_wanted, platforms=tuple(sorted({*locked.stamp.platforms, base.platform})))
        new = old if check else old.replace(str(locked.stamp), str(both))
    if new == old:
        return freshness.lock_file(shown, found, base)
    if not check:
        workspace.write_text(target, new)
        for change in freshness.changes(locked, found):
            console.say(f"  {change}")
    else:
        raise Refused(
            f"{shown} is stale.", "Run lock, and commit what it writes.", freshness.difference(old, new, shown)
        )
    return freshness.lock_file(shown, found, base).model_copy(update={"written": True})


def for_build(settings: Settings, workspace: Workspace, console: Console, base: BaseImage, path: Path) -> LockFile:
    """Returns the lock for a build: `path` itself if it is one and fits, else what it is locked into.

    Args:
        settings: Index, builder, packages that may be built from source.
        workspace: The project; keeps locks by content.
        console: Shows the steps.
        base: The base image.
        path: A lock, a `.in` or a plain requirements file.

    Raises:
        UsageError: A file cannot be read, or a line is not a requirement.
        Refused: The lock is stale or does not fit the base, or there is no solution.
        OutsideError: The engine or the index failed.

    """
    source = _source(workspace, path)
    if looks_locked(source.text):
        locked = _verified(workspace, console, base, path, source)
    else:
        locked = _made(settings, workspace, console, base, path, source)
    return freshness.lock_file(source.where, locked, base, settings.platform)


def _verified(workspace: Workspace, console: Console, base: BaseImage, path: Path, file: Source) -> Lock:
    """A lock as it is, once it fits the requirements beside it and the base."""
    locked = parse_lock(file.text, file.where)
    beside = path.with_suffix(".in")
    if beside.exists():
        freshness.check_source(locked, file.where, _source(workspace, beside), base)
    warning = freshness.check_base(locked, file.where, base, has_source=beside.exists())
    if warning:
        console.warn(warning)
    return locked


def _made(  # noqa: PLR0917 - as `for_build`
    settings: Settings, workspace: Workspace, console: Console, base: BaseImage, path: Path, source: Source
) -> Lock:
    """The lock of requirements: the one beside them or of an earlier build, else a new one."""
    _check(source, base)
    # A lock beside a .in is what was committed; it counts as long as it is current.
    beside = [path.with_suffix(".txt")] if path.suffix == ".in" else []
    cached = workspace.cache("locks") / f"{_cache_key(settings, source, base)}.txt"
    for known in (*beside, cached):
        found = _current(known, source, base)
        if found is not None:
            return found
    new = _resolve(settings, console, base, source, {})
    workspace.write_text(cached, new)
    return parse_lock(new, source.where)


def _resolve(settings: Settings, console: Console, base: BaseImage, source: Source, kept: dict[str, str]) -> str:
    from dagship.lock import resolution

    return resolution.resolve(settings, console, base, source, kept)


def _check(source: Source, base: BaseImage) -> None:
    there = freshness.environment(base.python_version, base.platform)
    requirements.check(source.lines, base.packages, there, source.where)


def _source(workspace: Workspace, path: Path) -> Source:
    shown = _shown(workspace, path)
    _check_link(workspace.root, path, shown)
    return Source(where=shown, text=_read(path, shown))


def _check_link(root: Path, path: Path, shown: str) -> None:
    """Refuses a link of the project that leads out of it: an error shows a part of a line, and it may be anybody's."""
    written = Path(os.path.normpath(path.absolute()))
    if written.is_relative_to(root.absolute()) and not path.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"A link leads {shown} out of the project.", "Put there what it leads to.")


def _shown(workspace: Workspace, path: Path) -> str:
    """A file as people and locks name it: relative to the project where it lies in it."""
    absolute, root = path.absolute(), workspace.root.absolute()
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else str(path)


def _read(path: Path, shown: str) -> str:
    try:
        return requirements.read(path, shown)
    except FileNotFoundError as missing:
        beside = path.with_suffix(".in")
        advice = "Name another with --requirements."
        if path.suffix == ".txt" and beside.exists():
            advice = f"Run lock to make it from {beside.name}."
        elif path.suffix == ".in":
            advice = "Write what the DAGs need into it, one in each line, or name another lock with --requirements."
        raise UsageError(f"There is no file {shown}.", advice) from missing
    except OSError as failed:
        raise UsageError(f"{shown} cannot be read: {failed.strerror}.") from failed


def _old(text: str, shown: str) -> Lock:
    try:
        return parse_lock(text, shown)
    except UsageError as wrong:
        raise UsageError(
            f"{shown} is there and is not a lock; it would be overwritten.",
            wrong.hint if is_unmerged(text) else "Move it away, then run lock.",
            wrong.message,
        ) from wrong


def _movable(locked: Lock, shown: str, upgrade: bool, upgrade_packages: Sequence[str]) -> set[str]:
    """The packages that need not stay as they are locked."""
    names = {pin.name for pin in locked.pins}
    asked: set[str] = {requirements.canonical(name) for name in upgrade_packages}
    for name in sorted(asked - names):
        advice = "Name a package that is locked there." if names else "Nothing is: run lock without --upgrade-package."
        raise UsageError(f"There is no {name!r} in {shown} to upgrade.", advice)
    return names if upgrade else asked


def _current(path: Path, source: Source, base: BaseImage) -> Lock | None:
    """The lock at `path` if it was made of exactly these requirements over exactly this base."""
    try:
        found = parse_lock(requirements.read(path, str(path)), str(path))
    except (OSError, UsageError):
        return None
    return found if found.stamp is not None and found.stamp.covers(freshness.stamp(source, base, found.pins)) else None


def _cache_key(settings: Settings, source: Source, base: BaseImage) -> str:
    tools = resource("inside/tools/tools.txt").read_text("utf-8")
    return digest([str(freshness.stamp(source, base, ())), *sorted(settings.source_packages), tools])
