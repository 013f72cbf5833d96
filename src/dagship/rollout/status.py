"""Who runs what: every workload's image, its pods against it, and the releases. Changes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dagship.airflow import git_sync, query
from dagship.airflow.activity import Activity
from dagship.airflow_api.api import Api
from dagship.health.verdict import Verdict, judge
from dagship.model.access import Access
from dagship.model.reference import Reference
from dagship.record.model import Change, Move, Record
from dagship.rollout import status_announced, status_served
from dagship.rollout import survey as survey_
from dagship.rollout.plan import dag_version, known_image, kubernetes_executor, own_releases, planner, rollback_target
from dagship.rollout.preflight import dag_source
from dagship.rollout.results import StatusReport, WorkloadReport
from dagship.rollout.status_served import Checkout
from dagship.rollout.survey import read_namespace
from dagship.workloads import image_identity, selection, several_airflows
from dagship.workloads import status as workload_status
from dagship.workloads.kinds import WATCHED
from dagship.workloads.spec import Container, Workload

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

# Labels of dagship's chart, and those of its components that run no Airflow.
_INSTANCE = "app.kubernetes.io/instance"
_COMPONENT = "app.kubernetes.io/component"
_CHART = "helm.sh/chart"
_NOT_AIRFLOW = ("postgres", "redis")


def status(
    cluster: "Cluster",
    *,
    repositories: Iterable[str],
    dag_versions: Mapping[str, str],
    selector: str,
    names: tuple[str, ...],
    release: str = "",
    access: Access | None = None,
    served: bool = False,
    against: Checkout | None = None,
) -> StatusReport:
    """Reports on an Airflow.

    Args:
        cluster: The namespace.
        repositories: Where its image comes from, as far as known here; the record adds its own.
        dag_versions: DAG version by digest, as far as known here; the record adds its own.
        selector: Label selector that workloads must match, or empty.
        names: `kind/name` of its workloads; empty for all that run the image.
        release: Release of dagship's chart, which is looked at where nothing runs an image from those repositories.
        access: Where Airflow's REST API is; None to ask in the scheduler.
        served: Whether to ask Airflow what it serves as well.
        against: What that is compared with; None for nothing.

    Raises:
        UsageError: Nothing runs the image, or a workload named is not there.
        OutsideError: The API server did not answer, or refused.

    """
    survey = read_namespace(cluster, selector=selector, only_looks=True)
    written = survey.record
    images = [
        image for one in (*written.releases, *((written.journal,) if written.journal else ())) if (image := one.image)
    ]
    repositories = (*repositories, *images, *own_releases.names(own_releases.own(survey, names)))
    # What was moved is Airflow's also where someone has set another image since.
    moved = (*(written.journal.moves if written.journal else ()), *rollback_target.moved(written.releases))
    known = {} if names else planner.containers(moved)
    selected = selection.select(survey.inventory.workloads, repositories=repositories, names=names, known=known)
    if not selected and (installed := _images_of(survey.inventory.workloads, release)):
        repositories = (*repositories, *installed)
        selected = selection.select(survey.inventory.workloads, repositories=repositories)
    if not selected:
        wanted = next(iter(repositories), "the image")
        raise selection.nothing_found(survey.inventory.workloads, wanted, cluster.namespace, selector=selector)
    living = cluster.list("Pod"), cluster.list("ReplicaSet"), cluster.clock()
    versions = {**dag_versions, **_versions(written)}
    looks = [
        _look(workload, containers, survey.inventory.objects[workload.kind, workload.name], living)
        for workload, containers in selected
    ]
    digests = _digests(pod for look in looks for pod in look.pods)
    reports = [_report(look, digests, versions) for look in looks]
    for move in kubernetes_executor.templates(selected, survey.inventory.config_maps, repositories, ""):
        used = tuple(sorted({change.before for change in move.changes if change.before}))
        reports.append(
            WorkloadReport(workload=move.key, role=move.role, images=used, dag_version=_version(used, versions))
        )
    own = {pod.name for look in looks for pod in look.pods}
    git, unseen = git_sync.ask(cluster, [raw for raw in living[0] if raw["metadata"]["name"] in own])
    airflows = several_airflows.refusal((workload for workload, _ in selected), selector=selector, names=names)
    meant = [workload.key for workload, _ in selected]
    api, image = Api(access) if access else None, known_image.of(survey, meant)
    activity, why = (
        (None, f"{airflows.message} {airflows.hint}")
        if airflows
        else query.connect(cluster, survey.inventory, meant, api=api, image=image).activity_or_reason()
    )
    told = status_announced.look(
        cluster, survey, [workload for workload, _ in selected], activity.current if activity else "", api
    )
    dags = _elsewhere(survey, selected, reports, activity)
    if told is not None and told.current is not None and told.serves == told.current.version:
        reports = [
            one.model_copy(update={"dag_version": told.serves}) if one.role == "dag-processor" else one
            for one in reports
        ]
    if dags:  # a version that nobody serves is not named
        reports = [one.model_copy(update={"dag_version": ""}) for one in reports]
    serves = status_served.look(cluster, survey.inventory, meant, against=against, api=api) if served else None
    report = StatusReport(
        passed=not any(git_sync.is_behind(one) for one in git),
        namespace=cluster.namespace,
        context=cluster.context,
        workloads=tuple(sorted(reports, key=lambda report: report.workload)),
        releases=tuple(reversed(written.releases)),
        unfinished=written.journal,
        hold=written.hold,
        record_unread=survey.unread,
        installed=_installed(workload for workload, _ in selected),
        dags=dags,
        git=git,
        git_unseen=unseen,
        live=activity,
        live_unseen=why,
        announced=told,
        served=serves,
    )
    right = (told is None or told.right) and (serves is None or serves.right)
    return report.model_copy(update={"passed": report.passed and report.agree and right})


def _elsewhere(
    survey: survey_.Survey, selected: selection.Selected, reports: Iterable[WorkloadReport], activity: Activity | None
) -> str:
    """Returns where Airflow has its DAGs from, if that is not the image; else nothing."""
    said = {report.workload: report.dag_version for report in reports if report.dag_version}
    if not said:
        return ""
    moves = [_as_move(workload, containers) for workload, containers in selected]
    if mode := dag_source.by_design(moves, survey.inventory.objects):
        return f"not from the image (dags.mode: {mode})"
    last = survey.record.releases[-1].airflow if survey.record.releases else ""
    airflow = (activity.airflow if activity else "") or last
    name = dag_source.variable(airflow)
    for one in dag_source.settings(moves, survey.inventory.objects, name) if airflow else ():
        if activity and not dag_source.is_known(name, one.source):
            continue  # what Airflow itself says decides
        value, version = one.source.value, said.get(one.workload, "")
        if one.source.sure and version and (value is None or not dag_source.is_images(name, value, version)):
            what = "what is not looked into" if value is None else dag_source.shown(name, value)
            return f"not from the image: {one.workload} has {name} from {one.source.where}: {what}"
    where = dag_source.elsewhere(activity) if activity else ""
    return where and f"not from the image, but from {where}"


def _as_move(workload: Workload, containers: Iterable[Container]) -> Move:
    changes = tuple(Change(field="image", container=one.name, init=one.init) for one in containers)
    return Move(kind=workload.kind, name=workload.name, role=workload.role, changes=changes)


def _images_of(workloads: Iterable[Workload], release: str) -> tuple[str, ...]:
    """Returns Airflow's images in a release of dagship's chart; its database and broker have others."""
    return tuple(
        container.image
        for workload in workloads
        if workload.labels.get(_INSTANCE) == release and _is_charts(workload)
        for container in workload.containers
        if container.name == workload.labels.get(_COMPONENT) and container.name not in _NOT_AIRFLOW
    )


def _installed(workloads: Iterable[Workload]) -> str:
    """Returns the releases of dagship's chart that some workloads are of, with their charts."""
    found = {(one.labels.get(_INSTANCE, ""), one.labels.get(_CHART, "")) for one in workloads if _is_charts(one)}
    return ", ".join(f"{release} ({chart})" for release, chart in sorted(found))


