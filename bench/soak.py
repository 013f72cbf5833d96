"""The soak: the same Airflow at work under three ways of delivery, and dagship's with faults.

docs/explanation/soak.md explains it. `python -m bench.soak WAY COUNT` runs one way alone, for a look.
"""

import json
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.airflow import kubeconfig
from bench.project import Project
from bench.project import make as make_project
from bench.table import Row
from bench.timing import run, spread
from tests.cluster.kubectl import Kubectl
from tests.e2e.releases import Release
from tests.e2e.soak import deliveries
from tests.e2e.soak.by_dagship import Dagship
from tests.e2e.soak.by_image import GRACE, SETSID, SetImage
from tests.e2e.soak.driver import Driver
from tests.e2e.soak.faults import faults
from tests.e2e.soak.figures import Figures, figures
from tests.e2e.soak.in_place import InPlace
from tests.e2e.soak.soak import Act, soak, versions
from tests.machine import ROOT

_ROLLOUTS = 20
# Between two deliveries that take no time of their own.
_PAUSE = 40.0


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to deliver, and what is done by it.

    Attributes:
        make: Makes what delivers.
        acts: What it does, so many of them, while a driver starts runs.
        pause: Least seconds between two.
        every: Least seconds from one to the next, which then does not wait until the one before is used.

    """

    make: Callable[[Release, deliveries.Project], Any]
    acts: Callable[[Any, Driver, int], Iterable[Act]]
    pause: float = _PAUSE
    every: float | None = None


def pushes(delivery: deliveries.Delivery, _driver: Driver, count: int) -> Iterable[Act]:
    """One version after the other."""
    return versions(delivery, 2, count)


WAYS = {
    "dagship": Way(make=Dagship, acts=pushes),
    "set-image": Way(make=SetImage, acts=pushes),
    "in-place": Way(make=InPlace, acts=pushes),
    "faults": Way(make=Dagship, acts=lambda delivery, driver, _: faults(delivery, driver, 2)),
}


def rows(project: Project, _rounds: int) -> list[Row]:
    """All ways, two at a time: two cores carry two Airflows, and what one does to the other it does to both."""
    with ThreadPoolExecutor(2) as lanes:
        measured = {name: lanes.submit(measure, project, name, way, _ROLLOUTS) for name, way in WAYS.items()}
    return table({name: figure.result() for name, figure in measured.items()})


def measure(project: Project, name: str, way: Way, count: int) -> Figures:
    """Installs an Airflow in a namespace of its own, soaks it, and removes it."""
    values = project.directory / f"{name}-values.yaml"
    values.write_text(run([str(ROOT / "script/airflow"), "values", project.base]).stdout, encoding="utf-8")
    directory = project.directory / f"soak-{name}"
    directory.mkdir()
    program = shutil.which("kubectl")
    if program is None:
        sys.exit("bench: kubectl is not there")
    kubectl = Kubectl(program, kubeconfig(), f"soak-{secrets.token_hex(4)}")
    release = Release(kubectl, run([str(ROOT / "script/helm")]).stdout.strip(), values, major=3)
    delivery = way.make(release, deliveries.Project(directory=directory, base=project.base, values=values))
    kubectl.make_namespace()
    try:
        _tell(f"installing Airflow for {name}")
        delivery.install()
        evidence = soak(
            delivery, lambda driver: way.acts(delivery, driver, count), pause=way.pause, every=way.every, tell=_tell
        )
    finally:
        delivery.gone()
        kubectl.delete_namespace()
    came_to = figures(evidence)
    _tell(f"{name}: {json.dumps(asdict(came_to))}")
    return came_to


def table(measured: dict[str, Figures]) -> list[Row]:
    """One row for each figure, the controls side by side, and one for the faults."""
    ours, image, place, faulty = (measured[way] for way in WAYS)
    others = ((SetImage.what, image), (InPlace.what, place))
    what = f"soak, {len(ours.seconds)} rollouts"
    against = f"{SetImage.what}; {InPlace.what}"

    def row(name: str, shown: Callable[[Figures], tuple[int, int]], *, faults_shown: Sequence[Figures]) -> Row:
        def text(figure: Figures) -> str:
            return "{} of {}".format(*shown(figure))

        # A control that shows no fault proves nothing.
        return Row(
            what=f"{what}: {name}",
            against=against,
            ours=text(ours),
            theirs="; ".join(text(figure) for _, figure in others),
            result=str(shown(ours)[0]),
            bound="0",
            met=shown(ours)[0] == 0 and all(shown(figure)[0] > 0 for figure in faults_shown),
        )

    bad = faulty.mixed + faulty.interrupted + faulty.failed
    drained = f", of which draining {spread(ours.draining)}" if ours.draining else ""
    remark = (
        f"{ours.spanning} runs of dagship's side went on when a newer version was there, {ours.kept} of them on their "
        "own; two ways ran at a time; workers of the first control have what Kubernetes and the image say where nobody "
        "says otherwise: "
        f"{GRACE} s and DUMB_INIT_SETSID={SETSID}"
    )
    return [
        row("runs that saw more than one version", lambda one: (one.mixed, one.runs), faults_shown=(image, place)),
        row("tasks interrupted", lambda one: (one.interrupted, one.tasks), faults_shown=(image,)),
        row("runs failed", lambda one: (one.failed, one.runs), faults_shown=()),
        Row(
            what=f"{what}: seconds of one",
            against=SetImage.what,
            ours=f"{spread(ours.seconds)}{drained}",
            theirs=f"{spread(image.seconds)}, of which draining {spread(image.draining)}",
            result="",
            bound="measured",
            met=0 < ours.spanning == ours.kept,
            remark=remark,
        ),
        Row(
            what="soak with faults: runs with more than one version, tasks interrupted, runs failed",
            against="",
            ours=f"{faulty.mixed} of {faulty.runs}, {faulty.interrupted} of {faulty.tasks}, "
            f"{faulty.failed} of {faulty.runs}",
            theirs="",
            result=str(bad),
            bound="0",
            met=bad == 0,
            remark="all workers deleted while one drains; a rollout killed while a worker drains and run again; a "
            "broken image rolled out and undone; a rollback while runs of the newer version are at work",
        ),
    ]


def _tell(what: str) -> None:
    print(f"bench: {time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def main(ways: Mapping[str, Way]) -> None:
    """Runs one way."""
    name, count = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="dagship-soak-") as scratch:
        measure(make_project(Path(scratch)), name, ways[name], count)


if __name__ == "__main__":
    main(WAYS)
