"""The plan of a build: what decides the tag, and the labels."""

from pathlib import Path
from typing import Any

import pytest

from dagship.dockerfile import render
from dagship.image import builder as build
from dagship.image import plan as planning
from dagship.image.tree.model import Tree, TreeFile
from dagship.model import dag_versions
from dagship.model.artifacts import BaseImage, LockFile
from dagship.resources import programs
from tests.builders.plans import DIGEST, LOCK, NO_LOCK, OWN, base, settings
from tests.builders.trees import colliding


def test_the_tag_is_the_dag_version_and_a_digest_of_all_that_goes_in(tmp_path: Path, tree: Tree) -> None:
    plan = planning.plan(settings(tmp_path), base(), NO_LOCK, tree)
    version, _, rest = plan.reference.tag.partition("-")

    assert tree.version == version
    assert plan.content[:12] == rest
    assert len(plan.content) == 64


def test_two_trees_with_one_id_are_two_images(tmp_path: Path) -> None:
    one, other = (planning.plan(settings(tmp_path), base(), NO_LOCK, tree) for tree in colliding())

    assert one.tree.version == other.tree.version
    assert one.content != other.content
    assert one.reference != other.reference


@pytest.mark.parametrize(
    "flags",
    [{"builder": "x"}, {"cache_from": "type=registry,ref=a"}, {"ca_cert": "/etc/hostname"}, {"import_timeout": "3"}],
)
def test_what_changes_nothing_in_the_image_keeps_the_tag(tmp_path: Path, tree: Tree, flags: dict[str, str]) -> None:
    before = planning.plan(settings(tmp_path), base(), LOCK, tree)

    assert before.reference == planning.plan(settings(tmp_path, **flags), base(), LOCK, tree).reference


@pytest.mark.parametrize(
    ("flags", "changed_base", "lock"),
    [
        ({"system_packages": "git"}, {}, NO_LOCK),
        ({"platform": "linux/arm64"}, {}, NO_LOCK),
        ({}, {"pinned": "apache/airflow@sha256:" + "2" * 64}, NO_LOCK),
        ({}, {"directories": ()}, NO_LOCK),
        ({}, {"purelib": "/usr/lib/python3/dist-packages"}, NO_LOCK),
        ({}, {}, LOCK),
        ({}, {}, OWN),
    ],
)
def test_what_changes_the_image_changes_the_tag(
    tmp_path: Path, tree: Tree, flags: dict[str, str], changed_base: dict[str, Any], lock: LockFile
) -> None:
    before = planning.plan(settings(tmp_path), base(), NO_LOCK, tree)

    assert before.reference != planning.plan(settings(tmp_path, **flags), base(**changed_base), lock, tree).reference


def test_other_sources_of_a_package_of_the_project_are_another_image(tmp_path: Path, tree: Tree) -> None:
    edited = OWN.model_copy(update={"own": (OWN.own[0].model_copy(update={"digest": "ef" * 32}),)})
    one, other = (planning.plan(settings(tmp_path), base(), lock, tree, archives=[b""]) for lock in (OWN, edited))

    assert one.reference != other.reference


def test_compilers_are_there_for_packages_of_the_project_when_settings_name_what_those_take(
    tmp_path: Path, tree: Tree
) -> None:
    plain = planning.plan(settings(tmp_path), base(), OWN, tree)
    with_headers = planning.plan(settings(tmp_path, build_packages="libpq-dev"), base(), OWN, tree)

    assert plain.recipe.build_packages == ()
    assert with_headers.recipe.build_packages == ("build-essential", "libpq-dev")


def test_a_base_without_a_digest_is_told_apart_by_its_id(tmp_path: Path, tree: Tree) -> None:
    one = base(pinned="local:1", reference="local:1", id="sha256:1")
    other = base(pinned="local:1", reference="local:1", id="sha256:2")

    tags = {planning.plan(settings(tmp_path), image, NO_LOCK, tree).reference.tag for image in (one, other)}

    assert len(tags) == 2


def test_labels_say_what_is_in_the_image(tmp_path: Path, tree: Tree) -> None:
    plan = planning.plan(settings(tmp_path), base(), LOCK, tree)

    assert {
        "org.opencontainers.image.base.name": "apache/airflow:3.3.2",
        "org.opencontainers.image.base.digest": DIGEST,
        "org.opencontainers.image.version": plan.reference.tag,
        "org.opencontainers.image.revision": "abc",
        "io.dagship.dag.version": tree.version,
        "io.dagship.dag.versions": tree.version,
        "io.dagship.dag.digests": tree.digest,
        "io.dagship.content": plan.content,
        "io.dagship.foundation": plan.foundation,
        "io.dagship.airflow.version": "3.3.2",
        "io.dagship.lock": LOCK.digest,
    } == planning.labels(plan, {"org.opencontainers.image.revision": "abc"})


