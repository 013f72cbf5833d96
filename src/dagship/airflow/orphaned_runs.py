"""Unfinished runs that do not end by themselves: of DAGs that an image lacks, or that Airflow has no more. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable

from dagship.airflow.activity import Activity, DagRuns
from dagship.model.artifacts import Target

_NAMED = 5


def leaving(activity: Activity, target: Target) -> str:
    """Returns what to say where an image lacks DAGs that have unfinished runs; nothing where its DAGs are not known."""
    lost = [one for one in activity.dags if target.dags and one.dag_id not in target.dags and not one.gone]
    if not lost:
        return ""
    return (
        f"the image does not have these DAGs, and they have unfinished runs: {_said(lost)}. Airflow begins no further "
        "task of theirs once it has moved, and they never end: let them end before, or mark them as failed"
    )


def moving(activity: Activity, target: Target) -> str:
    """Returns what to say where a DAG is in another file of the image than the one its unfinished runs began on.

    Airflow 3 looks for a run's DAG in the version that it is pinned to, at the place where the newest one has it.
    """
    lost = [
        one
        for one in activity.dags
        if one.version in activity.pinned and one.version != target.dag_version and one.file
        if target.dags.get(one.dag_id, one.file) != one.file
    ]
    if not lost:
        return ""
    places = ", ".join(sorted({f"{one.file} is {target.dags[one.dag_id]}" for one in lost}))
    return (
        f"DAGs are in another file of the image ({places}), where Airflow looks for them in the version that their "
        f"unfinished runs are pinned to as well; those may fail: {_said(lost)}"
    )


def stuck(activity: Activity, versions: Collection[str] | None = None) -> str:
    """Returns what to say of unfinished runs that do not go on as things are; else nothing.

    Args:
        activity: What Airflow says.
        versions: Only of those that are pinned to these DAG versions.

    """
    asked = [one for one in activity.dags if versions is None or one.version in versions]
    gone = [one for one in asked if one.gone]
    paused = [one for one in asked if one.paused and not one.gone]
    said = []
    if gone:
        said.append(
            f"Airflow has these DAGs no more, so that their runs never end: {_said(gone)}; mark them as failed."
        )
    if paused:
        said.append(f"These DAGs are paused, so that their runs do not go on: {_said(paused)}; unpause them.")
    return " ".join(said)


def all_gone(activity: Activity, versions: Collection[str]) -> bool:
    """Whether no run of these DAG versions can end: Airflow has their DAGs no more."""
    asked = [one for one in activity.dags if one.version in versions]
    return bool(asked) and all(one.gone for one in asked)


def _said(dags: Iterable[DagRuns]) -> str:
    runs: Counter[str] = Counter()
    for one in dags:
        runs[one.dag_id] += one.runs
    named = [f"{dag_id} ({count} run{'s' if count > 1 else ''})" for dag_id, count in sorted(runs.items())]
    return ", ".join(named[:_NAMED]) + (f" and {len(named) - _NAMED} more" if len(named) > _NAMED else "")
