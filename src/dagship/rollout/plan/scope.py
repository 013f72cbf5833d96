"""The workloads that a plan is for; refuses two Airflows at once, and what can never finish. Pure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dagship.errors import UsageError
from dagship.record.model import Move
from dagship.rollout.plan import planner
from dagship.workloads import selection, several_airflows
from dagship.workloads.selection import Selected
from dagship.workloads.spec import Workload

if TYPE_CHECKING:
    from dagship.rollout.survey import Survey


def select(
    survey: "Survey",
    image: str,
    *,
    repositories: tuple[str, ...],
    names: tuple[str, ...],
    selector: str,
    namespace: str,
    also: tuple[Move, ...] = (),
    back: bool = False,
) -> Selected:
    """Selects what moves to an image, an unfinished rollout's containers among it, and those of `also`.

    Args:
        survey: What the namespace holds.
        image: The image.
        repositories: Those whose images give way.
        names: `kind/name` of the workloads to move; empty for all that run such an image.
        selector: Label selector that workloads were chosen by, or empty.
        namespace: Its name.
        also: Moves whose containers move again.
        back: Whether it is a way back: there was an image of these before.

    Raises:
        UsageError: Nothing runs the image, two Airflows do, or a workload named is not there or cannot move.

    """
    workloads, journal = survey.inventory.workloads, survey.record.journal
    known = planner.containers((*(journal.moves if journal else ()), *also))
    selected = selection.select(workloads, repositories=repositories, names=names, known=known)
    if not selected:
        raise selection.nothing_found(workloads, selection.repository(image), namespace, selector=selector, back=back)
    check((workload for workload, _ in selected), names=names, selector=selector)
    return selected


def check(workloads: Iterable[Workload], *, names: tuple[str, ...], selector: str) -> None:
    """Refuses workloads of two Airflows, and one that waits for somebody to resume it.

    Raises:
        UsageError: They are, or a Deployment is paused.

    """
    workloads = tuple(workloads)
    if refused := several_airflows.refusal(workloads, selector=selector, names=names):
        raise refused
    for workload in workloads:
        if workload.paused:
            raise UsageError(
                f"{workload.key} is paused: nothing would happen there.",
                f"kubectl rollout resume {workload.key}, or leave it out with --workloads.",
            )
