"""All stages one after another, from the lock to the pods; a dry run ends where something would leave this machine."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from dagship.errors import Refused
from dagship.model.artifacts import BuiltImage, PushedImage
from dagship.model.verify_report import VerifyReport
from dagship.pipeline import delivery, in_cluster, reports, stages, which_image
from dagship.pipeline.project import Project
from dagship.rollout.options import RolloutOptions
from dagship.rollout.results import Deployed, RolloutResult
from dagship.timing import timed

if TYPE_CHECKING:
    from dagship.image.plan import Plan

_NOT_KNOWN = "the whole image, since it is not known what runs in the cluster"


class _Tested(NamedTuple):
    """An image that may be pushed.

    Attributes:
        image: What is known of it.
        plan: What it is made of.
        way: Which way the edit takes and why, or empty.
        report: What its test found; None where it was left out.
        push: Pushes it.

    """

    image: BuiltImage
    plan: "Plan"
    way: str
    report: VerifyReport | None
    push: Callable[[], PushedImage]


def deploy(project: Project, *, engineless: bool, options: RolloutOptions) -> Deployed:
    """Checks the lock, builds, tests, pushes and rolls out.

    A dry run does on this machine what can be done here, and asks the cluster what the rest would come to.

    Args:
        project: The project.
        engineless: Whether the DAG version is tested in the cluster, and no engine is asked for anything.
        options: Of the rollout; the build heeds `full` as well.

    Raises:
        Refused: The lock is stale, or the image did not pass; nothing later was done.
        DagshipError: As each of the tasks.

    """
    seconds: dict[str, float] = {}
    if engineless:
        tested = _without_engine(project, seconds, dry_run=options.dry_run)
    else:
        tested = _by_engine(project, seconds, full=options.full)
    if not tested.way:
        project.console.say(f"way: {_NOT_KNOWN}")
    if tested.report is not None:
        reports.of_test(project, tested.report, {})
        _check_passed(project, tested.report)
    pushed = None
    if options.dry_run:
        target = which_image.unpushed(tested.image, tested.report)
        with timed(seconds, "rollout"):
            result = delivery.dry_run(project, target, tested.plan.package, options)
    else:
        with timed(seconds, "push"):
            pushed = tested.push()
        with timed(seconds, "rollout"):
            result = delivery.rollout(project, image="", unfinished=False, options=options)
    way = way_taken(tested.image, tested.way, result)
    return Deployed(passed=result.passed, way=way, image=pushed, rollout=result, seconds=seconds)


def way_taken(image: BuiltImage, said: str, result: RolloutResult) -> str:
    """Returns which way an edit takes and why: what the build said, unless the rollout could not keep to it.

    Args:
        image: The image that was built.
        said: What the build said of the way, or empty.
        result: What the rollout came to.

    """
    kept = image.thin is None or all(move.role == "announcement" for move in result.moves)
    return (said or _NOT_KNOWN) if kept else result.way


def _by_engine(project: Project, seconds: dict[str, float], *, full: bool) -> _Tested:
    if stages.is_locked(project):
        with timed(seconds, "lock --check"):
            stages.lock(project, check=True, upgrade=False, upgrade_packages=())
    with timed(seconds, "build"):
        made = stages.make(project, force=False, push=False, full=full)
    with timed(seconds, "test-image"):
        report = stages.test_image(project, image="", pytest_path=None)
    return _Tested(*made, report, lambda: stages.push(project, image="", untested=False))


def _without_engine(project: Project, seconds: dict[str, float], *, dry_run: bool) -> _Tested:
    with timed(seconds, "build"):
        made = in_cluster.build(project)
    report = None
    if not dry_run:  # it would send the files to the cluster
        with timed(seconds, "test-image"):
            report = in_cluster.test(project, made)
    for what in report.unchecked if report and report.passed else ():
        project.console.say(f"not checked: {what}")
    return _Tested(made.image, made.plan, made.way, report, lambda: in_cluster.push(project, made, report))


def _check_passed(project: Project, report: VerifyReport) -> None:
    if not report.passed:
        from dagship.verify import report as reporting

        reporting.show(project.console, report)
        raise Refused("The image did not pass test-image; it was neither pushed nor rolled out.", "Mend what it found.")