def test_earlier_versions_are_staged_and_decide_the_tag(tmp_path: Path, tree: Tree) -> None:
    old = Tree(source=tmp_path, files=(*tree.files, TreeFile(path="b", executable=False, content=b"")))
    alone, beside = (planning.plan(settings(tmp_path), base(), NO_LOCK, tree, kept) for kept in ((), (old,)))
    build.stage(beside, tmp_path / "beside")

    assert alone.reference != beside.reference
    staged = {path.stem for path in (tmp_path / "beside" / "dags").iterdir()}
    assert {tree.version, old.version} == staged
    assert f"{tree.version},{old.version}" == planning.labels(beside, {})["io.dagship.dag.versions"]
    assert {old.version: ("b",)} == dag_versions.changes_of(planning.labels(beside, {}))


def test_the_foundation_is_the_same_whatever_dag_versions_are_on_it_and_the_image_is_told_it(
    tmp_path: Path, tree: Tree
) -> None:
    old = Tree(source=tmp_path, files=(*tree.files, TreeFile(path="b", executable=False, content=b"")))
    one, other = (
        planning.plan(settings(tmp_path, repository=name), base(), LOCK, current, earlier)
        for name, current, earlier in (("one", tree, ()), ("other", old, (tree,)))
    )

    assert (one.foundation, len(one.foundation)) == (other.foundation, 64)
    assert f"DAGSHIP_FOUNDATION={one.foundation}\n" in render(one.recipe)
    assert one.foundation == planning.labels(other, {})["io.dagship.foundation"]


@pytest.mark.parametrize(
    ("flags", "changed_base", "lock"),
    [
        ({"system_packages": "git"}, {}, NO_LOCK),
        ({"platform": "linux/arm64"}, {}, NO_LOCK),
        ({}, {"pinned": "apache/airflow@sha256:" + "2" * 64}, NO_LOCK),
        ({}, {"purelib": "/usr/lib/python3/dist-packages"}, NO_LOCK),
        ({}, {}, LOCK),
        ({}, {}, OWN),
    ],
)
def test_what_is_below_the_dags_is_another_foundation(
    tmp_path: Path, tree: Tree, flags: dict[str, str], changed_base: dict[str, Any], lock: LockFile
) -> None:
    before = planning.plan(settings(tmp_path), base(), NO_LOCK, tree)
    with_home = planning.plan(settings(tmp_path), base(), NO_LOCK, tree, home=tree)
    after = planning.plan(settings(tmp_path, **flags), base(**changed_base), lock, tree)

    assert len({before.foundation, after.foundation, with_home.foundation}) == 3


def test_what_an_image_says_of_its_base_is_the_same_on_every_machine() -> None:
    one = base(packages={"a": "1", "b": "2"})
    other = base(reference="apache/airflow:stable", id="another engine's", packages={"b": "2", "a": "1"})
    said = planning.base_facts(one)

    assert said == planning.base_facts(other)
    assert BaseImage.model_validate_json(said).pinned == one.pinned
    assert planning.base_facts(base(pinned="local:1", reference="local:1")) != planning.base_facts(
        base(pinned="local:1", reference="local:1", id="another")
    )


def test_the_bundle_is_told_the_page_of_a_version_where_there_is_one(tmp_path: Path, tree: Tree) -> None:
    page = "https://github.com/acme/dags/tree/dags-{version}"
    plan = planning.plan(settings(tmp_path, view_url_template=page), base(), NO_LOCK, tree)
    without = planning.plan(settings(tmp_path), base(), NO_LOCK, tree)

    assert dict(plan.recipe.environment) == {"DAGSHIP_VIEW_URL_TEMPLATE": page}
    assert without.recipe.environment == ()
    assert plan.foundation != without.foundation


@pytest.mark.parametrize(("airflow", "bundles"), [("3.0.6", True), ("3.3.2", True), ("2.11.2", False)])
def test_bundles_are_for_airflow_3(tmp_path: Path, tree: Tree, airflow: str, *, bundles: bool) -> None:
    plan = planning.plan(settings(tmp_path), base(airflow=airflow), NO_LOCK, tree)

    assert bundles == ("dagship_versions.bundle.BakedDagBundle" in plan.recipe.bundles)


@pytest.mark.parametrize("lock", [NO_LOCK, LOCK])
def test_the_package_decides_the_tag_too(
    tmp_path: Path, tree: Tree, lock: LockFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = planning.plan(settings(tmp_path), base(), lock, tree)
    changed = {**planning.versions_files(), "bundle.py": "# another\n"}
    monkeypatch.setattr(planning, "versions_files", lambda: changed)

    assert before.reference != planning.plan(settings(tmp_path), base(), lock, tree).reference


def test_the_package_holds_all_that_the_import_test_needs() -> None:
    files = planning.versions_files()
    tester = {name.removeprefix("check/tester/dagship_inside/") for name in files if "/tester/" in name}

    assert {"verify/main.py", "verify/importer/stem.py"} <= tester  # these two are started
    assert programs("verify").keys() == tester
