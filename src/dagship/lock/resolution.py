"""Resolves requirements over a base image: a build step beside the image's own Python, whose result is a file.

The step (`inside/resolve/main.py`) always ends well and says in its result what went wrong.
"""

import json
import logging
import re
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dagship.dockerfile import Recipe, compilers, render
from dagship.engine import builds
from dagship.errors import OutsideError
from dagship.index import build_secrets
from dagship.lock import conflict, moves, over_base
from dagship.lock.failure import Failure
from dagship.lock.freshness import environment, moved, stamp
from dagship.lock.over_base import bounding, not_kept, notes
from dagship.lock.own import needs
from dagship.lock.own.lines import Own
from dagship.lock.pins import PATH, compose, parse_lock, with_hashes, with_places
from dagship.lock.requirements import Line, Source
from dagship.model.artifacts import BaseImage
from dagship.model.own_packages import not_built
from dagship.resources import copy_programs
from dagship.settings import Settings
from dagship.terminal.console import Console, Step
from dagship.untrusted import files

log = logging.getLogger(__name__)

# A lock of thousands of packages, each with its hashes, has a few megabytes.
_MOST = 64 * 1024 * 1024

_ANY = "requirements.in"


def resolve(
    settings: Settings, console: Console, base: BaseImage, source: Source, kept: Mapping[str, str], *, target: str = ""
) -> str:
    """Returns the text of the lock for some requirements.

    Args:
        settings: Index, builder, packages that may be built from source.
        console: Shows the step.
        base: The base image.
        source: The requirements.
        kept: Versions to stay with where they fit.
        target: How the lock is shown, where it is one of the project's own files.

    Raises:
        Refused: There is no solution; the error explains why.
        OutsideError: The engine or the index failed.

    """
    body: str = ""
    left_out: list[str] = []
    there = environment(base.python_version, base.platform)
    asked_for, where = source, source.where
    described = _describe(settings, console, base, source.own) if source.own else ()
    if described:
        source = needs.with_needs(source, described, base, there)
        over_base.check(source.lines, base.packages, there, where)
    lines = source.lines
    asked_limits = source.limits.lines if source.limits else ()
    moving = {} if settings.never_move else moves.asked(source, base)
    staying = {name: version for name, version in base.packages.items() if name not in moving}
    limits, answered = bounding(asked_limits, staying, there, where)
    for note in (*notes(source, base.packages), *answered):
        console.say(note)
    if lines:
        preferred = [name for name, version in source.preferences.items() if kept.get(name) == version]
        asked = job(settings, base, lines, where, kept, limits=limits, preferred=preferred, moving=tuple(moving))
        result = _run(settings, console, base, asked, f"Resolving {where if PATH.fullmatch(where) else _ANY}")
        if warning := conflict.of_base(result.pop("contradictions", ())):
            console.warn(warning)
        if not result.pop("ok"):
            failure = Failure.model_validate(result)
            places = {limit.bound: limit.at(where) for limit in limits}
            raise conflict.explain(
                failure, lines, where, base.reference, base.python_version,
                limits=places, never_move=settings.never_move,
            )  # fmt: skip
        wanted = {name: hashes for name, hashes in source.hashes.items() if name not in staying}
        body, left_out = with_hashes(result["text"], wanted), result["left_out"]
        bounds = {limit.name: limit.at(where).rpartition(":")[0] for limit in limits}
        body = with_places(body, {name: file for name, file in bounds.items() if PATH.fullmatch(file)})
        if asked["name"] == _ANY and where != _ANY:  # no resolver takes it for what it is by its own name
            body = body.replace(f"-r {_ANY}", where if PATH.fullmatch(where) else f"-r {_ANY}")
        for sentence in not_kept(kept, result["unkept"], staying):
            console.say(sentence)
    locked = parse_lock(body, where)
    wrong = moved(locked.pins, staying)
    if wrong:
        raise OutsideError(
            f"The resolver moved {wrong[0].name} of the base image to {wrong[0].version}.", "Please report this."
        )
    own = needs.packages(source.own, described)
    needs.check_apart({one.name: one.path for one in own}, {pin.name for pin in locked.pins})
    command = renewing(where, "" if own else target)  # nobody else builds a package as it is locked here
    return compose(body, left_out, stamp(asked_for, base, locked.pins), command, own)


