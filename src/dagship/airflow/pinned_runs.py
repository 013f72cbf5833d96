"""Runs that are pinned to a DAG version, and the image that must hold it. Pure."""

from collections.abc import Mapping

from dagship.airflow.activity import Activity
from dagship.errors import Refused
from dagship.model.artifacts import Target


def lacking(activity: Activity, target: Target) -> dict[str, int]:
    """Returns the versions that unfinished runs need and an image lacks, with the runs; none where that is unknown."""
    held = target.held
    return {version: runs for version, runs in activity.pinned.items() if version not in held} if held else {}


def unknown(activity: Activity, target: Target) -> str:
    """Returns what to say where runs are pinned and nobody knows what the image holds; else nothing."""
    if not activity.pinned or target.held:
        return ""
    return f"which DAG versions the image holds is not known; {said(activity.pinned)} must be among them"


def announced(activity: Activity, target: Target, current: str) -> str:
    """Returns what to say where the image lacks `current`, which new runs get until it is announced; else nothing."""
    if not activity.baked or not current or not target.held or current in {*target.held, *activity.pinned}:
        return ""
    return (
        f"the image does not hold {current}, the DAG version that is current: runs that begin before the "
        "dag-processor has moved may be pinned to it, and fail"
    )


def stranded(activity: Activity) -> str:
    """Returns what to say where runs are pinned to versions that the image which runs now lacks; else nothing."""
    lost = {
        version: runs for version, runs in activity.pinned.items() if activity.held and version not in activity.held
    }
    if not lost:
        return ""
    return (
        f"unfinished runs are pinned to DAG versions that the image which runs now does not hold: {said(lost)}; their "
        "next tasks fail until an image that holds them is rolled out (build --previous IMAGE)"
    )


def said(versions: Mapping[str, int]) -> str:
    """Returns versions and their runs for people: `3f9c2a71d0b4 (2 runs)`."""
    return ", ".join(f"{version} ({runs} run{'s' if runs > 1 else ''})" for version, runs in versions.items())


def refusal(versions: Mapping[str, int], stuck: str = "", *, ends: bool = True) -> Refused:
    """Says which runs would be left without their code, and what to do.

    Args:
        versions: The DAG versions, with their runs.
        stuck: What keeps some of these from ending, which waiting does not change.
        ends: Whether any of them may end.

    """
    advice = (
        "Build again so that they are kept: with --previous IMAGE, or where the cluster can be asked.",
        stuck,
        "Or wait until those runs have ended: --wait-for-runs." if ends else "",
        "--interrupt-tasks rolls out all the same.",
    )
    return Refused(
        f"Unfinished runs are pinned to DAG versions that the image does not hold, and would fail: {said(versions)}.",
        " ".join(filter(None, advice)),
    )
