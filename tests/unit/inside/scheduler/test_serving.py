"""When a DAG version is served, by what the dag-processor and its database say."""

from typing import Any

import pytest

from dagship.inside.scheduler import serving

V, OLD = "5" * 12, "4" * 12
BEGAN = 1000.0
SAID = {
    "bundle": "dags-folder", "version": V, "serial": 3, "began": BEGAN, "why_not": "", "files": ["a.py", "b.py"], "left": 2,
    "broken": [], "failed": [],
}  # fmt: skip


def said(**changes: Any) -> dict[str, Any]:
    return {**SAID, **changes}


def stored(*, errors: dict[str, str] | None = None, at: float = BEGAN + 1, is_of: str = V, **files: str) -> Any:
    """What the database has: `a=V` is a DAG of a.py, which was read at that version."""
    dags = [(name, f"{name}.py", version, at, 0.0) for name, version in files.items()]
    wrong = [(file, text, at) for file, text in (errors or {}).items()]
    return {"version": is_of, "dags": dags, "errors": wrong, "interval": 0.0}


def progress(one: Any, two: Any, *, there: tuple[str, ...] = (), **wanted: Any) -> dict[str, Any]:
    asked = {"version": V, "serial": None, "files": None, "anew": False, "broken": [], **wanted}
    return serving.progress(asked, one, two, began=BEGAN, there=there)


@pytest.mark.parametrize(
    ("one", "two", "done", "is_served"),
    [
        pytest.param(None, None, False, False, id="nothing is said yet"),
        pytest.param(said(version=OLD, serial=2), None, False, False, id="it has not looked"),
        pytest.param(said(version=OLD, why_not="It is."), None, True, False, id="it cannot"),
        pytest.param(said(version=OLD, serial=2, why_not="It is."), None, False, False, id="another could not be"),
        pytest.param(said(serial=4), stored(a=V, b=V), True, False, id="another was announced"),
        pytest.param(SAID, None, False, False, id="nothing is stored"),
        pytest.param(SAID, stored(a=V, b=OLD), False, False, id="one of two is stored"),
        pytest.param(SAID, stored(a=V, b=V), True, True, id="all are stored"),
        pytest.param(said(left=0), None, True, True, id="nothing is left"),
        pytest.param(said(files=[]), stored(), False, False, id="nothing differs, and it was not counted"),
    ],
)
def test_what_was_announced_is_served_when_what_differs_was_read(
    one: Any, two: Any, done: bool, is_served: bool
) -> None:
    found = progress(one, two, serial=3)

    assert (found["done"], found["served"], found["new"]) == (done, is_served, {})


def test_where_all_are_read_anew_all_are_waited_for() -> None:
    for_all = said(files=None)

    assert not progress(for_all, stored(a=V, b=OLD), serial=3, there=("a.py", "b.py"))["served"]
    assert progress(for_all, stored(a=V, b=OLD), serial=3, there=("a.py",))["served"]
    assert progress(for_all, stored(a=V, b=V), serial=3, there=("a.py", "b.py"))["served"]


def test_what_was_announced_is_taken_back_once_the_dag_processor_has_heard_of_it() -> None:
    assert not progress(said(version="new", serial=4, why_not="It is."), None, serial=0)["done"]
    assert progress(said(serial=0, left=0), None, serial=0)["served"]


def test_an_import_error_ends_it_unless_the_file_had_one_before() -> None:
    broken = stored(a=V, errors={"b.py": "SyntaxError", "other.py": "of another deployment"})

    found = progress(SAID, broken, serial=3)
    assert (found["done"], found["served"], found["new"]) == (True, False, {"b.py": "SyntaxError"})
    for old in (progress(said(broken=["b.py"]), broken, serial=3), progress(SAID, broken, serial=3, broken=["b.py"])):
        assert (old["done"], old["served"], old["new"]) == (True, True, {})


def test_a_file_whose_reading_never_ended_is_an_error_too() -> None:
    found = progress(said(left=0, failed=["b.py"]), stored(a=V, b=OLD), serial=3)

    assert (found["done"], found["served"], found["new"]) == (True, False, {"b.py": serving.NO_RESULT})


def test_after_a_move_the_files_of_the_test_are_waited_for_and_named() -> None:
    files = ["a.py", "b.py"]

    found = progress(None, stored(a=V, b=OLD), files=files)
    assert (found["done"], found["left"], found["waiting"]) == (False, 1, ["b.py"])
    assert progress(None, stored(a=V, b=V), files=files)["served"]


def test_without_a_test_those_that_had_dags_and_are_there_still_are_waited_for() -> None:
    assert progress(None, stored(a=V, gone=OLD), there=("a.py",))["served"]
    assert not progress(None, stored(a=OLD), there=("a.py",))["served"]


