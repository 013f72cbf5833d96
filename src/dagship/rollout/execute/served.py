"""Waits until Airflow serves a DAG version: one that pods have moved to, or one that was announced to them.

Both are asked for in the same way, where DAG files are read. The limit is of the time in which nothing more is read: a
tree of thousands of files takes as long as it takes.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from typing import TYPE_CHECKING

from dagship.airflow import query, served
from dagship.airflow.scheduler_python import CannotAsk
from dagship.airflow.served import Served, Trouble, Wanted
from dagship.errors import OutsideError
from dagship.health import faults
from dagship.health.watcher import WorkloadFailed
from dagship.rollout.execute import annotate, readers, storing
from dagship.rollout.execute.announce import Written
from dagship.rollout.execute.operation import Before
from dagship.rollout.plan import own_releases
from dagship.rollout.thin import patience
from dagship.terminal.board import DONE

if TYPE_CHECKING:
    from collections.abc import Collection

    from dagship.rollout.execute.operation import Moving, Operation
    from dagship.terminal.board import Board

# For which one answer is waited; meanwhile the lock may be lost.
_WINDOW = 15.0
# An annotation may come to a kubelet before the news of the ConfigMap does.
_AGAIN = 1.0
# A pod may end while it is asked; what cannot be asked at all is not asked without end.
_TRIES = 3
_ROW = "dag-processor"


def announced(moving: "Moving", board: "Board", name: str, written: Written) -> None:
    """Returns once every dag-processor serves a version that was announced.

    Args:
        moving: The operation.
        board: Shows what is waited for.
        name: The ConfigMap.
        written: What was written there.

    Raises:
        WorkloadFailed: It is not served in time, or a file cannot be imported there, or makes no DAG.
        OutsideError: The API server was away for too long, or the lock was lost.

    """
    if not written.version:
        return
    why_slow = annotate.annotate(moving, name, f"{written.serial}")
    more, why_longer = annotate.longer(moving, name)
    other_image = annotate.without_its_base(moving, name)
    moving.operation.notes.warn(filter(None, (why_slow, why_longer, other_image)))
    target, before = moving.operation.plan.target, moving.before or Before()
    is_forward = target.dag_version == written.version
    wanted = Wanted(
        version=written.version,
        serial=written.serial,
        dags=target.dags if is_forward else {},
        broken=before.broken if is_forward else None,  # a dag-processor that heard of it knows by itself
        since=before.asked,
        alone=_alone(moving.operation, before) if is_forward else None,
    )
    keys = readers.mounting(moving.operation.survey.inventory.workloads, name)
    limit = _limit(moving.operation, keys) + (annotate.BY_ITSELF if why_slow else 0.0) + more

    def again() -> None:
        if not why_slow:
            annotate.annotate(moving, name, f"{written.serial}.again")

    try:
        answer = _wait(moving, board, wanted, keys=keys, limit=limit, late=again)
    except CannotAsk as why:
        answer = Served(why_not=why.message)
    _judge(board, wanted, answer, limit=limit, workload=next(iter(sorted(keys)), name))
    if is_forward and moving.operation.api is not None:
        _warn(moving.operation, before, answer)


def _limit(operation: "Operation", keys: "Collection[str]") -> float:
    """Seconds in which no further file may be read; what is not stored at first is read again after an interval."""
    return operation.options.served_timeout + min(storing.interval(operation, keys), patience.MOST)


def _alone(operation: "Operation", before: Before) -> tuple[str, ...] | None:
    """The DAG files that pods that stay read anew, where Airflow's API is asked, which does not tell; None for all.

    By itself Airflow reads the others when their turn comes, half a minute later. They are waited for where no DAG file
    is affected: that the version is served at all is seen by DAGs alone. So is the file of a DAG that is to prove the
    version: a run that began before would be of another.
    """
    if operation.api is None:
        return None
    target, releases = operation.plan.target, own_releases.own(operation.survey, operation.options.names)
    affected = operation.compare.affected(releases, target, before.version)
    alone = set(target.dags.values()).intersection(affected or ())
    proving = {target.dags[dag_id] for dag_id in operation.options.smoke if dag_id in target.dags}
    return tuple(sorted(alone | proving)) if alone else None


def moved(moving: "Moving") -> bool:
    """Returns once Airflow serves the version that pods have moved to; False where it cannot be known.

    Raises:
        WorkloadFailed: It is not served in time, or a file that could be imported before cannot be, or makes no DAG.
        OutsideError: The API server was away for too long, or the lock was lost.

    """
    operation, before = moving.operation, moving.before
    keys, version = readers.of(operation.plan, operation.survey.inventory.workloads), operation.plan.target.dag_version
    if not keys or before is None:
        return False
    if moving.ledger.record.journal is not None:
        moving.write_journal("serving")
    wanted = Wanted(
        version=version,
        dags=operation.plan.target.dags,
        anew=before.version in ("", version),
        broken=before.broken,
    )
    limit = _limit(operation, keys)
    with operation.notes.board("serving", "Waiting until Airflow serves it") as board:
        try:
            answer = _wait(moving, board, wanted, keys=keys, limit=limit)
        except CannotAsk as why:
            board.row(_ROW, 0, 1, DONE)
            operation.notes.warn([f"whether Airflow serves DAG version {version} is not known: {why.message}"])
            return False
        _judge(board, wanted, answer, limit=limit, workload=next(iter(sorted(keys))))
    _warn(operation, before, answer)
    return True


def _warn(operation: "Operation", before: Before, answer: Served | None) -> None:
    if before.broken is None and answer and answer.errors:
        said = "; ".join(served.told(*one) for one in sorted(answer.errors.items()))
        operation.notes.warn([f"some files cannot be imported, and whether they could be before is not known: {said}"])


def before(operation: "Operation") -> Before | None:
    """Returns what Airflow serves before anything moves; None where nobody will ask.

    That is where no DAG version is moved to by what reads DAG files; and where one is announced to dag-processors that
    can be asked themselves.
    """
    inventory, unfinished, plan = operation.survey.inventory, operation.unfinished, operation.plan
    keys = readers.of(plan, inventory.workloads)
    if plan.announces and operation.api is not None:
        keys = frozenset().union(*(readers.mounting(inventory.workloads, move.name) for move in plan.announcements))
    if not keys:
        return None
    if unfinished is not None:  # what was so before the first of them counts
        return Before(version="", broken=unfinished.broken)
    try:
        found = query.connect(operation.cluster, inventory, keys, api=operation.api).served(Wanted(version=""), 0.0)
    except OutsideError:
        found = None
    if found is None:
        return Before()
    return Before(version=found.version, broken=tuple(sorted(found.errors)), asked=found.asked)


def _wait(
    moving: "Moving",
    board: "Board",
    wanted: Wanted,
    *,
    keys: "Collection[str]",
    limit: float,
    late: Callable[[], None] = lambda: None,
) -> Served | None:
    """Asks until there is nothing more to wait for; returns the last answer, None where nobody was there to give one.

    Raises:
        CannotAsk: Whoever is there cannot be asked.

    """
    operation = moving.operation
    airflow = query.connect(operation.cluster, operation.survey.inventory, keys, api=operation.api)
    deadline, answer, left, refused, count = time.monotonic() + limit, None, -1, 0, 0
    board.row(_ROW, 0, 1, f"DAG version {wanted.version} to be served")
    with ThreadPoolExecutor(1) as pool:
        while (rest := deadline - time.monotonic()) > 0:
            asked = pool.submit(airflow.served, wanted, min(rest, _WINDOW))
            try:
                try:
                    answer = asked.result(_AGAIN)
                except TooLate:
                    late()
                    late = lambda: None  # noqa: E731 - once is enough
                    answer = asked.result()
            except CannotAsk:
                refused += 1
                if refused == _TRIES:
                    raise
                answer = None
            moving.ledger.check()
            if answer is None:  # none is there that could be asked, or it ended meanwhile: another comes
                count = moving.feed.changed(count, 1.0)
                continue
            refused = 0
            if answer.done:
                break
            if answer.left >= 0 and not 0 <= left <= answer.left:
                left, deadline = answer.left, time.monotonic() + limit
                board.row(_ROW, 0, 1, f"DAG version {wanted.version} to be served, {left} files to be read")
    return answer


def _judge(board: "Board", wanted: Wanted, answer: Served | None, *, limit: float, workload: str) -> None:
    found: Trouble | None = served.trouble(wanted, answer, limit)
    if found is None:
        board.row(_ROW, 1, 1, DONE)
        return
    board.failed = True
    board.row(_ROW, 0, 1, found.message)
    raise WorkloadFailed(workload, faults.of_workload(found.reason, found.message))
