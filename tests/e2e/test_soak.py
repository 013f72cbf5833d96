"""The short form of the soak: deliveries of dagship while an Airflow runs DAGs; docs/explanation/soak.md has all."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from tests.e2e.releases import Release
from tests.e2e.soak.by_thin import Thin, faults
from tests.e2e.soak.dagfiles import ALL
from tests.e2e.soak.deliveries import Project
from tests.e2e.soak.driver import Driver
from tests.e2e.soak.figures import figures
from tests.e2e.soak.soak import Act, soak

FIRST, LAST = 2, 6
# Each delivery waits for the file that takes longest, a full one for the tasks that are at work, and the end for all runs.
# A task costs seconds of a processor, of which a delivery has what runs leave: as few at once as the proof needs.
SHAPES = tuple(
    replace(
        shape,
        at_once=min(shape.at_once, 1),
        every=max(shape.every, 20.0),
        seconds=min(shape.seconds, 8),
        imports=min(shape.imports, 2),
    )
    for shape in ALL
    if shape.imports < 5
)


def test_no_delivery_changes_a_runs_code_or_interrupts_a_task_and_most_replace_no_pod(
    based: Callable[[str], tuple[str, Path]], released: Callable[..., Release], tmp_path: Path
) -> None:
    base, values = based("3.3.2")
    delivery = Thin(released(values, major=3), Project(directory=tmp_path, base=base, values=values, shapes=SHAPES), {})
    delivery.install()

    def acts(driver: Driver) -> Iterable[Act]:
        return faults(delivery, driver, FIRST, 0)

    evidence = soak(delivery, acts, tell=print)

    came_to = figures(evidence)
    # Otherwise nothing was put to the test: there were runs that went on when the next version was there.
    assert came_to.spanning >= len(evidence.delivered) / 2, came_to
    assert came_to.kept == came_to.spanning, came_to
    thin = [one for one in evidence.delivered if one.what.startswith("thin")]
    assert [one for one in thin if one.pods] == []
    assert len(thin) > len(evidence.delivered) / 2
    assert {max(one.file, one.helper) for one in evidence.sightings} == set(range(1, LAST + 1))
    assert came_to.unseen == 0, came_to
    assert (came_to.mixed, came_to.stale, came_to.interrupted, came_to.failed) == (0, 0, 0, 0), came_to
