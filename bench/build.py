"""`build --push` against `docker buildx build --push` of a hand-written two-line Dockerfile on the same base."""

from collections.abc import Callable

from bench.project import INVOKE, REGISTRY, Project
from bench.table import Row, ratio_row
from bench.timing import alternately, run

_AGAINST = "`docker buildx build --push` of a two-line Dockerfile on the same base"
_MODULES, _LINES = 50, 40


def rows(project: Project, rounds: int) -> list[Row]:
    """One DAG edited, the same with what lies beside the DAGs, and nothing changed."""

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
        _with_include(project, rounds),
        ratio_row(what="nothing changed: `build`", against="the same", pair=unchanged, bound=1.0),
    ]


def _with_include(project: Project, rounds: int) -> Row:
    """One DAG edited, where DAGs import a package that lies beside their directory."""
    package = project.two_line / "included"
    package.mkdir()
    for number in range(_MODULES):
        (package / f"module_{number}.py").write_text(f"NUMBER = {number}\n" * _LINES, encoding="utf-8")
    recipe = project.two_line / "Dockerfile.with-include"
    recipe.write_text(
        f"FROM {project.base}\nCOPY dags /opt/airflow/dags\nCOPY included /opt/airflow/included\n", "utf-8"
    )
    include = {"DAGSHIP_INCLUDE": str(package.relative_to(project.directory))}

    def ours() -> float:
        project.edit()
        flags = ("--dags", str(project.dags), "--repository", f"{REGISTRY}/bench/dagship", "--push")
        return run([INVOKE, "build", *flags], cwd=project.directory, env=include).seconds

    def theirs() -> float:
        project.edit()
        tag = f"{REGISTRY}/bench/three-line:latest"
        context = str(project.two_line)
        return run(["docker", "buildx", "build", "--push", "--file", str(recipe), "--tag", tag, context]).seconds

    ours(), theirs()
    return ratio_row(
        what=f"one DAG edited, {_MODULES} modules included beside the DAGs: `build --push`",
        against="the same with a third line that copies them",
        pair=alternately(ours, theirs, rounds),
        bound=2.0,
    )