def _is_charts(workload: Workload) -> bool:
    return workload.labels.get("app.kubernetes.io/name") == "airflow" and _CHART in workload.labels


@dataclass(frozen=True, kw_only=True)
class _Look:
    """A workload, the containers of it that are Airflow's, and its pods that run something."""

    workload: Workload
    containers: tuple[Container, ...]
    verdict: Verdict | None
    pods: tuple[workload_status.PodState, ...]

    @property
    def wanted(self) -> dict[str, str]:
        return {container.name: container.image for container in self.containers}

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each image that is written by tag: that of the pod that was made last."""
        return {
            written: digest
            for pod in sorted(self.pods, key=lambda pod: pod.started)
            for container in pod.containers
            if (written := self.wanted.get(container.name, "")) and not image_identity.digest(written)
            if (digest := image_identity.digest(container.image_id))
        }


def _look(
    workload: Workload,
    containers: tuple[Container, ...],
    raw: Mapping[str, Any],
    living: tuple[list[dict[str, Any]], list[dict[str, Any]], float],
) -> _Look:
    if workload.kind not in WATCHED:
        return _Look(workload=workload, containers=containers, verdict=None, pods=())
    pods, replica_sets, now = living
    state = workload_status.workload(raw, replica_sets)
    own = workload_status.pods_of(state, pods, replica_sets)
    wanted = {container.name: container.image for container in containers}
    verdict = judge(state, own, target=wanted, ids=frozenset(), now=now, settle=0)
    # Evicted pods and the like stay on record.
    running = tuple(pod for pod in own if pod.phase not in {"Succeeded", "Failed"})
    return _Look(workload=workload, containers=containers, verdict=verdict, pods=running)


def _digests(pods: Iterable[workload_status.PodState]) -> dict[str, str]:
    """Returns the digest of each tag: that of the pod that was made last."""
    return {
        container.image: digest
        for pod in sorted(pods, key=lambda pod: pod.started)
        for container in pod.containers
        if "@" not in container.image and (digest := image_identity.digest(container.image_id))
    }


def _report(look: _Look, digests: Mapping[str, str], versions: Mapping[str, str]) -> WorkloadReport:
    used = tuple(sorted({*look.wanted.values(), *kubernetes_executor.images(look.containers)}))
    return WorkloadReport(
        workload=look.workload.key,
        role=look.workload.role,
        images=used,
        dag_version=_pointed(look.containers) or _version(used, versions),
        ready=look.verdict.ready if look.verdict else 0,
        desired=look.verdict.desired if look.verdict else 0,
        differ=tuple(sorted(pod.name for pod in look.pods if _differs(pod, look.wanted, digests))),
        digests=look.digests,
    )


def _pointed(containers: Iterable[Container]) -> str:
    """Returns the DAG version that a rollback within the image has a dag-processor announce, or empty."""
    return next((said for one in containers if (said := one.env.get(dag_version.POINTER))), "")


def _differs(pod: workload_status.PodState, wanted: Mapping[str, str], digests: Mapping[str, str]) -> bool:
    """Whether a pod runs another image than its workload says, or another one of that name than the rest."""
    for container in pod.containers:
        runs = image_identity.digest(container.image_id)
        another = runs != "" and digests.get(container.image, runs) != runs
        if container.name in wanted and (
            another or not image_identity.same_image(container.image, wanted[container.name])
        ):
            return True
    return False


def _versions(written: Record) -> dict[str, str]:
    return {
        Reference.parse(release.image).digest: release.dag_version
        for release in written.releases
        # A rollback within an image announces another version than is the image's own.
        if release.image and release.dag_version and not dag_version.of_release(release)
    }


def _version(images: Iterable[str], versions: Mapping[str, str]) -> str:
    found = {versions.get(image.partition("@")[2], "") for image in images}
    return found.pop() if len(found) == 1 else ""
