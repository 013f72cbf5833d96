"""The stages that bring an image to a cluster."""

import functools
from typing import TYPE_CHECKING

from dagship.cluster import connection
from dagship.errors import DagshipError
from dagship.model.artifacts import PushedImage, Target
from dagship.model.reference import Reference
from dagship.pipeline import changes, which_image
from dagship.pipeline.project import Project
from dagship.rollout import actions
from dagship.rollout.execute.tell import Compare
from dagship.rollout.options import RolloutOptions
from dagship.rollout.results import RolloutResult, StatusReport

if TYPE_CHECKING:
    from dagship.chart.model import InstallResult, UninstallResult
    from dagship.cluster.api import Cluster
    from dagship.helm.api import Helm
    from dagship.prune.model import Place, PruneReport, Seen


def rollout(project: Project, *, image: str, unfinished: bool, options: RolloutOptions) -> RolloutResult:
    """Moves an Airflow in the cluster to an image; with `unfinished`, takes back what another run left half done."""
    cluster = _cluster(project)
    if unfinished:
        result = actions.undo(cluster, project.console, options, _package)
    else:
        target = which_image.target(project, image=image)
        result = actions.rollout(cluster, project.console, target, options, _package, compare=_compare(project))
    _keep(project, result)
    return result


def dry_run(project: Project, target: Target, package: bytes, options: RolloutOptions) -> RolloutResult:
    """Says what a rollout to an image would do that its registry need not have.

    Args:
        project: The project.
        target: The image.
        package: What it brings, if it is a thin one.
        options: Of the rollout, a dry run.

    """

    def fetch(image: str) -> bytes:
        return package if image == target.image else _package(image)

    result = actions.rollout(_cluster(project), project.console, target, options, fetch)
    _keep(project, result)
    return result


def rollback(project: Project, *, to: int | None, options: RolloutOptions) -> RolloutResult:
    """Moves an Airflow in the cluster back to an earlier release."""
    compare = _compare(project)
    result = actions.rollback(_cluster(project), project.console, to, options, _package, compare=compare)
    _keep(project, result)
    return result


def _compare(project: Project) -> Compare:
    return Compare(functools.partial(changes.tell, project), functools.partial(changes.affected, project))


@functools.cache
def _package(image: str) -> bytes:
    """Returns the package that a thin image brings, from its registry."""
    from dagship.registry.repository import Repository

    found = Reference.parse(image)
    return Repository(found).package(found.digest)


def _keep(project: Project, result: RolloutResult) -> None:
    """Writes down what a rollout came to; a disk that is full makes nothing of it undone."""
    try:
        project.workspace.write("rollout", result)
    except DagshipError as failed:
        project.console.warn(f"{failed.message} {failed.hint}")


def status(project: Project, *, served: bool = False, against: str = "") -> StatusReport:
    """Reports which workload runs what; with `served` what Airflow serves, and how that differs from a checkout."""
    from dagship.pipeline import checkouts
    from dagship.rollout import status as status_stage

    settings = project.settings
    checkout = checkouts.read(project, against) if against else None
    pushed = project.workspace.read("push", PushedImage)
    repositories = [settings.repository, *([pushed.reference] if pushed else []), *filter(None, [settings.from_image])]
    return status_stage.status(
        _cluster(project),
        repositories=repositories,
        dag_versions={pushed.digest: pushed.dag_version} if pushed else {},
        selector=settings.selector,
        names=settings.workloads,
        release=settings.release,
        access=project.access,
        served=served or checkout is not None,
        against=checkout,
    )


def install(project: Project, *, image: str) -> "InstallResult":
    """Installs the chart, or upgrades its release."""
    from dagship.chart import install as installation
    from dagship.chart.model import Wanted

    settings = project.settings
    cluster = _cluster(project)
    wanted = Wanted(
        release=settings.release,
        files=tuple(project.path(path) for path in settings.values),
        image=image,
        pushed=project.workspace.read("push", PushedImage) is not None,
        timeout=settings.rollout_timeout,
    )
    return installation.install(
        cluster, _helm(cluster), project.console, wanted, lambda: which_image.target(project, image=image)
    )


def uninstall(project: Project, *, delete_data: bool, yes: bool) -> "UninstallResult":
    """Takes the chart's release away."""
    from dagship.chart import uninstall as removal

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


def prune(project: Project, *, delete: bool, ignore_runs: bool) -> "PruneReport":
    """Finds the images of the repository that nothing refers to any more; deletes them when told to."""
    from dagship.prune import places, pruner

    settings = project.settings
    pushed = project.workspace.read("push", PushedImage)
    # Before the registry is read: what is wrong with a kubeconfig is known at once.
    clusters = _places(project)

    def look() -> "tuple[Seen, ...]":
        with project.console.step(f"Looking at {', '.join(map(str, clusters))}"):
            # The first is where the settings lead; the address of Airflow is of that one.
            return tuple(
                places.look(cluster, place, None if number else project.access)
                for number, (place, cluster) in enumerate(clusters.items())
            )

    return pruner.prune(
        project.console,
        settings.repository,
        look,
        keep=settings.keep_images,
        pushed=pushed.digest if pushed else "",
        delete=delete,
        ignore_runs=ignore_runs,
    )


def _places(project: Project) -> "dict[Place, Cluster]":
    """Connects to every namespace that may run images of the repository."""
    from dagship.prune.model import Place

    settings = project.settings
    first = _cluster(project)
    clusters = {Place(context=first.context, namespace=first.namespace): first}
    for named in settings.places:
        context, _, namespace = named.rpartition("/")
        cluster = connection.connect(context=context or settings.context, namespace=namespace)
        clusters.setdefault(Place(context=cluster.context, namespace=cluster.namespace), cluster)
    return clusters


def _helm(cluster: "Cluster") -> "Helm":
    from dagship.helm.api import Helm

    inside = cluster.context == connection.IN_CLUSTER
    return Helm(
        namespace=cluster.namespace,
        context="" if inside else cluster.context,
        kubeconfig=connection.kubeconfig(),
    )


def _cluster(project: Project) -> "Cluster":
    return connection.connect(context=project.settings.context, namespace=project.settings.namespace)
