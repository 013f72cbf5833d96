"""The soak of thin deliveries, and its control: git delivery as it was before a commit had parsing begin anew.

docs/explanation/soak.md explains it. `python -m bench.soak_thin WAY COUNT` runs one way alone, for a look.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from bench import soak
from bench.project import Project
from bench.soak import Way
from bench.table import Row
from bench.timing import spread
from tests.e2e.releases import Release
from tests.e2e.soak import deliveries
from tests.e2e.soak.by_git import GitAsBefore
from tests.e2e.soak.by_thin import Thin, faults
from tests.e2e.soak.dagfiles import ALL, Shape
from tests.e2e.soak.driver import Driver
from tests.e2e.soak.figures import Figures
from tests.e2e.soak.soak import Act

# Seconds from one delivery to the next.
_EVERY = 10.0
# Deliveries before, between and after the six other things, with Celery and with the KubernetesExecutor; pushes.
_COUNTS = (14, 3, 20)


# With the KubernetesExecutor a task is a pod, whose start takes a core for seconds: runs begin less often.
_IN_PODS = tuple(replace(shape, every=3 * shape.every) for shape in ALL)


def _thin(*shapes: Shape, **values: str) -> Way:
    def make(release: Release, project: deliveries.Project) -> Thin:
        return Thin(release, replace(project, shapes=shapes), values)

    return Way(make=make, acts=_acts, every=_EVERY)


def _acts(delivery: Thin, driver: Driver, count: int) -> Iterable[Act]:
    return faults(delivery, driver, 2, count)


def _git(release: Release, project: deliveries.Project) -> GitAsBefore:
    return GitAsBefore(release, replace(project, shapes=ALL))


WAYS = {
    "thin": _thin(*ALL),
    "thin-kubernetes": _thin(*_IN_PODS, executor="KubernetesExecutor"),
    "git-as-before": Way(make=_git, acts=soak.pushes, pause=_EVERY),
}


def rows(project: Project, _rounds: int) -> list[Row]:
    """All ways, one after the other."""
    counts = zip(WAYS.items(), _COUNTS, strict=True)
    return table(*(soak.measure(project, name, way, count) for (name, way), count in counts))


def table(celery: Figures, kubernetes: Figures, git: Figures) -> list[Row]:
    """One row for each figure, with the control's beside it, and one for the deliveries."""
    ours = (("Celery", celery), ("KubernetesExecutor", kubernetes))

    def row(name: str, shown: Callable[[Figures], tuple[int, int]], *, control: bool = False) -> Row:
        bad = sum(shown(figure)[0] for _, figure in ours)
        # A control that shows no fault proves nothing.
        return Row(
            what=f"soak of thin deliveries: {name}",
            against=GitAsBefore.what,
            ours="; ".join("{}: {} of {}".format(executor, *shown(figure)) for executor, figure in ours),
            theirs="{} of {}".format(*shown(git)),
            result=str(bad),
            bound="0",
            met=bad == 0 and (shown(git)[0] > 0 or not control),
        )

    went_on = "; ".join(
        f"{executor}: {len(figure.seconds)} deliveries, {figure.thin} of them without a new pod; "
        f"{figure.spanning} runs went on when a newer version was there, {figure.kept} of them on their own"
        for executor, figure in ours
    )
    return [
        row("runs that saw more than one version", lambda one: (one.mixed, one.runs)),
        row(
            "runs with tasks or code of another version than their stamp's",
            lambda one: (one.stale, one.runs),
            control=True,
        ),
        row("tasks interrupted", lambda one: (one.interrupted, one.tasks)),
        row("runs failed", lambda one: (one.failed, one.runs)),
        Row(
            what="soak of thin deliveries: seconds of one",
            against="",
            ours="; ".join(f"{executor}: {spread(figure.seconds)}" for executor, figure in ours),
            theirs="",
            result="",
            bound="measured",
            met=all(0 < figure.spanning == figure.kept for _, figure in ours),
            remark=f"{went_on}; one every {_EVERY:.0f} s, or as soon as the one before is served; in between a "
            "deployer killed when it had announced, a deleted ConfigMap, a cleared task and a backfill, a rollout of "
            f"every pod, a restarted dag-processor and a rollback; {len(git.seconds)} pushes of the control",
        ),
    ]


if __name__ == "__main__":
    soak.main(WAYS)
