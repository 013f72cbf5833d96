"""Builds the image of a plan, unless the engine has it already."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from dagship import archive, buildlog
from dagship import plan as planning
from dagship.artifacts import BuiltImage
from dagship.console import Console
from dagship.dockerfile import VERSIONS_ROOT, render
from dagship.engine import images
from dagship.errors import OutsideError
from dagship.index import build_secrets
from dagship.plan import LABEL_DAGS, Plan
from dagship.settings import Settings


def find(plan: Plan, recorded: BuiltImage | None) -> BuiltImage | None:
    """Returns the image of a plan if the engine has it already.

    Args:
        plan: What would be built.
        recorded: What the last build left: it knows the layers and the digest, if it is the same image.

    Raises:
        OutsideError: The engine does not answer.

    """
    facts = images.inspect(str(plan.reference))
    if facts is None or facts.labels.get(LABEL_DAGS) != plan.tree.version:
        return None
    if recorded is not None and (recorded.reference, recorded.id) == (str(plan.reference), facts.id):
        return recorded.model_copy(update={"reused": True})
    return _built(plan, facts, digest="", seconds={}, reused=True)


def build(
    settings: Settings, console: Console, plan: Plan, *, revision: Mapping[str, str], push: bool, fresh: bool
) -> BuiltImage:
    """Builds the image of a plan.

    Args:
        settings: Platforms, builder, caches, secrets.
        console: Shows the steps of the build.
        plan: What to build.
        revision: Labels that say where the DAGs come from.
        push: Whether the builder pushes it as well.
        fresh: Whether every step runs again, cached or not.

    Raises:
        OutsideError: The engine refused, or a step of the build failed.

    """
    with tempfile.TemporaryDirectory(prefix="dagship-") as scratch, console.step(f"Building {plan.reference}") as step:
        directory = Path(scratch)
        (secrets_directory := directory / "secrets").mkdir(mode=0o700)
        stage(plan, directory / "context")
        (directory / "Dockerfile").write_text(render(plan.recipe), encoding="utf-8")
        built = images.build(
            images.Build(
                context=directory / "context",
                dockerfile=directory / "Dockerfile",
                target="runtime",
                tag=str(plan.reference),
                labels=planning.labels(plan, revision),
                secrets=build_secrets(settings, secrets_directory) if plan.recipe.with_deps else {},
                outputs=("type=image,push=true",) if push else ("type=docker",),
                platforms=settings.platform,
                builder=settings.builder,
                cache_from=settings.cache_from,
                cache_to=settings.cache_to,
                no_cache=fresh,
            ),
            on_line=lambda line: step.say(line.partition(" ")[2]),
        )
    facts = images.inspect(str(plan.reference))
    if facts is None and not push:
        raise OutsideError(
            f"{plan.reference} was built, but the engine does not have it.",
            f"The builder {settings.builder or 'in use'} keeps images elsewhere: add --push, or use another.",
        )
    return _built(
        plan, facts, digest=built.digest if push else "", seconds=buildlog.seconds_by_stage(built.log), reused=False
    )


def stage(plan: Plan, into: Path) -> None:
    """Writes the build context: two archives, and what the installing stage needs."""
    into.mkdir()
    directories = plan.base.directories
    (into / "dags.tar").write_bytes(archive.version_archive(plan.tree, VERSIONS_ROOT, directories))
    (into / "current.tar").write_bytes(archive.current_archive(plan.tree.version, VERSIONS_ROOT, directories))
    if plan.recipe.with_deps:
        (into / "dags.txt").write_text(plan.lock.text, encoding="utf-8")
        (into / "inside").mkdir()
        for path in planning.inside_files():
            (into / "inside" / path.name).write_bytes(path.read_bytes())


def _built(
    plan: Plan, facts: images.ImageFacts | None, *, digest: str, seconds: dict[str, float], reused: bool
) -> BuiltImage:
    return BuiltImage(
        reference=str(plan.reference),
        id=facts.id if facts else "",
        digest=digest,
        dag_version=plan.tree.version,
        airflow=plan.base.airflow,
        base=plan.base.pinned,
        platforms=(facts.platform,) if facts else plan.platforms,
        size=facts.size if facts else 0,
        layers=() if facts is None else buildlog.layers(images.history(str(plan.reference)), plan.recipe),
        seconds=seconds,
        reused=reused,
    )
