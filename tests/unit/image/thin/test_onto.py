"""The plan of a thin image: its tag, labels, layer and Dockerfile."""

import tarfile
from pathlib import Path

from dagship.dockerfile import render
from dagship.image import builder as build
from dagship.image import plan as planning
from dagship.image.plan import Plan
from dagship.image.thin.onto import onto
from dagship.image.tree.model import Tree, TreeFile
from dagship.model import dag_versions, thin
from tests.builders.plans import LOCK, base, settings

IMAGE = f"registry.example/team/airflow@sha256:{'9' * 64}"
OLDER = "e" * 64


def other(tree: Tree) -> Tree:
    return Tree(source=tree.source, files=(*tree.files, TreeFile(path="b.py", executable=False, content=b"")))


def planned(tmp_path: Path, tree: Tree, *, before: Tree | None = None) -> Plan:
    whole = planning.plan(settings(tmp_path, repository="registry.example/team/airflow"), base(), LOCK, tree)
    before = before or other(tree)
    return onto(whole, IMAGE, (before.digest, OLDER), before, b"package")


def test_the_tag_is_made_of_the_dags_and_the_image_that_they_are_put_on(tmp_path: Path, tree: Tree) -> None:
    plan = planned(tmp_path, tree)
    elsewhere = onto(plan, IMAGE[:-1] + "8", (other(tree).digest,), other(tree), b"package")

    assert str(plan.reference) == f"registry.example/team/airflow:{tree.version}-{plan.content[:12]}"
    assert plan.content == thin.content(IMAGE, tree.digest)
    assert elsewhere.reference != plan.reference


def test_labels_say_what_it_is_put_on_and_which_versions_are_in_it(tmp_path: Path, tree: Tree) -> None:
    plan = planned(tmp_path, tree)
    labels = planning.labels(plan, {})

    assert thin.of(labels, labels["io.dagship.content"]) == plan.thin
    assert dag_versions.digests_of(labels) == (tree.digest, other(tree).digest, OLDER)
    assert dag_versions.changes_of(labels) == {other(tree).version: ("b.py",)}
    assert labels["io.dagship.foundation"] == plan.foundation


def test_dags_that_are_current_in_the_image_already_are_in_it_once(tmp_path: Path, tree: Tree) -> None:
    labels = planning.labels(planned(tmp_path, tree, before=tree), {})

    assert dag_versions.digests_of(labels) == (tree.digest, OLDER)
    assert labels["io.dagship.thin.base"] == tree.version


def test_the_dockerfile_adds_one_layer_to_the_image_that_runs(tmp_path: Path, tree: Tree) -> None:
    lines = [line for line in render(planned(tmp_path, tree).recipe).splitlines() if line]

    assert lines == [
        f"FROM {IMAGE}",
        f"ENV AIRFLOW__CORE__DAGS_FOLDER=/opt/airflow/dag-versions/{tree.version}/dags",
        f"ADD --link dags/{tree.version}.tar /",
    ]


def test_the_layer_is_all_that_is_staged_and_has_the_package_before_all_files(tmp_path: Path, tree: Tree) -> None:
    build.stage(planned(tmp_path, tree), tmp_path / "context")
    with tarfile.open(tmp_path / "context" / "dags" / f"{tree.version}.tar") as archive:
        files = [member.name for member in archive if member.isreg()]

    staged = [path.relative_to(tmp_path).as_posix() for path in (tmp_path / "context").rglob("*") if path.is_file()]
    assert staged == [f"context/dags/{tree.version}.tar"]
    assert files == [
        "opt/airflow/dag-versions/.package.tgz",
        f"opt/airflow/dag-versions/{tree.version}/dags/a.py",
        "opt/airflow/dag-versions/CURRENT",
    ]
