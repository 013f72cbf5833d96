"""The archives of the DAG layers: the same bytes for the same tree, and safe ownership."""

import gzip
import io
import os
import tarfile
from pathlib import Path

from dagship.image.tree import archive, reader
from dagship.image.tree.model import Tree, TreeFile
from dagship.model.artifacts import Directory
from tests.builders.trees import colliding

ROOT = "/opt/airflow/dag-versions"
BASE = (
    Directory(path="/opt", mode=0o755, uid=0, gid=0),
    Directory(path="/opt/airflow", mode=0o775, uid=50000, gid=0),
)


def tree(at: Path) -> Tree:
    (at / "deep" / "er").mkdir(parents=True)
    (at / "dag.py").write_text("import airflow\n")
    (at / "deep" / "er" / "run.sh").write_text("#!/bin/sh\n")
    (at / "deep" / "er" / "run.sh").chmod(0o700)
    return reader.read(at, ignore=(), max_file_size=1000)


def members(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as opened:
        return {member.name: member for member in opened.getmembers()}


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = tree(tmp_path / "one"), tree(tmp_path / "other")
    os.utime(tmp_path / "other" / "dag.py", (1, 1))

    assert archive.version_archive(one, ROOT, BASE) == archive.version_archive(other, ROOT, BASE)


def test_files_are_roots_and_read_only_for_all(tmp_path: Path) -> None:
    dags = tree(tmp_path / "dags")
    found = members(archive.version_archive(dags, ROOT, BASE))
    inside = f"opt/airflow/dag-versions/{dags.version}"

    assert found[f"{inside}/dags/dag.py"].mode == 0o444
    assert found[f"{inside}/dags/deep/er/run.sh"].mode == 0o555
    assert {0o555} == {found[f"{inside}{below}"].mode for below in ("", "/dags", "/dags/deep", "/dags/deep/er")}
    assert {(0, 0)} == {(member.uid, member.gid) for name, member in found.items() if name.startswith(inside)}


def test_directories_on_the_way_stay_as_the_base_has_them(tmp_path: Path) -> None:
    found = members(archive.version_archive(tree(tmp_path / "dags"), ROOT, BASE))

    assert (found["opt/airflow"].mode, found["opt/airflow"].uid, found["opt/airflow"].gid) == (0o775, 50000, 0)
    assert (found[ROOT[1:]].mode, found[ROOT[1:]].uid, found[ROOT[1:]].gid) == (0o755, 0, 0)


def test_a_directory_comes_before_what_is_in_it(tmp_path: Path) -> None:
    names = list(members(archive.version_archive(tree(tmp_path / "dags"), ROOT, BASE)))

    assert all(names.index(name.rpartition("/")[0]) < names.index(name) for name in names if "/" in name)


PURELIB = "/opt/airflow/lib/site-packages"
PACKAGE = {"__init__.py": "", "check/verify.py": "x = 1\n"}


def test_a_package_is_roots_and_everyone_can_read_it() -> None:
    found = members(archive.package_archive(PACKAGE, PURELIB, BASE))
    package = f"{PURELIB[1:]}/dagship_versions"

    assert {0o444} == {found[name].mode for name in (f"{package}.pth", *(f"{package}/{each}" for each in PACKAGE))}
    assert {0o555} == {found[name].mode for name in (package, f"{package}/check")}
    assert {(0, 0)} == {(member.uid, member.gid) for name, member in found.items() if name.startswith(package)}
    assert (found["opt/airflow"].mode, found["opt/airflow"].uid) == (0o775, 50000)


def test_a_package_for_a_prefix_says_nothing_of_what_is_above_it() -> None:
    names = members(archive.package_archive(PACKAGE, PURELIB, BASE, below="/opt/airflow"))

    assert ["lib", "lib/site-packages", "lib/site-packages/dagship_versions"] == list(names)[:3]
    assert "lib/site-packages/dagship_versions/check/verify.py" in names


def test_the_layer_of_a_version_says_that_it_is_current(tmp_path: Path) -> None:
    dags = tree(tmp_path / "dags")

    with tarfile.open(fileobj=io.BytesIO(archive.version_archive(dags, ROOT, BASE))) as opened:
        file = opened.extractfile("opt/airflow/dag-versions/CURRENT")
        assert file is not None
        assert file.read() == f"{dags.version}\n".encode()


def test_what_is_included_lies_beside_the_dag_directory_and_a_link_leads_to_that() -> None:
    files = tuple(TreeFile(path=path, executable=False, content=b"1") for path in ("../include/deep/x.sql", "dag.py"))
    whole = Tree(source=Path("/x"), files=files, link="pipelines")
    found = members(archive.version_archive(whole, ROOT, ()))
    inside = f"opt/airflow/dag-versions/{whole.version}"
    again = archive.unpack(archive.pack(whole), whole.version, whole.digest)

    assert found[f"{inside}/include/deep/x.sql"].mode == 0o444
    assert found[f"{inside}/include/deep"].mode == 0o555
    assert (found[f"{inside}/pipelines"].issym(), found[f"{inside}/pipelines"].linkname) == (True, "dags")
    assert again is not None
    assert (again.files, again.link) == (whole.files, "pipelines")


def test_a_version_without_a_dag_directory_or_with_another_link_is_not_taken() -> None:
    whole = made(run="1")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as opened:
        member = tarfile.TarInfo(f"{whole.version}/run.py")
        member.size = 1
        opened.addfile(member, io.BytesIO(b"1"))
    with tarfile.open(fileobj=(linked := io.BytesIO(archive.pack(whole))), mode="a") as opened:
        link = tarfile.TarInfo(f"{whole.version}/link")
        link.type, link.linkname = tarfile.SYMTYPE, "../elsewhere"
        opened.addfile(link)

    assert archive.unpack(data.getvalue(), whole.version) is None
    assert archive.unpack(linked.getvalue(), whole.version) is None


def made(executable: tuple[str, ...] = (), **files: str) -> Tree:
    found = [
        TreeFile(path=name.replace("__", "/") + ".py", executable=name in executable, content=text.encode())
        for name, text in sorted(files.items())
    ]
    return Tree(source=Path("/x"), files=tuple(found))


def test_a_version_is_the_same_out_of_an_archive() -> None:
    whole = made(("run",), run="1", deep__er="2")
    again = archive.unpack(archive.pack(whole), whole.version)

    assert again is not None
    assert again.files == whole.files
    assert archive.version_archive(again, ROOT, ()) == archive.version_archive(whole, ROOT, ())


def test_an_archive_of_something_else_is_no_version() -> None:
    assert archive.unpack(archive.pack(made(a="1")), made(a="2").version) is None
    assert archive.unpack(b"nonsense", "a" * 12) is None


def test_an_archive_that_is_packed_and_may_stand_for_any_size_is_no_version() -> None:
    whole = made(a="1")

    assert archive.unpack(gzip.compress(archive.pack(whole)), whole.version, whole.digest) is None


def test_of_two_trees_with_one_id_an_archive_holds_the_one_of_the_whole_digest() -> None:
    one, other = colliding()
    packed = archive.pack(other)

    assert one.version == other.version
    assert archive.unpack(packed, one.version, one.digest) is None
    assert archive.unpack(packed, other.version, other.digest) is not None


def test_a_version_is_the_same_out_of_its_layer_whatever_else_that_has(tmp_path: Path) -> None:
    whole, other = Tree(source=Path("/x"), files=tree(tmp_path / "one").files, link="flows"), made(a="1")
    layer = archive.version_archive(whole, ROOT, BASE, package=b"package")
    found = archive.of_layer(layer, ROOT, whole.version, whole.digest)

    assert found is not None
    assert (found.files, found.link, found.digest) == (whole.files, "flows", whole.digest)
    assert archive.of_layer(layer, ROOT, other.version, other.digest) is None
    assert archive.of_layer(layer[:2_000], ROOT, whole.version, whole.digest) is None
    assert archive.of_layer(b"nonsense", ROOT, whole.version, whole.digest) is None


def test_a_package_comes_before_the_files_of_a_version(tmp_path: Path) -> None:
    layer = archive.version_archive(tree(tmp_path), ROOT, BASE, package=b"package")
    files = [name for name, member in members(layer).items() if member.isreg()]

    assert files[0] == f"{ROOT[1:]}/.package.tgz"


def test_an_archive_with_a_link_besides_is_no_version() -> None:
    whole = made(a="1")
    packed = io.BytesIO(archive.pack(whole))
    with tarfile.open(fileobj=packed, mode="a") as opened:
        link = tarfile.TarInfo(f"{whole.version}/sitecustomize.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/tmp/x"
        opened.addfile(link)

    assert archive.unpack(packed.getvalue(), whole.version, whole.digest) is None


def test_plugins_and_configuration_lie_in_airflows_home_and_are_read_only() -> None:
    files = tuple(TreeFile(path=path, executable=False, content=b"1") for path in ("config/a.py", "plugins/deep/b.py"))
    found = members(archive.home_archive(Tree(source=Path("/x"), files=files), "/opt/airflow", BASE))

    assert (found["opt/airflow"].mode, found["opt/airflow"].uid) == (0o775, 50000)
    assert {0o444} == {found[f"opt/airflow/{file.path}"].mode for file in files}
    assert {0o555} == {found[f"opt/airflow/{path}"].mode for path in ("config", "plugins", "plugins/deep")}
