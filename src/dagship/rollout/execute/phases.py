"""Carries a plan out: under the Lease, journal first, step by step, and back again when it fails."""

from typing import TYPE_CHECKING

from dagship.cluster.feed import Feed
from dagship.diagnosis import events_and_logs
from dagship.diagnosis.failure import Failure
from dagship.diagnosis.present import show_failure
from dagship.errors import DagshipError, Interrupted, OutsideError, Transient
from dagship.health import faults
from dagship.health.watcher import WorkloadFailed
from dagship.record import actor, config_map
from dagship.record.lease import Lease
from dagship.record.model import Move
from dagship.rollout.execute import apply, hold, runs
from dagship.rollout.execute.history import is_last, journal_of, released
from dagship.rollout.execute.operation import Held, Run
from dagship.rollout.execute.undo import go_back
from dagship.rollout.plan import drift, expectations, server_answer
from dagship.rollout.plan.model import Planned, Planner
from dagship.rollout.plan.step_order import STEPS
from dagship.rollout.preflight import checks, dags_served, dry_run
from dagship.rollout.present import show_activity, show_plan
from dagship.rollout.results import RolloutResult
from dagship.rollout.survey import read_namespace
from dagship.workloads.kinds import WATCHED

if TYPE_CHECKING:
    from dagship.health.expectation import Expectation
    from dagship.rollout.survey import Survey

# How long the API server may be away while things move, seconds: an upgrade of its own takes about a minute.
_PATIENCE = 180.0
_FED = (*WATCHED, "ReplicaSet", "Pod")
_HOW_TO_GO_ON = "the same command again finishes it, rollout --undo takes it back."


def roll(run: Run, planner: Planner) -> RolloutResult:
    """Plans, shows the plan, and carries it out.

    Raises:
        UsageError: It cannot be done as asked; nothing was changed.
        Refused: Another tool or another rollout is in the way; nothing was changed.
        OutsideError: The API server did not answer; nothing was changed, or the next run goes on from there.
        Interrupted: Ctrl-C came while things moved; the next run goes on from there.

    """
    with run.timed("preflight"), run.console.step(f"Looking at the namespace {run.cluster.namespace}"):
        planned, survey = _look(run, planner)
    _show(run, planned, survey)
    show_activity(run.console, run.activity, planned.target)
    hold.check(run, planned, survey)
    for warning in run.warnings:
        run.console.warn(warning)
    if run.asked.dry_run:
        return run.result(planned, "planned", state="Nothing was changed.")
    run.cluster = run.cluster.patient(_PATIENCE)
    with Lease(run.cluster, holder=actor.who()) as lease:
        with run.timed("lock"):
            with run.console.step(f"Taking the lock of {run.cluster.namespace}") as step:

                def say(text: str) -> None:
                    run.console.say(text)
                    step.say(text)

                lease.acquire(wait=run.asked.wait, say=say)
            # Nobody else moves things from here on; what moved while this one looked or waited is seen now.
            found = read_namespace(run.cluster, selector=run.asked.selector)
            survey, anew = runs.again(run, found, planned, before=survey)
            now = planner(survey)
            own = survey.inventory.objects.get(("ConfigMap", config_map.NAME))
            run.record = None if own is None else dict(own)
        if now.moves != planned.moves or anew:
            run.warn(_check(run, now, survey))
        if now.moves != planned.moves:
            _show(run, now, survey)
        runs.wait(run, lease, now, survey)
        with hold.held(run, lease, now, survey) as survey:
            try:
                result = _carry_out(run, lease, now, survey)
            except KeyboardInterrupt as stopped:
                raise Interrupted(
                    "Interrupted in the middle of a rollout; what moved stays moved.", _HOW_TO_GO_ON
                ) from stopped
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
    result = result.model_copy(update={"warnings": tuple(dict.fromkeys((*result.warnings, *run.warnings)))})
    return runs.counted(run, result, now, survey)


def _show(run: Run, planned: Planned, survey: "Survey") -> None:
    moves = tuple(move.reversed() for move in reversed(planned.moves)) if planned.undo else planned.moves
    show_plan(run.console, moves, None if planned.undo else survey.record.journal)


def _look(run: Run, planner: Planner) -> tuple[Planned, "Survey"]:
    """Everything that reads only."""
    checks.check_permissions(run.cluster)
    survey = read_namespace(run.cluster, selector=run.asked.selector)
    survey = runs.asked(run, survey, planner(survey))
    planned = planner(survey)
    run.warnings.update(dict.fromkeys(_check(run, planned, survey)))
    if run.asked.dry_run or not planned.undo:
        moves = [move.reversed() for move in planned.moves] if planned.undo else planned.moves
        patches = dry_run.patches(survey, moves, drift.known(planned.moves, survey.record.journal))
        if run.asked.dry_run:
            dry_run.ask_server(run.cluster, patches)
    return planned, survey


