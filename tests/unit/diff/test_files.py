"""Files of two DAG versions."""

from dagship.diff import files
from tests.builders.snapshots import snapshot, text

IMPORTS = {"a.py": ("lib/make.py",), "b.py": ("lib/make.py", "lib/own.py")}


def test_a_file_is_told_with_how_many_dags_are_made_of_it() -> None:
    dags = {"a": text(), "b": text()}
    was = snapshot(dags, files=IMPORTS, tree={"a.py": "1", "b.py": "1", "lib/make.py": "1", "gone.sql": "1"})
    now = snapshot(dags, files=IMPORTS, tree={"a.py": "1", "b.py": "2", "lib/make.py": "2", "new.sql": "1"})

    assert [(one.file, one.change, one.dags) for one in files.all_changed(was, now)] == [
        ("lib/make.py", "changed", 2),
        ("b.py", "changed", 1),
        ("gone.sql", "removed", 0),
        ("new.sql", "added", 0),
    ]
    assert files.code(was, now) == {"a": ("lib/make.py",), "b": ("b.py", "lib/make.py")}


def test_a_dag_file_is_affected_by_what_it_is_made_of() -> None:
    tree = {"a.py": "1", "b.py": "1", "lib/make.py": "1", "lib/own.py": "1", "read.me": "1"}

    def affected(**other: str) -> tuple[str, ...]:
        dags = {"a": text(), "b": text()}
        was = snapshot(dags, files=IMPORTS, tree=tree)
        return files.affected(was, snapshot(dags, files=IMPORTS, tree={**tree, **other}))

    assert affected() == affected(**{"read.me": "2"}) == ()
    assert affected(**{"a.py": "2"}) == ("a.py",)
    assert affected(**{"lib/own.py": "2"}) == ("b.py",)
    assert affected(**{"lib/make.py": "2"}) == ("a.py", "b.py")
