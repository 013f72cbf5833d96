"""Which files are read for requirements, and which are not."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from dagship.errors import UsageError
from dagship.lock import sources
from dagship.lock.freshness import environment
from dagship.lock.requirements import LIMIT, Source
from dagship.settings import Settings

HERE = environment("3.11.9", "linux/amd64")


def read(root: Path, settings: Settings | None = None, name: str = "requirements.txt") -> Source:
    return sources.read(settings or Settings(), root, root / name, name, HERE)


def test_names_are_relative_to_the_file_that_they_stand_in(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "requirements.txt").write_text("-r more/a.txt\n")
    (tmp_path / "more" / "a.txt").write_text("-r b.txt\n-c ../limits.txt\n")
    (tmp_path / "more" / "b.txt").write_text("six\n")
    (tmp_path / "limits.txt").write_text("numpy<2\n")
    source = read(tmp_path)

    assert [line.called for line in source.lines] == ["more/b.txt:1"]
    assert source.limits is not None
    assert [line.place for line in source.limits.lines] == ["limits.txt:1"]


@pytest.mark.parametrize("place", ["/usr/local/airflow", "/home/airflow/gcs", "/opt/airflow"])
def test_a_path_of_the_machine_that_airflow_runs_on_is_one_in_the_directory_of_dags(tmp_path: Path, place: str) -> None:
    (tmp_path / "our-dags").mkdir()
    (tmp_path / "our-dags" / "limits.txt").write_text("numpy<2\n")
    (tmp_path / "requirements.txt").write_text(f'--constraint "{place}/dags/limits.txt"\nsix\n')
    limits = read(tmp_path, Settings(dags=Path("our-dags"))).limits

    assert limits is not None
    assert [line.place for line in limits.lines] == ["our-dags/limits.txt:1"]

    (tmp_path / "requirements.txt").write_text(f"-c {place}/dags/../../../secret.txt\n")
    with pytest.raises(UsageError, match="lies out of the project"):
        read(tmp_path)


def test_a_file_that_is_not_there_is_named_with_the_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("six\n-r more.txt\n")

    with pytest.raises(UsageError, match=r"^requirements\.txt:2: there is no file more\.txt\."):
        read(tmp_path)


def test_a_file_that_names_itself_is_a_circle(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r ./requirements.txt\n")

    with pytest.raises(UsageError, match=r"in a circle: requirements\.txt → requirements\.txt"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["../secret.txt", "link.txt", "{root}/../secret.txt", "~/secret.txt"])
def test_nothing_out_of_the_project_is_read(tmp_path: Path, name: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.txt").write_text("password=hunter2\n")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "requirements.txt").write_text(f"-r {name.format(root=root)}\n")

    with pytest.raises(UsageError, match=r"lies out of the project|there is no file") as caught:
        read(root)
    assert "hunter2" not in str(caught.value.__dict__)


def test_files_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    half = "# " + "x" * (LIMIT // 2)
    (tmp_path / "requirements.txt").write_text(f"-r a.txt\n-r b.txt\n{half}\n")
    (tmp_path / "a.txt").write_text(half)
    (tmp_path / "b.txt").write_text(half)

    with pytest.raises(UsageError, match=r"^requirements\.txt:1: the files are too large together"):
        read(tmp_path)


def test_a_directory_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "requirements.txt").write_text("-r more\n")

    with pytest.raises(UsageError, match=r"^requirements\.txt:1: more cannot be read: Is a directory"):
        read(tmp_path)


def test_an_index_of_the_settings_or_of_their_pip_conf_may_stay_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nextra-index-url =\n  https://u:p@two.test/simple\n")
    (tmp_path / "requirements.txt").write_text(
        "-i https://one.test/simple/\n--extra-index-url https://two.test/simple\nsix\n"
    )
    known = Settings(index_url=SecretStr("https://u:p@one.test/simple"), pip_conf=tmp_path / "pip.conf")

    assert [line.name for line in read(tmp_path, known).lines] == ["six"]
    with pytest.raises(UsageError, match=r"^requirements\.txt:1: --index-url"):
        read(tmp_path)


PROJECT = '[project]\nname = "ours"\ndependencies = ["numpy>=1"]\n[dependency-groups]\ntests = ["pytest"]\n'
UV = 'version = 1\n[[package]]\nname = "numpy"\nversion = "2.2.6"\n[[package]]\nname = "ours"\nsource = {virtual = "."}\n'


def test_a_lock_of_a_project_asks_for_what_the_project_does_and_prefers_its_versions(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "uv.lock").write_text(UV)
    source = read(tmp_path, Settings(groups=("tests",)), "uv.lock")

    assert [(str(line.requirement), line.place) for line in source.lines] == [
        ("numpy>=1", "pyproject.toml:3"),
        ("pytest", "pyproject.toml:5"),
    ]
    assert source.preferences == {"numpy": "2.2.6"}
    assert source.whole != read(tmp_path, Settings(groups=("tests",)), "pyproject.toml").whole


def test_a_lock_without_its_project_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(UV)

    with pytest.raises(UsageError, match=r"There is no pyproject\.toml beside uv\.lock"):
        read(tmp_path, name="uv.lock")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("pyproject.toml", b"[project\n", "pyproject.toml cannot be read as TOML"),
        ("pyproject.toml", b"a = " + b"[" * 100_000, "pyproject.toml cannot be read as TOML"),
        ("pylock.toml", b"\xff", "pylock.toml is not UTF-8"),
        ("Pipfile.lock", b"{}", "Pipfile.lock is no source of requirements that is known"),
    ],
)
def test_a_file_that_is_no_source_is_told_in_one_sentence(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(UsageError) as caught:
        read(tmp_path, name=name)
    assert caught.value.message.startswith(says)
    assert "\n" not in caught.value.message


def test_no_more_of_a_lock_is_read_than_one_can_have(tmp_path: Path) -> None:
    with (tmp_path / "pylock.toml").open("wb") as file:
        file.truncate(LIMIT + 1)

    with pytest.raises(OSError, match=f"it has more than {LIMIT} bytes"):
        read(tmp_path, name="pylock.toml")
