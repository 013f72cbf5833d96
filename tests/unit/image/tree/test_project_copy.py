"""The files of a version as the project has them, and what of all that commands may leave is taken back."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from dagship.errors import DagshipError, OutsideError, UsageError
from dagship.image import reading
from dagship.image.tree import project_copy
from dagship.image.tree.model import Tree
from dagship.image.tree.project_copy import Places
from dagship.settings_sources import load
from tests.builders.dag_directory import DAG

INCLUDE = (Path("src/shop"), Path("lib/words.py"))
WHERE = Places(dags="etl/flows", beside={"shop": "src/shop", "words.py": "lib/words.py"})
FILES = {
    "etl/flows/a.py": DAG,
    "etl/flows/.dockerignore": "*.log\n",
    "etl/flows/run.sh": "#!/bin/sh\n",
    "etl/other.py": "",
    "src/shop/sql/q.sql": "select 1",
    "lib/words.py": "WORD = 1\n",
    "lib/.dockerignore": "x\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "etl/flows/run.sh").chmod(0o755)
    return root


def read(root: Path) -> Tree:
    return reading.read(root, load(root, {}), dags=Path(WHERE.dags), include=INCLUDE)


def archive(root: Path, *members: tuple[str, str], links: dict[str, str] | None = None) -> Path:
    """An archive as a build leaves it."""
    path = root.parent / "left.tar"
    with tarfile.open(path, "w") as opened:
        for name, text in members:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            opened.addfile(member, io.BytesIO(text.encode()))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            opened.addfile(member)
    return path


def taken(root: Path, *members: tuple[str, str], links: dict[str, str] | None = None) -> Tree:
    copy = root.parent / "copy"
    project_copy.unpack(archive(root, *members, links=links), copy, WHERE, FILES)
    return read(copy)


KEPT = (("lib/words.py", ""), ("src/shop/a.py", ""))


def test_commands_find_the_files_where_the_project_has_them_and_nothing_else_of_it(project: Path) -> None:
    tree = read(project)
    where = project_copy.places(project, tree, INCLUDE)
    laid = project_copy.laid(project, tree, where)

    assert where == WHERE
    assert {name: text.encode() for name, text in FILES.items() if name != "etl/other.py"} == {
        name: content for name, (_, content) in laid.items()
    }
    assert [name for name, (executable, _) in laid.items() if executable] == ["etl/flows/run.sh"]


def test_what_comes_back_unchanged_is_the_same_version(project: Path, tmp_path: Path) -> None:
    tree = read(project)
    laid = project_copy.laid(project, tree, WHERE)
    (tmp_path / "same.tar").write_bytes(project_copy.pack(laid))
    project_copy.unpack(tmp_path / "same.tar", tmp_path / "copy", WHERE, laid)

    assert read(tmp_path / "copy").digest == tree.digest
    assert project_copy.difference(tree, read(tmp_path / "copy")) == "no file is another than before"


def test_the_archive_of_the_same_files_is_the_same_whatever_their_order() -> None:
    laid = {"b": (False, b"1"), "a": (True, b"2")}

    assert project_copy.pack(laid) == project_copy.pack(dict(reversed(laid.items())))


def test_what_commands_make_is_in_the_version_and_what_stays_out_of_one_is_not(project: Path) -> None:
    rules = ("etl/flows/.dockerignore", FILES["etl/flows/.dockerignore"])
    made = taken(project, *KEPT, rules, ("etl/flows/made.py", DAG), ("src/shop/made.sql", ""), ("etl/flows/x.log", ""))

    assert ["../shop/a.py", "../shop/made.sql", "../words.py", "made.py"] == [file.path for file in made.files]
    assert project_copy.difference(read(project), made) == "3 new, 1 changed, 3 gone"


def test_the_repository_s_root_holds_all() -> None:
    assert Places(dags="", beside={}).hold("any/where.py")
    assert Places(dags="", beside={}).of("any/where.py") == "any/where.py"


@pytest.mark.parametrize("path", ["etl/target/manifest.json", "etl/flows2", "src/shop.py", "lib/other.py", "made.py"])
def test_a_file_elsewhere_is_refused_by_its_name(project: Path, path: str) -> None:
    with pytest.raises(UsageError) as refused:
        taken(project, *KEPT, ("etl/flows/made.py", DAG), (path, ""))

    assert refused.value.message.endswith(f"places that are not of the DAG version: {path}.")
    assert "etl/flows, src/shop, lib/words.py" in refused.value.hint


@pytest.mark.parametrize(
    ("links", "says"),
    [
        ({"etl/flows/out.py": "../../src/shop/a.py"}, "leads outside"),
        ({"etl/flows/passwd": "/etc/passwd"}, "leads outside"),
        ({"etl/flows/up": "../../../.."}, "leads outside"),
        ({"etl/flows/none": "none"}, "leads in a circle"),
        ({"etl/flows/gone": "not-there"}, "leads nowhere"),
        ({"etl/flows": "/etc"}, "put something else in the place of the directory etl/flows"),
        ({"etl": "/"}, "places that are not of the DAG version: etl."),
    ],
)
def test_a_link_that_leads_out_is_refused(project: Path, links: dict[str, str], says: str) -> None:
    members = () if "etl" in links or "etl/flows" in links else (("etl/flows/made.py", DAG),)

    with pytest.raises(UsageError, match=says):
        taken(project, *KEPT, *members, links=links)


def test_an_archive_that_is_packed_or_has_a_file_with_holes_is_not_unpacked(project: Path) -> None:
    """Either stands for more than it takes itself."""
    left = archive(project, *KEPT)
    left.write_bytes(gzip.compress(left.read_bytes()))
    with pytest.raises(OutsideError, match="left no files that can be read"):
        project_copy.unpack(left, project.parent / "packed", WHERE, FILES)

    with tarfile.open(left, "w", format=tarfile.PAX_FORMAT) as opened:
        member = tarfile.TarInfo("lib/words.py")
        member.pax_headers = {
            "GNU.sparse.major": "1", "GNU.sparse.minor": "0",
            "GNU.sparse.name": "lib/words.py", "GNU.sparse.realsize": "4000000",
        }  # fmt: skip
        member.size = 512
        opened.addfile(member, io.BytesIO(b"1\n0\n0\n".ljust(512, b"\0")))
    with pytest.raises(OutsideError, match="left no files that can be read"):
        project_copy.unpack(left, project.parent / "holes", WHERE, FILES)


def test_an_included_directory_that_became_a_link_is_refused(project: Path) -> None:
    with pytest.raises(UsageError, match="lies outside the project"):
        taken(project, KEPT[0], ("etl/flows/made.py", DAG), links={"src/shop": "/etc"})


def test_a_link_to_a_file_beside_it_is_that_file(project: Path) -> None:
    made = taken(project, *KEPT, ("etl/flows/made.py", DAG), links={"etl/flows/same.py": "made.py"})

    assert [file.content.decode() for file in made.files if file.path in {"made.py", "same.py"}] == [DAG, DAG]


@pytest.mark.parametrize(
    ("members", "links"),
    [
        ((("../x", ""),), {}),
        ((("/etc/x", ""),), {}),
        ((("etl/flows/../../../x", ""),), {}),
        ((("etl/flows/a", ""), ("etl/flows/a", "")), {}),
        ((("etl/flows/a/x", ""),), {"etl/flows/a": "/tmp"}),
        ((("etl/flows/a", ""), ("etl/flows/a/b", "")), {}),
    ],
)
def test_an_archive_of_another_maker_writes_nowhere(
    project: Path, members: tuple[tuple[str, str], ...], links: dict[str, str]
) -> None:
    with pytest.raises(OutsideError, match="no files that can be read"):
        taken(project, *members, links=links)
    assert not (project.parent / "copy").exists()


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_what_is_no_archive_is_an_error_and_no_traceback(project: Path, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "left.tar").write_bytes(content)

    with pytest.raises(DagshipError):
        project_copy.unpack(tmp_path / "left.tar", tmp_path / "copy", WHERE, FILES)


def test_a_directory_outside_the_project_is_no_place_for_commands(project: Path) -> None:
    tree = reading.read(project, load(project, {}), dags=Path("etl/flows"), include=())

    with pytest.raises(UsageError, match="is not in it"):
        project_copy.places(project / "src", tree, ())
