"""What moves, in which order. Pure.

The order makes a failure harmless: workers first, since they must have a version before anyone is sent to it; last
what announces the new version, the dag-processor, or the scheduler where there is none.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dagship.errors import Refused
from dagship.record.model import Change, Journal, Kind, Move, Release, Role, Target
from dagship.rollout.plan import dag_version, kubernetes_executor, patch
from dagship.workloads import image_identity
from dagship.workloads.selection import Selected

Objects = Mapping[tuple[Kind, str], Mapping[str, Any]]

STEPS = ("workers", "triggerer, scheduler, web", "dag-processor")
_FIRST: tuple[Role, ...] = ("worker", "pod-template")


def to_image(
    selected: Selected, config_maps: Mapping[str, Mapping[str, Any]], repositories: Iterable[str], target: Target
) -> tuple[Move, ...]:
    """Returns the moves of every selected container, and of the KubernetesExecutor's setting, to one image."""
    env = kubernetes_executor.environment(selected, config_maps, target.image)
    moves = [
        Move(
            kind=workload.kind,
            name=workload.name,
            role=workload.role,
            changes=(
                *(
                    Change(
                        field="image",
                        container=container.name,
                        init=container.init,
                        before=container.image,
                        after=target.image,
                    )
                    for container in containers
                ),
                *env.get(workload.key, ()),
                *dag_version.with_image(workload, target.dag_pointer),
            ),
        )
        for workload, containers in selected
    ]
    moves += kubernetes_executor.templates(selected, config_maps, repositories, target.image)
    return ordered(moves)


def to_release(release: Release, objects: Objects) -> tuple[tuple[Move, ...], tuple[str, ...]]:
    """Returns the moves back to what a release said field by field, and what of it is no longer there."""
    moves, gone = [], []
    for move in release.moves:
        raw = objects.get((move.kind, move.name))
        if raw is None:
            gone.append(f"{move.key} is gone since release {release.number}")
            continue
        changes = tuple(
            change.model_copy(update={"before": patch.present(move.kind, raw, change)})
            for change in move.changes
            if patch.there(move.kind, raw, change)
        )
        if changes:
            moves.append(move.model_copy(update={"changes": changes}))
    return ordered(moves), tuple(gone)


def containers(moves: Iterable[Move]) -> dict[str, frozenset[tuple[str, bool]]]:
    """Returns the containers whose images moves are about (name, whether init), by workload."""
    found: dict[str, set[tuple[str, bool]]] = {}
    for move in moves:
        of_images = {(change.container, change.init) for change in move.changes if change.field == "image"}
        found.setdefault(move.key, set()).update(of_images)
    return {key: frozenset(of_images) for key, of_images in found.items()}


def ordered(moves: Iterable[Move]) -> tuple[Move, ...]:
    """Gives every move its step, and sorts them by it."""
    moves = tuple(moves)
    last: Role = "dag-processor" if any(move.role == "dag-processor" for move in moves) else "scheduler"
    placed = (
        move.model_copy(update={"step": 0 if move.role in _FIRST else 2 if move.role == last else 1}) for move in moves
    )
    return tuple(sorted(placed, key=lambda move: (move.step, move.role != "pod-template", move.key)))


def resumed(moves: Iterable[Move], journal: Journal | None) -> tuple[Move, ...]:
    """Returns the moves with `before` as it was before the first unfinished rollout, so that undoing ends there."""
    if journal is None:
        return tuple(moves)
    began = {(move.key, change.key): change.before for move in journal.moves for change in move.changes}
    return tuple(
        move.model_copy(
            update={
                "changes": tuple(
                    change.model_copy(update={"before": began.get((move.key, change.key), change.before)})
                    for change in move.changes
                )
            }
        )
        for move in moves
    )


def left_out(moves: Iterable[Move], journal: Journal | None, objects: Objects) -> tuple[Move, ...]:
    """Returns what an unfinished rollout changed and a new plan does not hold: that goes back for good."""
    planned = {(move.key, change.key) for move in moves for change in move.changes}
    back = []
    for move in journal.moves if journal else ():
        raw = objects.get((move.kind, move.name))
        changes = tuple(
            change.model_copy(update={"after": change.before})
            for change in move.changes
            if raw is not None and (move.key, change.key) not in planned and patch.there(move.kind, raw, change)
        )
        if changes:
            back.append(move.model_copy(update={"changes": changes}))
    return tuple(back)


