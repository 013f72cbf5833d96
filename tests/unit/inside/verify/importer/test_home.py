"""Where Airflow's home and configuration are while an image is tested. Left out: the search path, which is tried whole."""

import json
import os
import pwd
import tempfile
from pathlib import Path

import pytest

from dagship.inside.verify.importer import home


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRFLOW_HOME", "AIRFLOW_CONFIG"):
        monkeypatch.setenv(name, "")  # so that what is set by the code under test is taken back
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def settled(place: Path, user: str = "", **environment: str) -> tuple[str, str]:
    (place / "job.json").write_text(json.dumps({"user": user}))
    os.environ |= environment
    job = home.settle(str(place))

    assert job == {"user": user}
    return os.environ["AIRFLOW_HOME"], os.environ["AIRFLOW_CONFIG"]


@pytest.mark.parametrize("user", ["", "0:0", pwd.getpwuid(0).pw_name])
def test_a_home_that_the_image_does_not_name_is_that_of_its_user(tmp_path: Path, user: str) -> None:
    assert settled(tmp_path, user)[0] == f"{pwd.getpwuid(0).pw_dir}/airflow"


def test_a_user_that_the_image_does_not_know_has_no_home(tmp_path: Path) -> None:
    assert settled(tmp_path, "nobody-of-that-name")[0] == ""


def test_a_home_that_the_image_names_stays_and_an_empty_configuration_takes_the_place_of_none(tmp_path: Path) -> None:
    instead = tmp_path / "dagship-airflow.cfg"

    assert settled(tmp_path, "0", AIRFLOW_HOME=str(tmp_path)) == (str(tmp_path), str(instead))
    assert instead.read_text() == ""


def test_a_configuration_that_is_there_is_used(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[core]")

    assert settled(tmp_path, "0", AIRFLOW_HOME=str(tmp_path)) == (str(tmp_path), "")