def test_an_empty_database_serves_nothing_before_it_has_the_version_of_the_bundle() -> None:
    assert not progress(None, stored(is_of=OLD))["done"]
    assert progress(None, stored())["served"]
    # Airflow 2 has no bundle.
    assert progress(None, {**stored(), "version": None})["served"]


def test_a_version_that_was_served_before_is_read_anew_by_the_new_pods() -> None:
    before, after = stored(a=V, at=BEGAN - 1), stored(a=V)

    assert not progress(None, before, files=["a.py"], anew=True)["served"]
    assert progress(None, after, files=["a.py"], anew=True)["served"]
    assert progress(None, before, files=["a.py"])["served"]


def test_an_error_of_before_the_move_is_none_of_it_and_its_file_is_not_read_yet() -> None:
    old = stored(errors={"a.py": "KeyError"}, at=BEGAN - 1)

    found = progress(None, old, files=["a.py"])
    assert (found["done"], found["new"], found["waiting"]) == (False, {}, ["a.py"])
    assert progress(None, stored(errors={"a.py": "KeyError"}), files=["a.py"])["new"] == {"a.py": "KeyError"}


def test_where_nobody_knows_what_was_broken_before_no_error_is_new() -> None:
    found = progress(None, stored(errors={"a.py": "KeyError"}), files=["a.py"], broken=None)

    assert (found["served"], found["new"]) == (True, {})


def test_a_dag_processor_that_serves_another_version_is_waited_for_and_never_refuses_a_move() -> None:
    found = progress(said(version=OLD, serial=9, why_not="It is."), stored(a=V), files=["a.py"])

    assert (found["done"], found["version"], found["why_not"]) == (False, OLD, "It is.")


def test_when_it_has_read_all_a_file_without_dags_is_not_waited_for() -> None:
    assert progress(said(left=0, files=None), stored(b=V), files=["a.py", "b.py"])["served"]


def as_airflow_stores(interval: float, *, a: float, read: float = BEGAN + 20) -> Any:
    """A DAG of a.py that was read at the version, and whose structure was stored at `a`, with b.py beside it."""
    return {**stored(), "dags": [("a", "a.py", V, read, a), ("b", "b.py", V, read, read + 0.1)], "interval": interval}


@pytest.mark.parametrize(
    ("interval", "a", "is_served"),
    [
        pytest.param(30.0, BEGAN + 20.1, True, id="it was stored with the version"),
        pytest.param(30.0, BEGAN - 11, True, id="it was looked at, and is the same"),
        pytest.param(30.0, BEGAN - 9, False, id="it was not looked at, so soon after the last time"),
        pytest.param(0.0, BEGAN + 19.9, True, id="each is looked at"),
        pytest.param(30.0, 0.0, True, id="when it was stored is not known"),
    ],
)
def test_a_dag_that_has_the_version_is_served_once_airflow_would_have_stored_its_structure(
    interval: float, a: float, is_served: bool
) -> None:
    two = as_airflow_stores(interval, a=a)

    # What the dag-processor says of itself has nothing of what Airflow stores.
    for one in (None, said(), said(left=0)):
        found = progress(one, two, serial=None if one is None else 3, files=["a.py", "b.py"])
        assert (found["served"], found["done"]) == (is_served, is_served)
        assert (found["held"], found["waiting"]) == ([] if is_served else ["a.py"],) * 2


def test_a_file_that_is_not_waited_for_may_be_stored_when_its_turn_comes() -> None:
    assert progress(said(left=0, files=["b.py"]), as_airflow_stores(30.0, a=BEGAN - 9), serial=3)["served"]


def test_the_rest_is_until_what_was_stored_last_would_be_stored_again() -> None:
    rows = as_airflow_stores(30.0, a=BEGAN)["dags"]

    assert [serving.rest(rows, 30.0, BEGAN + now) for now in (25.1, 50.1, 90)] == [25.0, 0.0, 0.0]
    # A clock that was set back, and a database in which nothing is.
    assert serving.rest(rows, 30.0, BEGAN - 500) == 30.0
    assert serving.rest([], 30.0, BEGAN) == 0.0


@pytest.mark.parametrize(
    ("name", "version", "file"),
    [
        (f"/opt/airflow/dag-versions/{V}/dags/etl/a.py", V, "etl/a.py"),
        (f"/tmp/bundles/thin/{V}/dags/dags/a.py", V, "dags/a.py"),
        (f"/opt/airflow/dag-versions/{V}/dags/x.zip/a.py", V, "x.zip"),
        ("etl/a.py", "", "etl/a.py"),
        ("x.zip/a.py", "", "x.zip"),
        ("/usr/lib/python3/examples/a.py", "", "/usr/lib/python3/examples/a.py"),
    ],
)
def test_a_file_is_named_as_in_the_tree(name: str, version: str, file: str) -> None:
    assert serving.place(name) == (version, file)
