"""What a release meets: runs under way, pools, queues, what nodes pull, and the way it takes. Changes nothing.

What cannot be asked is said, and keeps nobody from comparing the rest.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dagship.diff.document import Known
from dagship.errors import OutsideError
from dagship.model import dag_versions
from dagship.model.release_document import Pull, PulledLayer, UnfinishedRuns, Way
from dagship.pipeline.diff.sides import Found
from dagship.pipeline.project import Project

if TYPE_CHECKING:
    from dagship.airflow.activity import Activity
    from dagship.cluster.api import Cluster
    from dagship.model.thin import Receiver
    from dagship.registry.repository import RegistryLayer
    from dagship.rollout.survey import Survey

# How a builder writes that a layer is a DAG version (images/airflow/Dockerfile.j2).
_VERSION = re.compile(r"dags/([0-9a-f]{12})\.tar")
_LONGEST = 80


def in_registry(was: Found, now: Found) -> Pull | None:
    """Returns what a node that has the old version pulls of the new one; None where no registry has both."""
    from dagship.registry.repository import Repository

    if was.pinned is None or now.pinned is None:
        return None
    try:
        before, after = (Repository(one).layers(one.digest) for one in (was.pinned, now.pinned))
    except OutsideError:
        return None
    return None if before is None or after is None else pull(before, after)


def pull(before: "Iterable[RegistryLayer]", after: "Iterable[RegistryLayer]") -> Pull:
    """Returns the layers that one image has and another has not, the largest first."""
    there = {layer.digest for layer in before}
    new = {layer.digest: layer for layer in after if layer.digest not in there}
    layers = tuple(
        PulledLayer(what=_what(layer.step), digest=layer.digest, bytes=layer.size)
        for layer in sorted(new.values(), key=lambda layer: -layer.size)
    )
    return Pull(layers=layers, bytes=sum(layer.bytes for layer in layers))


def _what(step: str) -> str:
    version = _VERSION.search(step)
    said = " ".join(step.removeprefix("RUN ").removeprefix("/bin/sh -c ").split())
    return f"DAG version {version[1]}" if version else said[:_LONGEST] or "a layer"


def in_cluster(
    project: Project, cluster: "Cluster", survey: "Survey", sides: tuple[Found, Found], dag_ids: Iterable[str]
) -> Known:
    """Asks a cluster.

    Args:
        project: The project.
        cluster: The namespace.
        survey: What it holds.
        sides: What runs there, and what is to.
        dag_ids: DAGs whose last run is to be known.

    """
    from dagship.airflow import query
    from dagship.airflow_api.api import Api
    from dagship.rollout.plan import known_image, own_releases
    from dagship.rollout.thin import receiver
    from dagship.workloads import queues, selection, several_airflows

    settings, (was, now) = project.settings, sides
    releases = own_releases.own(survey)
    names = (settings.repository, *own_releases.names(releases))
    selected = selection.select(survey.inventory.workloads, repositories=names)
    meant = [workload.key for workload, _ in selected]
    takes = receiver.of(survey, selected, names)
    taken, there = way(was, now, takes), of_pods(was, takes)
    # Where no pod is replaced, no node asks for an image.
    pulled = in_registry(there, now) if taken.way == "rollout" else Pull(layers=(), bytes=0)
    if pulled is not None and pulled.layers and there.pinned is not None:
        pulled = pulled.model_copy(update={"nodes": nodes(cluster.list("Pod"), there.pinned.digest)})
    found: dict[str, Any] = {
        "pull": pulled,
        "queues": queues.of(workload for workload, _ in selected),
        "way": taken,
    }
    if several := several_airflows.refusal(
        (workload for workload, _ in selected), selector=settings.selector, names=()
    ):
        return Known(**found, unknown=(several.message,))
    access = project.access
    airflow = query.connect(
        cluster,
        survey.inventory,
        meant,
        api=Api(access) if access else None,
        image=known_image.of(survey, meant),
    )
    try:
        with project.console.step("Asking Airflow for runs and pools"):
            found["unfinished"] = unfinished(airflow.activity())
            footing = airflow.footing(dag_ids)
    except OutsideError as failed:
        return Known(**found, unknown=(f"Airflow was not asked for everything: {failed.message}",))
    return Known(**found, pools=footing.pools, last=footing.last)


def way(was: Found, now: Found, takes: "Receiver") -> Way:
    """Returns how a change reaches what runs.

    Args:
        was: What runs.
        now: What is to.
        takes: What can be announced there.

    """
    from dagship.rollout.thin.way import unfit

    if was.pinned is not None and now.pinned is not None and was.pinned.digest == now.pinned.digest:
        return Way(way="none", why="It is the image that runs.")
    if now.thin is None:
        return Way(way="rollout", why="It is a whole image: every pod is replaced.")
    if why_not := unfit(takes, now.thin.onto):
        return Way(way="rollout", why=f"Every pod is replaced, since {why_not}.")
    version = now.side.dag_version
    return Way(way="thin", why=f"DAG version {version} is announced to what runs, and no pod is replaced.")


def of_pods(was: Found, takes: "Receiver") -> Found:
    """Returns what runs as nodes have it: where a DAG version was announced to pods, they keep their own image."""
    from dagship.workloads import image_identity

    digest = image_identity.digest(takes.onto)
    return was._replace(pinned=was.pinned.pinned(digest)) if was.pinned is not None and digest else was


def unfinished(activity: "Activity") -> dict[str, UnfinishedRuns]:
    """Returns the runs under way, by DAG."""
    found: dict[str, UnfinishedRuns] = {}
    for one in activity.dags:
        known = found.get(one.dag_id, UnfinishedRuns(running=0, queued=0, keep_code=True))
        found[one.dag_id] = UnfinishedRuns(
            running=known.running + one.runs - one.queued,
            queued=known.queued + one.queued,
            keep_code=known.keep_code and bool(activity.baked) and dag_versions.is_id(one.version),
        )
    return found


def nodes(pods: Iterable[dict[str, Any]], digest: str) -> tuple[str, ...]:
    """Returns the names of the nodes that run an image, by the digest in the status of their pods."""
    from dagship.workloads import image_identity

    return tuple(
        sorted(
            {
                str(pod["spec"]["nodeName"])
                for pod in pods
                for status in (pod.get("status") or {}).get("containerStatuses") or ()
                if image_identity.digest(str(status.get("imageID", ""))) == digest and pod["spec"].get("nodeName")
            }
        )
    )
