"""The short form of the soak: two rollouts of dagship while an Airflow runs DAGs; docs/explanation/soak.md has all."""

from collections.abc import Callable
from pathlib import Path

from tests.e2e.releases import Release
from tests.e2e.soak.by_dagship import Dagship
from tests.e2e.soak.deliveries import Project
from tests.e2e.soak.figures import figures
from tests.e2e.soak.soak import soak, versions

ROLLOUTS = 2


def test_two_rollouts_change_no_runs_code_and_interrupt_no_task(
    based: Callable[[str], tuple[str, Path]], released: Callable[..., Release], tmp_path: Path
) -> None:
    base, values = based("3.3.2")
    release = released(values, major=3)
    delivery = Dagship(release, Project(directory=tmp_path, base=base, values=values), "--max-unavailable=2")
    delivery.install()

    evidence = soak(delivery, lambda _: versions(delivery, 2, ROLLOUTS), tell=print)

    came_to = figures(evidence)
    # Otherwise nothing was put to the test: there were runs that went on when the next version was there.
    assert came_to.spanning >= ROLLOUTS / 2, came_to
    assert came_to.kept == came_to.spanning, came_to
    assert {max(one.file, one.helper) for one in evidence.sightings} == set(range(1, ROLLOUTS + 2))
    assert came_to.unseen == 0, came_to
    assert (came_to.mixed, came_to.interrupted, came_to.failed) == (0, 0, 0), came_to
