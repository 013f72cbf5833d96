"""The tasks that move a cluster: one call of the delivery, and a summary. Nothing is decided here."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from dagship.cli.flags import FULL, IMAGE, Flag, settings, task
from dagship.errors import UsageError

if TYPE_CHECKING:
    from dagship.pipeline.project import Project
    from dagship.rollout.options import RolloutOptions

_WHERE = settings("namespace", "context", "selector", "workloads")
_FROM = settings("from_image")
_DRY = Flag("dry_run", "Show what would move, and ask the server, but change nothing")
_FULL = Flag("full", "Move every pod, also where what runs can take the DAG version alone")
_HOW = (
    *settings("rollout_timeout", "served_timeout"),
    Flag("no_undo", "On failure leave everything as it is, for inspection"),
    Flag("no_wait", "Refuse when another rollout is under way, instead of waiting for it"),
    Flag("force_ownership", "Take the image from another tool that owns it (Helm 4, Argo CD, Flux)"),
    Flag("allow_airflow_change", "Roll out even though the image has another version of Airflow"),
    Flag(
        "hold_for_runs",
        "Airflow 2: let no run of a DAG that changes be under way meanwhile; seconds to wait for that",
        default="",
        optional=True,
    ),
    Flag(
        "wait_for_runs",
        "Wait for unfinished runs whose DAG version the image lacks, seconds (default: rollout-timeout)",
        default="",
        optional=True,
    ),
    Flag(
        "interrupt_tasks",
        "Roll out even where that kills running tasks, or leaves unfinished runs without their code",
    ),
    Flag("max_unavailable", "Worker pods of a StatefulSet that may be away at a time (default: 1)", default=""),
)
_DIGITS = 9
_SHOWN = 40


_SMOKE = settings("smoke")


def _options(
    project: "Project", flags: SimpleNamespace, *, dry_run: bool = False, smoke: tuple[str, ...] = ()
) -> "RolloutOptions":
    from dagship.rollout.options import RolloutOptions

    settings = project.settings
    pods = _number(flags.max_unavailable or "1")
    if pods is None or pods < 1:
        raise UsageError(f"--max-unavailable={_shown(flags.max_unavailable)}: that is no number of pods, 1 or more.")
    return RolloutOptions(
        selector=settings.selector,
        names=settings.workloads,
        from_image=settings.from_image,
        timeout=settings.rollout_timeout,
        served_timeout=settings.served_timeout,
        dry_run=dry_run,
        undo=not flags.no_undo,
        wait=not flags.no_wait,
        force_ownership=flags.force_ownership,
        allow_airflow_change=flags.allow_airflow_change,
        hold=_limit("--hold-for-runs", flags.hold_for_runs, settings.rollout_timeout),
        wait_for_runs=_limit("--wait-for-runs", flags.wait_for_runs, settings.rollout_timeout),
        interrupt_tasks=flags.interrupt_tasks,
        max_unavailable=pods,
        full=flags.full,
        smoke=smoke,
        access=project.access,
    )


def _number(text: str) -> int | None:
    """Reads a count; None when it is none, or has more digits than anything that is counted here."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _limit(flag: str, given: str | bool, default: float) -> float | None:
    """Reads a flag that may have a number of seconds; None when it was not given."""
    if isinstance(given, bool) or not given:
        return default if given else None
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise UsageError(
            f"{flag}={_shown(given)}: that is no number of seconds.", f"Write {flag}=1800, or {flag} alone."
        )
    return seconds


@task(IMAGE, *_WHERE, *_FROM, _DRY, _FULL, Flag("undo", "Take back a rollout that was left half done"), *_SMOKE, *_HOW)
def rollout(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Move the workers, the scheduler and all else that runs the image to the one that was pushed."""
    from dagship.pipeline import delivery
    from dagship.rollout.present import show_result

    if flags.undo and (flags.image or flags.no_undo):
        raise UsageError(
            "--undo takes back what an unfinished rollout did; it goes with neither --image nor --no-undo."
        )
    options = _options(project, flags, dry_run=flags.dry_run, smoke=project.settings.smoke)
    result = delivery.rollout(project, image=flags.image, unfinished=flags.undo, options=options)
    show_result(project.console, result)
    return result.model_dump(mode="json")


@task(
    Flag("to", "Number of the release to go back to (default: the one before the last)", default=""),
    *_WHERE,
    _DRY,
    _FULL,
    *_HOW,
)
def rollback(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Move back to the release before, or to another that was recorded."""
    from dagship.diff.present import show_back
    from dagship.pipeline import delivery
    from dagship.rollout.present import show_result

    to = _number(flags.to)
    if flags.to and to is None:
        raise UsageError(f"{_shown(flags.to)!r} is not the number of a release.", "status lists the releases.")
    result = delivery.rollback(project, to=to, options=_options(project, flags, dry_run=flags.dry_run))
    for step in result.takes_back if flags.dry_run else ():
        show_back(project.console, step.release, step.document, step.left_out)
    show_result(project.console, result)
    return result.model_dump(mode="json")


@task(
    *_WHERE,
    *_FROM,
    *settings("release"),
    Flag("served", "Ask Airflow what it serves: since when, and what it cannot import"),
    Flag("against", "Directory of a checkout that what is served is compared with, file by file", default=""),
)
def status(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Show who runs what; exit status 1 when components disagree, or serve something else than they should."""
    from dagship.pipeline import delivery
    from dagship.rollout.present_status import show_status

    report = delivery.status(project, served=flags.served, against=flags.against)
    show_status(project.console, report)
    return report.model_dump(mode="json")


@task(
    *settings("dags", "requirements", "groups", "optional_dependencies", "repository", "env_file", "strict"),
    *_WHERE,
    *_FROM,
    FULL,
    Flag("dry_run", "Build and test here, and show which way it goes and what would change; push and change nothing"),
    Flag("test_in_cluster", "Test the new DAG version in the dag-processor that runs; takes no engine here"),
    *_SMOKE,
    *_HOW,
)
def deploy(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Check the lock, build, test, push and roll out; stop at the first that fails."""
    from dagship.pipeline.deploy import deploy as deploy_
    from dagship.rollout.present import show_deployed

    if flags.full and flags.test_in_cluster:
        raise UsageError("--test-in-cluster tests the DAG version alone, and --full wants the whole image.")
    options = _options(project, flags, dry_run=flags.dry_run, smoke=project.settings.smoke)
    deployed = deploy_(project, engineless=flags.test_in_cluster, options=options)
    show_deployed(project.console, deployed)
    return deployed.model_dump(mode="json")
