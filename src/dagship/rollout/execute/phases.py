"""The phases of a rollout, a rollback and an undo: preflight, lock, recheck, wait, hold, move and record, count."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from dagship.airflow_api.api import Api
from dagship.errors import Interrupted, OutsideError, Transient
from dagship.record import form, lease
from dagship.record.ledger import Ledger
from dagship.rollout.execute import announce, hold, runs, smoke, steps
from dagship.rollout.execute.announce import Fetch
from dagship.rollout.execute.operation import Notes, Observed, Operation
from dagship.rollout.execute.tell import NOTHING, Compare
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan.model import Planned, Planner, Settle, as_planned
from dagship.rollout.preflight import checks, dry_run
from dagship.rollout.present import show_activity, show_plan
from dagship.rollout.results import RolloutResult
from dagship.rollout.survey import read_namespace
from dagship.rollout.thin import way

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.record.lease import Lease
    from dagship.terminal.console import Console

_NOT_ASKED = "The server was not asked what it says of the image, which has no digest before it is pushed."
_HOW_TO_GO_ON = "the same command again finishes it, rollout --undo takes it back."


def run(
    cluster: "Cluster",
    console: "Console",
    options: RolloutOptions,
    planner: Planner,
    *,
    fetch: Fetch,
    compare: Compare = NOTHING,
    settle: Settle = as_planned,
) -> RolloutResult:
    """Plans, shows the plan, and carries it out.

    Args:
        cluster: The namespace.
        console: Shows progress.
        options: The caller's.
        planner: Makes a plan of what the namespace holds.
        fetch: Returns the package that a thin image brings.
        compare: Compares the image with the last release.
        settle: Returns a plan with what Airflow said.

    Raises:
        UsageError: It cannot be done as asked; nothing was changed.
        Refused: Another tool or another rollout is in the way; nothing was changed.
        OutsideError: The API server did not answer; nothing was changed, or the next run goes on from there.
        Interrupted: Ctrl-C came while things moved; the next run goes on from there.

    """
    notes = Notes(console=console)
    with notes.step("preflight", f"Looking at the namespace {cluster.namespace}"):
        operation, found = _preflight(cluster, options, notes, planner, fetch=fetch, settle=settle)
    operation = replace(operation, compare=compare)
    _show(operation)
    show_activity(console, operation.observed.activity, operation.plan.target)
    hold.check(operation)
    notes.warn((*found, *smoke.check(operation)))
    if options.dry_run:
        unasked = f" {_NOT_ASKED}" if _is_unasked(operation.plan) else ""
        return operation.result("planned", state=f"Nothing was changed.{unasked}")
    cluster = cluster.patient(lease.PATIENCE)
    with ExitStack() as locked:
        with notes.timed("lock"):
            lock = locked.enter_context(lease.held(cluster, console, wait=options.wait))
            now, ledger = _reread(replace(operation, cluster=cluster), lock, planner, settle)
        operation = _recheck(now, before=operation)
        operation = runs.wait(operation, ledger)
        with hold.paused(operation, ledger) as operation, _unfinished():
            drains = runs.watch(operation)
            result = steps.carry_out(operation, ledger, drains)
    return runs.counted(operation, drains, result)


def _preflight(
    cluster: "Cluster", options: RolloutOptions, notes: Notes, planner: Planner, *, fetch: Fetch, settle: Settle
) -> tuple[Operation, tuple[str, ...]]:
    """Reads only, and refuses what cannot end well; returns what is to be known."""
    checks.check_permissions(cluster, by_rest=options.access is not None)
    survey = read_namespace(cluster, selector=options.selector)
    api = Api(options.access) if options.access else None
    operation = Operation(
        cluster=cluster, options=options, notes=notes, survey=survey, plan=planner(survey), fetch=fetch, api=api
    )
    # Where no pod moves no run is touched: Airflow, which may take a minute to say which there are, has no say in it.
    operation = _settle(operation if operation.plan.announces else runs.ask(operation), settle)
    operation, found = _check(operation)
    plan = operation.plan
    if options.dry_run or not plan.undo:
        patches = dry_run.patches(survey, plan.writes, operation.own_values)
        if options.dry_run:
            if not _is_unasked(plan):
                dry_run.ask_server(cluster, patches)
            for move in plan.announcements:
                announce.write(cluster, move, operation.own_values, operation.needs, dry_run=True)
    return operation, found


def _is_unasked(plan: Planned) -> bool:
    """Whether pods would get an image by its tag alone: a policy may refuse that, and take the digest that it gets."""
    return plan.target.is_to_come and not plan.announces


def _reread(operation: Operation, lock: "Lease", planner: Planner, settle: Settle) -> tuple[Operation, Ledger]:
    """Plans anew under the lock: what moved while this one looked or waited is seen now, and nobody moves more."""
    survey = read_namespace(operation.cluster, selector=operation.options.selector)
    now = replace(operation, survey=survey, plan=planner(survey))
    # A rollout that ended since has changed what new runs are pinned to.
    old = runs.is_old(operation.observed) or survey.record != operation.survey.record
    if old:  # where a version is announced, Airflow is asked again only if its answer is needed
        now = replace(now, observed=Observed()) if now.plan.announces else runs.ask(now)
    read = survey.inventory.objects.get(("ConfigMap", form.NAME))
    return _settle(now, settle), Ledger(now.cluster, lock, read, warn=lambda said: now.notes.warn([said]))


def _settle(operation: Operation, settle: Settle) -> Operation:
    """With what Airflow said another plan may do, and the package may turn out to have no room."""
    operation = replace(operation, plan=settle(operation.plan, operation.survey, operation.observed.activity))
    for move in operation.plan.announcements if operation.plan.announces else ():
        if operation.observed.activity is None and announce.asks(operation.cluster, move, operation.needs):
            operation = runs.ask(operation)
        if why := announce.no_room(operation.cluster, move, operation.needs):
            plan = way.without_room(operation.plan, why)
            return runs.ask(replace(operation, plan=plan))
    return operation


def _recheck(now: Operation, *, before: Operation) -> Operation:
    """Checks and shows what has changed since the preflight."""
    moved = now.plan.moves != before.plan.moves
    if moved or now.observed != before.observed:
        now, found = _check(now)
        now.notes.warn(found)
    if moved:
        _show(now)
    return now


def _check(operation: Operation) -> tuple[Operation, tuple[str, ...]]:
    """Refuses what cannot end well; returns what is to be known."""
    found = checks.check(
        operation.cluster,
        operation.options,
        operation.plan,
        survey=operation.survey,
        airflow=operation.airflow,
        activity=operation.observed.activity,
    )
    operation, of_runs = runs.check(operation)
    return operation, (*found, *of_runs)


def _show(operation: Operation) -> None:
    plan = operation.plan
    show_plan(operation.console, plan.writes, None if plan.undo else operation.unfinished)
    if plan.way:
        operation.console.say(f"way: {plan.way}")


@contextmanager
def _unfinished() -> Iterator[None]:
    """Says of what ends the block in the middle how to go on from there."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        raise Interrupted("Interrupted in the middle of a rollout; what moved stays moved.", _HOW_TO_GO_ON) from stopped
    except OutsideError as failed:
        mend = f"{failed.hint} After that:" if failed.hint else ""
        first = "When the server is back:" if isinstance(failed, Transient) else mend
        raise OutsideError(
            failed.message, f"The rollout is unfinished. {first.strip()} {_HOW_TO_GO_ON}", failed.detail
        ) from failed
    except OSError as failed:
        raise OutsideError(
            f"The system refused: {failed.strerror or failed}.", f"The rollout is unfinished; {_HOW_TO_GO_ON}"
        ) from failed
