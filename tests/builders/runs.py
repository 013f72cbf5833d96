"""Unfinished runs, and the image that something moves to."""

from dagship.airflow.activity import Activity, RunCount
from dagship.model.artifacts import Target

A, B, C = ("a" * 12, "b" * 12, "c" * 12)


def live(*, baked: bool = True, current: str = "", **runs: int) -> Activity:
    """Runs by the letter of their version; `_` are those that are pinned to none."""
    counts = (RunCount(version=name.strip("_") * 12, state="running", runs=count) for name, count in runs.items())
    return Activity(runs=tuple(counts), baked=baked, current=current)


def target(*versions: str) -> Target:
    return Target(image="x", digest="", dag_version=versions[0] if versions else "", dag_versions=versions)
