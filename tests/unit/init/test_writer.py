"""What `init` writes, and leaves as it is."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.init import writer
from tests.builders.listings import DAG


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "a.py").write_text(DAG)
    return tmp_path


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_second_time_it_changes_nothing(repository: Path) -> None:
    first = writer.init(repository, ci="", default="3.3.2")
    before = everything(repository)
    second = writer.init(repository, ci="", default="3.3.2")

    assert first.written == ("dagship.toml", "requirements/dags.in")
    assert (second.written, second.kept) == ((), ("dagship.toml",))
    assert everything(repository) == before


def test_a_workflow_is_written_on_request_beside_settings_that_are_there_and_never_over_another(
    repository: Path,
) -> None:
    (repository / "pyproject.toml").write_text("[tool.dagship]\n")
    (repository / ".gitlab-ci.yml").write_text("theirs")

    assert writer.init(repository, ci="github", default="3.3.2").written == (".github/workflows/dagship.yml",)
    assert writer.init(repository, ci="gitlab", default="3.3.2").written == ()
    assert (repository / ".gitlab-ci.yml").read_text() == "theirs"
    assert not (repository / "dagship.toml").exists()


def test_without_dags_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        writer.init(tmp_path, ci="github", default="3.3.2")

    assert not everything(tmp_path)


@pytest.mark.parametrize("name", ["requirements", "dagship.toml"])
def test_nothing_is_written_through_a_link_out_of_the_repository(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (repository / name).symlink_to(outside / "new" if name == "dagship.toml" else outside)

    with pytest.raises(UsageError, match="out of the project"):
        writer.init(repository, ci="", default="3.3.2")

    assert not everything(outside)
    assert not (repository / "dagship.toml").exists()
