"""Keeps runs of an Airflow 2 from seeing two versions: no run of a DAG that changes is under way while things move.

What is to be held is written to the record before it is, so that whatever becomes of this run, the next one knows what
to let go.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from dagship.airflow import affected_dags, pause, query
from dagship.errors import DagshipError, OutsideError, Refused, UsageError
from dagship.record import config_map
from dagship.record.model import Hold
from dagship.rollout.execute import runs as unfinished
from dagship.rollout.plan.model import Planned

if TYPE_CHECKING:
    from dagship.airflow.affected_dags import Dag
    from dagship.airflow.pause import Looked
    from dagship.record.lease import Lease
    from dagship.rollout.execute.operation import Run
    from dagship.rollout.survey import Survey

# One command in the pod lasts no longer. Between two of them, while Python starts, runs may begin: so not for short.
_AT_A_TIME = 60.0
# A scheduler that has just moved is ready within this, seconds.
_PATIENCE = 90.0
_NAMED = 5


def check(run: "Run", planned: Planned, survey: "Survey") -> None:
    """Says which DAGs would be held; refuses where holding makes no sense.

    Raises:
        UsageError: It is no Airflow 2, or cannot be asked.

    """
    if run.asked.hold is None or planned.undo:
        return
    looked, dags = _look(run, planned, survey)
    if not dags:
        run.console.say("No DAG changes that has to be held.")
        return
    under_way = sum(dag.running for dag in dags)
    all_of_them = " (all)" if len(dags) == len(looked.dags) else ""
    run.console.say(
        f"DAGs to hold: {_names(dag.dag_id for dag in dags)}{all_of_them}; "
        f"{under_way} {'run' if under_way == 1 else 'runs'} of theirs under way."
    )


@contextmanager
def held(run: "Run", lease: "Lease", planned: Planned, survey: "Survey") -> Iterator["Survey"]:
    """Holds what changes while the block runs, and lets it go afterwards, with what an earlier run left held.

    Raises:
        Refused: Runs were still under way when the time was over; nothing was moved.
        OutsideError: Airflow did not answer; nothing was moved.

    """
    asked = run.asked.hold is not None and not planned.undo
    if not asked and survey.record.hold is None:
        yield survey
        return
    try:
        if asked:
            with run.timed("hold"):
                survey = _hold(run, lease, planned, survey)
        yield survey
    finally:
        # As written last: the block may have ended before it knew of it.
        hold = config_map.parse(run.record).hold
        if hold is not None:
            _let_go(run, lease, planned, survey, hold)


def _hold(run: "Run", lease: "Lease", planned: Planned, survey: "Survey") -> "Survey":
    looked, dags = _look(run, planned, survey)
    before = survey.record.hold
    ours = set(before.dags) if before else set()
    _refuse(sorted(dag.dag_id for dag in dags if dag.paused and dag.running and dag.dag_id not in ours))
    if not dags:
        return survey
    written = Hold(
        since=min(before.since, looked.asked) if before else looked.asked,
        # Those that are paused already as well: one that somebody lets run meanwhile is held too. Of all these, what
        # Airflow's own log says that we paused is let go.
        dags=tuple(sorted(ours | {dag.dag_id for dag in dags})),
    )
    survey = replace(survey, record=survey.record.model_copy(update={"hold": written}))
    run.store(lease, survey.record)
    seconds = run.asked.hold or run.asked.timeout
    deadline = time.monotonic() + seconds
    busy: dict[str, int] = {}
    dag_ids = tuple(dag.dag_id for dag in dags)
    with run.console.step(f"Holding {len(dags)} DAGs until no run of theirs is under way") as step:
        pending = dag_ids
        while (left := deadline - time.monotonic()) > 0:
            lease.check()
            where = query.scheduler(run.cluster, survey.inventory, prefer=_prefer(planned))
            state = pause.hold(run.cluster, where, pending, since=written.since, seconds=min(_AT_A_TIME, left))
            if state.done and pending == dag_ids:
                # What runs when things begin to move is asked again: that was a while ago.
                survey = unfinished.asked(run, survey, planned)
                run.warn(unfinished.check(run, planned, survey))
                return survey
            _refuse(state.frozen)
            busy = state.running
            # Where there are many, those that are held need no watching until the end.
            pending = tuple(sorted(busy)) or dag_ids
            named = ", ".join(f"{dag} ({runs})" for dag, runs in sorted(busy.items())[:_NAMED])
            step.say(f"{sum(busy.values())} runs under way: {named}")
    raise Refused(
        f"Runs of {_names(busy) or 'DAGs to hold'} were still under way after {seconds:g} s; nothing was moved.",
        "Give them longer: --hold-for-runs=SECONDS.",
    )


def _refuse(frozen: Iterable[str]) -> None:
    frozen = tuple(frozen)
    if frozen:
        raise Refused(
            f"Somebody paused {_names(frozen)} in the middle of a run, which cannot end; nothing was moved.",
            "Unpause it so that the run ends, or mark the run as failed.",
        )


def _look(run: "Run", planned: Planned, survey: "Survey") -> "tuple[Looked, tuple[Dag, ...]]":
    try:
        where = query.scheduler(run.cluster, survey.inventory, prefer=_prefer(planned))
        changes = planned.target.dag_changes
        current = survey.activity.current if survey.activity else ""
        lists = [changes[current]] if current in changes else changes.values()
        paths = {path for differ in lists for path in differ or ()}
        looked = pause.look(run.cluster, where, paths)
    except query.CannotAsk as failed:
        raise UsageError(
            f"--hold-for-runs needs to ask Airflow, which cannot be done. {failed.message}",
            "See to that first; or leave --hold-for-runs out, and runs under way may see two versions.",
        ) from failed
    if not looked.airflow.startswith("2."):
        raise UsageError(
            f"--hold-for-runs is for Airflow 2, and Airflow {looked.airflow} runs here.",
            "Leave it out: where Airflow 3 serves the DAGs of its image, a run ends on the version it began with.",
        )
    # An unfinished rollout may have left two versions under way.
    differ = None if survey.record.journal else affected_dags.files(planned.target, looked.version)
    return looked, affected_dags.affected(looked.dags, differ, looked.there)


def _let_go(run: "Run", lease: "Lease", planned: Planned, survey: "Survey", hold: Hold) -> None:
    try:
        lease.check()
        with run.console.step(f"Letting {len(hold.dags)} DAGs go"):
            _insist(run, planned, survey, hold)
        now = config_map.parse(run.record)
        run.store(lease, now.model_copy(update={"hold": None}))
    except DagshipError as failed:
        said = (
            f"{_names(hold.dags)} may still be held: {failed.message} The next rollout, rollback or rollout --undo "
            "lets them go; airflow dags unpause does as well."
        )
        run.warn([said])


def _insist(run: "Run", planned: Planned, survey: "Survey", hold: Hold) -> None:
    """The scheduler may be starting."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            where = query.scheduler(run.cluster, survey.inventory, prefer=_prefer(planned))
            pause.let_go(run.cluster, where, hold.dags, since=hold.since)
        except OutsideError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(2.0)
        else:
            return


def _prefer(planned: Planned) -> tuple[str, ...]:
    return tuple(move.key for move in planned.moves)


def _names(dags: Iterable[str]) -> str:
    names = sorted(dags)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
