"""Where the directories of a project lie in a local Airflow, and as whom it runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from dagship.dev import plan
from dagship.dev.environment import Keys
from dagship.dev.plan import Sources
from dagship.engine.images import ImageFacts
from dagship.engine.serving import Service
from dagship.errors import UsageError
from dagship.inside.versions import finder

ROOT = Path("/home/me/shop")
VERSION = "/opt/airflow/dag-versions/dev"
IMAGE = ImageFacts(
    id="sha256:1", digests=(), platform="linux/amd64", labels={}, environment={}, user="50000", size=0, layers=()
)
SOURCES = Sources(
    root=ROOT,
    dags=ROOT / "dags",
    owner=1000,
    mode=0o700,
    link="",
    closed=(),
    beside={},
    modules=frozenset(),
    plugins=None,
    config=None,
    has_airflow_cfg=False,
)


def planned(airflow: str = "3.3.2", *, keep: bool = False, **sources: object) -> Service:
    return plan.plan(
        replace(SOURCES, **sources),  # type: ignore[arg-type]
        IMAGE,
        airflow=airflow,
        port=8123,
        keep=keep,
        keys=Keys(session="a", token="b"),
        variables={},
    )


def test_modules_beside_the_dag_directory_are_found_as_in_an_image() -> None:
    service = planned(beside={"include": ROOT / "lib" / "include"})

    assert service.shown == {f"{VERSION}/dags": ROOT / "dags", f"{VERSION}/include": ROOT / "lib" / "include"}
    assert finder.version_of(f"{VERSION}/dags") == VERSION


def test_a_single_module_is_seen_by_its_directory_so_that_an_editor_may_put_a_new_file_in_its_place() -> None:
    service = planned(beside={"words.py": ROOT / "lib" / "words.py"}, modules=frozenset({"words.py"}))

    assert service.shown[f"{VERSION}/.of-words.py"] == ROOT / "lib"
    assert service.links[f"{VERSION}/words.py"] == ".of-words.py/words.py"


def test_dags_import_from_their_own_directory_by_its_name_in_the_project() -> None:
    assert planned(dags=ROOT / "flows", link="flows").links[f"{VERSION}/flows"] == "dags"


def test_directories_that_no_image_gets_are_empty_but_for_those_of_bytecode() -> None:
    service = planned(closed=(".git", "a/node_modules", "a/__pycache__"))

    assert service.hidden == (f"{VERSION}/dags/.git", f"{VERSION}/dags/a/node_modules")


def test_plugins_and_configuration_lie_in_airflows_home() -> None:
    service = planned(plugins=ROOT / "plugins", config=ROOT / "config", has_airflow_cfg=True)

    assert service.shown["/opt/airflow/plugins"] == ROOT / "plugins"
    assert service.shown["/opt/airflow/config"] == ROOT / "config"
    assert service.environment["AIRFLOW__CORE__PLUGINS_FOLDER"] == "/opt/airflow/plugins"
    assert service.environment["AIRFLOW_CONFIG"] == "/opt/airflow/config/airflow.cfg"


def test_airflow_writes_no_configuration_into_the_project() -> None:
    assert planned(config=ROOT / "config").environment["AIRFLOW_CONFIG"] == "/opt/airflow/airflow.cfg"


def test_what_the_image_has_of_plugins_and_configuration_stays_where_the_project_names_none() -> None:
    assert not {"AIRFLOW_CONFIG", "AIRFLOW__CORE__PLUGINS_FOLDER"} & set(planned().environment)


def test_it_runs_as_the_owner_of_the_dags_and_never_as_root_for_that() -> None:
    assert planned().user == "1000:0"
    assert planned(owner=0, mode=0o755).user == "50000"


def test_dags_that_only_root_may_read_are_refused() -> None:
    with pytest.raises(UsageError, match="Only root may read the DAG directory /home/me/shop/dags"):
        planned(owner=0, mode=0o750)


def test_airflow_2_keeps_its_password_with_the_data() -> None:
    links = planned("2.11.2").links

    assert links == {"/opt/airflow/standalone_admin_password.txt": "/opt/airflow/dev/data/password.txt"}
    assert planned().links == {}


def test_data_are_kept_by_project_and_version_of_airflow() -> None:
    mine = planned(keep=True).volume

    assert mine.startswith("dagship-dev-shop-")
    assert mine.endswith("-3.3.2")
    assert planned().volume == ""
    assert len({mine, planned("2.11.2", keep=True).volume, planned(root=Path("/srv/shop"), keep=True).volume}) == 3
    assert plan.volume(Path("/srv/Über uns!"), "3.3.2").startswith("dagship-dev-ber-uns-")
    assert plan.volume(Path("/"), "3.3.2").startswith("dagship-dev-project-")


@pytest.mark.parametrize(("text", "port"), [("", None), ("8080", 8080), ("65535", 65535)])
def test_a_port_is_given_or_not(text: str, port: int | None) -> None:
    assert plan.port_of(text) == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80 80", "٨٠", "8" * 5000])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="that is no port"):
        plan.port_of(text)
