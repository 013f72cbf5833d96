"""What the program that runs the commands is told."""

import json
from pathlib import Path

import pytest

from dagship.image import plan as planning
from dagship.image.prepare import job
from dagship.image.tree.model import Tree
from dagship.image.tree.project_copy import Places
from tests.builders.plans import NO_LOCK, base, settings

WHERE = Places(dags="etl/dags", beside={"shop": "src/shop", "words.py": "etl/words.py"})


def told(tmp_path: Path, tree: Tree, user: str = "50000:0", **flags: object) -> dict[str, object]:
    given = settings(tmp_path, prepare=[["dbt", "parse"]], **flags)
    plan = planning.plan(given, base(user=user, user_base="/home/airflow/.local"), NO_LOCK, tree)
    found: dict[str, object] = json.loads(json.dumps(job.job(given, plan, WHERE, nonce="")))
    return found


def test_the_same_input_is_the_same_job(tmp_path: Path, tree: Tree) -> None:
    assert told(tmp_path, tree) == told(tmp_path, tree)
    assert told(tmp_path, tree)["commands"] == [["dbt", "parse"]]


@pytest.mark.parametrize(("user", "switched"), [("", ""), ("root", ""), ("0", ""), ("50000:0", "50000:0")])
def test_commands_run_as_the_image_s_user(tmp_path: Path, tree: Tree, user: str, switched: str) -> None:
    assert told(tmp_path, tree, user)["user"] == switched


def test_modules_are_found_by_the_names_that_dags_import_them_by() -> None:
    path = job.environment(WHERE, user_base="")["PYTHONPATH"].split(":")

    assert path == ["/tmp/project/etl/dags", "/tmp/project/etl", "/tmp/project/src"]
    assert job.environment(Places(dags="", beside={}), user_base="")["PYTHONPATH"] == "/tmp/project"


def test_airflow_has_the_copy_s_dags_and_no_database() -> None:
    environment = job.environment(WHERE, user_base="/home/airflow/.local")

    assert environment["AIRFLOW__CORE__DAGS_FOLDER"] == "/tmp/project/etl/dags"
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == "sqlite:////tmp/home/none.db"
    assert environment["PYTHONUSERBASE"] == "/home/airflow/.local"


def test_larger_files_have_more_room(tmp_path: Path, tree: Tree) -> None:
    large = settings(tmp_path, max_file_size=1 << 30)

    assert told(tmp_path, tree)["most_bytes"] == 200 << 20
    assert job.memory(large) == (20 << 30) + (1 << 30)
