"""What a build is made of, as far as that is known without an engine or a cluster."""

import io
from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from dagship import settings_sources
from dagship.errors import Refused
from dagship.image import kept
from dagship.image.plan import Plan
from dagship.image.tree.model import Tree, TreeFile
from dagship.lock.own.read import none
from dagship.model.artifacts import BaseImage, BuiltBase, LockFile, PushedImage
from dagship.model.thin import Announcement, Packaged, Receiver
from dagship.pipeline import build_inputs
from dagship.pipeline.project import Project
from dagship.rollout.running_image import Answer, Incumbent
from dagship.terminal.console import Console

BASE = BaseImage(
    reference="base", pinned="base", id="", platform="linux/amd64", python="", python_version="", prefix="",
    purelib="", airflow="3.3.2", user="", packages={}, directories=(), layers=(),
)  # fmt: skip


def project(root: Path, **flags: str) -> Project:
    return Project(root=root, settings=settings_sources.load(root, flags), console=Console())


def test_dags_without_requirements_need_no_lock(tmp_path: Path) -> None:
    assert LockFile(path="", text="", digest="") == build_inputs.requirements(project(tmp_path), BASE, none)


def test_a_requirements_file_that_nothing_names_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pandas\n")
    output = io.StringIO()
    here = Project(root=tmp_path, settings=settings_sources.load(tmp_path, {}), console=Console(stderr=output))

    assert not build_inputs.requirements(here, BASE, none).text
    assert "requirements.txt is there, and the image gets nothing of it" in " ".join(output.getvalue().split())


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "ours:1"),
        ({"airflow": "3.3.2"}, "ours:1"),
        ({"airflow": "3.2.2"}, "apache/airflow:3.2.2"),
        ({"base": "theirs:2"}, "theirs:2"),
    ],
)
def test_the_base_is_the_one_that_settings_name_else_the_one_that_was_built_for_their_airflow(
    tmp_path: Path, settings: dict[str, str], name: str
) -> None:
    here = project(tmp_path, **settings)
    here.workspace.write("base", BuiltBase(reference="ours:1", id="sha256:1", airflow="3.3.2"))

    assert build_inputs.base_name(here)[0] == name


def test_without_any_the_base_is_the_official_image(tmp_path: Path) -> None:
    assert build_inputs.base_name(project(tmp_path, airflow="3.1.8"))[0] == "apache/airflow:3.1.8"


def test_a_cluster_is_not_asked_for_images_of_the_default_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text("no kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))

    assert Incumbent() == build_inputs.running(project(tmp_path)).whole()


def test_of_what_was_pushed_the_image_of_this_repository_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "a.py").write_text("from airflow import DAG")
    here = project(tmp_path, repository="registry.example/team/airflow")
    tree = build_inputs.tree(here)
    others = PushedImage(
        reference="registry.example/team/other:1", digest=f"sha256:{'a' * 64}", dag_version=tree.version,
        dag_versions=(tree.version,), dag_digests=("b" * 64,), tested=True,
    )  # fmt: skip

    here.workspace.write("push", others)
    assert () == build_inputs.earlier(here, tree, Incumbent())

    here.workspace.write("push", others.model_copy(update={"reference": "registry.example/team/airflow:1"}))
    with pytest.raises(Refused, match="holds other DAGs under the id"):
        build_inputs.earlier(here, tree, Incumbent())


@pytest.mark.parametrize("announced", [True, False])
def test_what_is_announced_to_what_runs_stays_in_the_next_image_by_its_package(
    tmp_path: Path, *, announced: bool
) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "a.py").write_text("from airflow import DAG")
    here = project(tmp_path)
    tree = build_inputs.tree(here)
    other = Tree(source=tmp_path, files=(TreeFile(path="b.py", executable=False, content=b"DAG"),))
    kept.keep(here.workspace.cache("versions"), other)
    one = {"tree": other.digest, "base": "", "foundation": "", "image": f"x/y@sha256:{'a' * 64}"}
    said = Announcement(serial=1, version=other.version, **one | {"image": ""})
    receiver = Receiver(announcement=said if announced else None, packages={other.version: Packaged(bytes=1, **one)})
    pinned = () if announced else (other.version,)

    assert build_inputs.earlier(here, tree, Incumbent(receiver=receiver, pinned=pinned)) == (
        replace(other, source=PurePath(other.version)),
    )


def planned(tree: Tree) -> Plan:
    pytest.fail("nothing is planned without commands")


def test_without_commands_a_tree_is_what_it_was_and_nothing_is_run(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "a.py").write_text("from airflow import DAG")
    here = project(tmp_path)
    tree = build_inputs.tree(here)

    assert build_inputs.prepared(here, tree, planned, fresh=True) is tree


def test_with_commands_the_dags_may_not_be_made_yet(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "names.txt").write_text("a")
    (tmp_path / "dagship.toml").write_text('prepare = [["python", "make.py"]]')

    assert ["names.txt"] == [file.path for file in build_inputs.tree(project(tmp_path)).files]


class Runs(Answer):
    """A cluster in which something runs."""

    def first(self) -> Incumbent:
        return Incumbent(receiver=Receiver())


def test_a_whole_image_that_was_asked_for_is_planned_without_a_look_and_the_reason_is_said(tmp_path: Path) -> None:
    def planned() -> Plan:
        pytest.fail("the whole image was asked for")

    output = io.StringIO()
    flags = {"previous": "registry.example/team/airflow:1"}
    here = Project(root=tmp_path, settings=settings_sources.load(tmp_path, flags), console=Console(stderr=output))
    full = build_inputs.onto_running(here, planned, Runs(), full=True)
    previous = build_inputs.onto_running(here, planned, Runs(), full=False)

    assert (None, "the whole image, since --full asks for it") == full
    assert (None, "the whole image, since the setting previous says which image it is to follow") == previous
    assert [f"way: {full[1]}", f"way: {previous[1]}"] == output.getvalue().splitlines()
    assert (None, "") == build_inputs.onto_running(here, planned, Answer(), full=True)
