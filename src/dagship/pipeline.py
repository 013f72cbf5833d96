"""The stages that make an image, in their order.

A stage's result goes to the next as a value, and to `.dagship/` for the task of a later CI job.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from dagship.artifacts import BaseImage, BuiltBase, BuiltImage, LockFile, PushedImage, VerifyReport
from dagship.errors import UsageError
from dagship.project import Project
from dagship.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from dagship.image.tree import Tree
    from dagship.rollout.running_image import Incumbent


def base(project: Project, *, force: bool) -> BuiltBase:
    """Builds a base image; later tasks take it."""
    from dagship.base import builder as stage

    built = stage.build_base(project.settings, project.workspace, project.console, force=force)
    project.workspace.write("base", built)
    return built


def base_image(project: Project) -> BaseImage:
    """Finds the base: the one that settings name, else the one that `base` built, else the official image."""
    from dagship import probe

    settings = project.settings
    reference, why = settings.base, "as the settings name it"
    if not reference:
        built = project.workspace.read("base", BuiltBase)
        asked_for_another = (
            "airflow" in settings.model_fields_set and built is not None and built.airflow != settings.airflow
        )
        if built is None or asked_for_another:
            reference, why = f"apache/airflow:{settings.airflow}", "the official image, since nothing names another"
        else:
            reference, why = built.reference, f"as {project.workspace.directory / 'base.json'} names it"
    project.console.say(f"base: {reference}, {why}")
    return probe.probe(
        project.workspace, project.console, reference, builder=settings.builder, platforms=settings.platform
    )


def lock(project: Project, *, check: bool, upgrade: bool, upgrade_packages: tuple[str, ...]) -> LockFile:
    """Locks the requirements: `dags.in` beside the lock that settings name."""
    from dagship.lock import locker as stage

    target = project.path(project.settings.requirements)
    if target.suffix != ".txt":
        raise UsageError(
            f"The lock {target} is not a .txt file.",
            "Name the lock with --requirements; its source is the .in file of the same name.",
        )
    return stage.lock(
        project.settings,
        project.workspace,
        project.console,
        base_image(project),
        check=check,
        upgrade=upgrade,
        upgrade_packages=upgrade_packages,
        source=target.with_suffix(".in"),
        target=target,
    )


def build(project: Project, *, force: bool, push: bool) -> BuiltImage:
    """Builds the image of the DAGs, unless it is there already."""
    from dagship.image import builder as stage
    from dagship.image import context, existing, present
    from dagship.image import plan as planning

    settings = project.settings
    asked = _asked(project)
    dags = project.path(settings.dags)
    ignore = (*settings.ignore, *context.patterns_of(dags, settings.secret_files()))
    tree = context.read(dags, ignore=ignore, max_file_size=settings.max_file_size)
    for sentence in present.left_out(tree):
        project.console.say(sentence)
    base = base_image(project)
    plan = planning.plan(settings, base, _requirements(project, base), tree, _earlier(project, tree, asked()))
    recorded = project.workspace.read("image", BuiltImage)
    image = None if force else existing.find(project.console, plan, recorded, push=push)
    if image is None:
        from dagship.image import revision

        image = stage.build(settings, project.console, plan, revision=revision.labels(dags), push=push, fresh=force)
    if push:
        image = _pushed(project, image)
    project.workspace.write("image", image)
    return image


def _asked(project: Project) -> "Callable[[], Incumbent]":
    """Begins to ask the cluster what runs there; the answer is waited for when the DAGs are read."""
    from dagship.rollout import running_image

    settings = project.settings
    # The default names no registry's repository: no cluster has an image of it.
    if "repository" not in settings.model_fields_set:
        return running_image.Incumbent
    return running_image.asking(
        settings.repository, context=settings.context, namespace=settings.namespace, selector=settings.selector
    )


def _earlier(project: Project, tree: "Tree", incumbent: "Incumbent") -> "tuple[Tree, ...]":
    """Finds the DAG versions that stay beside the new one: of the image named, the running or the last pushed one."""
    from dagship.image import earlier as stage

    settings = project.settings
    pushed = project.workspace.read("push", PushedImage)
    known = {}
    if pushed is not None and Reference.parse(pushed.reference).name == settings.repository:
        versions = dict(zip(pushed.dag_versions, pushed.dag_digests, strict=False))
        known = {str(Reference.parse(pushed.reference).pinned(pushed.digest)): versions}
    sources = [stage.Source(reference=settings.previous, explicit=True)] if settings.previous else []
    for image in dict.fromkeys((*incumbent.images, *known)):
        sources += [stage.Source(reference=image, versions=known.get(image, {}))]
    if incumbent.images and not incumbent.complete:
        project.console.warn(
            "Airflow did not say in time which DAG versions unfinished runs began on: only the last ones are kept."
        )
    return stage.gather(
        project.workspace, project.console, tree, sources, incumbent.pinned, keep=settings.keep_versions
    )


def _requirements(project: Project, base: BaseImage) -> LockFile:
    """The lock of the DAGs; none when settings do not name one and the default is not there."""
    settings = project.settings
    path = project.path(settings.requirements)
    if "requirements" not in settings.model_fields_set and not path.exists():
        if path.with_suffix(".in").exists():
            path = path.with_suffix(".in")
        else:
            return LockFile(path="", text="", digest="")

    from dagship.lock import locker as stage

    return stage.for_build(settings, project.workspace, project.console, base, path)


def _pushed(project: Project, image: BuiltImage) -> BuiltImage:
    """Sees to it that the registry has the image of `build --push`, and records what it has."""
    from dagship import push as stage

    report = project.workspace.read("report", VerifyReport)
    tested = stage.was_tested(image, report)
    if image.digest and not image.reused:  # the builder pushed it
        pushed = stage.pushed(image, image.digest, tested=tested)
    else:
        pushed = stage.push(project.console, image, tested=tested)
    project.workspace.write("push", stage.with_dags(pushed, report))
    return image.model_copy(update={"digest": pushed.digest})


def current_image(project: Project, image: str) -> BuiltImage:
    """Finds the image a task works on: the one named, else the one that `build` left.

    Raises:
        UsageError: There is neither, or the engine does not have it.

    """
    from dagship.engine import images
    from dagship.image import sidebyside
    from dagship.image.plan import LABEL_AIRFLOW

    built = project.workspace.read("image", BuiltImage)
    reference = image or (built.reference if built else "")
    if not reference:
        raise UsageError("There is no image yet.", "Run build first, or name one with --image.")
    named = Reference.parse(reference)
    if not named.tag and not named.digest:
        raise UsageError(f"{reference!r} names neither a tag nor a digest.", "Say which image of the repository.")
    facts = images.inspect(reference)
    # A builder with a store of its own left it in the registry alone.
    if facts is None and (image or (built is not None and built.digest)):
        with project.console.step(f"Pulling {reference}"):
            images.pull(reference, "Run build again, or name another image with --image.", others=None)
        facts = images.inspect(reference)
    if facts is None:
        raise UsageError(
            f"The engine does not have {reference}.", "Run build again, or name another image with --image."
        )
    if built is not None and built.reference == reference and built.id == facts.id:
        return built
    return BuiltImage(
        reference=reference,
        id=facts.id,
        digest="",
        content=facts.labels.get(images.LABEL_CONTENT, ""),
        dag_version=facts.labels.get(sidebyside.LABEL_DAGS, ""),
        dag_versions=sidebyside.versions_of(facts.labels),
        dag_digests=sidebyside.digests_of(facts.labels),
        dag_changes=sidebyside.changes_of(facts.labels),
        airflow=facts.labels.get(LABEL_AIRFLOW, ""),
        base=facts.labels.get("org.opencontainers.image.base.name", ""),
        platforms=(facts.platform,),
        size=facts.size,
        layers=(),
        seconds={},
        reused=True,
    )


def test_image(project: Project, *, image: str, pytest_path: Path | None) -> VerifyReport:
    """Imports every DAG inside the image."""
    from dagship.verify import verifier as stage

    tested = current_image(project, image)
    project.workspace.forget("report")
    report = stage.verify(project.settings, project.workspace, project.console, tested, pytest_path=pytest_path)
    project.workspace.write("report", report)
    return report


def push(project: Project, *, image: str, untested: bool) -> PushedImage:
    """Pushes the image that was tested."""
    from dagship import push as stage

    pushing = current_image(project, image)
    if not Reference.parse(pushing.reference).tag:
        raise UsageError(f"{pushing.reference!r} has no tag to push it under.", "Name the image by its tag.")
    report = project.workspace.read("report", VerifyReport)
    if not untested:
        stage.check_tested(pushing, report)
    pushed = stage.push(project.console, pushing, tested=stage.was_tested(pushing, report))
    pushed = stage.with_dags(pushed, report)
    project.workspace.write("push", pushed)
    return pushed
