"""A real Airflow of each minor version of 3, in one container: a run ends on the code that it began with."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from dagship.airflow import query, scheduler_python, smoke
from dagship.airflow.activity import DagRuns, RunCount
from dagship.airflow.by_rest import activity
from dagship.airflow.by_rest import smoke as smoke_by_rest
from dagship.airflow.served import Served, Wanted, told
from dagship.airflow.smoke import SmokeRun
from dagship.image.thin import package
from dagship.image.tree.model import Tree, TreeFile
from dagship.inside.scheduler.answer import MARK
from dagship.model.artifacts import BaseImage
from dagship.model.thin import FOUNDATION
from tests.builders import packages
from tests.builders.mounts import Mount, announcement
from tests.engine import airflows
from tests.engine.lines import Line

# On 3.3.2 the end-to-end tests and the soak show it, on a cluster.
pytestmark = pytest.mark.wide

_PAGE = "https://git.example.com/acme/dags/tree/dags-{version}"


class Running:
    """An Airflow of an image with the DAGs of two words, and what is announced to it."""

    def __init__(self, airflow: airflows.Airflow, line: Line, mount: Mount, old: str, new: str) -> None:
        self.airflow, self.line, self.old, self.new = airflow, line, old, new
        self.mount, self._serial, self._version = mount, 0, ""
        self.base = line.tree("B")
        self.foundation = airflow.execute("printenv", FOUNDATION).strip()
        self.is_3_0 = airflow.execute("printenv", "AIRFLOW_VERSION").startswith("3.0.")
        assert self.base.version == new

    @property
    def seen(self) -> list[str]:
        """What tasks have said, in order."""
        return self.airflow.read("/tmp/seen").splitlines()

    def starts(self, expected: str, **environment: str) -> None:
        """Starts a DAG processor anew, and waits until new runs get a version."""
        self.airflow.announce(**environment)
        self.airflow.until(lambda: self.airflow.announced("pinned") == expected)

    def serves_the_new_one(self) -> None:
        """Has the DAG processor that runs serve the image's current version, or starts one."""
        if not self.airflow.has("/tmp/processor.pid"):
            self.starts(self.new)
        assert self.delivers(self.base).served

    def begins(self, run_id: str, word: str) -> None:
        """Begins a run, whose first task waits."""
        self.airflow.execute("rm", "-f", "/tmp/go")
        self.airflow.trigger("pinned", run_id)
        self.airflow.until(lambda: f"{run_id} first {word} {word}" in self.seen)

    def ends(self, run_id: str) -> None:
        """Waits until a run has ended."""
        self.airflow.execute("touch", "/tmp/go")
        self.airflow.until(lambda: self.airflow.run(run_id)[0] in ("success", "failed"))

    def runs(self, run_id: str) -> None:
        """Begins a run, and waits until it has ended."""
        self.airflow.execute("touch", "/tmp/go")
        self.airflow.trigger("pinned", run_id)
        self.ends(run_id)

    def delivers(self, tree: Tree, data: bytes | None = None) -> Served:
        """Announces a tree, and returns what is said of that."""
        self.announces(tree, data)
        return self.waits()

    def waits(self) -> Served:
        """Returns what is said of the tree that was announced last."""
        wanted = Wanted(self._version, serial=self._serial, broken=())
        return self.airflow.served(wanted, 90)

    def announces(self, tree: Tree, data: bytes | None = None) -> None:
        """Announces a tree with its package, or with other bytes in the place of that."""
        self._serial, self._version = self._serial + 1, tree.version
        said = announcement(tree, self.base, self._serial, self.foundation)
        self.mount.add(**{f"{tree.version}_tgz": data or self.package(tree), "current": said})

    def package(self, tree: Tree) -> bytes:
        """The package of a tree."""
        return package.pack(tree, self.base, self.foundation)

    def forged(self, tree: Tree) -> bytes:
        """A package that says it is the tree's, and has another file."""
        said = packages.head(tree, self.base, foundation=self.foundation)
        return packages.packed(said, packages.file("dags/words.py", b"WORD = 'forged'\n"))

    def place(self, tree: Tree) -> str:
        """Where the DAG processor and the tasks put a tree together."""
        return f"{airflows.STORAGE}/dags-folder/thin/{tree.version}"

    def version(self, run_id: str) -> tuple[str, str]:
        """State and version of a run."""
        return self.airflow.run(run_id)


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest, base_of: Callable[[str], BaseImage], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Workers have both versions before any DAG processor announces one."""
    root = tmp_path_factory.mktemp("project")
    line = Line(root, base_of(request.param), dags="flows", include="lib/included", view_url_template=_PAGE)
    a = line.build("A")
    image = line.build("B", previous=a.reference)
    mount = Mount(tmp_path_factory.mktemp("announced") / "mount")
    with airflows.running(image.reference, mount.place) as airflow:
        yield Running(airflow, line, mount, a.dag_version, image.dag_version)


@pytest.mark.parametrize("running", airflows.RELEASES, indirect=True)
def test_a_run_ends_on_the_code_that_it_began_with(running: Running) -> None:
    """Then a rollback within the image."""
    airflow, old, new = running.airflow, running.old, running.new

    running.starts(old, DAGSHIP_DAG_VERSION=old)
    running.begins("began-on-a", "A")
    running.starts(new)
    _is_asked_in_its_own_database(airflow, old)
    _its_api_gives_the_same_answer(airflow)
    _a_database_without_a_scheduler_gives_no_answer(airflow)
    _dags_of_another_bundle_are_none_of_the_images(airflow)
    running.ends("began-on-a")
    running.runs("began-on-b")
    _each_version_leads_to_its_page(airflow, {old, new})

    assert running.version("began-on-a") == ("success", old)
    assert running.version("began-on-b") == ("success", new)
    assert running.seen == [
        "began-on-a first A A",
        "began-on-a second A A A A A",
        "began-on-b first B B",
        "began-on-b second B B B B B",
    ]
    _smoke_runs_prove_a_version(running)

    # Airflow 3.0 moves a run that has ended to the newest version when a task of it is cleared.
    seen = len(running.seen)
    word = "B" if running.is_3_0 else "A"
    airflow.clear("pinned", "began-on-a", "second")
    airflow.until(lambda: len(running.seen) > seen)
    running.ends("began-on-a")
    assert running.seen[seen:] == [f"began-on-a second {' '.join([word] * 5)}"]

    # Back within the image, while a run of the newer version is in progress.
    running.begins("on-b-still", "B")
    running.starts(old, DAGSHIP_DAG_VERSION=old)
    running.ends("on-b-still")
    running.runs("on-a-again")
    assert running.version("on-b-still") == ("success", new), airflow.logs()
    assert running.version("on-a-again") == ("success", old), airflow.logs()
    assert "on-b-still second B B B B B" in running.seen
    assert "on-a-again second A A A A A" in running.seen


@pytest.mark.parametrize("running", airflows.RELEASES, indirect=True)
def test_a_version_that_is_announced_is_that_of_runs_to_come_and_of_none_that_has_begun(running: Running) -> None:
    """The DAG processor that runs takes it, and then one that the image has; a worker makes it anew when it is gone.

    While there is no package of it, as on a node that is cut off from the API server, or one that is forged, a task waits
    and is tried again; it never runs other code.
    """
    airflow, is_3_0 = running.airflow, running.is_3_0
    c = running.line.tree("C")
    running.serves_the_new_one()
    running.begins("on-b", "B")
    said = running.delivers(c)
    assert (said.served, said.version, said.new) == (True, c.version, {})
    assert [dag.version for dag in said.dags if dag.dag_id == "pinned"] == [c.version]
    assert airflow.announced("pinned") == c.version

    running.ends("on-b")
    running.begins("on-c", "C")
    running.serves_the_new_one()
    _lacks(running, c)
    if not is_3_0:  # which does not try it again
        airflow.execute("touch", "/tmp/go", airflows.IMPATIENT)
        airflow.until(lambda: "Dag not found during start up" in airflow.task_logs())
        airflow.execute("rm", airflows.IMPATIENT)
        running.mount.add(**{f"{c.version}_tgz": running.forged(c)})
        forged = f"The package of the version {c.version} does not give that version"
        airflow.until(lambda: forged in airflow.task_logs())
    airflow.execute("touch", "/tmp/go")
    airflow.until(lambda: f"Waiting for the version {c.version}" in airflow.task_logs())
    running.mount.add(**{f"{c.version}_tgz": running.package(c)})
    running.ends("on-c")
    running.runs("on-b-again")

    assert running.version("on-b") == ("success", running.new)
    assert running.version("on-c") == ("success", c.version), airflow.logs()
    assert running.version("on-b-again") == ("success", running.new)
    assert running.seen[-6:] == [
        "on-b first B B",
        "on-b second B B B B B",
        "on-c first C C",
        "on-c second C C C C C",
        "on-b-again first B B",
        "on-b-again second B B B B B",
    ]
    tries = airflow.rows("SELECT try_number FROM task_instance WHERE run_id = 'on-c' AND task_id = 'second'")
    assert is_3_0 or tries == [[1]]  # one may have been lost before it began


def _lacks(running: Running, tree: Tree) -> None:
    """Takes a version away, and the package that it is made of."""
    place = running.place(tree)
    running.airflow.execute("bash", "-c", f"chmod -R u+w {place} && rm -r {place}")
    running.mount.add(**{f"{tree.version}_tgz": None})


@pytest.mark.parametrize("running", airflows.RELEASES, indirect=True)
def test_a_version_that_cannot_be_served_is_told_with_the_reason_and_the_one_before_stays(running: Running) -> None:
    running.serves_the_new_one()
    broken = _with(running.base, "pinned.py", b"import airflow\nraise ValueError('dags')\n")
    said = running.delivers(broken)
    assert (said.served, list(said.new)) == (False, ["pinned.py"])
    assert told("pinned.py", said.new["pinned.py"]) == "pinned.py, line 2: ValueError: dags"

    # One that starts in the middle of the next delivery does not blame it for a file that was broken already.
    running.announces(_with(broken, "other.py", b"import airflow\nfrom airflow.sdk import DAG\nDAG('other')\n"))
    running.airflow.announce()
    said = running.waits()
    assert (said.served, said.new, said.left, list(said.errors)) == (True, {}, 0, ["pinned.py"])

    running.serves_the_new_one()
    e = running.line.tree("E")
    for data, why in (
        (running.package(e)[:-9], "it ends too early"),
        (running.forged(e), "does not give that version"),
    ):
        said = running.delivers(e, data)
        assert (said.served, said.version) == (False, running.new)
        assert why in said.why_not


@pytest.mark.parametrize("running", airflows.RELEASES, indirect=True)
def test_where_the_volume_for_versions_is_full_old_ones_go_and_what_has_no_room_is_told(running: Running) -> None:
    running.serves_the_new_one()
    first, second, third = (_with(running.base, "big.txt", word * size) for word, size in _LARGE)
    assert running.delivers(first).served
    running.serves_the_new_one()
    assert running.delivers(second).served
    assert not running.airflow.has(running.place(first))

    said = running.delivers(third)
    assert (said.served, said.version) == (False, second.version)
    assert "No space left on device. Its volume is full: give the pods a larger one." in said.why_not


# There is room for one of the first two, and none for the third.
_LARGE = ((b"1", airflows.ROOM * 5 // 8), (b"2", airflows.ROOM * 5 // 8), (b"3", airflows.ROOM + 1))


def _with(tree: Tree, path: str, content: bytes) -> Tree:
    """A tree with another file, maybe in the place of one."""
    others = (file for file in tree.files if file.path != path)
    files = sorted((*others, TreeFile(path=path, executable=False, content=content)), key=lambda file: file.path)
    return replace(tree, files=tuple(files))


_OTHER = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/other.db"}


def _each_version_leads_to_its_page(airflow: airflows.Airflow, versions: set[str]) -> None:
    """As Airflow's own page has it; where the structure is the same, later releases list the older version alone."""
    listed = airflow.call("GET", "/api/v2/dags/pinned/dagVersions")["dag_versions"]

    pages = {one["bundle_version"]: one["bundle_url"] for one in listed}
    assert set() < pages.keys() <= versions
    assert pages == {version: _PAGE.replace("{version}", version) for version in pages}


