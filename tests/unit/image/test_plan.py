"""The plan of a build: what decides the tag, the labels, and how the engine's log is read."""

import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from dagship.artifacts import BaseImage, Directory, Layer, LockFile
from dagship.image import builder as build
from dagship.image import context, sidebyside
from dagship.image import log as buildlog
from dagship.image import plan as planning
from dagship.image.tree import Tree, TreeFile
from dagship.settings import Settings, load
from tests.builders.trees import colliding

DIGEST = "sha256:" + "1" * 64
PURELIB = "/home/airflow/.local/lib/python3.11/site-packages"
NO_LOCK = LockFile(path="", text="", digest="")
LOCK = LockFile(path="dags.txt", text="six==1.16.0 --hash=sha256:00\n", digest="ab" * 32)


def base(**changes: Any) -> BaseImage:
    values: dict[str, Any] = {
        "reference": "apache/airflow:3.3.2", "pinned": f"apache/airflow@{DIGEST}", "id": "sha256:22",
        "platform": "linux/amd64", "python": "/home/airflow/.local/bin/python", "python_version": "3.11.2",
        "prefix": "/home/airflow/.local", "purelib": PURELIB, "airflow": "3.3.2", "airflow_home": "/opt/airflow", "user": "50000",
        "packages": {"apache-airflow": "3.3.2"},
        "layers": ("sha256:33",),
        "directories": (Directory(path="/opt", mode=0o755, uid=0, gid=0),),
    }  # fmt: skip
    return BaseImage(**(values | changes))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "a.py").write_text("import airflow\n")
    return context.read(tmp_path, ignore=(), max_file_size=100)


def settings(tmp_path: Path, **flags: object) -> Settings:
    return load(tmp_path / "nowhere", flags)


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
    ],
)
def test_what_changes_the_image_changes_the_tag(
    tmp_path: Path, tree: Tree, flags: dict[str, str], changed_base: dict[str, Any], lock: LockFile
) -> None:
    before = planning.plan(settings(tmp_path), base(), NO_LOCK, tree)

    assert before.reference != planning.plan(settings(tmp_path, **flags), base(**changed_base), lock, tree).reference


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
        "io.dagship.airflow.version": "3.3.2",
        "io.dagship.lock": LOCK.digest,
    } == planning.labels(plan, {"org.opencontainers.image.revision": "abc"})


def test_only_what_is_needed_is_staged(tmp_path: Path, tree: Tree) -> None:
    build.stage(planning.plan(settings(tmp_path), base(), NO_LOCK, tree), tmp_path / "plain")
    build.stage(planning.plan(settings(tmp_path), base(), LOCK, tree), tmp_path / "locked")

    always = {"dags.tar", "versions.tar"}
    assert always == {path.name for path in (tmp_path / "plain").iterdir()}
    assert {*always, "dags.txt", "inside"} == {path.name for path in (tmp_path / "locked").iterdir()}
    assert LOCK.text == (tmp_path / "locked" / "dags.txt").read_text()


def test_earlier_versions_are_staged_and_decide_the_tag(tmp_path: Path, tree: Tree) -> None:
    old = Tree(source=tmp_path, files=(*tree.files, TreeFile(path="b", executable=False, content=b"")))
    alone, beside = (planning.plan(settings(tmp_path), base(), NO_LOCK, tree, kept) for kept in ((), (old,)))
    build.stage(beside, tmp_path / "beside")

    assert alone.reference != beside.reference
    assert [f"{old.version}.tar"] == [path.name for path in (tmp_path / "beside" / "earlier").iterdir()]
    assert f"{tree.version},{old.version}" == planning.labels(beside, {})["io.dagship.dag.versions"]
    assert {old.version: ("b",)} == sidebyside.changes_of(planning.labels(beside, {}))


@pytest.mark.parametrize(("airflow", "bundles"), [("3.0.6", True), ("3.3.2", True), ("2.11.2", False)])
def test_bundles_are_for_airflow_3(tmp_path: Path, tree: Tree, airflow: str, *, bundles: bool) -> None:
    plan = planning.plan(settings(tmp_path), base(airflow=airflow), NO_LOCK, tree)

    assert bundles == ("dagship_versions.bundle.BakedDagBundle" in plan.recipe.bundles)


