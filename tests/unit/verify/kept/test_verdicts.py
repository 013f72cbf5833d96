"""What a test keeps of the one before."""

from typing import Any

import pytest

from dagship.model.snapshot import Snapshot, SnapshotDag, SnapshotFile
from dagship.model.verify_report import Finding
from dagship.verify.kept import verdicts
from tests.builders.observations import ROOT, dag, failed, file, image, judged, traced

KNOWN = (
    SnapshotFile(
        file="a.py", seconds=0.5, imports=("lib.py",), dags=(SnapshotDag(dag_id="a", line=2, text="{}"),), clean=True
    ),
    SnapshotFile(file="b.py", seconds=0.5, dags=(SnapshotDag(dag_id="b", line=3, text="{}"),), clean=True),
    SnapshotFile(file="warned.py", seconds=0.5, dags=(SnapshotDag(dag_id="warned", line=3, text="{}"),)),
    SnapshotFile(file="helper.py", seconds=0.1, clean=True),
)


def before(*findings: Finding) -> Snapshot:
    return Snapshot(
        image="i", id="sha256:1", dag_version="a" * 12, airflow="3.3.2", files=KNOWN, tree={"a.py": "1"},
        findings=findings, how="x",
    )  # fmt: skip


def finding(**facts: Any) -> Finding:
    known = {"severity": "warning", "kind": "slow", "file": "", "line": 0, "message": "", "traceback": "", "hint": ""}
    return Finding(**{**known, **facts})


def test_files_with_dags_that_nothing_was_noticed_in_may_keep_their_verdict() -> None:
    assert verdicts.job(before()) == {"tree": {"a.py": "1"}, "files": {"a.py": ["lib.py"], "b.py": []}}


@pytest.mark.parametrize(
    ("found", "left"),
    [
        (finding(file="b.py"), {"a.py"}),
        (finding(file="lib.py", kind="deprecation"), {"a.py", "b.py"}),  # who saw that is not clean
        (finding(file="b.py", severity="error", accepted_until="2027-01-01"), {"a.py"}),
        (finding(kind="pip-check"), {"a.py", "b.py"}),
        (finding(kind="crashed", severity="error"), set()),  # the test itself broke off
    ],
)
def test_where_something_was_found_it_is_looked_for_again(found: Finding, left: set[str]) -> None:
    assert set(verdicts.job(before(found))["files"]) == left


def test_what_was_not_imported_is_seen_as_it_was() -> None:
    whole = verdicts.whole(image(file("b.py", dags=(dag("b"),)), before=("a.py",)), before())

    assert [(one.file, one.seen and [each.id for each in one.seen.dags]) for one in whole.files] == [
        ("a.py", ["a"]), ("b.py", ["b"]),
    ]  # fmt: skip
    assert judged(whole) == []


def test_a_dag_id_of_a_file_that_was_not_imported_is_taken() -> None:
    whole = verdicts.whole(image(file("b.py", dags=(dag("a"),)), before=("a.py",)), before())
    (found,) = judged(whole)

    assert (found.kind, found.file, found.message) == (
        "duplicate-dag-id", "b.py", "The dag_id 'a' is also in a.py, line 2.",
    )  # fmt: skip


def test_whose_dag_it_is_that_another_file_imports_by_now_is_known() -> None:
    imported = dag("a").model_copy(update={"origin": f"{ROOT}/a.py"})
    whole = verdicts.whole(image(file("b.py", dags=(imported,)), before=("a.py",)), before())
    (found,) = judged(whole)

    assert found.message.startswith("It imports the DAG 'a' of a.py, ")


def test_what_was_imported_or_is_not_known_is_not_taken_from_before() -> None:
    broken = failed(traced("ValueError: x", file="b.py")).model_copy(update={"file": "b.py"})
    whole = verdicts.whole(image(broken, before=("b.py", "helper.py", "made_up.py")), before())

    assert (whole.files, whole.before) == ((broken,), ())


def test_what_was_found_of_the_packages_stays() -> None:
    packages, other = finding(kind="pip-check"), finding(kind="slow", file="a.py")

    assert verdicts.of_packages(before(packages, other)) == (packages,)


def test_another_program_variable_or_platform_is_another_test() -> None:
    one = verdicts.how({"a.py": b"x"}, {"A": "1"}, "linux/amd64")

    assert one == verdicts.how({"a.py": b"x"}, {"A": "1"}, "linux/amd64")
    assert len({
        one,
        verdicts.how({"a.py": b"y"}, {"A": "1"}, "linux/amd64"),
        verdicts.how({"a.py": b"x"}, {"A": "2"}, "linux/amd64"),
        verdicts.how({"a.py": b"x"}, {"A": "1"}, "linux/arm64"),
        verdicts.how({}, {"A": "1", "a.py": "x"}, "linux/amd64"),
    }) == 5  # fmt: skip
