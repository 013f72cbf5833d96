"""What is staged for a build."""

import json
import tarfile
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.image import builder as build
from dagship.image import plan as planning
from dagship.image.tree.model import Tree
from tests.builders.plans import LOCK, NO_LOCK, OWN, PURELIB, base, settings


def test_only_what_is_needed_is_staged(tmp_path: Path, tree: Tree) -> None:
    build.stage(planning.plan(settings(tmp_path), base(), NO_LOCK, tree), tmp_path / "plain")
    build.stage(planning.plan(settings(tmp_path), base(), LOCK, tree), tmp_path / "locked")

    always = {"dags", "versions.tar"}
    assert always == {path.name for path in (tmp_path / "plain").iterdir()}
    assert {*always, "dags.txt", "inside"} == {path.name for path in (tmp_path / "locked").iterdir()}
    assert LOCK.text == (tmp_path / "locked" / "dags.txt").read_text()


def test_sources_of_packages_of_the_project_are_staged_by_number(tmp_path: Path, tree: Tree) -> None:
    plan = planning.plan(settings(tmp_path), base(), OWN, tree, archives=[b"sources"])

    build.stage(plan, tmp_path / "own")

    assert {"dags", "versions.tar", "inside", "own"} == {path.name for path in (tmp_path / "own").iterdir()}
    assert (tmp_path / "own/own/0.tar").read_bytes() == b"sources"
    assert json.loads((tmp_path / "own/own/packages.json").read_text())[0]["path"] == "libs/ours"


def names(archive: Path) -> set[str]:
    with tarfile.open(archive) as opened:
        return set(opened.getnames())


def test_the_package_is_among_those_of_the_lock_or_has_a_layer_of_its_own(tmp_path: Path, tree: Tree) -> None:
    plain, locked = (planning.plan(settings(tmp_path), base(), lock, tree) for lock in (NO_LOCK, LOCK))
    elsewhere = planning.plan(settings(tmp_path), base(purelib="/usr/lib/python3/dist-packages"), LOCK, tree)
    for plan, name in ((plain, "plain"), (locked, "locked"), (elsewhere, "elsewhere")):
        build.stage(plan, tmp_path / name)

    assert (True, False, True) == tuple(plan.recipe.versions_layer for plan in (plain, locked, elsewhere))
    assert f"{PURELIB[1:]}/dagship_versions/check/tester/dagship_inside/verify/main.py" in names(
        tmp_path / "plain" / "versions.tar"
    )
    assert "lib/python3.11/site-packages/dagship_versions/sync.py" in names(tmp_path / "locked" / "versions.tar")
    assert "usr/lib/python3/dist-packages/dagship_versions/bundle.py" in names(tmp_path / "elsewhere" / "versions.tar")


@pytest.mark.parametrize(
    ("there", "says", "hint"),
    [
        ((), "its registry cannot be asked", "docker login"),
        (("linux/amd64", "linux/s390x"), "only for linux/amd64, linux/s390x.", "build for fewer"),
    ],
)
def test_a_registry_that_says_nothing_of_a_platform_is_not_said_to_lack_it(
    tmp_path: Path, tree: Tree, there: tuple[str, ...], says: str, hint: str
) -> None:
    plan = planning.plan(settings(tmp_path, platform="linux/amd64,linux/arm64"), base(), NO_LOCK, tree)

    with pytest.raises(UsageError) as refused:
        build.refuse_lacking(plan, there)

    assert "linux/arm64" in refused.value.message
    assert says in refused.value.message
    assert hint in refused.value.hint
