"""`diff` on real images: a DAG for each kind of change, whose change is named and nothing else.

Two trees, each in one image, each tested once; every DAG of the second is other than in the first in one thing. A third
image has the first tree and other packages.
"""

import datetime as dt
import io
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dagship.diff.document import Known, document
from dagship.model.artifacts import BaseImage, BuiltImage, Moved
from dagship.model.release_document import DagChange, Missing, PackageChange, ReleaseDocument, Side, UnfinishedRuns
from dagship.model.snapshot import Snapshot
from dagship.pipeline import stages
from dagship.pipeline.diff import compare
from dagship.pipeline.project import Project
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.verify import verifier
from dagship.workspace import Workspace

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
PURELIB = "$(python -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))')"

HEAD = """
from datetime import datetime, timedelta, timezone
from airflow.sdk import DAG, Asset
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""


def dag(name: str, given: str = "", body: str = "", *, dag_id: str = "", head: str = "") -> str:
    """The text of a file with one DAG of two tasks."""
    said = f'with DAG("{dag_id or name}", start_date=START, schedule="0 3 * * *", tags=["x"], {given}):'
    if "schedule=" in given:
        said = said.replace('schedule="0 3 * * *", ', "")
    if "tags=" in given:
        said = said.replace('tags=["x"], ', "")
    if "start_date=" in given:
        said = said.replace("start_date=START, ", "")
    lines = body or 'EmptyOperator(task_id="first") >> BashOperator(task_id="second", bash_command="true")'
    return f"{HEAD}{head}\n{said}\n{textwrap.indent(textwrap.dedent(lines).strip(), '    ')}\n"


def task(given: str) -> str:
    return f'EmptyOperator(task_id="first") >> BashOperator(task_id="second", {given})'


# What becomes other: the text before and after, which parts of the change say so, and what they say.
Said = Callable[[DagChange], object]
KINDS: Mapping[str, tuple[str, str, set[str], Said, object]] = {
    "schedule": (
        dag("schedule"),
        dag("schedule", 'schedule="30 4 * * *"'),
        {"schedule_was", "schedule_now"},
        lambda one: one.schedule_now and one.schedule_now.next_runs[0],
        "2026-06-02T04:30:00+00:00",
    ),
    "timezone": (
        dag("timezone", "start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)"),
        dag("timezone", 'start_date=pendulum.datetime(2026, 1, 1, 1, tz="Europe/Berlin")', head="import pendulum"),
        {"schedule_was", "schedule_now"},
        lambda one: one.schedule_now and one.schedule_now.next_runs[0],
        "2026-06-02T03:00:00+02:00",
    ),
    "catchup": (
        dag("catchup"),
        dag("catchup", "catchup=True"),
        {"fields", "runs_at_once"},
        lambda one: one.runs_at_once and (one.runs_at_once.runs, one.runs_at_once.if_never_run),
        (152, True),
    ),
    "owner": (
        dag("owner"),
        dag("owner", 'default_args={"owner": "data"}'),
        {"fields"},
        lambda one: [(field.name, field.was, field.now) for field in one.fields],
        [("owner", "airflow", "data")],
    ),
    "tags": (
        dag("tags"),
        dag("tags", 'tags=["y"]'),
        {"fields"},
        lambda one: [(field.name, field.was, field.now) for field in one.fields],
        [("tags", "x", "y")],
    ),
    "params": (
        dag("params", 'params={"limit": 5}'),
        dag("params", 'params={"limit": 6}'),
        {"fields"},
        lambda one: [(field.name, str(field.was)[:7]) for field in one.fields],
        [("params.limit", "sha256:")],
    ),
    "pool": (
        dag("pool"),
        dag("pool", body=task('bash_command="true", pool="heavy"')),
        {"tasks", "graph"},
        lambda one: [(field.name, field.was, field.now) for each in one.tasks for field in each.fields],
        [("pool", None, "heavy")],
    ),
    "queue": (
        dag("queue"),
        dag("queue", body=task('bash_command="true", queue="gpu"')),
        {"tasks", "graph"},
        lambda one: [(field.name, field.was, field.now) for each in one.tasks for field in each.fields],
        [("queue", None, "gpu")],
    ),
    "command": (
        dag("command"),
        dag("command", body=task('bash_command="false"')),
        {"tasks", "graph"},
        lambda one: [(each.task_id, field.was, field.now) for each in one.tasks for field in each.fields],
        [("second", "true", "false")],
    ),
    "default_args": (
        dag("default_args"),
        dag("default_args", 'default_args={"retries": 3}'),
        {"fields"},
        lambda one: [(field.name, field.was, field.now) for field in one.fields],
        [("tasks.*.retries", None, "3")],
    ),
    "tasks": (
        dag("tasks"),
        dag("tasks", body=f'{task("bash_command=chr(65)")} >> EmptyOperator(task_id="third")').replace(
            "chr(65)", '"true"'
        ),
        {"tasks", "edges", "graph"},
        lambda one: [(each.task_id, each.change) for each in one.tasks],
        [("third", "added")],
    ),
    "edges": (
        dag("edges"),
        dag("edges", body='EmptyOperator(task_id="first")\nBashOperator(task_id="second", bash_command="true")'),
        {"edges", "graph"},
        lambda one: [(edge.upstream, edge.downstream, edge.change) for edge in one.edges],
        [("first", "second", "removed")],
    ),
    "produces": (
        dag("produces"),
        dag("produces", body=task('bash_command="true", outlets=[Asset("s3://bucket/new")]')),
        {"assets"},
        lambda one: [(asset.name, asset.role, asset.change) for asset in one.assets],
        [("s3://bucket/new", "produces", "added")],
    ),
    "consumes": (
        dag("consumes", 'schedule=[Asset("s3://bucket/a")]'),
        dag("consumes", 'schedule=[Asset("s3://bucket/a"), Asset("s3://bucket/b")]'),
        {"assets", "schedule_was", "schedule_now"},
        lambda one: [(asset.name, asset.role, asset.change) for asset in one.assets],
        [("s3://bucket/b", "consumes", "added")],
    ),
    "code": (dag("code"), dag("code") + "# a comment\n", set(), lambda one: one.code, ("code.py",)),
    "timeout": (
        dag("timeout"),
        dag("timeout", "dagrun_timeout=timedelta(hours=2)"),
        {"fields"},
        lambda one: [(field.name, field.was, field.now) for field in one.fields],
        [("dagrun_timeout", None, "2:00:00")],
    ),
}
# What each notice is about: that there is no other.
NOTICES = {
    "schedule": "schedule-changed", "timezone": "schedule-changed", "consumes": "schedule-changed",
    "catchup": "runs-at-once", "comes": "runs-at-once", "goes": "dag-removed", "new_name": "dag-renamed",
}  # fmt: skip
VARYING = dag("varying", "description=str(datetime.now())")
MAKE = f"{HEAD}\n\ndef made(name):\n    with DAG(name, start_date=START, schedule=None) as dag:\n        EmptyOperator(task_id='only', retries=1)\n    globals()[name] = dag\n    return dag\n"
HELPED = "from make import made\n\nit = made('helped_{0}')  # an airflow dag\n"

# Files that are the same in both, and what packages make of them: a warning that goes, one that comes and one that
# stays; seconds.
TOY = "from importlib.metadata import version\n\nOLD = version('dagship-toy-up') == '1.0'\n"
WARNS = (
    f"import warnings\n{TOY}\n"
    "warnings.warn('before' if OLD else 'since', DeprecationWarning)\n"
    "warnings.warn('always', DeprecationWarning)\n"
)
SLOW = f"import time\n{TOY}\ntime.sleep(0 if OLD else 0.8)\n"
PACKAGES = {"up": "1.0", "down": "2.0", "goes": "1.0", "stays": "1.0"}
OTHER_PACKAGES = {"up": "1.1", "down": "1.9", "comes": "1.0", "stays": "1.0"}
MOVED = Moved(name="dagship-toy-down", was="2.0", now="1.9", by="dags.in:1")

WAS = {
    **{f"{name}.py": kind[0] for name, kind in KINDS.items()},
    "same.py": dag("same"),
    "warns.py": dag("warns", head=WARNS),
    "slow.py": dag("slow", head=SLOW),
    "varying.py": VARYING,
    "goes.py": dag("goes", body='EmptyOperator(task_id="alone")'),
    "renamed.py": dag("renamed", dag_id="former_name", body='EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")'),
    "make.py": MAKE,
    "load.sql": "select 1",
    **{f"helped_{number}.py": HELPED.format(number) for number in range(4)},
}
IS = {
    **{f"{name}.py": kind[1] for name, kind in KINDS.items()},
    "same.py": dag("same"),
    "warns.py": dag("warns", head=WARNS),
    "slow.py": dag("slow", head=SLOW),
    "varying.py": VARYING,
    "comes.py": dag("comes", "catchup=True", body='BashOperator(task_id="new", bash_command="date")'),
    "renamed.py": dag("renamed", dag_id="new_name", body='EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")'),
    "make.py": MAKE.replace("retries=1", "retries=2"),
    "load.sql": "select 2",
    **{f"helped_{number}.py": HELPED.format(number) for number in range(4)},
}


def packages(versions: Mapping[str, str]) -> tuple[str, str, str]:
    """The steps of an image that has toy packages."""
    made = " && ".join(
        f"mkdir {PURELIB}/dagship_toy_{name}-{version}.dist-info"
        f" && printf 'Metadata-Version: 2.1\\nName: dagship-toy-{name}\\nVersion: {version}\\n'"
        f" > {PURELIB}/dagship_toy_{name}-{version}.dist-info/METADATA"
        for name, version in versions.items()
    )
    return "USER root", f"RUN {made}", "USER 50000:0"


@pytest.fixture(scope="module")
def snapshot_of(
    settings_for: Callable[..., Settings], workspace: Workspace, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> Callable[..., Snapshot]:
    def taken(tree: Mapping[str, str], versions: Mapping[str, str], *moved: Moved) -> Snapshot:
        found: list[Snapshot] = []
        image = image_of(base_3, tree, *packages(versions)).model_copy(update={"moved": moved})
        report = verifier.verify(
            settings_for(parse_budget=60), workspace, Console(stderr=io.StringIO()), image, keep=found.append
        )
        assert report.passed, report.findings
        return found[0]

    return taken


@pytest.fixture(scope="module")
def was(snapshot_of: Callable[..., Snapshot]) -> Snapshot:
    return snapshot_of(WAS, PACKAGES)


@pytest.fixture(scope="module")
def now(snapshot_of: Callable[..., Snapshot]) -> Snapshot:
    return snapshot_of(IS, PACKAGES)


@pytest.fixture(scope="module")
def found(was: Snapshot, now: Snapshot) -> ReleaseDocument:
    return compared(was, now)


@pytest.fixture(scope="module")
def repackaged(was: Snapshot, snapshot_of: Callable[..., Snapshot]) -> ReleaseDocument:
    return compared(was, snapshot_of(WAS, OTHER_PACKAGES, MOVED))


def compared(was: Snapshot, now: Snapshot, known: Known | None = None) -> ReleaseDocument:
    return document((Side(given="was"), was), (Side(given="now"), now), at=NOW, known=known)


def of(found: ReleaseDocument, dag_id: str) -> DagChange:
    (one,) = [each for each in found.dags if each.dag_id == dag_id]
    return one


def parts(one: DagChange) -> set[str]:
    """The parts of a change that say something; that its own file is another is so of each."""
    about = {"dag_id", "change", "was_id", "file", "line", "owner", "code"}
    fields: dict[str, Any] = DagChange.model_fields
    return {name for name in fields if name not in about and getattr(one, name) != fields[name].default}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_change_is_named_and_nothing_else(found: ReleaseDocument, kind: str) -> None:
    _, _, expected, said, value = KINDS[kind]
    one = of(found, kind)

    assert one.change == "changed"
    assert parts(one) == expected
    assert said(one) == value
    assert (one.file, one.code) == (f"{kind}.py", (f"{kind}.py",))


def test_what_is_the_same_or_varies_at_each_parse_is_not_named(found: ReleaseDocument, was: Snapshot) -> None:
    (varying,) = [one.dags[0] for one in was.files if one.file == "varying.py"]

    assert varying.varying == ("dag.description",)
    assert {one.dag_id for one in found.dags} == {*KINDS, "comes", "goes", "new_name"}
    assert found.same == 4


def test_beside_dags_nothing_is_named(found: ReleaseDocument) -> None:
    assert found.packages == ()
    assert sorted((one.change, one.finding.file) for one in found.findings) == [
        ("old", "varying.py"), ("old", "warns.py"), ("old", "warns.py"),
    ]  # fmt: skip
    assert (found.missing, found.pull, found.way, found.unknown) == (None, None, None, ())
    assert {notice.dag_id: notice.kind for notice in found.verdict.notices} == NOTICES
    assert len(found.verdict.notices) == len(NOTICES)


def test_a_dag_that_comes_makes_its_runs_at_once_and_one_goes(found: ReleaseDocument) -> None:
    come, go = of(found, "comes"), of(found, "goes")

    assert (come.change, go.change) == ("added", "removed")
    assert parts(come) == {"schedule_now", "runs_at_once", "tasks", "graph"}
    assert parts(go) == {"schedule_was"}
    assert come.runs_at_once is not None
    assert (come.runs_at_once.runs, come.runs_at_once.if_never_run) == (152, False)


def test_a_dag_of_another_id_is_renamed(found: ReleaseDocument) -> None:
    one = of(found, "new_name")

    assert (one.change, one.was_id, parts(one)) == ("renamed", "former_name", set())


def test_dags_that_a_helper_changes_are_one_with_its_name(found: ReleaseDocument) -> None:
    (one,) = found.shared

    assert (one.by, one.dag_ids) == (("make.py",), tuple(f"helped_{number}" for number in range(4)))
    assert [(field.name, field.was, field.now) for each in one.example.tasks for field in each.fields] == [
        ("retries", "1", "2")
    ]


def test_a_file_that_no_dag_imports_is_named_too(found: ReleaseDocument) -> None:
    assert found.files is not None
    assert [(one.file, one.dags) for one in found.files if one.file in ("make.py", "load.sql")] == [
        ("make.py", 4),
        ("load.sql", 0),
    ]


def test_pools_and_queues_that_are_not_there_are_named_and_nothing_else(
    found: ReleaseDocument, was: Snapshot, now: Snapshot
) -> None:
    there = Known(pools=frozenset({"default_pool"}), queues=frozenset({"default"}))
    lacking = compared(was, now, there)

    assert lacking.missing == (
        Missing(kind="pool", name="heavy", dag_ids=("pool",)),
        Missing(kind="queue", name="gpu", dag_ids=("queue",)),
    )
    more = {notice.kind for notice in lacking.verdict.notices} - {*NOTICES.values()}
    assert more == {"pool-missing", "queue-missing"}
    assert lacking.model_copy(update={"missing": None, "verdict": found.verdict}) == found
    assert compared(was, was, there).missing == ()


def test_unfinished_runs_that_meet_the_change_are_named_and_nothing_else(
    found: ReleaseDocument, was: Snapshot, now: Snapshot
) -> None:
    runs = UnfinishedRuns(running=2, queued=1)
    met = compared(was, now, Known(unfinished=dict.fromkeys(("tags", "same"), runs)))

    assert of(met, "tags").unfinished == runs
    assert [notice.dag_id for notice in met.verdict.notices if notice.kind == "unfinished-runs"] == ["tags"]
    without = tuple(one.model_copy(update={"unfinished": None}) for one in met.dags)
    assert met.model_copy(update={"dags": without, "verdict": found.verdict}) == found


def test_packages_that_come_go_and_move_are_named_and_change_no_dag(repackaged: ReleaseDocument) -> None:
    assert repackaged.packages == (
        PackageChange(name="dagship-toy-comes", was=None, now="1.0", change="added"),
        PackageChange(name="dagship-toy-down", was="2.0", now="1.9", change="down", in_base=True),
        PackageChange(name="dagship-toy-goes", was="1.0", now=None, change="removed"),
        PackageChange(name="dagship-toy-up", was="1.0", now="1.1", change="up"),
    )
    assert repackaged.verdict.sentence == (
        "Nothing changes for Airflow; packages: 1 up, 1 down, 1 added, 1 removed; 1 new finding."
    )
    assert (repackaged.dags, repackaged.shared, repackaged.files) == ((), (), ())
    assert repackaged.verdict.notices == ()


def test_a_finding_that_comes_and_one_that_is_mended_are_told_from_those_that_stay(repackaged: ReleaseDocument) -> None:
    assert [(one.change, one.finding.kind, one.finding.message) for one in repackaged.findings[:2]] == [
        ("new", "deprecation", "DeprecationWarning: since"),
        ("mended", "deprecation", "DeprecationWarning: before"),
    ]
    assert {(one.change, one.finding.file) for one in repackaged.findings[2:]} == {
        ("old", "varying.py"),
        ("old", "warns.py"),
    }


def test_the_file_that_takes_longer_is_named_with_its_seconds(repackaged: ReleaseDocument) -> None:
    assert repackaged.parse is not None
    # A machine that halts for half a second makes any other file a slow one.
    (slow,) = [one for one in repackaged.parse.files if one.file == "slow.py"]

    assert slow.was is not None
    assert slow.now is not None
    assert slow.was < 0.8 <= slow.now
    assert 0 < repackaged.parse.was
    assert repackaged.parse.now >= slow.now


def test_two_images_are_compared_from_the_registry_alone(
    tmp_path: Path, base_3: BaseImage, registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = f"{registry}/dagship-test/diff"

    def project(name: str) -> Project:
        (tmp_path / name / "dags").mkdir(parents=True, exist_ok=True)
        settings = Settings(repository=repository, base=base_3.reference, parse_budget=60)
        return Project(root=tmp_path / name, settings=settings, console=Console(stderr=io.StringIO()))

    def pushed(text: str) -> str:
        ours = project("ours")
        (ours.root / "dags" / "one.py").write_text(text)
        stages.build(ours, force=False, push=False)
        assert stages.test_image(ours, image="", pytest_path=None).passed
        return f"{repository}@{stages.push(ours, image='', untested=False).digest}"

    one, other = pushed(dag("one", f'tags=["{tmp_path.name}"]')), pushed(dag("one", f'tags=["{tmp_path.name}", "b"]'))
    _a_directory_is_compared_and_is_not_what_push_takes(project("ours"), f'tags=["{tmp_path.name}"]')

    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    found = compare.diff(project("theirs"), against=one, to=other, values=False)

    (change,) = found.dags
    assert [field.name for field in change.fields] == ["tags"]
    assert found.was.image == one
    assert found.pull is not None
    (layer,) = found.pull.layers
    assert layer.what == f"DAG version {found.now.dag_version}"
    assert (found.pull.bytes, found.pull.nodes) == (layer.bytes, ())
    assert 0 < layer.bytes < 10_000


def _a_directory_is_compared_and_is_not_what_push_takes(ours: Project, tags: str) -> None:
    """Its DAGs are those of an image that is there: nothing is built or tested again."""
    image = ours.workspace.read("image", BuiltImage)
    (ours.root / "before").mkdir()
    (ours.root / "before" / "one.py").write_text(dag("one", tags))
    found = compare.diff(ours, against="before", to="", values=False)

    (change,) = found.dags
    assert [field.name for field in change.fields] == ["tags"]
    assert found.was.given == "before"
    assert image is not None
    assert ours.workspace.read("image", BuiltImage) == image
