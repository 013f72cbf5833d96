"""`build --push` against `docker buildx build --push` of a hand-written two-line Dockerfile on the same base."""

from collections.abc import Callable

from bench.project import REGISTRY, Project
from bench.table import Row, ratio_row
from bench.timing import alternately, run

_AGAINST = "`docker buildx build --push` of a two-line Dockerfile on the same base"


def rows(project: Project, rounds: int) -> list[Row]:
    """One DAG edited, and nothing changed."""

    def ours(*flags: str) -> float:
        repository = f"{REGISTRY}/bench/dagship"
        return project.invoke("build", "--dags", str(project.dags), "--repository", repository, *flags).seconds

    def ours_pushed() -> float:
        return ours("--push")

    def theirs() -> float:
        tag = f"{REGISTRY}/bench/two-line:latest"
        return run(["docker", "buildx", "build", "--push", "--tag", tag, str(project.two_line)]).seconds

    def edited(build: Callable[[], float]) -> Callable[[], float]:
        def act() -> float:
            project.edit()
            return build()

        return act

    # The first push of either sends the base; nobody waits for that a second time.
    ours_pushed(), theirs()
    one_edited = alternately(edited(ours_pushed), edited(theirs), rounds)
    project.edit()
    ours_pushed(), theirs()
    unchanged = alternately(ours, theirs, rounds)
    return [
        ratio_row(what="one DAG edited: `build --push`", against=_AGAINST, pair=one_edited, bound=2.0),
        ratio_row(what="nothing changed: `build`", against="the same", pair=unchanged, bound=1.0),
    ]
