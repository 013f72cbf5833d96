"""Finds what a build is made of: the base, the requirements, the DAGs, and the DAG versions that stay beside them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dagship.model.artifacts import BaseImage, BuiltBase, LockFile, PushedImage
from dagship.model.reference import Reference
from dagship.model.thin import Receiver
from dagship.pipeline.project import Project

if TYPE_CHECKING:
    from collections.abc import Collection

    from dagship.image.plan import Plan
    from dagship.image.tree.model import Tree
    from dagship.lock.own.read import Archives
    from dagship.rollout.running_image import Answer, Incumbent

# Where most repositories have their requirements.
_USUAL = "requirements.txt"


def base(project: Project) -> BaseImage:
    """Finds the base: the one that settings name, else the one that `base` built, else the official image."""
    with asking_base(project) as found:
        return found()


def base_name(project: Project) -> tuple[str, str]:
    """Returns the name of the base, and why it is that one, in words that follow on it."""
    settings = project.settings
    if settings.base:
        return settings.base, "as the settings name it"
    built = project.workspace.read("base", BuiltBase)
    asked_for_another = (
        "airflow" in settings.model_fields_set and built is not None and built.airflow != settings.airflow
    )
    if built is None or asked_for_another:
        return f"apache/airflow:{settings.airflow}", "the official image, since nothing names another"
    return built.reference, f"as {project.workspace.directory.name}/base.json names it"


@contextmanager
def asking_base(project: Project) -> Iterator[Callable[[], BaseImage]]:
    """Asks the engine for the base beside the block; what it gives waits for the answer, and examines a new one."""
    from dagship import probe
    from dagship.engine import images

    settings = project.settings
    reference, why = base_name(project)
    with ThreadPoolExecutor(1) as other:
        asked = other.submit(images.inspect, reference)

        def found() -> BaseImage:
            # `deploy` looks for it when it checks the lock, and when it builds.
            project.console.say(f"base: {reference}, {why}", once=True)
            return probe.probe(
                project.workspace,
                project.console,
                reference,
                inspected=asked.result,
                builder=settings.builder,
                platforms=settings.platform,
            )

        yield found


def requirements(project: Project, base: BaseImage, archives: "Archives") -> LockFile:
    """Finds the lock of the DAGs; none when settings do not name one and the default is not there."""
    settings = project.settings
    path = project.path(settings.requirements)
    if "requirements" not in settings.model_fields_set and not path.exists():
        if path.with_suffix(".in").exists():
            path = path.with_suffix(".in")
        else:
            if (project.root / _USUAL).exists():
                project.console.warn(
                    f"{_USUAL} is there, and the image gets nothing of it: no setting names it. Run init, or give "
                    f"--requirements {_USUAL}."
                )
            return LockFile(path="", text="", digest="")

    from dagship.lock import locker as stage

    return stage.for_build(settings, project.workspace, project.console, base, path, archives)


def tree(project: Project) -> "Tree":
    """Reads the directory of DAGs and what is included beside it, and says what is left out."""
    from dagship.image import present, reading

    settings = project.settings
    found = reading.read(
        project.root, settings, dags=settings.dags, include=settings.include, finished=not settings.prepare
    )
    for sentence in present.left_out(found):
        project.console.say(sentence)
    return found


def prepared(project: Project, tree: "Tree", planned: "Callable[[Tree], Plan]", *, fresh: bool) -> "Tree":
    """Returns a tree as the commands of `prepare` leave it, and says what of theirs is left out."""
    settings = project.settings
    if not settings.prepare:
        return tree
    from dagship.image import present
    from dagship.image.prepare import runner

    found = runner.prepared(settings, project.console, project.root, planned(tree), fresh=fresh)
    for sentence in present.left_out(found):
        project.console.say(sentence)
    return found


def home(project: Project) -> "Tree | None":
    """Reads plugins and configuration, and says what is left out."""
    from dagship.image import present
    from dagship.image.tree import at_home

    settings = project.settings
    found = at_home.read(
        project.root,
        {"plugins": settings.plugins, "config": settings.config},
        ignore=settings.ignore,
        secret_files=(*settings.secret_files(), settings.baseline),
        max_file_size=settings.max_file_size,
    )
    for sentence in present.left_out(found) if found is not None else ():
        project.console.say(sentence)
    return found


def running(project: Project) -> "Answer":
    """Begins to ask the cluster what runs there; the answer is waited for when the DAGs are read."""
    from dagship.rollout import running_image

    settings = project.settings
    # The default names no registry's repository: no cluster has an image of it.
    if "repository" not in settings.model_fields_set:
        return running_image.Answer()
    return running_image.asking(
        settings.repository,
        context=settings.context,
        namespace=settings.namespace,
        selector=settings.selector,
        access=project.access,
    )


def onto_running(
    project: Project, plan: "Callable[[], Plan]", answer: "Answer", *, full: bool
) -> "tuple[Plan | None, str]":
    """Plans the DAGs alone onto the image that runs, where that can take them; says which way it is, and why.

    Args:
        project: The project.
        plan: Makes the plan of the whole image.
        answer: What the cluster says.
        full: Whether the whole image is asked for.

    Returns:
        The plan, None where the image is to be built whole; and what was said, nothing where nobody knows what runs.

    """
    receiver = answer.first().receiver
    if receiver is None:
        return None, ""
    if full or project.settings.previous:
        asked = "--full asks for it" if full else "the setting previous says which image it is to follow"
        return None, _said(project, f"the whole image, since {asked}")
    from dagship.image import present
    from dagship.image.thin import way
    from dagship.image.thin.holder import IN_ENGINE

    def needed() -> "Collection[str] | None":
        said = answer.whole()
        return said.pinned if said.complete else None

    found, why_not = way.find(project.workspace, project.console, plan(), receiver, needed=needed, holder=IN_ENGINE)
    said = present.alone(receiver.onto, found.package) if found else f"the whole image, since {why_not}"
    return found, _said(project, said)


def _said(project: Project, way: str) -> str:
    project.console.say(f"way: {way}")
    return way


def earlier(project: Project, tree: "Tree", incumbent: "Incumbent") -> "tuple[Tree, ...]":
    """Finds the DAG versions that stay beside the new one: of the image named, the running or the last pushed one."""
    from dagship.image import earlier as stage

    settings = project.settings
    pushed = project.workspace.read("push", PushedImage)
    known = {}
    if pushed is not None and Reference.parse(pushed.reference).name == settings.repository:
        versions = dict(zip(pushed.dag_versions, pushed.dag_digests, strict=False))
        known = {str(Reference.parse(pushed.reference).pinned(pushed.digest)): versions}
    sources = [stage.Source(reference=settings.previous, explicit=True)] if settings.previous else []
    receiver = incumbent.receiver or Receiver()
    # What new runs get there comes before what its pods have from their image; it may be one of those.
    announced = [receiver.announcement] if receiver.announcement is not None else []
    for image in dict.fromkeys((*(one.image for one in announced if one.image), *incumbent.images, *known)):
        sources += [stage.Source(reference=image, versions=known.get(image, {}))]
    recent = [
        stage.Source(reference=packaged.image, versions={version: packaged.tree})
        for version, packaged in receiver.packages.items()
    ]
    if incumbent.images and not incumbent.complete:
        project.console.warn(
            "Airflow did not say in time which DAG versions unfinished runs began on: only the last ones are kept."
        )
    pinned = (*incumbent.pinned, *(one.version for one in announced))
    return stage.gather(
        project.workspace, project.console, tree, sources, pinned, keep=settings.keep_versions, recent=recent
    )
