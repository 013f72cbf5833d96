"""Whether unfinished runs end on their code once an image is served: refuses one that lacks it. Pure."""

from collections.abc import Iterable

from dagship.airflow import orphaned_runs, pinned_runs
from dagship.airflow.activity import Activity
from dagship.model.artifacts import Target
from dagship.rollout.plan import dag_version
from dagship.workloads.spec import Workload


def check(
    activity: Activity,
    target: Target,
    workloads: Iterable[Workload],
    *,
    announced: str = "",
    waits: bool,
    interrupt: bool,
) -> tuple[str, ...]:
    """Refuses an image that lacks what unfinished runs are pinned to; returns what is to be known of them.

    Args:
        activity: What Airflow says of its runs.
        target: The image to move to.
        workloads: Those of the namespace, which may announce another version than their image's.
        announced: DAG version that is announced to them, if one is.
        waits: Whether runs that need what it lacks are waited for.
        interrupt: Whether runs may be lost.

    Raises:
        Refused: Runs would be left without their code.

    """
    said = []
    lacking = pinned_runs.lacking(activity, target)
    if lacking and not waits:
        refusal = pinned_runs.refusal(
            lacking, orphaned_runs.stuck(activity, lacking), ends=not orphaned_runs.all_gone(activity, lacking)
        )
        if not interrupt:
            raise refusal
        said.append(refusal.message)
    said += [
        pinned_runs.unknown(activity, target),
        orphaned_runs.leaving(activity, target),
        orphaned_runs.moving(activity, target),
        pinned_runs.announced(activity, target, announced or dag_version.announced(workloads, activity)),
    ]
    return tuple(filter(None, said))