def gone_on(moves: Iterable[Move], journal: Journal | None, objects: Objects) -> tuple[Move, ...]:
    """Returns the moves of a new plan in their order, with what an unfinished rollout began ended or taken back."""
    moves = resumed(moves, journal)
    begun = {move.key: move.strategy for move in journal.moves} if journal else {}
    return ordered(
        _one_at_a_time(move, objects.get((move.kind, move.name)), begun.get(move.key))
        for move in (*moves, *left_out(moves, journal, objects))
    )


def _one_at_a_time(move: Move, raw: Mapping[str, Any] | None, begun: str | None) -> Move:
    """A dag-processor's Deployment ends its old pods first: two that announce different versions undo each other."""
    if move.kind != "Deployment" or move.role != "dag-processor" or raw is None:
        return move
    now = raw["spec"].get("strategy") or {"type": "RollingUpdate"}
    own = begun if now.get("type") == "Recreate" else json.dumps(now, sort_keys=True)
    return move.model_copy(update={"strategy": own})


Known = Mapping[tuple[str, tuple[str, str, bool, str]], frozenset[str | None]]


def known(moves: Iterable[Move], journal: Journal | None) -> Known:
    """Returns by field what it may say while a rollout is under way: anything else was written by someone else."""
    values: dict[tuple[str, tuple[str, str, bool, str]], set[str | None]] = {}
    for move in (*moves, *((*journal.moves, *journal.earlier) if journal else ())):
        for change in move.changes:
            values.setdefault((move.key, change.key), set()).update((change.before, change.after))
    return {key: frozenset(found) for key, found in values.items()}


def outstanding(move: Move, raw: Mapping[str, Any], may_say: Known) -> tuple[Change, ...]:
    """Returns the changes of a move that are still to be made.

    Raises:
        Refused: A field says something that no plan of ours did: someone else changed it.

    """
    to_do = []
    for change in move.changes:
        now = patch.present(move.kind, raw, change)
        if now == change.after:
            continue
        if not _is_ours(move, change, now, may_say):
            raise Refused(
                f"{move.key} was changed by someone else meanwhile: {change.name or change.container} says "
                f"{' '.join((now or 'nothing').split())} instead of {change.before or 'nothing'}.",
                "See who rolls out here besides dagship, then run rollout again. If a rollout is unfinished, rollout "
                "--undo comes first: it takes back what dagship moved, and leaves that as it is.",
            )
        to_do.append(change)
    return tuple(to_do)


def without_foreign(move: Move, raw: Mapping[str, Any], may_say: Known) -> Move:
    """Returns a move without the fields that say what no plan of ours did."""
    ours = (change for change in move.changes if _is_ours(move, change, patch.present(move.kind, raw, change), may_say))
    return move.model_copy(update={"changes": tuple(ours)})


def says(move: Move, raw: Mapping[str, Any] | None) -> bool:
    """Whether an object says all that its move wants; one that is gone says nothing."""
    return raw is not None and all(_says(change, patch.present(move.kind, raw, change)) for change in move.changes)


def stays(move: Move, raw: Mapping[str, Any]) -> bool:
    """Whether an object says to the letter what its move wants: another name of the same image makes new pods too."""
    return all(patch.present(move.kind, raw, change) == change.after for change in move.changes)


def _is_ours(move: Move, change: Change, now: str | None, may_say: Known) -> bool:
    expected = (change.after, *may_say[move.key, change.key])
    return now in expected or (
        change.field == "image"
        and now is not None
        and any(one and image_identity.is_mirrors(now, one) for one in expected)
    )


def _says(change: Change, now: str | None) -> bool:
    if change.field != "image" or now is None or change.after is None:
        return now == change.after
    return image_identity.same_image(now, change.after)


def short(image: str | None) -> str:
    """Returns an image with its digest cut to what people compare."""
    said = image or ""
    name, at, digest = (said if said.isprintable() else repr(said)).partition("@sha256:")
    return f"{name}@{digest[:12]}" if at else name
