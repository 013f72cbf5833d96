"""A helper that changes many DAGs is told once."""

from dagship.diff import shared
from dagship.model.release_document import DagChange, FieldChange, UnfinishedRuns

FIELD = FieldChange(name="description", was="a", now="b")


def changed(dag_id: str, *code: str, field: FieldChange = FIELD) -> DagChange:
    return DagChange(dag_id=dag_id, change="changed", file=f"{dag_id}.py", fields=(field,), code=code)


def own(*changes: DagChange) -> dict[str, str]:
    return {one.dag_id: one.file for one in changes}


def test_dags_that_a_helper_changes_alike_are_one() -> None:
    changes = [changed(f"d{number:03}", "lib/make.py") for number in range(400)]
    together, alone = shared.grouped(changes, own(*changes))

    (one,) = together
    assert (one.by, len(one.dag_ids), one.example.dag_id) == (("lib/make.py",), 400, "d000")
    assert alone == ()


def test_what_changes_otherwise_or_in_its_own_file_or_with_few_is_told_by_itself() -> None:
    other = FieldChange(name="description", was="a", now="c")
    alike = [changed(name, "lib/make.py") for name in "abc"]
    changes = [
        *alike,
        changed("own", "lib/make.py", "own.py"),
        changed("otherwise", "lib/make.py", field=other),
        changed("runs", "lib/make.py").model_copy(update={"unfinished": UnfinishedRuns(running=1, queued=0)}),
        DagChange(dag_id="new", change="added"),
    ]
    together, alone = shared.grouped(changes, own(*changes))

    assert [one.dag_ids for one in together] == [("a", "b", "c")]
    assert [one.dag_id for one in alone] == ["new", "otherwise", "own", "runs"]
    assert shared.grouped(alike[:2], own(*alike))[0] == ()
