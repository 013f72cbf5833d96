"""Runs the commands of `prepare` in a build, and reads the DAG version that they leave.

They are a step above the image as it would be without them. So they have its packages and nothing of this machine, the
builder ends what they leave running, and the same commands on the same files in the same image are not run twice.
"""

import json
import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dagship.dockerfile import render_preparing
from dagship.engine import builds
from dagship.errors import DagshipError, UsageError
from dagship.image import builder, installing, reading
from dagship.image.plan import Plan
from dagship.image.prepare import job, report
from dagship.image.tree import project_copy
from dagship.image.tree.model import Tree
from dagship.image.tree.project_copy import Places
from dagship.resources import copy_programs
from dagship.settings import Settings
from dagship.terminal.console import Console


def prepared(settings: Settings, console: Console, project: Path, plan: Plan, *, fresh: bool) -> Tree:
    """Returns the DAG tree of a plan as the commands leave it; the project itself stays as it is.

    Args:
        settings: The commands, their limits, and what stays out of a version.
        console: Shows the step.
        project: The project.
        plan: The image as it would be without them.
        fresh: Whether they run although the builder knows what comes of it.

    Raises:
        UsageError: A command failed, or left what cannot be in a DAG version.
        Refused: The lock cannot be installed as it is.
        OutsideError: The engine refused, or a step of the build failed.

    """
    where = project_copy.places(project, plan.tree, settings.include)
    given = project_copy.laid(project, plan.tree, where)
    # Of what comes out of a network the input says nothing.
    nonce = uuid.uuid4().hex if fresh or settings.prepare_network else ""
    with tempfile.TemporaryDirectory(prefix="dagship-") as scratch:
        copy = Path(scratch, "project")
        with console.step("Preparing the DAG version") as step:
            request = builder.request_of(settings, plan, Path(scratch), {}, fresh=False)
            _add(request, settings, job.job(settings, plan, where, nonce=nonce), project_copy.pack(given), plan)
            _run(settings, console, plan, _aimed(request, plan, Path(scratch, "out")), step.say)
        project_copy.unpack(Path(scratch, "out", "project.tar"), copy, where, given)
        tree = _read(settings, project, copy, where)
    console.say(f"prepare: {project_copy.difference(plan.tree, tree)}")
    known = set(plan.tree.left_out)
    return replace(tree, source=plan.tree.source, left_out=tuple(each for each in tree.left_out if each not in known))


def _add(request: builds.Build, settings: Settings, told: Mapping[str, object], files: bytes, plan: Plan) -> None:
    """Writes what the commands need beside what the image is made of."""
    place = request.context / "prepare"
    copy_programs(place / "inside", "prepare")
    (place / "job.json").write_text(json.dumps(told), encoding="utf-8")
    (place / "project.tar").write_bytes(files)
    text = render_preparing(plan.recipe, network=settings.prepare_network, memory=job.memory(settings))
    request.dockerfile.write_text(text, encoding="utf-8")


def _aimed(request: builds.Build, plan: Plan, out: Path) -> builds.Build:
    """The build of the files instead of the image: on one platform, since a version is the same for all."""
    output = builds.fields("type=local", f"dest={out}")
    return replace(
        request, target="prepared", tag="", labels={}, platforms=(plan.base.platform,), cache_to=(), outputs=(output,)
    )


def _run(settings: Settings, console: Console, plan: Plan, request: builds.Build, say: Callable[[str], None]) -> None:
    of_lock: list[dict[str, Any]] = []
    said: list[report.Report] = []
    try:
        builds.build(request, report.listener(said, installing.listener(of_lock, say)))
    except DagshipError as failed:  # read out of what a command printed, it may be any
        reason = report.reason(said, settings.prepare_timeout) or installing.reason(of_lock, plan.lock.path)
        raise reason or failed from failed
    for warning in installing.warnings(of_lock):
        console.warn(warning)


def _read(settings: Settings, project: Path, copy: Path, where: Places) -> Tree:
    """Reads the copy as a project is read; what is wrong with it is told of the project."""
    include = tuple(map(Path, where.beside.values()))
    try:
        return reading.read(copy, settings, dags=Path(where.dags), include=include)
    except UsageError as wrong:
        message, hint = (text.replace(str(copy), str(project)) for text in (wrong.message, wrong.hint))
        raise UsageError(f"After the commands of prepare: {message}", hint, wrong.detail) from wrong
