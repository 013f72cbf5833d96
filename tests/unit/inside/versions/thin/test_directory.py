"""The digest of a directory is that of the tree which it was made of."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagship.image.tree.model import Tree, TreeFile
from dagship.inside.versions.thin import directory
from tests.builders.mounts import bake
from tests.builders.packages import tree


@given(
    st.lists(
        st.builds(
            TreeFile,
            path=st.sampled_from(["a.py", "é b.py", "deep/b.py", "Z/c.sql", "../include/d.py", "../one.py"]),
            executable=st.booleans(),
            content=st.binary(max_size=20),
        ),
        unique_by=lambda file: file.path,
        min_size=1,
    ),
    st.sampled_from(["", "flows"]),
)
def test_a_directory_has_the_digest_of_its_tree(
    tmp_path_factory: pytest.TempPathFactory, files: list[TreeFile], link: str
) -> None:
    one = Tree(source=Path("/x"), files=tuple(sorted(files, key=lambda file: file.path)), link=link)
    root = tmp_path_factory.mktemp("root")
    bake(root, one)

    assert directory.digest(str(root / one.version)) == one.digest


def test_each_change_gives_another_digest(tmp_path: Path) -> None:
    one = tree(a="1", deep__b="1", beside__lib__c="1", link="flows")
    bake(tmp_path, one)
    top = tmp_path / one.version
    file = top / "dags" / "a.py"
    file.chmod(0o755)
    assert directory.digest(str(top)) not in ("", one.digest)

    file.chmod(0o644)
    assert directory.digest(str(top)) == one.digest

    (top / "dags" / "__pycache__").mkdir()
    (top / "dags" / "__pycache__" / "a.pyc").write_text("1")
    assert directory.digest(str(top)) not in ("", one.digest)


@pytest.mark.parametrize("place", ["dags/link", "second"])
def test_a_directory_with_what_no_version_holds_has_no_digest(tmp_path: Path, place: str) -> None:
    one = tree(a="1", link="flows")
    bake(tmp_path, one)
    (tmp_path / one.version / place).symlink_to("dags")

    assert directory.digest(str(tmp_path / one.version)) == ""


def test_a_directory_that_is_not_there_has_no_digest(tmp_path: Path) -> None:
    assert directory.digest(str(tmp_path / "none")) == ""


def test_what_differs_is_told_by_its_place(tmp_path: Path) -> None:
    one = tree(a="1", b="1", c="1", gone="1", run="1", link="flows")
    other = tree(a="1", b="2", c="22", beside__lib__d="1", run="1", executable=("run",))
    bake(tmp_path, one, other)

    differing = directory.differing(str(tmp_path / one.version), str(tmp_path / other.version))

    assert differing == ["dags/b.py", "dags/c.py", "dags/gone.py", "dags/run.py", "flows", "lib/d.py"]
