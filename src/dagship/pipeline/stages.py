"""The stages that make an image, in their order.

A stage's result goes to the next as a value, and to `.dagship/` for the task of a later CI job.
"""

import importlib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dagship.errors import OutsideError, UsageError
from dagship.model.artifacts import BuiltBase, BuiltImage, LockFile, PushedImage
from dagship.model.reference import Reference
from dagship.pipeline import build_inputs, own_packages, snapshots, which_image
from dagship.pipeline.project import Project

if TYPE_CHECKING:
    from dagship.image.plan import Plan
    from dagship.model.snapshot import Snapshot
    from dagship.model.verify_report import VerifyReport


class Made(NamedTuple):
    """An image that is there.

    Attributes:
        image: What is known of it.
        plan: What it is made of.
        way: Which way the edit takes and why, a sentence; empty where no cluster said what runs there.

    """

    image: BuiltImage
    plan: "Plan"
    way: str


def base(project: Project, *, force: bool) -> BuiltBase:
    """Builds a base image; later tasks take it."""
    from dagship.base import builder as stage

    built = stage.build_base(project.settings, project.workspace, project.console, force=force)
    project.workspace.write("base", built)
    return built


def lock(
    project: Project, *, check: bool, upgrade: bool, upgrade_packages: tuple[str, ...], export: str = ""
) -> LockFile:
    """Locks the requirements: what settings name, or `dags.in` beside the lock that they name."""
    from dagship.lock import locker as stage
    from dagship.lock.export.exported import is_of_lock
    from dagship.lock.export.exporter import export as write
    from dagship.lock.given import source_and_lock

    if export and check:
        raise UsageError("lock --check changes nothing, and --export writes a file.", "Leave one of them out.")
    after = bool(export) and is_of_lock(export)
    named = project.path(project.settings.requirements)
    source, target = source_and_lock(named)
    base = build_inputs.base(project)
    archives = own_packages.reader(project)
    if export and not after:  # the source may name it
        written = write(project.settings, project.workspace, project.console, base, named, export, archives)
        project.console.say(f"wrote {written}")
    locked = stage.lock(
        project.settings,
        project.workspace,
        project.console,
        base,
        check=check,
        upgrade=upgrade,
        upgrade_packages=upgrade_packages,
        source=source,
        target=target,
        archives=archives,
    )
    if after:
        written = write(project.settings, project.workspace, project.console, base, named, export, archives)
        project.console.say(f"wrote {written}")
    return locked


def is_locked(project: Project) -> bool:
    """Whether the project keeps a lock of its requirements, or is to: settings name one, and its source is there."""
    from dagship.lock.given import source_and_lock

    named = project.path(project.settings.requirements)
    source, target = source_and_lock(named)
    return source.exists() and (named == target or target.exists())


def build(project: Project, *, force: bool, push: bool, full: bool = False) -> BuiltImage:
    """Builds the image of the DAGs, unless it is there already: onto what runs where that will do, unless `full`."""
    return make(project, force=force, push=push, full=full).image


def make(project: Project, *, force: bool, push: bool, full: bool) -> Made:
    """Does the same, and says what it is made of and which way it goes."""
    made = _made(project, force=force, push=push, full=full)
    project.workspace.write("image", made.image)
    return made


def build_for_itself(project: Project) -> BuiltImage:
    """Builds the image of the DAGs whole, and no later task takes it for that of the project."""
    return _made(project, force=False, push=False, full=True).image


def _made(project: Project, *, force: bool, push: bool, full: bool) -> Made:
    settings = project.settings
    running = build_inputs.running(project)
    with build_inputs.asking_base(project) as found:
        from dagship.image import existing
        from dagship.image import plan as planning

        tree, home = build_inputs.tree(project), build_inputs.home(project)
        base = found()
    archives = own_packages.reader(project)
    requirements = build_inputs.requirements(project, base, archives)
    own = [archives(one.path) for one in requirements.own]
    planned = partial(planning.plan, settings, base, requirements, home=home, archives=own)
    tree = build_inputs.prepared(project, tree, planned, fresh=force)
    plan, way = build_inputs.onto_running(project, lambda: planned(tree), running, full=full)
    if plan is None:
        plan = planned(tree, build_inputs.earlier(project, tree, running.whole()))
    recorded = project.workspace.read("image", BuiltImage)
    ready = cache(partial(_ready, project, push=push))
    image = None if force else existing.find(project.console, plan, recorded, push=push, meanwhile=ready)
    if image is None:
        from dagship.image import builder as stage

        image = stage.build(settings, project.console, plan, revision=ready(), push=push, fresh=force)
    if push:
        image = _pushed(project, image)
    return Made(image, plan, way)