def names(archive: Path) -> set[str]:
    with tarfile.open(archive) as opened:
        return set(opened.getnames())


def test_the_package_is_among_those_of_the_lock_or_has_a_layer_of_its_own(tmp_path: Path, tree: Tree) -> None:
    plain, locked = (planning.plan(settings(tmp_path), base(), lock, tree) for lock in (NO_LOCK, LOCK))
    elsewhere = planning.plan(settings(tmp_path), base(purelib="/usr/lib/python3/dist-packages"), LOCK, tree)
    for plan, name in ((plain, "plain"), (locked, "locked"), (elsewhere, "elsewhere")):
        build.stage(plan, tmp_path / name)

    assert (True, False, True) == tuple(plan.recipe.versions_layer for plan in (plain, locked, elsewhere))
    assert f"{PURELIB[1:]}/dagship_versions/check/verify.py" in names(tmp_path / "plain" / "versions.tar")
    assert "lib/python3.11/site-packages/dagship_versions/sync.py" in names(tmp_path / "locked" / "versions.tar")
    assert "usr/lib/python3/dist-packages/dagship_versions/bundle.py" in names(tmp_path / "elsewhere" / "versions.tar")


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
    modules = {name.removeprefix("check/").removesuffix(".py") for name in files if name.startswith("check/")}
    imported = {name for text in files.values() for name in re.findall(r"^\s*import (verify\w*)", text, re.MULTILINE)}

    assert imported | {"verify", "verify_stem"} == modules  # these two are started


def test_layers_are_named_and_the_bases_are_added_up(tmp_path: Path, tree: Tree) -> None:
    plan = planning.plan(settings(tmp_path, system_packages="git"), base(), LOCK, tree)
    history = (
        ("USER 50000", 0),
        ("ADD dags.tar / # buildkit", 2),
        ("ENV AIRFLOW__CORE__DAGS_FOLDER=/x", 0),
        ("COPY /opt/dagship/prefix/ /home/airflow/.local/ # buildkit", 30),
        ("RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends git", 400),
        ("USER 0", 0),
        ("CMD []", 0),
        ("RUN /bin/sh -c apt-get update && apt-get install airflow", 5000),
        ("", 60000),
    )

    assert (
        Layer(what="base", bytes=65000),
        Layer(what="system packages", bytes=400),
        Layer(what="requirements", bytes=30),
        Layer(what="DAGs", bytes=2),
    ) == buildlog.layers(history, plan.recipe)


def test_a_layer_of_the_package_is_named_where_there_is_one(tmp_path: Path, tree: Tree) -> None:
    plan = planning.plan(settings(tmp_path), base(), NO_LOCK, tree)
    history = (
        ("ADD dags.tar /", 2),
        ("ADD earlier/a81e07c455f2.tar / # buildkit", 1),
        ("ADD versions.tar / # buildkit", 3),
        ("CMD []", 0),
    )

    assert Layer(what="DAG bundles and sync", bytes=3) == buildlog.layers(history, plan.recipe)[1]


def test_seconds_are_added_up_by_stage() -> None:
    log = """#0 building with "default" instance using docker driver
#1 [internal] load build definition from Dockerfile
#1 DONE 0.1s
#5 [base 1/1] FROM docker.io/library/x@sha256:1
#5 CACHED
#6 [deps 1/2] COPY dags.txt /opt/dagship/dags.txt
#6 DONE 0.2s
#7 [deps 2/2] RUN install
#7 1.234 #7 DONE 9.9s is text of the step
#7 DONE 12.3s
#8 [runtime 3/4] ADD --link dags.tar /
#8 DONE 0.0s
#9 exporting to image
#9 exporting layers 0.1s done
#9 DONE 0.4s
"""

    assert buildlog.seconds_by_stage(log) == {"context": 0.1, "deps": 12.5, "runtime": 0.0, "export": 0.4}
