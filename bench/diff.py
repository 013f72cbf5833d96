"""`diff` of two images of many DAG files that are both known, and what `test-image` takes more to keep what it saw."""

import sys

from bench.project import Project
from bench.table import Row, ratio_row
from bench.timing import alternately, run, spread
from bench.verify import COUNT, generate

_BOUND, _SHARE = 1.5, 1.1
_TEST = """
import sys
from pathlib import Path
from dagship import settings_sources
from dagship.engine import images
from dagship.model.artifacts import BuiltImage
from dagship.terminal.console import Console
from dagship.verify import verifier
from dagship.workspace import Workspace

root = Path.cwd()
image = Workspace(root).read("image", BuiltImage)
keep = {"keep": lambda snapshot: None} if sys.argv[1] == "keep" else {}
assert verifier.verify(settings_sources.load(root, {}), Workspace(root), Console(), image, **keep).files
"""


def rows(project: Project, rounds: int, count: int = COUNT) -> list[Row]:
    """Two images in which every DAG differs in a field, tested once; then compared, and one of them tested anew."""
    dags = project.directory / "compared"
    generate(dags, count)
    one = _tested(project, str(dags))
    for path in dags.glob("*.py"):
        path.write_text(path.read_text("utf-8").replace('"retries": 2', '"retries": 3'), encoding="utf-8")
    other = _tested(project, str(dags))
    compared = ("diff", "--against", one, "--to", other)
    found = project.document(*compared)
    if len(found["dags"]) + sum(len(group["dag_ids"]) for group in found["shared"]) != count:
        raise RuntimeError("diff does not name every DAG.")
    least = alternately(
        lambda: project.invoke(*compared).seconds, lambda: project.invoke("diff", "--help").seconds, rounds
    )
    more = least.our_median - least.their_median
    test = [sys.executable, "-c", _TEST]
    kept = alternately(
        lambda: run([*test, "keep"], cwd=project.directory).seconds,
        lambda: run([*test, "forget"], cwd=project.directory).seconds,
        min(rounds, 3),
    )
    return [
        Row(
            what=f"`diff` of two images of {count} DAG files that both were tested, every DAG other in a field",
            against="`diff --help`",
            ours=spread(least.ours),
            theirs=spread(least.theirs),
            result=f"+{more:.2f} s",
            bound=f"≤ +{_BOUND} s",
            met=more <= _BOUND,
        ),
        ratio_row(
            what=f"the test of {count} DAG files, with a snapshot of what it saw",
            against="the same without",
            pair=kept,
            bound=_SHARE,
        ),
    ]


def _tested(project: Project, dags: str) -> str:
    image = project.document("build", "--dags", dags)["reference"]
    project.invoke("test-image", "--image", image)
    return str(image)
