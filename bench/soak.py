"""The soak: the same Airflow at work under three ways of delivery, dagship's with faults, and thin ones.

docs/explanation/soak.md explains it. `python -m bench.soak WAY ROLLOUTS` runs one way alone, for a look.
"""

import json
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from bench.airflow import kubeconfig
from bench.project import Project
from bench.project import make as make_project
from bench.table import Row
from bench.timing import run, spread
from tests.cluster.kubectl import Kubectl
from tests.e2e.releases import Release
from tests.e2e.soak import by_thin, deliveries
from tests.e2e.soak.by_dagship import Dagship
from tests.e2e.soak.by_image import GRACE, SETSID, SetImage
from tests.e2e.soak.by_thin import Thin
from tests.e2e.soak.dagfiles import ALL
from tests.e2e.soak.deliveries import Delivery
from tests.e2e.soak.driver import Driver
from tests.e2e.soak.evidence import Delivered
from tests.e2e.soak.faults import faults
from tests.e2e.soak.figures import Figures, figures
from tests.e2e.soak.in_place import InPlace
from tests.e2e.soak.soak import soak, versions
from tests.machine import ROOT

_ROLLOUTS = 20
# Between two deliveries that take no time of their own, or little.
_PAUSE, _PAUSE_OF_THIN = 40.0, 10.0
# Thin deliveries before, between and after the six other things.
_BETWEEN, _BETWEEN_OF_FEW = 14, 3

WAYS: dict[str, Callable[[Release, deliveries.Project], Delivery]] = {
    "dagship": Dagship,
    "set-image": SetImage,
    "in-place": InPlace,
    "faults": Dagship,
}
THIN: dict[str, Callable[[Release, deliveries.Project], Delivery]] = {
    "thin": lambda release, project: Thin(release, replace(project, shapes=ALL), {}),
    "thin-kubernetes": lambda release, project: Thin(
        release, replace(project, shapes=ALL), {"executor": "KubernetesExecutor"}
    ),
}


def rows(project: Project, _rounds: int) -> list[Row]:
    """All ways, two at a time: two cores carry two Airflows, and what one does to the other it does to both."""
    with ThreadPoolExecutor(2) as lanes:
        measured = {way: lanes.submit(measure, project, way, _ROLLOUTS) for way in WAYS}
    return table({way: figure.result() for way, figure in measured.items()})


def thin_rows(project: Project, _rounds: int) -> list[Row]:
    """Thin deliveries, with Celery and, fewer of them, with the KubernetesExecutor; one after the other."""
    return [
        _thin_row(measure(project, "thin", _BETWEEN), "CeleryExecutor"),
        _thin_row(measure(project, "thin-kubernetes", _BETWEEN_OF_FEW), "KubernetesExecutor"),
    ]


def _thin_row(found: Figures, executor: str) -> Row:
    bad = found.mixed + found.stale + found.interrupted + found.failed
    return Row(
        what=f"soak, {len(found.seconds)} deliveries, {found.thin} of them thin, {executor}: runs that saw more than "
        "one version, runs with tasks or code of another version than their stamp's, tasks interrupted, runs failed",
        against="",
        ours=f"{found.mixed} of {found.runs}, {found.stale} of {found.runs}, {found.interrupted} of {found.tasks}, "
        f"{found.failed} of {found.runs}",
        theirs="",
        result=str(bad),
        bound="0",
        met=bad == 0 < found.spanning == found.kept,
        remark=f"{found.spanning} runs went on when a newer version was there, all on their own; in between a deployer "
        "killed when it had announced, a deleted ConfigMap, a cleared task and a backfill, a full rollout, a restarted "
        f"dag-processor and a rollback; seconds of a delivery: {spread(found.seconds)}",
    )


def measure(project: Project, way: str, rollouts: int) -> Figures:
    """Installs an Airflow in a namespace of its own, soaks it, and removes it."""
    values = project.directory / f"{way}-values.yaml"
    values.write_text(run([str(ROOT / "script/airflow"), "values", project.base]).stdout, encoding="utf-8")
    directory = project.directory / f"soak-{way}"
    directory.mkdir()
    program = shutil.which("kubectl")
    if program is None:
        sys.exit("bench: kubectl is not there")
    kubectl = Kubectl(program, kubeconfig(), f"soak-{secrets.token_hex(4)}")
    release = Release(kubectl, run([str(ROOT / "script/helm")]).stdout.strip(), values, major=3)
    delivery = (WAYS | THIN)[way](release, deliveries.Project(directory=directory, base=project.base, values=values))
    kubectl("create", "namespace", kubectl.namespace)
    try:
        _tell(f"installing Airflow for {way}")
        delivery.install()
        pause = _PAUSE_OF_THIN if way in THIN else _PAUSE
        evidence = soak(delivery, _acts(delivery, way, rollouts), pause=pause, tell=_tell)
    finally:
        delivery.gone()
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")
    came_to = figures(evidence)
    _tell(f"{way}: {json.dumps(asdict(came_to))}")
    return came_to


def _acts(delivery: Delivery, way: str, rollouts: int) -> Callable[[Driver], Iterable[Callable[[], Delivered]]]:
    if way in THIN:
        assert isinstance(delivery, Thin)
        return lambda driver: by_thin.faults(delivery, driver, 2, rollouts)
    if way == "faults":
        assert isinstance(delivery, Dagship)
        return lambda driver: faults(delivery, driver, 2)
    return lambda _: versions(delivery, 2, rollouts)


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


def main() -> None:
    """Runs one way."""
    way, rollouts = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="dagship-soak-") as scratch:
        measure(make_project(Path(scratch)), way, rollouts)


if __name__ == "__main__":
    main()
