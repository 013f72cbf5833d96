"""Builds the image of a plan."""

import json
import tempfile
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from dagship.dockerfile import render
from dagship.engine import builds, images, registry
from dagship.errors import OutsideError, UsageError
from dagship.image import existing, installing
from dagship.image import log as buildlog
from dagship.image import plan as planning
from dagship.image.plan import Plan
from dagship.image.tree import archive, at_home
from dagship.model import dag_versions
from dagship.model.artifacts import BuiltImage
from dagship.resources import copy_programs
from dagship.settings import Settings
from dagship.terminal.console import Console

_PUSHED = "type=image,push=true"


def build(
    settings: Settings, console: Console, plan: Plan, *, revision: Mapping[str, str], push: bool, fresh: bool
) -> BuiltImage:
    """Builds the image of a plan.

    Args:
        settings: Platforms, builder, caches, secrets.
        console: Shows the steps of the build.
        plan: What to build.
        revision: Labels that say where the DAGs come from.
        push: Whether it is to be pushed: a builder that keeps images to itself then pushes it, and its digest is in the
            result; else the engine has it, ready to be pushed.
        fresh: Whether every step runs again, cached or not.

    Raises:
        UsageError: The base is not there for a platform.
        Refused: The lock cannot be installed as it is.
        OutsideError: The engine refused, or a step of the build failed.

    """
    check_platforms(plan)
    said: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="dagship-") as scratch, console.step(f"Building {plan.reference}") as step:
        request = request_of(settings, plan, Path(scratch), revision, fresh=fresh)
        hear = installing.listener(said, step.say)

        def run(output: str) -> builds.Built:
            try:
                return builds.build(replace(request, outputs=(output,)), hear)
            except OutsideError as failed:
                raise installing.reason(said, plan.lock.path) or failed from failed

        # The engine's own builder pushes slower than the engine: it asks the registry about every blob twice.
        elsewhere = bool(settings.builder) or len(settings.platform) > 1
        if push:
            registry.prepare()
        built = run("type=docker" if not push else _PUSHED if elsewhere else "type=image")
        facts, steps = _look(plan)
        if facts is not None and facts.id not in (built.digest, built.config):
            facts = None  # the tag is of an earlier build
        if push and not elsewhere and facts is None:
            elsewhere = True
            built = run(_PUSHED)
    for warning in installing.warnings(said):
        console.warn(warning)
    _check_made(settings, plan, facts, elsewhere=elsewhere)
    digest = built.digest if push and elsewhere else ""
    return existing.described(plan, facts, steps, digest=digest, seconds=buildlog.seconds_by_stage(built.log))


def _check_made(settings: Settings, plan: Plan, facts: images.ImageFacts | None, *, elsewhere: bool) -> None:
    if facts is None and not elsewhere:
        raise OutsideError(
            f"{plan.reference} was built, but the engine does not have it.",
            f"The builder {settings.builder or 'in use'} keeps images elsewhere: build --push, or use another builder.",
        )
    if facts is not None and not existing.is_on_base(plan, facts):
        raise OutsideError(
            f"The base {plan.base.reference} moved while the image was built on it.",
            "Run build again, or name the base by its digest.",
        )


def check_platforms(plan: Plan) -> None:
    """Refuses platforms that the base is not there for: BuildKit would take the one that the engine has for each.

    Raises:
        UsageError: The base is not there for one of them.

    """
    if set(plan.platforms) <= {plan.base.platform}:
        return
    refuse_lacking(plan, images.platforms(plan.base.pinned))


def refuse_lacking(plan: Plan, there: Collection[str]) -> None:
    """Refuses platforms that the base is not there for.

    Args:
        plan: What to build.
        there: Those that a registry has it for; none as well where the registry cannot be asked.

    Raises:
        UsageError: One of them is lacking.

    """
    has = {plan.base.platform, *there}
    lacking = [platform for platform in plan.platforms if platform not in has]
    if lacking and not there:
        raise UsageError(
            f"The base {plan.base.reference} is not there for {', '.join(lacking)}, as far as is known: it is for "
            f"{plan.base.platform} alone, or its registry cannot be asked.",
            f"See what docker buildx imagetools inspect {plan.base.pinned} says; docker login, if it needs one. Else "
            "name a base in a registry that has all platforms, or build for fewer.",
        )
    if lacking:
        raise UsageError(
            f"The base {plan.base.reference} is not there for {', '.join(lacking)}, only for {', '.join(sorted(has))}.",
            "Name a base in a registry that has all platforms, or build for fewer.",
        )


def request_of(
    settings: Settings, plan: Plan, scratch: Path, revision: Mapping[str, str], *, fresh: bool
) -> builds.Build:
    """Writes what the engine needs below `scratch`, and returns the call; where the image goes is left open."""
    from dagship.index import build_secrets

    (secrets := scratch / "secrets").mkdir(mode=0o700)
    stage(plan, scratch / "context")
    (scratch / "Dockerfile").write_text(render(plan.recipe), encoding="utf-8")
    return builds.Build(
        context=scratch / "context",
        dockerfile=scratch / "Dockerfile",
        target="" if plan.thin is not None else "runtime",
        tag=str(plan.reference),
        labels=planning.labels(plan, revision),
        secrets=build_secrets(settings, secrets) if plan.recipe.with_tools and plan.thin is None else {},
        platforms=plan.platforms,
        builder=settings.builder,
        cache_from=settings.cache_from,
        cache_to=settings.cache_to,
        no_cache=fresh,
    )


def stage(plan: Plan, into: Path) -> None:
    """Writes the build context: the archives, and what the installing stage needs."""
    into.mkdir()
    directories = plan.base.directories
    layer = archive.version_archive(plan.tree, dag_versions.ROOT, directories, package=plan.package)
    (into / "dags").mkdir()
    (into / "dags" / f"{plan.tree.version}.tar").write_bytes(layer)
    if plan.thin is not None:
        return
    below = "" if plan.recipe.versions_layer else plan.base.prefix
    files = {**planning.versions_files(), planning.BASE: planning.base_facts(plan.base)}
    package = archive.package_archive(files, plan.base.purelib, directories, below=below)
    (into / "versions.tar").write_bytes(package)
    for tree in plan.earlier:
        layer = archive.version_archive(tree, dag_versions.ROOT, directories)
        (into / "dags" / f"{tree.version}.tar").write_bytes(layer)
    if plan.home is not None:
        (into / "home.tar").write_bytes(archive.home_archive(plan.home, at_home.HOME, directories))
    if plan.recipe.with_deps:
        (into / "dags.txt").write_text(plan.lock.text, encoding="utf-8")
    if plan.recipe.with_own:
        (into / "own").mkdir()
        packages = [one.model_dump() for one in plan.lock.own]
        (into / "own" / "packages.json").write_text(json.dumps(packages), encoding="utf-8")
        for number, archive_ in enumerate(plan.archives):
            (into / "own" / f"{number}.tar").write_bytes(archive_)
    if plan.recipe.with_tools:
        copy_programs(into / "inside", *planning.INSTALLING)


def _look(plan: Plan) -> tuple[images.ImageFacts | None, tuple[tuple[str, int], ...]]:
    """Asks the engine for the image and its history, both at a time: each takes 20 ms of a build of half a second."""
    with ThreadPoolExecutor(1) as other:
        history = other.submit(images.history, str(plan.reference))
        return images.inspect(str(plan.reference)), history.result()
