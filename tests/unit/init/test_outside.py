"""Code outside of the directory of DAGs."""

import pytest

from dagship.init import outside
from tests.builders.listings import DAG, listing


def settings(files: dict[str, str], dags: str = "dags") -> dict[str, object]:
    return {one.name: one.value for one in outside.carried(listing(files, f"{dags}/a.py"), dags).settings}


def places(files: dict[str, str], dags: str = "dags") -> list[str]:
    return [one.where for one in outside.carried(listing(files, f"{dags}/a.py"), dags).left]


def test_what_dags_import_is_included() -> None:
    files = {"dags/b.py": f"{DAG}from include.sql import x\n", "include/sql.py": ""}

    assert settings(files) == {"include": ("include",)}
    assert not places(files)


def test_an_include_that_no_dag_imports_is_told_where_there_is_more_than_a_template_brings() -> None:
    assert places({"include/.gitkeep": ""}) == []
    assert places({"include/orders.sql": ""}) == ["include/"]


@pytest.mark.parametrize(("place", "dags"), [("plugins", "dags"), ("src/plugins", "src/dags")])
def test_plugins_become_a_setting_where_there_is_more_than_a_template_brings(place: str, dags: str) -> None:
    assert settings({f"{place}/__init__.py": "", f"{place}/.gitkeep": ""}, dags) == {}
    assert settings({f"{place}/ops/a.py": ""}, dags) == {"plugins": place}


def test_plugins_in_two_places_are_told() -> None:
    assert places({"plugins/a.py": "", "src/plugins/a.py": ""}, "src/dags") == ["src/plugins/"]


def test_local_settings_become_a_setting_and_what_may_hold_passwords_does_not() -> None:
    policies = {"config/airflow_local_settings.py": ""}

    assert settings({"config/other.yaml": ""}) == {}
    assert settings(policies) == {"config": "config"}
    assert settings({**policies, "config/airflow.cfg": ""}) == {}
    assert places({**policies, "config/airflow.cfg": ""}) == ["config/airflow.cfg"]
