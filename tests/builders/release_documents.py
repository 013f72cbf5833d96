"""Documents of releases: one with every kind of change, one with nothing, and many DAGs; and texts that mean harm."""

from dagship.model.release_document import (
    AssetChange,
    DagChange,
    Edge,
    FieldChange,
    FileChange,
    FileParse,
    FindingChange,
    Graph,
    Missing,
    Node,
    Notice,
    PackageChange,
    Parse,
    Pull,
    PulledLayer,
    ReleaseDocument,
    RunsAtOnce,
    Schedule,
    SharedChange,
    Side,
    TaskChange,
    UnfinishedRuns,
    Verdict,
    Way,
)
from dagship.model.verify_report import CheckedFile, CheckedTest, Finding, VerifyReport

MADE = "2026-11-30T06:00:00+00:00"
WAS = Side(given="namespace airflow", dag_version="a81e07c455f2", airflow="3.3.2")
NOW = Side(given="dags", dag_version="3f9c2a71d0b4", airflow="3.3.2", commit="0123456789abcdef0123456789abcdef01234567")

# What a name, a value or a sentence may hold, and what each sink would make of it.
HOSTILE = (
    "@octocat", "@data-team/owners", "#1", "GH-12", "octo/repo#7", "!42", "~bug", "%milestone", "$7", "&3",
    "https://evil.example/x", "www.evil.example", "mail@evil.example", "[click](https://evil.example)",
    "![x](https://evil.example/p.png)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "</code></li>",
    "&lt;b&gt;", "**bold**", "_it_", "~~gone~~", "`code`", "``` \n# heading", "a|b|c", "\\|", ":tada:", "1. one",
    "- item", "# heading", "> quote", "---", "/close", "/merge", "::error::pwned", "::set-output name=x::y",
    "##[group]x", "##vso[task.complete]", "\x1b[31mred\x1b]0;title\x07", "a\nb\r\nc\rd", "\u202eright to left", "$x^2$",
    "$`x`$", "[[wiki]]", "[^1]", "<!-- x -->", "-->", "deadbeefcafe0123", "{0} {{1}} [a](2)", "%0A::error::x", "é漢字🎉",
    "\ufffe\ud800", "' \" &", "<details open>", "`", "``", " ", "\t", "{{ 7*7 }}", "{% raw %}", "x" * 3000,
)  # fmt: skip


def finding(**facts: object) -> Finding:
    """A finding of an import, but for what is given."""
    given = {
        "severity": "error",
        "kind": "import-error",
        "file": "sales.py",
        "line": 3,
        "message": "ModuleNotFoundError: No module named 'pandas'",
        "traceback": 'Traceback (most recent call last):\n  File "/v/dags/sales.py", line 3, in <module>\n    import pandas',
        "hint": "Add the package.",
    }
    return Finding.model_validate(given | facts)


def report(*findings: Finding, **facts: object) -> VerifyReport:
    """A report of a test with findings."""
    files = (CheckedFile(file="sales.py", seconds=0.5, dags=("sales",)), CheckedFile(file="b.py", seconds=1.5, dags=()))
    tests = (CheckedTest(name="test_a.py::test_x", outcome="passed", seconds=0.1),)
    given = {
        "image": "registry.example.com/airflow:1",
        "id": "sha256:1",
        "passed": not findings,
        "airflow": "3.3.2",
        "python": "3.12.4",
        "files": files,
        "tests": tests,
        "findings": findings,
        "seconds": 4.2,
    }
    return VerifyReport.model_validate(given | facts)


def graph(tasks: int = 4, *, name: str = "task") -> Graph:
    """A graph: a source, parallel tasks that end in one; the last is new, and the first edge with it."""
    ids = [f"{name}_{number:02}" for number in range(tasks)]
    nodes = tuple(Node(task_id=one, operator="BashOperator", change="same") for one in ids[:-1])
    last = Node(task_id=ids[-1], operator="PythonOperator", change="added")
    inner = [(ids[0], one) for one in ids[1:-1]] + [(one, ids[-1]) for one in ids[1:-1]]
    more = list(zip(ids[1:-2:3], ids[2:-1:3], strict=False))
    edges = tuple(Edge(upstream=up, downstream=down) for up, down in [*inner, *more])
    return Graph(nodes=(*nodes, last), edges=(*edges, Edge(upstream=ids[0], downstream=ids[-1], change="added")))


