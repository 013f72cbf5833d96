"""What lies in the project, and what links lead out of it."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.untrusted import boundary


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("x")
    root = tmp_path / "project"
    (root / "in").mkdir(parents=True)
    (root / "out").symlink_to(tmp_path)
    (root / "beside").symlink_to("in")
    (root / "circle").symlink_to("circle")
    return root


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("in", False), ("not-there", False), ("beside", False), ("in/../in", False),
        ("..", True), ("out", True), ("out/secret", True), ("out/project", False), ("circle", True), ("a\0b", True),
    ],
)  # fmt: skip
def test_a_path_is_judged_by_where_its_links_lead(root: Path, path: str, *, out: bool) -> None:
    assert boundary.leads_out(root, Path(path)) is out


def test_what_only_has_the_name_of_the_project_in_front_is_outside(root: Path) -> None:
    assert boundary.leads_out(root, root.parent / "project-2")


def test_a_path_outside_is_refused_where_a_link_of_the_project_leads_there_and_taken_where_it_was_named(
    root: Path,
) -> None:
    with pytest.raises(UsageError, match=r"A link leads out/secret out of the project"):
        boundary.check_link(root, Path("out/secret"))

    boundary.check_link(root, root.parent / "secret")
    boundary.check_link(root, Path("../secret"))
    boundary.check_link(root, Path("beside"))


def test_any_link_where_tasks_keep_things_is_refused(root: Path) -> None:
    boundary.refuse_links(root / "in")
    boundary.refuse_links(root / "not-there")
    with pytest.raises(UsageError, match="beside is a link"):
        boundary.refuse_links(root / "beside")

    (root / "in" / "deep").mkdir()
    (root / "in" / "deep" / "file").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="in/deep/file is a link"):
        boundary.refuse_links(root / "in")
