"""What is announced to the pods of an Airflow, and whether its dag-processor serves that. Changes nothing."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dagship.airflow import query
from dagship.airflow.served import Wanted, named, not_yet
from dagship.errors import OutsideError, UsageError
from dagship.record import announced
from dagship.rollout.execute import readers
from dagship.rollout.plan import dag_version, own_releases
from dagship.rollout.results import AnnouncedReport
from dagship.rollout.survey import Survey
from dagship.rollout.thin import mount
from dagship.workloads.spec import Workload, template

if TYPE_CHECKING:
    from dagship.airflow_api.api import Api
    from dagship.cluster.api import Cluster


def look(
    cluster: "Cluster", survey: Survey, workloads: Iterable[Workload], current: str, api: "Api | None" = None
) -> AnnouncedReport | None:
    """Returns what is announced; None where no dag-processor has anything mounted for it.

    Args:
        cluster: The namespace.
        survey: What it holds.
        workloads: Those of the Airflow.
        current: DAG version that is current in the image, or empty where that is not known.
        api: Airflow's REST API; None to ask the dag-processor.

    """
    name = next(filter(None, (_mounted(survey, one) for one in workloads if one.role == "dag-processor")), "")
    if not name:
        return None
    try:
        there = announced.read(survey.inventory.config_maps.get(name))
    except UsageError as unread:
        return AnnouncedReport(config_map=name, why_not=unread.message)
    wanted = there.announcement
    report = AnnouncedReport(
        config_map=name,
        current=wanted,
        packages=there.packages,
        bytes=there.bytes,
        lost=_lost(survey, wanted.version if wanted else ""),
    )
    serial = wanted.serial if wanted else 0
    meant = Wanted(version=wanted.version if wanted else current, serial=serial)
    return report.model_copy(update=_served(cluster, survey, name, meant, api)) if meant.version else report


def _served(cluster: "Cluster", survey: Survey, name: str, meant: Wanted, api: "Api | None") -> dict[str, str]:
    """What the dag-processor serves, and why that is not what it should; where nothing is announced, it may be any."""
    try:
        airflow = query.connect(cluster, survey.inventory, readers.mounting(survey.inventory.workloads, name), api=api)
        answer = airflow.served(meant, 0.0)
    except OutsideError:
        answer = None
    if answer is None:
        return {"why_not": "The dag-processor could not be asked what it serves."}
    if answer.served or not meant.serial:
        return {"serves": answer.version, "why_not": ""}
    why = f"it cannot import {named(answer.new)}" if answer.new else not_yet(meant, answer).rstrip(".")
    return {"serves": answer.version, "why_not": f"{why[0].upper()}{why[1:]}."}


def _mounted(survey: Survey, workload: Workload) -> str:
    spec = template(workload.kind, survey.inventory.objects[workload.kind, workload.name])["spec"]
    container: Mapping[str, Any] = next(one for one in spec["containers"] if one["name"] == workload.main.name)
    return mount.config_map(spec, container)[0]


def _lost(survey: Survey, version: str) -> str:
    """The version of the last release, where that announced another than there is."""
    releases = own_releases.own(survey)
    last = releases[-1] if releases else None
    if last is None or survey.record.journal is not None or not dag_version.is_announcing(last.moves):
        return ""
    wanted = (announced.of_value(change.after) for move in last.moves for change in move.changes)
    meant = next((one.version for one in wanted if one), "")
    return meant if meant != version else ""
