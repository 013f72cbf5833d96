"""The time that the page of a large release takes: 300 changed DAGs of 40 tasks, each drawn."""

import sys

from bench.project import ROOT, Project
from bench.table import Row
from bench.timing import alternately, run, spread

_BOUND = 1.5
# What the process has imported before, it has imported in both.
_DOCUMENT = """
from dagship.model.release_document import *
from dagship.report.outline import release
from dagship.report.page.html import html
from dagship.report.places import Places

ids = [f"task_{number:02}" for number in range(40)]
inner = ids[1:-1]
pairs = [*((ids[0], one) for one in inner), *((one, ids[-1]) for one in inner), *zip(inner[:-1:3], inner[1::3])]
graph = Graph(
    nodes=tuple(Node(task_id=one, operator="BashOperator") for one in ids),
    edges=tuple(Edge(upstream=up, downstream=down) for up, down in pairs),
)
fields = tuple(FieldChange(name=f"field_{number}", was="1", now="2") for number in range(5))
dags = tuple(
    DagChange(dag_id=f"dag_{number}", change="changed", file=f"dag_{number}.py", fields=fields, graph=graph)
    for number in range(300)
)
side, verdict = Side(given="image"), Verdict(dags_change=True, sentence="300 DAGs change.")
document = ReleaseDocument(made="2026-11-30T06:00:00+00:00", was=side, now=side, verdict=verdict, dags=dags)
"""
_PAGE = "\nassert html(release.outline(document, Places())).count('<svg') == 300\n"


def rows(_project: Project, rounds: int) -> list[Row]:
    """The document and its page against the document alone."""
    pair = alternately(
        lambda: run([sys.executable, "-c", _DOCUMENT + _PAGE], cwd=ROOT).seconds,
        lambda: run([sys.executable, "-c", _DOCUMENT], cwd=ROOT).seconds,
        rounds,
    )
    more = pair.our_median - pair.their_median
    return [
        Row(
            what="the HTML page of 300 changed DAGs of 40 tasks",
            against="the same document without a page",
            ours=spread(pair.ours),
            theirs=spread(pair.theirs),
            result=f"+{more:.2f} s",
            bound=f"≤ +{_BOUND} s",
            met=more <= _BOUND,
        )
    ]
