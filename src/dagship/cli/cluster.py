"""The tasks that move a cluster: flags in, one call of the delivery, a summary out. Nothing is decided here."""

from typing import TYPE_CHECKING, Any

from invoke import Context

from dagship.cli.flags import explained, task
from dagship.cli.running import run
from dagship.errors import UsageError

if TYPE_CHECKING:
    from dagship.project import Project
    from dagship.rollout.options import Asked

_WHERE = ("namespace", "context", "selector", "workloads", "from-image")
_HOW = (
    "rollout-timeout", "no-undo", "no-wait", "force-ownership", "allow-airflow-change", "hold-for-runs",
    "wait-for-runs", "interrupt-tasks", "max-unavailable",
)  # fmt: skip
_DIGITS = 9
_SHOWN = 40
# What may be given without a value.
_OPTIONAL = ["hold_for_runs", "wait_for_runs"]


def _asked(
    project: "Project", *, hold_for_runs: str | bool, wait_for_runs: str | bool, max_unavailable: str, **how: bool
) -> "Asked":
    from dagship.rollout.options import Asked

    settings = project.settings
    pods = _number(max_unavailable or "1")
    if pods is None or pods < 1:
        raise UsageError(f"--max-unavailable={_shown(max_unavailable)}: that is no number of pods, 1 or more.")
    return Asked(
        selector=settings.selector,
        names=settings.workloads,
        from_image=settings.from_image,
        timeout=settings.rollout_timeout,
        hold=_limit("--hold-for-runs", hold_for_runs, settings.rollout_timeout),
        wait_for_runs=_limit("--wait-for-runs", wait_for_runs, settings.rollout_timeout),
        max_unavailable=pods,
        **how,
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


@task(help=explained("image", *_WHERE, "dry-run", "undo", *_HOW, "json"), optional=_OPTIONAL)
def rollout(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    image: str = "",
    namespace: str = "",
    context: str = "",
    selector: str = "",
    workloads: str = "",
    from_image: str = "",
    dry_run: bool = False,
    undo: bool = False,
    rollout_timeout: str = "",
    no_undo: bool = False,
    no_wait: bool = False,
    force_ownership: bool = False,
    allow_airflow_change: bool = False,
    hold_for_runs: str = "",
    wait_for_runs: str = "",
    interrupt_tasks: bool = False,
    max_unavailable: str = "",
    json: bool = False,
) -> None:
    """Move the workers, the scheduler and all else that runs the image to the one that was pushed."""
    flags = {
        "namespace": namespace, "context": context, "selector": selector, "workloads": workloads,
        "from_image": from_image, "rollout_timeout": rollout_timeout,
    }  # fmt: skip

    def act(project: "Project") -> dict[str, Any]:
        from dagship import delivery
        from dagship.rollout.present import show_result

        if undo and (image or no_undo):
            raise UsageError(
                "--undo takes back what an unfinished rollout did; it goes with neither --image nor --no-undo."
            )
        asked = _asked(
            project, dry_run=dry_run, undo=not no_undo, wait=not no_wait, force_ownership=force_ownership,
            allow_airflow_change=allow_airflow_change, hold_for_runs=hold_for_runs,
            wait_for_runs=wait_for_runs, interrupt_tasks=interrupt_tasks,
            max_unavailable=max_unavailable,
        )  # fmt: skip
        result = delivery.rollout(project, image=image, unfinished=undo, asked=asked)
        show_result(project.console, result)
        return result.model_dump(mode="json")

    run(json, flags, act)


@task(help=explained("to", *_WHERE[:-1], "dry-run", *_HOW, "json"), optional=_OPTIONAL)
def rollback(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    to: str = "",
    namespace: str = "",
    context: str = "",
    selector: str = "",
    workloads: str = "",
    dry_run: bool = False,
    rollout_timeout: str = "",
    no_undo: bool = False,
    no_wait: bool = False,
    force_ownership: bool = False,
    allow_airflow_change: bool = False,
    hold_for_runs: str = "",
    wait_for_runs: str = "",
    interrupt_tasks: bool = False,
    max_unavailable: str = "",
    json: bool = False,
) -> None:
    """Move back to the release before, or to another that was recorded."""
    flags = {
        "namespace": namespace, "context": context, "selector": selector, "workloads": workloads,
        "rollout_timeout": rollout_timeout,
    }  # fmt: skip

    def act(project: "Project") -> dict[str, Any]:
        from dagship import delivery
        from dagship.rollout.present import show_result

        if to and _number(to) is None:
            raise UsageError(f"{_shown(to)!r} is not the number of a release.", "status lists the releases.")
        asked = _asked(
            project, dry_run=dry_run, undo=not no_undo, wait=not no_wait, force_ownership=force_ownership,
            allow_airflow_change=allow_airflow_change, hold_for_runs=hold_for_runs,
            wait_for_runs=wait_for_runs, interrupt_tasks=interrupt_tasks,
            max_unavailable=max_unavailable,
        )  # fmt: skip
        result = delivery.rollback(project, to=_number(to), asked=asked)
        show_result(project.console, result)
        return result.model_dump(mode="json")

    run(json, flags, act)


@task(help=explained(*_WHERE, "release", "json"))
def status(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    namespace: str = "",
    context: str = "",
    selector: str = "",
    workloads: str = "",
    from_image: str = "",
    release: str = "",
    json: bool = False,
) -> None:
    """Show who runs what; exit status 1 when components disagree, or git has what they cannot serve."""
    flags = {
        "namespace": namespace, "context": context, "selector": selector, "workloads": workloads,
        "from_image": from_image, "release": release,
    }  # fmt: skip

    def act(project: "Project") -> dict[str, Any]:
        from dagship import delivery
        from dagship.rollout.present_status import show_status

        report = delivery.status(project)
        show_status(project.console, report)
        return report.model_dump(mode="json")

    run(json, flags, act)


@task(
    help=explained("dags", "requirements", "repository", "env-file", "strict", *_WHERE, *_HOW, "json"),
    optional=_OPTIONAL,
)
def deploy(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    dags: str = "",
    requirements: str = "",
    repository: str = "",
    env_file: str = "",
    strict: bool = False,
    namespace: str = "",
    context: str = "",
    selector: str = "",
    workloads: str = "",
    from_image: str = "",
    rollout_timeout: str = "",
    no_undo: bool = False,
    no_wait: bool = False,
    force_ownership: bool = False,
    allow_airflow_change: bool = False,
    hold_for_runs: str = "",
    wait_for_runs: str = "",
    interrupt_tasks: bool = False,
    max_unavailable: str = "",
    json: bool = False,
) -> None:
    """Check the lock, build, test, push and roll out; stop at the first that fails."""
    flags = {
        "dags": dags, "requirements": requirements, "repository": repository, "env_file": env_file, "strict": strict,
        "namespace": namespace, "context": context, "selector": selector, "workloads": workloads,
        "from_image": from_image, "rollout_timeout": rollout_timeout,
    }  # fmt: skip

    def act(project: "Project") -> dict[str, Any]:
        from dagship import delivery
        from dagship.rollout.present import show_deployed

        asked = _asked(
            project, undo=not no_undo, wait=not no_wait, force_ownership=force_ownership,
            allow_airflow_change=allow_airflow_change, hold_for_runs=hold_for_runs,
            wait_for_runs=wait_for_runs, interrupt_tasks=interrupt_tasks,
            max_unavailable=max_unavailable,
        )  # fmt: skip
        deployed = delivery.deploy(project, asked=asked)
        show_deployed(project.console, deployed)
        return deployed.model_dump(mode="json")

    run(json, flags, act)
