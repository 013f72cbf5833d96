"""`diff` of two images of many DAG files that are both known, and what `test-image` takes more to tell what it saw."""

import sys

from bench.project import INVOKE, Project
from bench.table import Row, ratio_row
from bench.timing import alternately, run, spread
from bench.verify import COUNT, generate

_BOUND, _SHARE = 1.5, 1.1
# No file keeps within it, so that every report has a finding of each.
_BUDGET = "0.000001"
_FORMATS = ("html", "markdown", "sarif", "code-quality", "junit")
# What the task does, its start included, without a report and a snapshot.
_BARE = """
import sys
from pathlib import Path
import dagship.cli.program
from dagship import settings_sources
from dagship.model.artifacts import BuiltImage
from dagship.terminal.console import Console
from dagship.verify import report, verifier
from dagship.workspace import Workspace

root, console = Path.cwd(), Console()
workspace = Workspace(root)
settings = settings_sources.load(root, {"parse_budget": sys.argv[1]})
found = verifier.verify(settings, workspace, console, workspace.read("image", BuiltImage))
workspace.write("report", found)
report.show(console, found)
assert len(found.findings) == len(found.files), found.findings
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
    told = alternately(
        lambda: _with_reports(project, other),
        lambda: run([sys.executable, "-c", _BARE, _BUDGET], cwd=project.directory).seconds,
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
            what=f"`test-image` of {count} DAG files with every report and a snapshot",
            against="the same test without them",
            pair=told,
            bound=_SHARE,
            remark="HTML, Markdown, SARIF, Code Quality, JUnit, and what GitHub shows of itself, each of a finding for "
            "every file",
        ),
    ]


def _with_reports(project: Project, image: str) -> float:
    """Tests an image as a step of GitHub's would, and looks that each report is there; returns the seconds."""
    directory = project.directory / "reports"
    directory.mkdir(exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    flags = [f"--{form}={directory / form}" for form in _FORMATS]
    summary = directory / "summary"
    done = run(
        [INVOKE, "test-image", "--image", image, f"--parse-budget={_BUDGET}", *flags],
        cwd=project.directory,
        env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)},
        status=1,  # it found something
    )
    missing = [path.name for path in (*map(directory.joinpath, _FORMATS), summary) if not path.stat().st_size]
    if missing:
        raise RuntimeError(f"test-image wrote nothing to {', '.join(missing)}.")
    return done.seconds


def _tested(project: Project, dags: str) -> str:
    image = project.document("build", "--dags", dags)["reference"]
    project.invoke("test-image", "--image", image)
    return str(image)
