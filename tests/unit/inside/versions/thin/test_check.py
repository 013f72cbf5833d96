"""The check of a version that is not announced yet: what is refused before anything is imported."""

import base64
import io
from pathlib import Path

import pytest

from dagship.image.thin import package
from dagship.image.tree.model import Tree, TreeFile
from dagship.inside.versions.thin import check

FOUNDATION = "f" * 64


def tree(text: str) -> Tree:
    return Tree(source=Path("/x"), files=(TreeFile(path="a.py", executable=False, content=text.encode()),))


def job(foundation: str = FOUNDATION) -> dict[str, object]:
    packed = package.pack(tree("B"), tree("A"), foundation)
    return {"package": base64.b64encode(packed).decode(), "variables": {}, "import_timeout": 5, "limit": 5}


def test_a_package_for_another_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / tree("A").version).mkdir()
    environ = {"DAGSHIP_FOUNDATION": FOUNDATION}

    assert "is for another image" in check.checked(job("e" * 64), environ, str(tmp_path))["why_not"]
    assert "is for another image" in check.checked(job(), {}, str(tmp_path))["why_not"]
    assert "is for another image" in check.checked(job(), environ, str(tmp_path / "elsewhere"))["why_not"]


def test_what_the_package_does_not_make_of_the_image_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    base = tmp_path / tree("A").version / "dags"
    base.mkdir(parents=True)
    (base / "a.py").write_text("A")
    (base / "b.py").write_text("and more")
    said = check.checked(job(), {"DAGSHIP_FOUNDATION": FOUNDATION}, str(tmp_path))

    assert "does not give that version" in said["why_not"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_job_is_read_to_its_end_and_no_further() -> None:
    assert check._job(io.BytesIO(b"2\n{}and more")) == {}
    with pytest.raises(SystemExit):
        check._job(io.BytesIO(b"99999999\n{}"))
