"""Writes the exact versions of an image beside its lock, for programs outside: `lock --export`."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from dagship.errors import UsageError
from dagship.lock import freshness, given, moves
from dagship.lock.export import constraints, exported, pylock
from dagship.lock.own import read as own
from dagship.lock.pins import parse_lock
from dagship.model.artifacts import BaseImage
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.workspace import Workspace


def export(  # noqa: PLR0917 - as `for_build` of the locker
    settings: Settings, workspace: Workspace, console: Console, base: BaseImage, path: Path, kind: str,
    archives: own.Archives = own.none,
) -> str:  # fmt: skip
    """Writes the exact versions of an image beside its lock, and returns how the file is shown.

    Raises:
        UsageError: There is no such kind, or a file in its place that was not exported.
        OutsideError: The engine or the index failed.

    """
    source, target = given.source_and_lock(path)
    of_lock = exported.is_of_lock(kind)
    pins = (
        freshness.applying(parse_lock(given.text(workspace, target), given.shown(workspace, target)), base)
        if of_lock
        else ()
    )
    moving: Mapping[str, str] = {}
    with suppress(UsageError):  # the source may name what is written here
        moving = (
            {} if settings.never_move else moves.asked(given.source(settings, workspace, source, base, archives), base)
        )
    staying = {name: version for name, version in base.packages.items() if name not in moving}
    versions = {**staying, **{pin.name: pin.version for pin in pins}}
    written = exported.beside(target, kind)
    if written.exists():
        exported.check_own(given.text(workspace, written), given.shown(workspace, written))
    if kind == "pylock":
        files = _files_of(settings, console, base, versions)
        text, lacking = pylock.compose(files, versions, {pin.name: pin.hashes for pin in pins}, base)
        if lacking:
            console.warn(f"The export leaves out what the image has and the index does not: {', '.join(lacking)}.")
    else:
        text = constraints.constraints(kind, versions, base.reference)
    workspace.write_text(written, text)
    return given.shown(workspace, written)


def _files_of(settings: Settings, console: Console, base: BaseImage, versions: Mapping[str, str]) -> tuple[str, ...]:
    from dagship.lock import resolution

    return resolution.files_of(settings, console, base, versions)