def _asked(airflow: airflows.Airflow, *argv: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(airflow.execute(*argv, **_OTHER).rpartition(MARK)[2])
    return found


def _is_asked_in_its_own_database(airflow: airflows.Airflow, version: str) -> None:
    """Wherever a command in the container would look."""
    live = query.read(_asked(airflow, *scheduler_python.argv("activity")))

    assert live.runs == (RunCount(version=version, state="running", runs=1),)
    assert live.dags == (DagRuns(dag_id="pinned", version=version, file="pinned.py"),)


# What the API does not know, and the moment.
_IN_THE_POD_ALONE = {"asked", "held", "current", "foundation", "folder"}


def _its_api_gives_the_same_answer(airflow: airflows.Airflow) -> None:
    """While a run is under way, and a DAG of another bundle has one."""
    airflow.execute("python", "-c", _ANOTHER)
    by_exec = query.read(_said(airflow.execute(*scheduler_python.argv("activity", "0"))))
    with airflow.api() as api:
        by_rest = query.read(activity.activity(api, since=0.0))
        assert activity.schedulers(api) == (airflow.execute("hostname").strip(),)
    airflow.execute("python", "-c", _NO_OTHER)

    assert abs(by_rest.asked - by_exec.asked) < 120
    assert by_rest.model_dump(exclude=_IN_THE_POD_ALONE) == by_exec.model_dump(exclude=_IN_THE_POD_ALONE)
    assert [one.task_id for one in by_rest.tasks] == ["first"]
    assert [one.dag_id for one in by_rest.dags] == ["pinned"]
    assert by_rest.baked


def _smoke_runs_prove_a_version(running: Running) -> None:
    """By a command in the container and by the API alike."""
    airflow, version = running.airflow, running.new

    def by_exec(dag_id: str, run_id: str, of: str = version, seconds: float = 90.0, *, end: bool = False) -> SmokeRun:
        names = {"dag_id": dag_id, "run_id": run_id, "prefix": smoke.prefix(of), "mark": smoke.MARK, "version": of}
        packed = scheduler_python.packed(json.dumps({**names, "seconds": seconds, "end": end}))
        found = smoke.read(dag_id, _said(airflow.execute(*scheduler_python.argv("smoke", packed))))
        assert found
        return found

    def by_rest(dag_id: str, run_id: str, of: str = version, seconds: float = 90.0, *, end: bool = False) -> SmokeRun:
        names = {"dag_id": dag_id, "run_id": run_id, "prefix": smoke.prefix(of), "mark": smoke.MARK, "version": of}
        found = smoke.read(dag_id, smoke_by_rest.ask(api, {**names, "seconds": seconds, "end": end}))
        assert found
        return found

    with airflow.api() as api:
        # One that has begun is taken by who comes after, by another way too, and is told to who wants another version.
        airflow.execute("rm", "-f", "/tmp/go")
        first = by_rest("pinned", smoke.run_id(version, 1.0), seconds=0.0)
        assert (first.state in ("queued", "running"), first.others) == (True, ())
        other = by_exec("pinned", "", of=running.old, seconds=0.0)
        assert (other.run_id, other.others, other.obstacle) == ("", (first.run_id,), "")
        assert by_rest("pinned", "", of=running.old, seconds=0.0) == other
        assert by_exec("pinned", smoke.run_id(version, 2.0), seconds=0.0).run_id == first.run_id
        airflow.execute("touch", "/tmp/go")
        taken = by_exec("pinned", first.run_id)
        assert (taken.run_id, taken.state, taken.version) == (first.run_id, "success", version), airflow.logs()
        assert smoke.trouble(taken, version, limit=90.0) == ""

        for ask, moment in ((by_exec, 3.0), (by_rest, 4.0)):
            own = smoke.run_id(version, moment)
            found = ask("pinned", own)
            assert (found.run_id, found.state, found.version, found.is_3) == (own, "success", version, True)
            assert ask("pinned", own) == found  # which is there already, and is not begun twice
            assert ask("nobody", own).obstacle == "gone"
            assert ask("pinned", own, end=True).state == "success"  # what has ended stays as it is
            _is_ended(airflow, ask, smoke.run_id(version, moment + 0.5))
        airflow.call("PATCH", "/api/v2/dags/pinned", {"is_paused": True})
        assert [ask("pinned", smoke.run_id(version, 5.0)).obstacle for ask in (by_exec, by_rest)] == ["paused"] * 2
        airflow.call("PATCH", "/api/v2/dags/pinned", {"is_paused": False})


def _is_ended(airflow: airflows.Airflow, ask: Callable[..., SmokeRun], run_id: str) -> None:
    """While its first task runs, the second is to come."""
    airflow.execute("rm", "-f", "/tmp/go")
    assert not ask("pinned", run_id, seconds=0.0).has_ended
    airflow.until(lambda: f"{run_id} first" in airflow.read("/tmp/seen"))
    found = ask("pinned", run_id, end=True)
    assert (found.run_id, found.state, found.failed) == (run_id, "failed", ("first",))
    tasks = "SELECT task_id, state FROM task_instance WHERE run_id = ? ORDER BY task_id"
    assert airflow.rows(tasks, run_id) == [["first", "failed"], ["second", "skipped"]]
    airflow.execute("touch", "/tmp/go")


def _said(printed: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed.rpartition(MARK)[2])
    return found


def _a_database_without_a_scheduler_gives_no_answer(airflow: airflows.Airflow) -> None:
    """And where there is none, no file is made."""
    as_it_is = scheduler_python.argv("activity", command="")

    assert _asked(airflow, *as_it_is)["no_use"] == "its database is not there (sqlite, /tmp/other.db)"
    assert airflow.execute("bash", "-c", "ls /tmp/other.db || true") == ""
    airflow.execute("bash", "-c", "airflow db migrate >/dev/null 2>&1", **_OTHER)
    answer = str(_asked(airflow, *as_it_is)["no_use"])
    assert answer.startswith("no scheduler has given a sign of life to its database ever")


# A DAG like `pinned`, of another bundle, with an unfinished run.
_ANOTHER = """
import sqlite3
with sqlite3.connect("/tmp/airflow.db", timeout=60) as database:
    database.execute("INSERT INTO dag_bundle (name, active) VALUES ('another', 0)")
    of_run = {"id": "id + 1000", "bundle_version": "NULL", "created_dag_version_id": "NULL"}
    for table, other in (("dag", {"bundle_name": "'another'"}), ("dag_run", of_run)):
        names = [row[1] for row in database.execute("PRAGMA table_info(%s)" % table)]
        values = [{"dag_id": "'another'", **other}.get(name, name) for name in names]
        database.execute("INSERT INTO %s (%s) SELECT %s FROM %s WHERE dag_id = 'pinned'" % (
            table, ", ".join(names), ", ".join(values), table))
"""
_NO_OTHER = """
import sqlite3
with sqlite3.connect("/tmp/airflow.db", timeout=60) as database:
    for table in ("dag_run", "dag"):
        database.execute("DELETE FROM %s WHERE dag_id = 'another'" % table)
    database.execute("DELETE FROM dag_bundle WHERE name = 'another'")
"""


def _dags_of_another_bundle_are_none_of_the_images(airflow: airflows.Airflow) -> None:
    """No image has them: that they are not in the one which is rolled out says nothing. Their runs count all the same."""
    airflow.execute("python", "-c", _ANOTHER)
    said = airflow.execute(*scheduler_python.argv("activity"))
    airflow.execute("python", "-c", _NO_OTHER)
    live = query.read(json.loads(said.rpartition(MARK)[2]))

    assert [one.dag_id for one in live.dags] == ["pinned"]
    assert sum(one.runs for one in live.runs) == 2
