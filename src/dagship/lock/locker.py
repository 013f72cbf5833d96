"""Locks requirements: exact versions and hashes, resolved over the base image's packages.

A lock is only resolved (`resolution`) when the files alone cannot tell that it is current (`freshness`): a build asks
each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dagship.errors import Refused, UsageError
from dagship.lock import freshness, given, moves, over_base, requirements, sources
from dagship.lock.own import read as own
from dagship.lock.pins import (
    Lock,
    digest,
    is_of_another_tool,
    is_unmerged,
    looks_locked,
    parse_lock,
)
from dagship.lock.requirements import Source
from dagship.model.artifacts import BaseImage, LockFile
from dagship.model.own_packages import digest_of
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
    archives: own.Archives = own.none,
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
        archives: Reads packages of the project.

    Raises:
        UsageError: A file cannot be read, or a line is not a requirement.
        Refused: There is no solution, or with `check`, the lock is stale.
        OutsideError: The engine or the index failed.

    """
    wanted, shown = given.source(settings, workspace, source, base, archives), given.shown(workspace, target)
    _check(wanted, base)
    old = given.text(workspace, target) if target.exists() else ""
    locked = _old(old, shown)
    movable = _movable(locked, shown, upgrade, upgrade_packages)
    as_wanted = freshness.stamp(wanted, base, locked.pins)
    if not movable and _is_current(locked, wanted, settings, base):
        return _file(shown, locked, base, wanted)
    if check and old and is_of_another_tool(old):  # what a build takes is no stale lock
        freshness.check_source(locked, shown, wanted, base)
        freshness.check_base(locked, shown, base, has_source=True, never_move=settings.never_move)
        return _file(shown, locked, base, wanted)
    kept = {pin.name: pin.version for pin in freshness.applying(locked, base)}
    preferred = {} if upgrade else wanted.preferences  # those of a lock that is the source are the newer ones
    kept = {name: version for name, version in {**kept, **preferred}.items() if name not in movable}
    new = _resolve(settings, console, base, wanted, kept, shown)
    found = parse_lock(new, shown)
    if locked.stamp is not None and locked.stamp.differs_in_platform(as_wanted) and found.pins == locked.pins:
        # The same on this platform as on those before: all of them are noted, so that no machine makes it stale.
        both = replace(as_wanted, platforms=tuple(sorted({*locked.stamp.platforms, base.platform})))
        new = old if check else old.replace(str(locked.stamp), str(both))
    if new == old:
        return _file(shown, found, base, wanted)
    if not check:
        workspace.write_text(target, new)
        for change in freshness.changes(locked, found):
            console.say(f"  {change}")
    else:
        raise Refused(
            f"{shown} is stale.", "Run lock, and commit what it writes.", freshness.difference(old, new, shown)
        )
    return _file(shown, found, base, wanted).model_copy(update={"written": True})


def for_build(  # noqa: PLR0917 - as `lock`
    settings: Settings,
    workspace: Workspace,
    console: Console,
    base: BaseImage,
    path: Path,
    archives: own.Archives = own.none,
) -> LockFile:
    """Returns the lock for a build: `path` itself if it is one and fits, else what it is locked into.

    Args:
        settings: Index, builder, packages that may be built from source.
        workspace: The project; keeps locks by content.
        console: Shows the steps.
        base: The base image.
        path: A lock, a `.in` or a plain requirements file.
        archives: Reads packages of the project.

    Raises:
        UsageError: A file cannot be read, or a line is not a requirement.
        Refused: The lock is stale or does not fit the base, or there is no solution.
        OutsideError: The engine or the index failed.

    """
    of, target = given.source_and_lock(path)
    committed = of == path and path.suffix != ".in" and target.exists()
    if committed or (path.suffix not in sources.OF_TOOLS and looks_locked(given.text(workspace, path))):
        there = target if committed else path
        source = given.source(settings, workspace, of, base, archives) if of != there and of.exists() else None
        locked = _verified(settings, workspace, console, base, there, source)
        if source is None:
            freshness.check_own(
                locked, given.shown(workspace, there), {one.path: digest_of(archives(one.path)) for one in locked.own}
            )
    else:
        source = given.source(settings, workspace, path, base, archives)
        locked = _made(settings, workspace, console, base, path, source)
    return _file(given.shown(workspace, path), locked, base, source, settings.platform)


def _file(shown: str, locked: Lock, base: BaseImage, source: Source | None, platforms: Sequence[str] = ()) -> LockFile:
    """What is to be installed, and what of the base moves."""
    moving = moves.of_lock(locked, base, moves.asked(source, base) if source else {}, shown)
    return freshness.lock_file(shown, locked, base, platforms).model_copy(update={"moved": moving})


def _verified(  # noqa: PLR0917 - as `for_build`
    settings: Settings, workspace: Workspace, console: Console, base: BaseImage, path: Path, source: Source | None
) -> Lock:
    """A lock as it is, once it fits the requirements that it is of and the base."""
    shown = given.shown(workspace, path)
    locked = parse_lock(given.text(workspace, path), shown)
    if source is not None:
        freshness.check_source(locked, shown, source, base)
    has_source = source is not None
    warning = freshness.check_base(locked, shown, base, has_source=has_source, never_move=settings.never_move)
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
        found = _current(known, source, settings, base)
        if found is not None:
            return found
    new = _resolve(settings, console, base, source, source.preferences, "")
    workspace.write_text(cached, new)
    return parse_lock(new, source.where)


def _resolve(  # noqa: PLR0917 - all of `resolve`
    settings: Settings, console: Console, base: BaseImage, source: Source, kept: Mapping[str, str], target: str
) -> str:
    from dagship.lock import resolution

    return resolution.resolve(settings, console, base, source, kept, target=target)


def _check(source: Source, base: BaseImage) -> None:
    there = freshness.environment(base.python_version, base.platform)
    over_base.check(source.lines, base.packages, there, source.where)


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


def _current(path: Path, source: Source, settings: Settings, base: BaseImage) -> Lock | None:
    """The lock at `path` if it was made of exactly these requirements over exactly this base."""
    try:
        found = parse_lock(requirements.read(path, str(path)), str(path))
    except (OSError, UsageError):
        return None
    return found if _is_current(found, source, settings, base) else None


def _is_current(locked: Lock, source: Source, settings: Settings, base: BaseImage) -> bool:
    """Whether a lock says that it was made of the same, and moves nothing that must stay."""
    if locked.stamp is None or not locked.stamp.covers(freshness.stamp(source, base, locked.pins)):
        return False
    if {one.path: one.digest for one in locked.own} != {one.path: one.digest for one in source.own}:
        return False
    holding = freshness.applying(locked, base)
    return not freshness.must_stay(holding, locked, base, never_move=settings.never_move)


def _cache_key(settings: Settings, source: Source, base: BaseImage) -> str:
    tools = resource("inside/tools/tools.txt").read_text("utf-8")
    return digest([str(freshness.stamp(source, base, ())), *sorted(settings.source_packages), tools])
