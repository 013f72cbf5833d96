"""The short form of the soak: deliveries of dagship while an Airflow runs DAGs; docs/explanation/soak.md has all."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.releases import Release
from tests.e2e.soak.by_thin import Thin, faults
from tests.e2e.soak.dagfiles import ALL
from tests.e2e.soak.deliveries import Project
from tests.e2e.soak.driver import Driver
from tests.e2e.soak.evidence import Evidence
from tests.e2e.soak.figures import Figures, figures
from tests.e2e.soak.soak import Act, soak

FIRST, LAST = 2, 6
# Each delivery waits for the file that takes longest, a full one for the tasks that are at work, and the end for all runs.
# A run of `long` is started before each, and has to go on for longer than a thin one takes.
# A task costs seconds of a processor, of which a delivery has what runs leave: as few at once as the proof needs.
SHAPES = tuple(
    replace(
        shape,
        steps=1 if shape.dag_id == "short" else shape.steps,
        every=max(shape.every, 30.0),
        seconds=min(shape.seconds, 8),
        imports=min(shape.imports, 2),
    )
    for shape in ALL
    if shape.imports < 5
)


class Soaked(NamedTuple):
    """What there is after the deliveries, and what it comes to."""

    evidence: Evidence
    figures: Figures


@pytest.fixture(scope="module")
def soaked(
    based: Callable[[str], tuple[str, Path]],
    released: Callable[..., Release],
    tmp_path_factory: pytest.TempPathFactory,
) -> Soaked:
    """All that may go wrong, one after the other, while runs are at work."""
    base, values = based("3.3.2")
    project = Project(directory=tmp_path_factory.mktemp("soak"), base=base, values=values, shapes=SHAPES)
    delivery = Thin(released(values, major=3), project, {})
    delivery.install()

    def acts(driver: Driver) -> Iterable[Act]:
        return faults(delivery, driver, FIRST, 0)

    evidence = soak(delivery, acts, prompt=True, tell=print)
    return Soaked(evidence, figures(evidence))


def test_runs_were_at_work_on_each_version_and_went_on_when_the_next_was_there(soaked: Soaked) -> None:
    """Otherwise nothing was put to the test."""
    evidence, came_to = soaked

    assert {max(one.file, one.helper) for one in evidence.sightings} == set(range(1, LAST + 1))
    assert came_to.spanning >= (LAST - FIRST + 1) / 2, came_to


def test_no_delivery_changes_a_runs_code(soaked: Soaked) -> None:
    came_to = soaked.figures

    assert came_to.kept == came_to.spanning, came_to
    # What Airflow does by itself is no delivery's doing: docs/explanation/soak.md.
    assert (came_to.unseen, came_to.mixed, came_to.stale - came_to.late) == (0, 0, 0), came_to


def test_no_delivery_interrupts_a_task(soaked: Soaked) -> None:
    assert (soaked.figures.interrupted, soaked.figures.failed) == (0, 0), soaked.figures


def test_most_deliveries_replace_no_pod(soaked: Soaked) -> None:
    delivered = soaked.evidence.delivered
    thin = [one for one in delivered if one.what.startswith("thin")]

    assert [one for one in thin if one.pods] == []
    assert len(thin) > len(delivered) / 2