def _ready(project: Project, *, push: bool) -> dict[str, str]:
    """Imports what building and pushing take, and returns the labels of origin, for which git is asked."""
    from dagship import dockerfile
    from dagship.image import revision

    for name in ("dagship.image.builder", *(["dagship.push"] if push else [])):
        importlib.import_module(name)
    dockerfile.prepare()
    return revision.labels(project.path(project.settings.dags))


def _pushed(project: Project, image: BuiltImage) -> BuiltImage:
    """Sees to it that the registry has the image of `build --push`, and records what it has."""
    from dagship import push as stage
    from dagship.model.verify_report import VerifyReport

    report = project.workspace.read("report", VerifyReport)
    tested = stage.was_tested(image, report)
    if image.digest and not image.reused:  # the builder pushed it
        pushed = stage.pushed(image, image.digest, tested=tested)
    else:
        pushed = stage.push(project.console, image, tested=tested)
    project.workspace.write("push", stage.with_dags(pushed, report))
    snapshots.attach(project, pushed, image.id)
    return image.model_copy(update={"digest": pushed.digest})


def test_image(
    project: Project, *, image: str, pytest_path: Path | None, write_baseline: bool = False
) -> "VerifyReport":
    """Imports every DAG inside the image; what the baseline accepts does not fail it."""
    from dagship.pipeline import accepted
    from dagship.verify import baseline
    from dagship.verify import verifier as stage

    tested = which_image.current(project, image)
    project.workspace.forget("report")
    entries = accepted.read(project, needed=not write_baseline)
    taken: list[Snapshot] = []
    report = stage.verify(
        project.settings,
        project.workspace,
        project.console,
        tested,
        pytest_path=pytest_path,
        keep=taken.append,
        before=_before(project, tested),
    )
    today = datetime.now(UTC).date()
    if write_baseline:
        entries = baseline.renewed(report, entries, today)
        accepted.write(project, entries)
    report = baseline.applied(report, entries, today)
    project.workspace.write("report", report)
    for snapshot in taken:
        snapshots.keep(project, snapshot, report)
    return report


def _before(project: Project, image: BuiltImage) -> "Snapshot | None":
    """What the test of the image saw that a thin one is put on; None without, and where its registry is of no help.

    For an image that was built here: what others build on a thin image has its labels too.
    """
    built = project.workspace.read("image", BuiltImage)
    if image.thin is None or built is None or (built.id, built.thin) != (image.id, image.thin):
        return None
    with suppress(OutsideError):
        found = snapshots.fetch(project, Reference.parse(image.thin.onto))
        return found if found is not None and found.dag_version == image.thin.base else None
    return None


def accept_today(project: Project) -> "VerifyReport":
    """Builds and tests the image of the settings that the project has by now, and writes the baseline."""
    from dagship import settings_sources

    written = replace(project, settings=settings_sources.load(project.root, {}))
    build(written, force=False, push=False)
    return test_image(written, image="", pytest_path=None, write_baseline=True)


def push(project: Project, *, image: str, untested: bool) -> PushedImage:
    """Pushes the image that was tested."""
    from dagship import push as stage
    from dagship.model.verify_report import VerifyReport

    pushing = which_image.current(project, image)
    if not Reference.parse(pushing.reference).tag:
        raise UsageError(f"{pushing.reference!r} has no tag to push it under.", "Name the image by its tag.")
    report = project.workspace.read("report", VerifyReport)
    if not untested:
        stage.check_tested(pushing, report)
    pushed = stage.push(project.console, pushing, tested=stage.was_tested(pushing, report))
    pushed = stage.with_dags(pushed, report)
    project.workspace.write("push", pushed)
    snapshots.attach(project, pushed, pushing.id)
    return pushed
