"""The user's own tests: what is taken along, and what comes of them."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.model.artifacts import BaseImage
from dagship.verify import own_tests
from dagship.verify.observation import SeenTest, SeenTests


def seen(code: int, *outcomes: str) -> SeenTests:
    tests = [
        {
            "name": f"t.py::test_{number}",
            "outcome": outcome,
            "seconds": 0.1,
            "line": 4,
            "message": "no",
            "text": "T",
        }
        for number, outcome in enumerate(outcomes)
    ]
    return SeenTests(code=code, tests=tuple(SeenTest.model_validate(test) for test in tests))


def test_a_directory_is_taken_with_all_but_caches(tmp_path: Path) -> None:
    for name in ("test_a.py", "data/rows.csv", "__pycache__/test_a.pyc", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)

    assert own_tests.read(tmp_path, root=tmp_path, max_file_size=100) == {
        "tests/test_a.py": b"test_a.py",
        "tests/data/rows.csv": b"data/rows.csv",
    }


def test_a_single_file_is_taken_alone(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("a")
    (tmp_path / "test_b.py").write_text("b")

    assert own_tests.read(tmp_path / "test_a.py", root=tmp_path, max_file_size=100) == {"tests/test_a.py": b"a"}


def test_what_holds_no_test_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no tests at"):
        own_tests.read(tmp_path / "nothing", root=tmp_path, max_file_size=100)
    with pytest.raises(UsageError, match="no tests in"):
        own_tests.read(tmp_path, root=tmp_path, max_file_size=100)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("x" * 101)

    with pytest.raises(UsageError, match="larger than 100 bytes"):
        own_tests.read(tmp_path, root=tmp_path, max_file_size=100)


def test_a_link_among_the_tests_is_followed_inside_and_refused_where_it_leads_outside(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_a.py").write_text("a")
    (tests / "same.py").symlink_to("test_a.py")

    assert b"a" == own_tests.read(tests, root=tmp_path, max_file_size=100)["tests/same.py"]

    (tmp_path / "netrc").write_text("password")
    (tests / "test_b.py").symlink_to("../netrc")
    with pytest.raises(UsageError, match=r"The link 'test_b.py' leads outside"):
        own_tests.read(tests, root=tmp_path, max_file_size=100)


def test_tests_of_the_project_that_are_a_link_out_of_it_are_refused(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    for each in (project, outside):
        each.mkdir()
    (outside / "test_a.py").write_text("a")
    (project / "tests").symlink_to(outside)

    with pytest.raises(UsageError, match=r"A link leads .* out of the project"):
        own_tests.read(project / "tests", root=project, max_file_size=100)
    # Named as what it is, it is taken: the caller says so, and no file of the project.
    assert own_tests.read(outside, root=project, max_file_size=100)


@pytest.mark.parametrize("name", ["a", "package/a"])
def test_a_link_in_the_pytest_that_is_kept_is_not_followed(tmp_path: Path, name: str) -> None:
    kept, outside = tmp_path / "kept", tmp_path / "outside"
    (kept / "package").mkdir(parents=True)
    (kept / "package" / "__init__.py").write_text("")
    outside.mkdir()
    (outside / "config.json").write_text("password")

    assert {"pytest/package/__init__.py": b""} == own_tests.read_runner(kept)
    for target in (outside, outside / "config.json"):
        (kept / name).symlink_to(target)
        with pytest.raises(UsageError, match=rf"{name} is a link"):
            own_tests.read_runner(kept)
        (kept / name).unlink()
    kept.rename(tmp_path / "moved")
    kept.symlink_to(outside)
    with pytest.raises(UsageError, match="kept is a link"):
        own_tests.read_runner(kept)


def test_a_pytest_that_is_more_than_memory_should_hold_is_not_read(tmp_path: Path) -> None:
    for number in range(3):
        with (tmp_path / f"{number}.py").open("wb") as file:
            file.truncate(100 << 20)

    with pytest.raises(UsageError, match=r"2\.py: it has more than") as refused:
        own_tests.read_runner(tmp_path)
    assert "requirements" in refused.value.hint


def test_tests_that_are_too_much_together_are_refused(tmp_path: Path) -> None:
    for number in range(3):
        with (tmp_path / f"test_{number}.py").open("wb") as file:
            file.truncate(100 << 20)

    with pytest.raises(UsageError, match="more than 256 MiB together"):
        own_tests.read(tmp_path, root=tmp_path, max_file_size=200 << 20)


def test_each_failed_test_is_a_finding() -> None:
    (found,) = own_tests.findings(seen(1, "passed", "failed", "skipped"), "")

    assert (found.kind, found.file, found.line, found.traceback) == ("test-failed", "t.py::test_1", 4, "T")


def test_tests_that_pass_are_no_finding() -> None:
    assert list(own_tests.findings(seen(0, "passed", "skipped"), "")) == []


@pytest.mark.parametrize(
    ("came", "kind"),
    [(seen(5), "no-tests"), (seen(4), "test-failed"), (None, "test-failed"), (seen(2, "passed"), "test-failed")],
)
def test_pytest_that_did_not_test_is_a_finding_with_its_words(came: SeenTests | None, kind: str) -> None:
    (found,) = own_tests.findings(came, "usage error")

    assert (found.kind, found.traceback) == (kind, "usage error")


def test_the_build_that_installs_pytest_runs_no_shell_and_ends_with_files_alone() -> None:
    image = BaseImage(
        reference="example.com/team/airflow:1",
        pinned="",
        id="",
        platform="linux/amd64",
        python='/opt/a "b"/python',
        python_version="3.12.1",
        prefix="",
        purelib="",
        airflow="3.3.2",
        user="50000",
        packages={},
        directories=(),
        layers=(),
    )
    lines = own_tests.dockerfile(image).splitlines()

    assert lines[0] == "FROM example.com/team/airflow:1 AS install"
    assert lines[2].startswith("RUN --mount=type=secret,id=ca ")
    command = r'["/opt/a \"b\"/python", "/opt/dagship/inside", "install_pytest.main", "/opt/dagship/pytest"]'
    assert lines[2].endswith(command)
    assert lines[3] == "FROM scratch"


def test_parameters_in_the_name_of_a_test_are_masked() -> None:
    came = seen(0, "passed")
    came = came.model_copy(update={"tests": (came.tests[0].model_copy(update={"name": "t.py::test[hunter2]"}),)})

    masked = own_tests.masked(came, lambda text: text.replace("hunter2", "***"))

    assert ["t.py::test[***]"] == [test.name for test in own_tests.checked(masked)]
