"""Which DAGs of an Airflow 2 a rollout changes."""

from dagship.airflow import affected_dags
from dagship.airflow.affected_dags import Dag
from dagship.model.artifacts import Target

A = Dag("a", "a.py", paused=False, running=0)
B = Dag("b", "team/b.py", paused=False, running=1)
B2 = Dag("b2", "team/b.py", paused=True, running=0)
Z = Dag("z", "packed.zip/z.py", paused=False, running=0)
ALL = (A, B, B2, Z)

NEW, OLD = "a" * 12, "b" * 12


def _ids(differ, there=None):
    return [dag.dag_id for dag in affected_dags.affected(ALL, differ, differ or () if there is None else there)]


def test_a_dag_file_that_changed_changes_its_dags():
    assert ["b", "b2"] == _ids(["team/b.py"])


def test_a_module_beside_them_changes_them_all():
    assert ["a", "b", "b2", "z"] == _ids(["team/helper.py"])
    assert ["a", "b", "b2", "z"] == _ids(["queries/a.sql"])


def test_a_new_python_file_changes_none_and_a_new_file_of_another_kind_all():
    assert [] == _ids(["new.py"], there=[])
    assert ["a", "b", "b2", "z"] == _ids(["queries/new.sql"], there=[])


def test_a_dag_file_that_goes_changes_its_dags():
    assert ["a"] == _ids(["a.py"], there=["a.py"])


def test_an_archive_changes_the_dags_in_it():
    assert ["z"] == _ids(["packed.zip"])


def test_nothing_changes_nothing_and_what_is_not_known_changes_all():
    assert [] == _ids([])
    assert ["a", "b", "b2", "z"] == _ids(None)


def test_the_files_are_those_that_differ_from_the_version_that_runs():
    target = Target(
        image="r@sha256:0", digest="sha256:0", dag_version=NEW, dag_changes={OLD: ("a.py",), "c" * 12: None}
    )

    assert ("a.py",) == affected_dags.files(target, OLD)
    assert () == affected_dags.files(target, NEW)
    assert affected_dags.files(target, "c" * 12) is None
    assert affected_dags.files(target, "d" * 12) is None
    assert affected_dags.files(target, "") is None
