"""The releases of one Airflow in the record of its namespace, and the names of its image there. Pure.

The repository may change from one image to the next, and a webhook may have given workloads a mirror's name, which no
settings know.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from dagship.record.model import Release

if TYPE_CHECKING:
    from dagship.rollout.survey import Survey


def own(survey: "Survey", names: Collection[str] = ()) -> tuple[Release, ...]:
    """Returns the releases of this Airflow: where two share a namespace, of what the selector or the names leave."""
    workloads = [one for one in survey.inventory.workloads if not names or one.key in names]
    keys = {workload.key for workload in workloads}
    # What is announced to pods is of whoever has it mounted.
    mounted = {f"configmap/{name}" for workload in workloads for name in workload.config_maps}
    last: set[str] = set()
    found: list[Release] = []
    for release in reversed(survey.record.releases):
        announced = {move.key for move in release.moves if move.role == "announcement"}
        moved = {move.key for move in release.moves} - announced
        if moved & (last or keys) or (not moved and announced & mounted):
            found.append(release)
            last |= moved
    return tuple(reversed(found))


def names(releases: tuple[Release, ...]) -> tuple[str, ...]:
    """Returns the names of the last release's image: as it was asked for, and as the server answered.

    Nothing after a return to what dagship found: its images are of any repository.
    """
    if not releases or not releases[-1].image:
        return ()
    last = releases[-1]
    came = (change.after for move in last.moves for change in move.changes if change.field == "image")
    return tuple(dict.fromkeys((last.image, *filter(None, came))))