def _check(run: Run, planned: Planned, survey: "Survey") -> tuple[str, ...]:
    """Refuses what cannot end well, again when the plan changed while it waited for another; returns warnings."""
    found = [*planned.warnings]
    images = any(change.field != "env" for move in planned.moves for change in move.changes)
    if not planned.undo:  # what an unfinished rollout took goes back to whoever had it
        found += checks.check_owners(survey, planned.moves, planned.target, force=run.asked.force_ownership)
    if images and not planned.undo:
        running = checks.running_airflow(run.cluster, planned.moves, survey)
        found += checks.check_airflow(planned.target.airflow, running, allow=run.asked.allow_airflow_change)
        found += checks.check_platform(run.cluster, planned.target) if planned.target.image else ()
        back = planned.kind == "rollback"
        found += dags_served.check(run.cluster, survey, planned.moves, planned.target, going_back=back)
    return (*found, *runs.check(run, planned, survey))


def _carry_out(run: Run, lease: Lease, planned: Planned, survey: "Survey") -> RolloutResult:
    written = survey.record
    may_say = drift.known(planned.moves, written.journal)
    changes = written.journal is not None or any(
        drift.outstanding(move, survey.inventory.objects[move.kind, move.name], may_say) for move in planned.moves
    )
    if changes and not planned.undo:
        journal = journal_of(planned, written.journal, actor.signature())
        run.store(lease, written.model_copy(update={"journal": journal}))
    runs.watch(run, planned, survey)
    with Feed(run.cluster, _FED) as feed:
        held = Held(feed=feed, lease=lease, planned=planned, written=written)
        if planned.undo:
            return go_back(run, held, None)
        try:
            _forward(run, held)
        except WorkloadFailed as broken:
            failure = events_and_logs.failure(run.cluster, broken)
            show_failure(run.console, failure)
            if not changes:
                state = "It says the image already; nothing was changed, and pods that were broken got a new start."
                return run.result(planned, "left", failure=failure, state=state)
            if not run.asked.undo:
                return _left(run, held, failure)
            return go_back(run, held, failure)
    if not changes:
        # Where somebody else has put the image there, no release is made of it: nothing was done that could be undone.
        number = written.releases[-1].number if is_last(written, planned) else None
        return run.result(planned, "unchanged", release=number)
    for move in planned.moves:
        lease.check()
        apply.restore(run.cluster, move)
    after = released(written, held.came, survey.activity, actor.signature())
    run.store(lease, after)
    return run.result(planned, "moved", release=after.releases[-1].number)


def _forward(run: Run, held: Held) -> None:
    before: tuple[Expectation, ...] = ()
    for step, title in enumerate(STEPS):
        moves = [move for move in held.planned.moves if move.step == step]
        if not moves:
            continue
        with run.timed(title), run.console.board(f"Moving {title}") as board:
            for move in moves:
                held.lease.check()
                _apply(run, held, move)
            expected = expectations.of_moves(move for move in held.came.moves if move.step == step)
            run.watcher(held, board, held.planned.target).until_done(expected, before=before)
        before += expected


def _apply(run: Run, held: Held, move: Move) -> None:
    """Makes the change; a refusal is a reason to go back, a server that is away is not.

    What the server made of it is in the journal before anything else happens: nobody could tell whose it is.
    """
    try:
        answer = apply.apply(run.cluster, held.feed, move, held.may_say)
    except Transient:
        raise
    except DagshipError as refused:
        raise WorkloadFailed(move.key, faults.of_workload("Refused", refused.message)) from refused
    if held.keep(move, answer):
        journal = journal_of(held.came, held.written.journal, actor.signature())
        run.store(held.lease, held.written.model_copy(update={"journal": journal}))
    other = server_answer.replaced(move, answer)
    if other is not None:
        said = f"the server put {other[1]} in the place of {other[0]}: an admission webhook of the cluster does that"
        raise WorkloadFailed(move.key, faults.of_workload("Replaced", said))


def _left(run: Run, held: Held, failure: Failure) -> RolloutResult:
    planned = held.came
    journal = journal_of(planned, held.written.journal, actor.signature()).model_copy(update={"state": "left"})
    run.store(held.lease, held.written.model_copy(update={"journal": journal}))
    objects = read_namespace(run.cluster, selector="").inventory.objects
    moved = [move.key for move in planned.moves if drift.says(move, objects.get((move.kind, move.name)))]
    said = ", ".join(moved) or "nothing"
    state = f"It was left as it is: {said} moved. rollout --undo takes it back, rollout tries again."
    return run.result(planned, "left", failure=failure, state=state)
