"""The stages that bring an image to a cluster, and all of them in one."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from dagship import pipeline
from dagship.artifacts import PushedImage, Target
from dagship.chart import install as installation
from dagship.chart import uninstall as removal
from dagship.chart.model import InstallResult, UninstallResult, Wanted
from dagship.cluster import connection
from dagship.errors import DagshipError, OutsideError, Refused, UsageError
from dagship.helm.api import Helm
from dagship.project import Project
from dagship.prune.values import Place, PruneReport, Seen
from dagship.reference import Reference
from dagship.rollout import actions
from dagship.rollout import status as status_stage
from dagship.rollout.options import Asked
from dagship.rollout.results import Deployed, RolloutResult, StatusReport

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster


def target(project: Project, *, image: str) -> Target:
    """Finds the image to roll out: the one named, else the one that `push` recorded.

    Raises:
        UsageError: There is neither, or the registry does not have it.
        OutsideError: The one named has no digest, and nobody can be asked for it.

    """
    pushed = project.workspace.read("push", PushedImage)
    if not image and pushed is None:
        raise UsageError("Nothing was pushed yet.", "Run push first, or name an image with --image.")
    if pushed is not None and (not image or image in _names(pushed)):
        pinned = Reference.parse(pushed.reference).pinned(pushed.digest)
        found = Target(
            image=str(pinned),
            digest=pushed.digest,
            dag_version=pushed.dag_version,
            airflow=pushed.airflow,
            platforms=pushed.platforms,
            dag_versions=pushed.dag_versions,
            dag_changes=pushed.dag_changes,
            dags=pushed.dags,
        )
    else:
        reference = Reference.parse(image)
        pinned = reference.pinned(reference.digest or _digest(reference))
        found = _known_here(pinned)
    _check_there(project, pinned)
    return found


def _names(pushed: PushedImage) -> tuple[str, ...]:
    return pushed.reference, str(Reference.parse(pushed.reference).pinned(pushed.digest))


def _digest(reference: Reference) -> str:
    from dagship.engine import registry

    if not reference.tag:
        raise UsageError(f"{str(reference)!r} names neither a tag nor a digest.", "Say which image of the repository.")
    try:
        digest = registry.digest(reference)
    except OutsideError as failed:
        raise OutsideError(
            f"The digest of {reference} cannot be asked for. {failed.message}",
            "Name the image by digest, which needs no engine: --image REPOSITORY@sha256:…",
            failed.detail,
        ) from failed
    if digest is None:
        raise UsageError(f"The registry does not have {reference}.", "Push it first, or name another with --image.")
    return digest


def _known_here(pinned: Reference) -> Target:
    """What the engine or the registry says of an image, where either can be asked; a rollout needs neither."""
    from dagship.image import sidebyside
    from dagship.image.plan import LABEL_AIRFLOW, LABEL_DAGS

    labels = _labels(pinned)
    return Target(
        image=str(pinned),
        digest=pinned.digest,
        dag_version=labels.get(LABEL_DAGS, ""),
        airflow=labels.get(LABEL_AIRFLOW, ""),
        dag_versions=sidebyside.versions_of(labels),
        dag_changes=sidebyside.changes_of(labels),
    )


def _labels(pinned: Reference) -> dict[str, str]:
    """The labels of an image; none where nobody can be asked."""
    from dagship.engine import images

    with suppress(OutsideError):
        # By digest alone: what the engine has under the tag may be older.
        facts = images.inspect(str(pinned))
        if facts is not None:
            return dict(facts.labels)
    with suppress(OutsideError, ValueError):
        return dict(images.in_registry(str(pinned)).labels)
    return {}


def _check_there(project: Project, pinned: Reference) -> None:
    """Refuses an image that the registry says it does not have; where it cannot be asked from here, a pod will tell."""
    from dagship.engine import registry

    try:
        with project.console.step(f"Asking the registry for {pinned.name}"):
            found = registry.digest(pinned)
    except OutsideError:
        return
    if found is None:
        raise UsageError(f"The registry does not have {pinned}.", "Push it first, or name another with --image.")


def rollout(project: Project, *, image: str, unfinished: bool, asked: Asked) -> RolloutResult:
    """Moves an Airflow in the cluster to an image; with `unfinished`, takes back what another run left half done."""
    cluster = _cluster(project)
    if unfinished:
        result = actions.undo(cluster, project.console, asked)
    else:
        result = actions.rollout(cluster, project.console, target(project, image=image), asked)
    _keep(project, result)
    return result


def rollback(project: Project, *, to: int | None, asked: Asked) -> RolloutResult:
    """Moves an Airflow in the cluster back to an earlier release."""
    result = actions.rollback(_cluster(project), project.console, to, asked)
    _keep(project, result)
    return result


def _keep(project: Project, result: RolloutResult) -> None:
    """Writes down what a rollout came to; a disk that is full makes nothing of it undone."""
    try:
        project.workspace.write("rollout", result)
    except DagshipError as failed:
        project.console.warn(f"{failed.message} {failed.hint}")


def status(project: Project) -> StatusReport:
    """Reports which workload runs what."""
    settings = project.settings
    pushed = project.workspace.read("push", PushedImage)
    repositories = [settings.repository, *([pushed.reference] if pushed else []), *filter(None, [settings.from_image])]
    return status_stage.status(
        _cluster(project),
        repositories=repositories,
        dag_versions={pushed.digest: pushed.dag_version} if pushed else {},
        selector=settings.selector,
        names=settings.workloads,
        release=settings.release,
    )


def install(project: Project, *, image: str) -> InstallResult:
    """Installs the chart, or upgrades its release."""
    settings = project.settings
    cluster = _cluster(project)
    wanted = Wanted(
        release=settings.release,
        files=tuple(project.path(path) for path in settings.values),
        image=image,
        pushed=project.workspace.read("push", PushedImage) is not None,
        timeout=settings.rollout_timeout,
    )
    return installation.install(cluster, _helm(cluster), project.console, wanted, lambda: target(project, image=image))


def uninstall(project: Project, *, delete_data: bool, yes: bool) -> UninstallResult:
    """Takes the chart's release away."""
    settings = project.settings
    cluster = _cluster(project)
    return removal.uninstall(
        cluster,
        _helm(cluster),
        project.console,
        settings.release,
        delete_data=delete_data,
        yes=yes,
        timeout=settings.rollout_timeout,
    )


