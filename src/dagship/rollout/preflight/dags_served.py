"""Looks whether Airflow will serve the DAGs of an image before it moves there, and asks pods what no object says."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dagship.airflow import query, query_scripts
from dagship.airflow.activity import Activity
from dagship.artifacts import Target
from dagship.errors import Refused
from dagship.record.model import Move
from dagship.rollout.preflight import dag_source
from dagship.rollout.preflight.dag_source import Setting
from dagship.rollout.survey import Survey

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

_COMMANDS = {"worker": "celery", "scheduler": "scheduler", "dag-processor": "dag-processor"}


def check(
    cluster: "Cluster",
    survey: Survey,
    activity: Activity | None,
    moves: Iterable[Move],
    target: Target,
    *,
    going_back: bool,
) -> tuple[str, ...]:
    """Refuses where pods would take their DAGs from elsewhere than the image; returns what is to be known.

    Args:
        cluster: The namespace.
        survey: What it holds.
        activity: What Airflow says; None where it could not be asked.
        moves: What moves to the image.
        target: The image.
        going_back: Whether it is a way back, which is not refused.

    Raises:
        Refused: Some would.

    """
    moves = tuple(moves)
    airflow = target.airflow or (activity.airflow if activity else "")
    if not target.dag_version or not airflow:
        return ()
    name = dag_source.variable(airflow)
    said = dag_source.settings(moves, survey.inventory.objects, name)
    wrong = [_line(one, name) for one in said if dag_source.is_known(name, one.source) and not _fits(one, name, target)]
    warnings: list[str] = []
    if not wrong:
        secrets: dict[str, list[str]] = {key: [] for key in dag_source.from_shells(moves, survey.inventory.objects)}
        for one in said:
            if not dag_source.is_known(name, one.source):
                secrets.setdefault(one.workload, []).append(one.source.where)
        for key, places in sorted(secrets.items()):
            found, unknown = _asked(cluster, survey, key, name, tuple(dict.fromkeys(places)))
            wrong += found
            warnings += unknown
    if not wrong:
        return tuple(warnings)
    refused = Refused(
        f"Airflow would not serve the DAGs of the image: pods set {name} themselves, which goes before the image.",
        "Take it out there, in the manifests or the chart's values, and run this again.",
        "\n".join(f"  {line}" for line in dict.fromkeys(wrong)),
    )
    if going_back:
        return (f"{refused.message.rstrip('.')}: {'; '.join(dict.fromkeys(wrong))}",)
    raise refused


def _fits(one: Setting, name: str, target: Target) -> bool:
    return one.source.value is not None and dag_source.is_images(name, one.source.value, target.dag_version)


def _line(one: Setting, name: str) -> str:
    value = "" if one.source.value is None else f": {dag_source.shown(name, one.source.value)}"
    return f"{one.workload}, container {one.container}, has it from {one.source.where}{value}"


def _asked(
    cluster: "Cluster", survey: Survey, key: str, name: str, secrets: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Asks a pod of a workload what it has; returns what is wrong, and what is not known.

    Args:
        cluster: The namespace.
        survey: What it holds.
        key: The workload, or a ConfigMap with the template of pods, of which there may be none to ask.
        name: The variable.
        secrets: The Secrets that may set it; a shell that starts the component may do so as well.

    """
    workload = next((one for one in survey.inventory.workloads if one.key == key), None)
    why = "none of its pods is ready."
    try:
        where = query.pod_of(cluster, survey.inventory, workload) if workload else None
        if workload and where:
            own = query.run(cluster, where, query_scripts.VARIABLE, name, command="")
            used = query.run(cluster, where, query_scripts.VARIABLE, name, command=_COMMANDS[workload.role])
            return _judged(key, name, secrets, own, used), ()
    except query.CannotAsk as failed:
        why = failed.message
    if not secrets:
        return (), ()
    said = f"whether {' or '.join(secrets)} sets {name} for {key}, so that other DAGs are served, is not known: {why}"
    return (), (said,)


def _judged(
    key: str, name: str, secrets: tuple[str, ...], own: Mapping[str, Any], used: Mapping[str, Any]
) -> tuple[str, ...]:
    """Returns what is wrong with the variable as a container has it of its own, and as Airflow's process uses it."""
    value, current = used.get("value"), str(used.get("current", ""))
    # What an image of ours sets names the version that is current in it.
    if not isinstance(value, str) or dag_source.is_images(name, value, current):
        return ()
    if value != own.get("value"):
        where = "the shell that starts it"
    elif secrets:
        where = " or ".join(secrets)
        where += "" if current else " (or the image that runs: then bring it the new one once by what sets it now)"
    else:
        return ()  # the image that runs sets it, and goes
    return (f"{key} has it from {where}: {dag_source.shown(name, value)}",)
