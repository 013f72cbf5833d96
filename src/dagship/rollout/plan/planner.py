"""The moves to an image, or back to what a release said. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from dagship.model.artifacts import Target
from dagship.record.model import Change, Move, Release
from dagship.rollout.plan import dag_version, kubernetes_executor, patch, step_order
from dagship.workloads.kinds import Kind
from dagship.workloads.selection import Selected

Objects = Mapping[tuple[Kind, str], Mapping[str, Any]]


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
    return step_order.ordered(moves)


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
    return step_order.ordered(moves), tuple(gone)


def containers(moves: Iterable[Move]) -> dict[str, frozenset[tuple[str, bool]]]:
    """Returns the containers whose images moves are about (name, whether init), by workload."""
    found: dict[str, set[tuple[str, bool]]] = {}
    for move in moves:
        of_images = {(change.container, change.init) for change in move.changes if change.field == "image"}
        found.setdefault(move.key, set()).update(of_images)
    return {key: frozenset(of_images) for key, of_images in found.items()}