def prune(project: Project, *, delete: bool, ignore_runs: bool) -> PruneReport:
    """Finds the images of the repository that nothing refers to any more; deletes them when told to."""
    from dagship.prune import places, pruner

    settings = project.settings
    pushed = project.workspace.read("push", PushedImage)
    first = _cluster(project)
    # Before the registry is read: what is wrong with a kubeconfig is known at once.
    clusters = {Place(context=first.context, namespace=first.namespace): first}
    for named in settings.places:
        context, _, namespace = named.rpartition("/")
        cluster = connection.connect(context=context or settings.context, namespace=namespace)
        clusters.setdefault(Place(context=cluster.context, namespace=cluster.namespace), cluster)

    def look() -> tuple[Seen, ...]:
        with project.console.step(f"Looking at {', '.join(map(str, clusters))}"):
            return tuple(places.look(cluster, place) for place, cluster in clusters.items())

    return pruner.prune(
        project.console,
        settings.repository,
        look,
        keep=settings.keep_images,
        pushed=pushed.digest if pushed else "",
        delete=delete,
        ignore_runs=ignore_runs,
    )


def _helm(cluster: "Cluster") -> Helm:
    inside = cluster.context == connection.IN_CLUSTER
    return Helm(
        namespace=cluster.namespace,
        context="" if inside else cluster.context,
        kubeconfig=connection.kubeconfig(),
    )


def _cluster(project: Project) -> "Cluster":
    return connection.connect(context=project.settings.context, namespace=project.settings.namespace)


def deploy(project: Project, *, asked: Asked) -> Deployed:
    """Checks the lock, builds, tests, pushes and rolls out.

    Raises:
        Refused: The lock is stale, or the image did not pass; nothing later was done.
        DagshipError: As each of the tasks.

    """
    seconds: dict[str, float] = {}

    def timed(name: str, began: float) -> float:
        seconds[name] = round(time.monotonic() - began, 2)
        return time.monotonic()

    now = time.monotonic()
    lock = project.path(project.settings.requirements)
    if lock.suffix == ".txt" and lock.with_suffix(".in").exists():
        pipeline.lock(project, check=True, upgrade=False, upgrade_packages=())
        now = timed("lock --check", now)
    pipeline.build(project, force=False, push=False)
    now = timed("build", now)
    report = pipeline.test_image(project, image="", pytest_path=None)
    now = timed("test-image", now)
    if not report.passed:
        from dagship.verify import report as reporting

        reporting.show(project.console, report)
        raise Refused("The image did not pass test-image; it was neither pushed nor rolled out.", "Mend what it found.")
    pushed = pipeline.push(project, image="", untested=False)
    now = timed("push", now)
    result = rollout(project, image="", unfinished=False, asked=asked)
    timed("rollout", now)
    return Deployed(passed=result.passed, image=pushed, rollout=result, seconds=seconds)
