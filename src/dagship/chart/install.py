"""Installs or upgrades the chart's release, and watches it until it runs or never will."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagship.chart import dry_run, facts, finding, image_choice, labels, migration, values_files, watch
from dagship.chart.model import InstallResult, Source, Wanted
from dagship.diagnosis.present import show_failure
from dagship.errors import Interrupted, OutsideError
from dagship.helm.api import Helm, Release
from dagship.model.artifacts import Target
from dagship.record import lease
from dagship.resources import resource
from dagship.timing import timed

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.terminal.console import Console

Values = Mapping[str, Any]


def install(
    cluster: "Cluster", helm: Helm, console: "Console", wanted: Wanted, find: Callable[[], Target]
) -> InstallResult:
    """Installs or upgrades a release.

    Args:
        cluster: The namespace; it need not exist.
        helm: The program, for the same namespace.
        console: Shows progress.
        wanted: What is asked for.
        find: Finds the image that --image names, or that `push` recorded.

    Raises:
        UsageError: The values are wrong, no image is named, or the release is none of this chart; nothing was changed.
        Refused: Another is at it.
        OutsideError: Helm, or the API server, failed.
        Interrupted: Ctrl-C came while the release started; it goes on starting.

    """
    seconds: dict[str, float] = {}
    helm.check()
    given = image_choice.merged(values_files.read(wanted.files))
    with timed(seconds, "preflight"), console.step(f"Looking at the release {wanted.release}"):
        before = finding.find(helm, wanted.release)
        own = finding.values(helm, before, cluster.namespace) if before else None
        origin = image_choice.origin(helm.descriptions(wanted.release)) if before else ""
        create = before is None and not finding.namespace_exists(cluster)
    said_by = image_choice.source(image=wanted.image, files=given, release=own, origin=origin, pushed=wanted.pushed)
    target = find() if said_by in {"--image", "push"} else None
    overrides = image_choice.overrides(said_by, target=target, files=given, release=own)
    warnings = image_choice.warnings(said_by, target=target, files=given, release=own)
    for warning in warnings:
        console.warn(warning)
    console.say(f"image: {image_choice.image_of(image_choice.merged([given, overrides]))}, from {said_by}")
    cluster = cluster.patient(lease.PATIENCE)
    with ExitStack() as locked:
        if not create:
            lock = locked.enter_context(lease.held(cluster, console))
        began = cluster.clock()
        with (
            timed(seconds, "helm"),
            _written(overrides) as last,
            console.step(f"helm upgrade --install {wanted.release}"),
        ):
            written, given_files = image_choice.description(said_by, origin), (*wanted.files, *last)
            rendered = helm.template(wanted.release, resource("k8s/chart"), given_files)
            _prepare(cluster, wanted.release, rendered, create=create)
            _upgrade(helm, wanted, given_files, description=written, create_namespace=create)
        if create:  # the lock is an object of the namespace
            lock = locked.enter_context(lease.held(cluster, console))
        with timed(seconds, "start"), _told(wanted.release, cluster.namespace):
            seen = watch.watch(cluster, lock, console, wanted.release, timeout=wanted.timeout, began=began)
    if seen.failure is not None:
        show_failure(console, seen.failure)
    now = finding.find(helm, wanted.release)
    result = _result(cluster, wanted.release, now, helm.values(wanted.release), said_by)
    return result.model_copy(
        update={
            "passed": seen.failure is None,
            "runs": seen.images,
            "workloads": seen.workloads,
            "failure": seen.failure,
            "state": "" if seen.failure is None else left(wanted.release, cluster.namespace, first=before is None),
            "warnings": (*warnings, *seen.warnings),
            "seconds": seconds,
        }
    )


def _prepare(cluster: "Cluster", release: str, rendered: str, *, create: bool) -> None:
    """Has the server look first: what it would refuse leaves everything as it is, a Job that failed included."""
    dry_run.rehearse(cluster, dry_run.workloads(rendered), elsewhere=create)
    if not create:
        _start_anew(cluster, release)


def _start_anew(cluster: "Cluster", release: str) -> None:
    """A Job that failed stays failed, and Helm changes nothing of it while its name is the same."""
    jobs = cluster.list("Job", selector=labels.selector(release))
    pods = cluster.list("Pod", selector=labels.selector(release)) if jobs else []
    for job in jobs:
        if labels.component(job) == "migrate" and migration.needs_new_start(job, pods):
            cluster.delete("Job", job["metadata"]["name"], uid=job["metadata"]["uid"])


def _upgrade(helm: Helm, wanted: Wanted, given: tuple[Path, ...], **more: Any) -> None:  # noqa: ANN401 - of Helm.upgrade
    try:
        helm.upgrade(wanted.release, resource("k8s/chart"), given, **more)
    except KeyboardInterrupt as stopped:
        raise Interrupted(
            f"Interrupted while helm was at {wanted.release}; it may be half installed.",
            "Run install again. Where it says that another helm is at it, it says what ends that.",
        ) from stopped
    except OutsideError as failed:
        hint = f"{failed.hint} What helm made so far stays; when the cause is mended, run install again.".strip()
        raise OutsideError(failed.message, hint, failed.detail) from failed


@contextmanager
def _written(overrides: Values) -> Iterator[tuple[Path, ...]]:
    """Lends a file with these values, for Helm to read; none where there are none."""
    if not overrides:
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="dagship-") as scratch:
        path = Path(scratch, "image.json")
        path.write_text(json.dumps(overrides), "utf-8")
        yield (path,)


@contextmanager
def _told(release: str, namespace: str) -> Iterator[None]:
    """Says of a watch that was cut off how things stand."""
    again = "the same command again goes on watching."
    try:
        yield
    except KeyboardInterrupt as stopped:
        raise Interrupted(
            f"Interrupted while {release} started; the release is installed, and its pods go on starting.",
            f"kubectl get pods --namespace {namespace} shows them; {again}",
        ) from stopped
    except OutsideError as failed:
        raise OutsideError(
            failed.message,
            f"{failed.hint} The release is installed, and its pods go on starting; {again}".strip(),
            failed.detail,
        ) from failed


def left(release: str, namespace: str, *, first: bool) -> str:
    """Returns how a release stands that does not come up, and what there is to do: it may have run before."""
    back = (
        f"take it away: dagship uninstall --release {release} --namespace {namespace}."
        if first
        else f"where it is the same Airflow, go back: helm rollback {release} REVISION --namespace {namespace}; tables "
        "of a newer one do not go back, see docs/how-to/upgrade-chart.md."
    )
    return f"The release stays as it is, to be looked at. Mend the cause and run install again, or {back}"


def _result(cluster: "Cluster", name: str, release: Release | None, found: Values, said_by: Source) -> InstallResult:
    return InstallResult(
        passed=True,
        release=name,
        revision=release.revision if release else 0,
        namespace=cluster.namespace,
        context=cluster.context,
        chart=release.chart if release else "",
        airflow=str(found.get("airflowVersion") or ""),
        executor=str(found.get("executor") or ""),
        dags=facts.dags(found, name),
        image=image_choice.image_of(found),
        image_from=said_by,
        runs=(),
        workloads=(),
        ui=facts.ui(found, name, cluster.namespace),
        user=facts.user(found),
        password=facts.password(found, name, cluster.namespace),
        seconds={},
    )
