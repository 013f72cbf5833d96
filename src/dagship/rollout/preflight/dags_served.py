"""Looks whether Airflow will serve the DAGs of an image before it moves there, and asks pods what no object says."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dagship.airflow.activity import Activity
from dagship.airflow.query import Variable
from dagship.airflow.scheduler_python import CannotAsk
from dagship.errors import Refused
from dagship.model.artifacts import Target
from dagship.record.model import Move
from dagship.rollout.preflight import dag_source
from dagship.rollout.preflight.dag_source import Setting
from dagship.rollout.survey import Survey

if TYPE_CHECKING:
    from dagship.airflow.query import Airflow


def check(
    airflow: "Airflow",
    survey: Survey,
    activity: Activity | None,
    moves: Iterable[Move],
    target: Target,
    *,
    going_back: bool,
) -> tuple[str, ...]:
    """Refuses where pods would take their DAGs from elsewhere than the image; returns what is to be known.

    Args:
        airflow: The Airflow.
        survey: What its namespace holds.
        activity: What Airflow says; None where it could not be asked.
        moves: What moves to the image.
        target: The image.
        going_back: Whether it is a way back, which is not refused.

    Raises:
        Refused: Some would.

    """
    moves = tuple(moves)
    version = target.airflow or (activity.airflow if activity else "")
    if not target.dag_version or not version:
        return ()
    name = dag_source.variable(version)
    said = dag_source.settings(moves, survey.inventory.objects, name)
    wrong = [_line(one, name) for one in said if dag_source.is_known(name, one.source) and not _fits(one, name, target)]
    warnings: list[str] = []
    if not wrong:
        secrets: dict[str, list[str]] = {key: [] for key in dag_source.from_shells(moves, survey.inventory.objects)}
        for one in said:
            if not dag_source.is_known(name, one.source):
                secrets.setdefault(one.workload, []).append(one.source.where)
        for key, places in sorted(secrets.items()):
            found, unknown = _ask(airflow, survey, key, name, tuple(dict.fromkeys(places)))
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


def _ask(
    airflow: "Airflow", survey: Survey, key: str, name: str, secrets: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Asks a pod of a workload what it has; returns what is wrong, and what is not known.

    Args:
        airflow: The Airflow.
        survey: What its namespace holds.
        key: The workload, or a ConfigMap with the template of pods, of which there may be none to ask.
        name: The variable.
        secrets: The Secrets that may set it; a shell that starts the component may do so as well.

    """
    workload = next((one for one in survey.inventory.workloads if one.key == key), None)
    why = "none of its pods is ready."
    try:
        found = airflow.variable(workload, name) if workload else None
        if found is not None:
            return _judged(key, name, secrets, found), ()
    except CannotAsk as failed:
        why = failed.message
    if not secrets:
        return (), ()
    said = f"whether {' or '.join(secrets)} sets {name} for {key}, so that other DAGs are served, is not known: {why}"
    return (), (said,)


def _judged(key: str, name: str, secrets: tuple[str, ...], found: Variable) -> tuple[str, ...]:
    """Returns what is wrong with the variable as a container has it of its own, and as Airflow's process uses it."""
    value, current = found.used, found.current
    # What an image of ours sets names the version that is current in it.
    if not isinstance(value, str) or dag_source.is_images(name, value, current):
        return ()
    if value != found.own:
        where = "the shell that starts it"
    elif secrets:
        where = " or ".join(secrets)
        where += "" if current else " (or the image that runs: then bring it the new one once by what sets it now)"
    else:
        return ()  # the image that runs sets it, and goes
    return (f"{key} has it from {where}: {dag_source.shown(name, value)}",)
