"""The document of two snapshots: one for each kind of change, and one for none."""

import datetime as dt
import time
from typing import Any

from dagship.diff.document import Known, document
from dagship.model.release_document import ReleaseDocument, Side, UnfinishedRuns
from dagship.model.snapshot import Snapshot, SnapshotDag, SnapshotFile
from tests.builders.snapshots import given, snapshot, text, to_task

NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
WAS = {"a": text(named="a"), "b": text("bare", named="b")}


def compared(was: Snapshot, now: Snapshot, **options: Any) -> ReleaseDocument:
    return document((Side(given="was"), was), (Side(given="now"), now), at=NOW, **options)


def test_nothing_changes() -> None:
    found = compared(snapshot(WAS), snapshot(WAS, version="b" * 12))

    assert found.verdict.sentence == "Nothing changes for Airflow."
    assert (found.dags, found.shared, found.files, found.same) == ((), (), (), 2)


def test_the_path_of_a_version_makes_no_dag_another() -> None:
    was, now = (
        snapshot({"a": text(edit=given(fileloc=f"/dag-versions/{version}/dags/a.py"))}, version=version)
        for version in ("a" * 12, "b" * 12)
    )

    assert compared(was, now).dags == ()


def test_a_dag_comes_and_one_goes() -> None:
    found = compared(snapshot({"a": WAS["a"]}), snapshot({"b": WAS["b"]}))

    assert [(one.dag_id, one.change) for one in found.dags] == [("a", "removed"), ("b", "added")]
    assert (found.dags[1].file, found.dags[1].line) == ("b.py", 3)


def test_a_dag_is_renamed_and_makes_its_runs_anew() -> None:
    known = Known(unfinished={"a": UnfinishedRuns(running=1, queued=0)})
    found = compared(snapshot({"a": WAS["a"]}), snapshot({"new": text(named="new")}), known=known)

    (one,) = found.dags
    assert (one.dag_id, one.was_id, one.change) == ("new", "a", "renamed")
    assert one.unfinished == UnfinishedRuns(running=1, queued=0)
    assert one.runs_at_once is not None
    assert one.runs_at_once.why == "new"


def test_code_alone_is_a_change_of_its_dags() -> None:
    imports = {"a.py": ("lib.py",)}
    was = snapshot(WAS, files=imports, tree={"a.py": "1", "b.py": "1", "lib.py": "1"})
    now = snapshot(WAS, files=imports, tree={"a.py": "1", "b.py": "1", "lib.py": "2"})
    found = compared(was, now)

    (one,) = found.dags
    assert (one.dag_id, one.code, one.fields, one.tasks, one.owner) == ("a", ("lib.py",), (), (), "data")
    assert found.verdict.sentence == "1 DAG changes."


def test_a_helper_that_changes_many_dags_is_one_line() -> None:
    names = [f"d{number}" for number in range(400)]
    imports = {f"{name}.py": ("lib.py",) for name in names}
    tree = {f"{name}.py": "1" for name in names}
    was = snapshot(dict.fromkeys(names, WAS["b"]), files=imports, tree={**tree, "lib.py": "1"})
    edited = text("bare", to_task("only", retries=3))
    now = snapshot(dict.fromkeys(names, edited), files=imports, tree={**tree, "lib.py": "2"})
    found = compared(was, now)

    (one,) = found.shared
    assert (one.by, len(one.dag_ids), found.dags) == (("lib.py",), 400, ())
    assert one.example.tasks[0].fields[0].name == "retries"


def test_what_varies_is_left_out_and_listed() -> None:
    def varying(said: str) -> Snapshot:
        dag = SnapshotDag(dag_id="a", text=text(edit=given(doc_md=said)), varying=("dag.doc_md",))
        return snapshot({}).model_copy(update={"files": (SnapshotFile(file="a.py", seconds=0, dags=(dag,)),)})

    assert compared(varying("12:01"), varying("12:02")).dags == ()
    assert compared(snapshot({"a": text(edit=given(doc_md="fixed"))}, tree={"x": "1"}), varying("12:02")).dags == ()


def test_a_file_that_a_dag_has_moved_to_is_a_field() -> None:
    was, now = snapshot({"a": WAS["a"]}), snapshot({"a": WAS["a"]})
    now = now.model_copy(update={"files": (now.files[0].model_copy(update={"file": "sub/a.py"}),)})
    (one,) = compared(was, now).dags

    assert [(field.name, field.was, field.now) for field in one.fields] == [("file", "a.py", "sub/a.py")]


def test_a_dag_that_was_not_kept_is_said_to_be_unknown() -> None:
    found = compared(snapshot({"a": WAS["a"]}), snapshot({"a": ""}))

    assert found.dags == ()
    assert found.unknown == ("What Airflow makes of a was not kept, or is too long to be.",)
    assert [notice.kind for notice in found.verdict.notices] == ["not-compared"]


def test_pools_are_looked_for_in_all_dags_and_are_old_where_nothing_changed() -> None:
    found = compared(snapshot(WAS), snapshot(WAS), known=Known(pools=frozenset({"default_pool"})))

    assert [(one.name, one.is_new) for one in found.missing or ()] == [("heavy", False)]


def test_300_files_are_compared_in_a_fraction_of_a_second() -> None:
    def of(command: str, version: str) -> Snapshot:
        dags = {f"d{number}": text(edit=to_task("first", bash_command=command)) for number in range(300)}
        return snapshot(dags, version=version, tree={"x": version})

    was, now = of("a", "a" * 12), of("b", "b" * 12)
    began = time.process_time()
    found = compared(was, now)

    assert len(found.dags) == 300
    assert time.process_time() - began < 5  # a bound that another complexity would break; bench has the number
