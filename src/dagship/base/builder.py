"""Builds an Airflow base image from Debian and PyPI packages alone, for places that cannot pull one.

It honours the contract of the official image (docs/reference/image.md). The tag is made from all that goes in, so that
an image that is there is not built again.
"""

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from dagship.base import debian
from dagship.base.plan import Plan, plan_base
from dagship.engine import builds, images
from dagship.errors import DagshipError, OutsideError, Refused, UsageError
from dagship.index import build_secrets
from dagship.model import uv_words
from dagship.model.artifacts import BuiltBase
from dagship.resources import copy_programs, resource
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.workspace import Workspace

_OBSTACLE = re.compile(r"@@BASE@@(\{.*\})")


def build_base(settings: Settings, workspace: Workspace, console: Console, *, force: bool = False) -> BuiltBase:
    """Builds the base image, unless the engine has it.

    Args:
        settings: What to build, and how to reach the package index.
        workspace: Where the root file system is kept.
        console: Shows the progress.
        force: Whether all is made again, with today's Debian packages.

    Raises:
        Refused: No set of packages satisfies Airflow and the constraints.
        UsageError: There is no such Airflow or extra, or the constraints cannot be used.
        OutsideError: The engine, Debian's archive or the package index failed.

    """
    plan = plan_base(settings, workspace.root)
    reference = str(plan.reference)
    facts = None if force else images.inspect(reference)
    if facts is None or facts.labels.get(images.LABEL_CONTENT) != plan.content:
        _build(settings, workspace, console, plan, force=force)
        facts = images.inspect(reference)
    if facts is None:
        raise OutsideError(
            f"{reference} was built, but the engine does not have it.",
            f"The builder {settings.builder or 'in use'} keeps images elsewhere: name the engine's own, which docker "
            "buildx ls shows with the driver docker, in the setting builder.",
        )
    return BuiltBase(reference=reference, id=facts.id, airflow=plan.airflow)


def _build(settings: Settings, workspace: Workspace, console: Console, plan: Plan, *, force: bool) -> None:
    rootfs = debian.root_file_system(workspace, console, fresh=force)
    obstacles: list[DagshipError] = []
    with (
        tempfile.TemporaryDirectory(prefix="dagship-") as scratch,
        console.step(f"Building {plan.reference}") as step,
    ):
        job, inside, secrets = Path(scratch, "job"), Path(scratch, "inside"), Path(scratch, "secrets")
        secrets.mkdir(mode=0o700)
        _write_job(plan, job)
        copy_programs(inside, "shared", "tools", "base")
        request = builds.Build(
            context=rootfs.directory,
            dockerfile=resource("images/base/Dockerfile"),
            target="airflow",
            tag=str(plan.reference),
            labels={images.LABEL_CONTENT: plan.content},
            build_args={"AIRFLOW_VERSION": plan.airflow, "PYTHON_VERSION": rootfs.python},
            secrets=build_secrets(settings, secrets),
            contexts={"files": str(resource("images/base")), "inside": str(inside), "job": str(job)},
            outputs=("type=docker",),
            builder=settings.builder,
            no_cache=force,
        )
        try:
            builds.build(request, on_line=listener(plan, rootfs.python, obstacles, step.say))
        except OutsideError as failed:
            raise (obstacles or [failed])[0] from failed


def _write_job(plan: Plan, into: Path) -> None:
    into.mkdir()
    job = {"airflow": plan.airflow, "extras": plan.extras, "extras_are_asked_for": plan.extras_are_asked_for}
    (into / "job.json").write_text(json.dumps(job), encoding="utf-8")
    if plan.constraints:
        (into / "constraints.txt").write_text(plan.constraints, encoding="utf-8")


def listener(
    plan: Plan, python: str, obstacles: list[DagshipError], say: Callable[[str], None]
) -> Callable[[str], None]:
    """Returns what hears each line of the build: it shows it, and notes what the inside says stands in the way."""

    def hear(line: str) -> None:
        if (said := _OBSTACLE.search(line)) is not None:
            obstacles.append(obstacle(plan, python, **json.loads(said[1])))
        else:
            say(line.partition(" ")[2])

    return hear


def obstacle(plan: Plan, python: str, kind: str, words: str) -> DagshipError:
    """Returns the error for what stands in the way inside the build.

    Args:
        plan: What was to be built.
        python: Version of the image's Python.
        kind: As `inside/base` names it.
        words: What uv said.

    """
    airflow = f"apache-airflow {plan.airflow}"
    match kind:
        case "no-version" | "conflict" if (refused := uv_words.refusal(words)) is not None:
            return refused
        case "no-version":
            return UsageError(
                f"The package index has no {airflow} for Python {python}.",
                "Name one that it has with --airflow; or, where it is not the index you mean, set index_url.",
                words,
            )
        case "no-extra":
            return UsageError(f"{airflow} has no extra {words}.", "Its documentation lists the extras it has.")
        case "no-date":
            return OutsideError(
                f"The package index does not tell when {airflow} was uploaded, so its day's packages are not known.",
                "Give a constraints file with --constraints.",
            )
        case "conflict":
            return _conflict(plan, airflow, words)
        case _:
            return _failed(words)


def _conflict(plan: Plan, airflow: str, words: str) -> Refused:
    if broken := uv_words.not_built(words):
        return Refused(
            f"{airflow} needs {broken}, which could not be built from its sources.",
            "Name a version of it that has a wheel with --constraints, or with --extras only those that you need.",
            words,
        )
    what = "the constraints" if plan.constraints else "the packages of its day"
    return Refused(
        f"{airflow}[{','.join(plan.extras)}] cannot be had with {what}.",
        "Take other constraints, or none." if plan.constraints else "Name fewer --extras, or give --constraints.",
        words,
    )


def _failed(words: str) -> OutsideError:
    if uv_words.says_full(words):
        return OutsideError(
            "The engine's disk is full.",
            "Free space: docker system df shows what takes it, docker builder prune gives it back.",
            words,
        )
    return OutsideError(
        "The package index failed.",
        "See whether it is in reach; index_url, pip_conf and ca_cert are the settings for where it is.",
        words,
    )
