"""Takes the chart's release away, waits until its pods are gone, and names what stays."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from dagship.chart import facts, finding, labels, pods_gone
from dagship.chart.model import UninstallResult
from dagship.cluster.failures import Forbidden, NotFound
from dagship.errors import Interrupted, OutsideError, Refused, UsageError
from dagship.helm.api import Helm
from dagship.record import form, lease
from dagship.timing import timed
from dagship.workloads import spec
from dagship.workloads.kinds import WATCHED

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.terminal.console import Console

_ORPHANS = "those that a KubernetesExecutor started stay until somebody deletes them."
_OURS = {"app.kubernetes.io/managed-by": "dagship"}
_CLAIM = "PersistentVolumeClaim"
# Kind, name and uid of what outlives a release.
Left = tuple[str, str, str]


def uninstall(
    cluster: "Cluster", helm: Helm, console: "Console", release: str, *, delete_data: bool, yes: bool, timeout: float
) -> UninstallResult:
    """Takes a release away.

    Args:
        cluster: The namespace.
        helm: The program, for the same namespace.
        console: Shows progress, and asks.
        release: Name of the release.
        delete_data: Whether its claims and its keys go as well.
        yes: Whether that need not be asked for.
        timeout: Seconds that nothing may move while pods end.

    Raises:
        UsageError: There is no such release, or nobody agreed; nothing was changed.
        OutsideError: Helm, or the API server, failed.
        Interrupted: Ctrl-C came while helm was at it, or while pods ended; they go on ending.

    """
    seconds: dict[str, float] = {}
    helm.check()
    with console.step(f"Looking at the release {release}"):
        there = finding.find(helm, release)
        if there is not None:
            finding.values(helm, there, cluster.namespace)
        data = _data(cluster, release)
    if there is None and not (delete_data and data):
        raise _none_there(helm, release, cluster.namespace, data)
    if delete_data and data and not yes:
        _agree(console, release, cluster.namespace, data)
    cluster = cluster.patient(lease.PATIENCE)
    with lease.held(cluster, console):
        with timed(seconds, "helm"):
            if there is not None:
                with console.step(f"helm uninstall {release}"):
                    _uninstall(helm, release)
        with timed(seconds, "pods"), _told(release, cluster.namespace):
            pods_gone.sweep(cluster, release)
            pods_gone.wait(cluster, console, release, timeout=timeout)
        data = _data(cluster, release)  # what the release made was known to be kept only by its chart
        warnings: list[str] = []
        withdrawn = _withdraw(cluster, release, warnings)
        if delete_data:
            with console.step("Deleting its data"):
                for kind, name, uid in data:
                    cluster.delete(kind, name, uid=uid)
    gone = _forget(cluster, warnings)
    for warning in warnings:
        console.warn(warning)
    named = tuple(f"{kind.lower()}/{name}" for kind, name, _ in data)
    return UninstallResult(
        passed=True,
        release=release,
        namespace=cluster.namespace,
        context=cluster.context,
        chart=there.chart if there else "",
        kept=() if delete_data else named,
        deleted=(*withdrawn, *(named if delete_data else ())),
        record=gone,
        warnings=tuple(warnings),
        seconds=seconds,
    )


def _data(cluster: "Cluster", release: str) -> tuple[Left, ...]:
    """Returns what of a release outlives it: its claims, and the Secret that opens what is in them."""
    found = [(_CLAIM, one) for one in cluster.list(_CLAIM, selector=labels.selector(release))]
    with suppress(NotFound, Forbidden):
        found.append(("Secret", cluster.about("Secret", facts.own_keys(release))))
    return tuple((kind, one["metadata"]["name"], one["metadata"]["uid"]) for kind, one in found if _is_of(one, release))


def _is_of(raw: dict[str, Any], release: str) -> bool:
    """Whether an object has the release's label: somebody else's Secret may have the name."""
    return bool((raw["metadata"].get("labels") or {}).get(labels.INSTANCE) == release)


def _none_there(helm: Helm, release: str, namespace: str, data: tuple[Left, ...]) -> UsageError:
    there = ", ".join(f"{one.name} ({one.chart})" for one in helm.releases())
    said = f"There is no release {release} in the namespace {namespace}. " + (
        f"There are: {there}." if there else "There is none at all."
    )
    if data:
        return UsageError(said, f"Its data is still there; uninstall --release {release} --delete-data deletes it.")
    return UsageError(said, "Name the right one with --release, or the right namespace with --namespace.")


def _agree(console: "Console", release: str, namespace: str, data: tuple[Left, ...]) -> None:
    named = "\n".join(f"  {kind.lower()}/{name}" for kind, name, _ in data)
    if not console.answers:
        raise UsageError(
            f"Nobody is here to be asked whether the data of {release} may be deleted.",
            "--yes says so; without --delete-data the data stays.",
            f"It would delete:\n{named}",
        )
    console.say(f"This deletes for good, in the namespace {namespace}:\n{named}")
    if console.ask(f"Type {release} to go on:") != release:
        raise UsageError("That is not the name of the release; nothing was changed.")


def _withdraw(cluster: "Cluster", release: str, warnings: list[str]) -> tuple[str, ...]:
    """Deletes what is announced to the pods of a release: dagship made it, so Helm does not."""
    name = facts.announced(release)
    try:
        with suppress(NotFound):
            found = cluster.about("ConfigMap", name)["metadata"]
            if _OURS.items() <= (found.get("labels") or {}).items():
                cluster.delete("ConfigMap", name, uid=found["uid"])
                return (f"configmap/{name}",)
    except Forbidden as refused:
        warnings.append(f"the ConfigMap {name} stays: {refused.message}")
    return ()


def _forget(cluster: "Cluster", warnings: list[str]) -> bool:
    """Deletes dagship's record and lease, unless another Airflow of the namespace has them too."""
    if _others(cluster):
        return False
    try:
        with suppress(NotFound):
            written = cluster.get("ConfigMap", form.NAME)
            form.parse(written)  # what cannot be read is left alone
            cluster.delete("ConfigMap", form.NAME, uid=written["metadata"]["uid"])
        with suppress(NotFound):
            lease = cluster.get("Lease", form.NAME)
            if not (lease.get("spec") or {}).get("holderIdentity"):
                cluster.delete("Lease", form.NAME, uid=lease["metadata"]["uid"])
    except Forbidden as refused:
        warnings.append(f"dagship's own record and lease stay: {refused.message}")
        return False
    except UsageError as unread:
        warnings.append(f"the ConfigMap {form.NAME} stays: {unread.message}")
        return False
    return True


def _others(cluster: "Cluster") -> bool:
    """Whether a workload of some Airflow is left."""
    return any(spec.read(kind, raw).role != "other" for kind in WATCHED for raw in cluster.list(kind))


def _uninstall(helm: Helm, release: str) -> None:
    try:
        helm.uninstall(release)
    except KeyboardInterrupt as stopped:
        raise Interrupted(
            f"Interrupted while helm was at {release}; it may be half gone.",
            "Run uninstall again: it ends what was begun.",
        ) from stopped


@contextmanager
def _told(release: str, namespace: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as stopped:
        raise Interrupted(
            f"Interrupted while the pods of {release} ended; the release is gone, and they go on ending.",
            f"kubectl get pods --namespace {namespace} shows them; {_ORPHANS}",
        ) from stopped
    except Refused as taken:  # the lease: nothing is changed any more that it guards
        raise OutsideError(
            taken.message, f"The release {release} is gone, and its pods end by themselves; {_ORPHANS}"
        ) from taken