def changed(dag_id: str = "daily", text: str = "a value", **facts: object) -> DagChange:
    """A DAG of which everything is another, `text` wherever the user's text stands."""
    dag = DagChange(
        dag_id=dag_id,
        change="changed",
        file=f"{dag_id}.py",
        line=12,
        owner=text,
        schedule_was=Schedule(text=text, timezone="Europe/Berlin", next_runs=("2026-12-01T03:00:00+01:00",)),
        schedule_now=Schedule(text=text, timezone=text, is_known=False),
        runs_at_once=RunsAtOnce(runs=412, and_more=True, since="2025-10-14T00:00:00+00:00", together=16, why="catchup"),
        fields=(FieldChange(name=text, was=text, now=None), FieldChange(name="max_active_runs", was="1", now="16")),
        tasks=(
            TaskChange(
                task_id=text, change="changed", operator=text, fields=(FieldChange(name=text, was=None, now=text),)
            ),
            TaskChange(task_id="load", change="added", operator="PythonOperator"),
        ),
        edges=(Edge(upstream=text, downstream="load", change="added"),),
        assets=(AssetChange(name=text, uri=f"s3://{text}", role="produces", change="added"),),
        graph=graph(name=text),
        code=(text,),
        varying=(text,),
        unfinished=UnfinishedRuns(running=2, queued=1, keep_code=True),
    )
    return dag.model_copy(update=facts)


def document(text: str = "a value") -> ReleaseDocument:
    """A document with every kind of change, `text` wherever the user's text stands."""
    return ReleaseDocument(
        made=MADE,
        dags_path="pipelines/dags",
        was=WAS.model_copy(update={"given": text}),
        now=NOW,
        verdict=Verdict(
            dags_change=True,
            sentence=f"5 DAGs change: {text}.",
            notices=(
                Notice(severity="warning", kind="schedule-changed", dag_id="daily", file="daily.py", line=12, message=text),
                Notice(severity="error", kind="runs-at-once", dag_id=text, message="It makes 412 runs at once."),
                Notice(severity="error", kind="pool-missing", file=text, message=f"The pool {text} is not there."),
            ),
        ),
        shared=(SharedChange(by=("helpers.py", text), dag_ids=("a", text), example=changed("a", text)),),
        dags=(
            changed("daily", text),
            changed(text, text),
            changed("fresh", text, change="added", schedule_was=None),
            changed("gone", text, change="removed", schedule_now=None),
            changed("other", text, change="renamed", was_id=text),
        ),
        same=295,
        files=(FileChange(file=text, change="changed", dags=3), FileChange(file="new.py", change="added")),
        missing=(Missing(kind="pool", name=text, dag_ids=("a", text)), Missing(kind="queue", name="q", dag_ids=("a",), is_new=False)),
        findings=(
            FindingChange(change="new", finding=finding(message=text, hint=text)),
            FindingChange(change="new", finding=finding(severity="warning", kind="deprecation", file="b.py", message="old")),
            FindingChange(change="old", finding=finding(file="c.py", kind="slow", message="took 12.3 s")),
            FindingChange(change="mended", finding=finding(file="d.py")),
        ),
        packages=(
            PackageChange(name=text, was="1", now="2", change="up"),
            PackageChange(name="pandas", was="2.2", now="2.1", change="down", in_base=True),
            PackageChange(name="six", was=None, now="1.17", change="added"),
        ),
        pull=Pull(layers=(PulledLayer(what=text, digest="sha256:1", bytes=20_480),), bytes=20_480, nodes=(text, "node-2")),
        parse=Parse(was=12.5, now=20.25, files=(FileParse(file=text, was=0.5, now=8.0),)),
        way=Way(way="rollout", why=text),
        unknown=(text,),
    )  # fmt: skip


def nothing() -> ReleaseDocument:
    """A document of two versions that are the same for Airflow."""
    verdict = Verdict(dags_change=False, sentence="Nothing changes for Airflow; packages: 1 up.")
    packages = (PackageChange(name="six", was="1.16", now="1.17", change="up"),)
    return ReleaseDocument(made=MADE, was=WAS, now=NOW, verdict=verdict, same=300, packages=packages)


def many(dags: int = 300, tasks: int = 40) -> ReleaseDocument:
    """A document of many changed DAGs, each with a drawing."""
    changes = tuple(changed(f"dag_{number:03}").model_copy(update={"graph": graph(tasks)}) for number in range(dags))
    verdict = Verdict(dags_change=True, sentence=f"{dags} DAGs change.")
    return ReleaseDocument(made=MADE, dags_path="dags", was=WAS, now=NOW, verdict=verdict, dags=changes)