def files_of(settings: Settings, console: Console, base: BaseImage, versions: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the files that the index has of exact versions, as documents of PEP 751.

    Args:
        settings: Index, builder, packages that may be built from source.
        console: Shows the step.
        base: The base image.
        versions: Package to version.

    Raises:
        OutsideError: The engine or the index failed.

    """
    asked = {
        "task": "pylock",
        "python": base.python,
        "name": _ANY,
        "pins": dict(versions),
        "sources": list(settings.source_packages),
        "nonce": uuid.uuid4().hex,
    }
    result = _run(settings, console, base, asked, "Looking up the files of the packages")
    if not result.pop("ok"):
        raise conflict.explain(Failure.model_validate(result), (), _ANY, base.reference, base.python_version)
    return tuple(map(str, result["documents"]))


def renewing(source: str, target: str) -> str:
    """Returns the command that the header of a lock names: what renews locks for others runs it, where pip-compile can.

    Those read no option but a few, and the paths as they are in the project.
    """
    if not target or not source.endswith((".in", ".txt")) or not all(map(PATH.fullmatch, (source, target))):
        return "dagship lock"
    options = "--allow-unsafe --generate-hashes --no-emit-index-url --strip-extras"
    return f"pip-compile {options} --output-file={target} {source}"


def _describe(
    settings: Settings, console: Console, base: BaseImage, packages: Sequence[Own]
) -> tuple[needs.Described, ...]:
    """Builds packages of the project to wheels beside the image's own Python, and returns what these say."""
    asked = {"task": "describe", "packages": [one.path for one in packages], "nonce": uuid.uuid4().hex}
    doing = f"Building {', '.join(one.path for one in packages)}"
    result = _run(settings, console, base, asked, doing, [one.archive for one in packages])
    if not result.pop("ok"):
        if "path" not in result:
            raise OutsideError("The packages of the project could not be built.", "", str(result.get("log", "")))
        raise not_built(str(result["path"]), str(result["log"]))
    return needs.read(result.get("packages"), len(packages))


def job(
    settings: Settings,
    base: BaseImage,
    lines: Sequence[Line],
    where: str,
    kept: Mapping[str, str],
    *,
    limits: Sequence[Line] = (),
    preferred: Sequence[str] = (),
    moving: Sequence[str] = (),
) -> dict[str, object]:
    """Returns what `inside/resolve/main.py` is to do."""
    return {
        "task": "resolve",
        "python": base.python,
        # How the lock names the file; a strange name is no one's business but the user's.
        "name": where if PATH.fullmatch(where) and where.endswith((".in", ".txt")) else _ANY,
        "lines": [
            {
                "line": line.number,
                "text": str(line.requirement),
                "free": line.free,
                "name": line.name,
                "specifier": str(line.requirement.specifier),
            }
            for line in lines
        ],
        "base": dict(base.packages),
        "moving": sorted(moving),
        "limits": [limit.bound for limit in limits],
        "pins": dict(kept),
        "preferred": list(preferred),
        "sources": list(settings.source_packages),
        # The index changes while the input does not: the step is never taken from the builder's cache.
        "nonce": uuid.uuid4().hex,
    }


def _run(  # noqa: PLR0917 - one step
    settings: Settings,
    console: Console,
    base: BaseImage,
    job: Mapping[str, object],
    doing: str,
    own: Sequence[bytes] = (),
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="dagship-") as scratch, console.step(doing) as step:
        builds.build(_stage(settings, base, Path(scratch), job, own), on_line=lambda line: _say(step, line))
        result = read_result(Path(scratch, "out", "result.json"))
    log.info("resolved in %s", result.pop("seconds", "unknown time"))
    return result


def read_result(path: Path) -> dict[str, Any]:
    """Reads what the step left; the base image's Python wrote it, and may be anybody's.

    Raises:
        OutsideError: It is no result.

    """
    try:
        result: object = json.loads(files.read(path, limit=_MOST))
    except (OSError, ValueError, RecursionError) as broken:
        raise OutsideError("The resolver left no result.", "", str(broken)) from broken
    if not isinstance(result, dict) or "ok" not in result:
        raise OutsideError("The resolver left no result.", "", "It is no answer of the resolver's.")
    return result


def _say(step: Step, line: str) -> None:
    """Shows what the step itself prints; BuildKit puts the number of the step and its seconds before it."""
    printed = re.match(r"#\d+ \d+\.\d+ (.*)", line)
    if printed:
        step.say(printed[1])


def _stage(
    settings: Settings, base: BaseImage, directory: Path, job: Mapping[str, object], own: Sequence[bytes]
) -> builds.Build:
    context = directory / "context"
    copy_programs(context / "inside", "shared", "tools", "own_packages", "resolve")
    (context / "lock").mkdir()
    (context / "lock" / "job.json").write_text(json.dumps(job), encoding="utf-8")
    for number, archive in enumerate(own):
        (context / "lock" / f"{number}.tar").write_bytes(archive)
    (directory / "secrets").mkdir(mode=0o700)
    secrets = build_secrets(settings, directory / "secrets")
    build_packages = settings.build_packages if settings.source_packages else ()
    if own:
        build_packages = compilers(settings, own=True)
    recipe = Recipe(
        base=base.pinned,
        python=base.python,
        prefix=base.prefix,
        user=base.user or "0",
        build_packages=build_packages,
        with_tools=True,
        with_lock=True,
    )
    (directory / "Dockerfile").write_text(render(recipe), encoding="utf-8")
    return builds.Build(
        context=context,
        dockerfile=directory / "Dockerfile",
        target="lock",
        secrets=secrets,
        outputs=(builds.fields("type=local", f"dest={directory / 'out'}"),),
        platforms=(base.platform,),
        builder=settings.builder,
    )
