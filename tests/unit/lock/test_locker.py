"""Whether a lock is taken, made anew or refused, told from the files alone. Left out: the resolving."""

import io
import os
from pathlib import Path

import pytest

from dagship.errors import Refused, UsageError
from dagship.lock import freshness, pins
from dagship.lock import locker as lock
from dagship.lock.export import exporter
from dagship.lock.own.lines import Own
from dagship.lock.own.read import Archives
from dagship.lock.pins import parse_lock
from dagship.lock.requirements import Source
from dagship.model.artifacts import LockFile, OwnPackage
from dagship.model.own_packages import digest_of
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.workspace import Workspace
from tests.builders.locks import BASE, PINS, A, B, current


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    return tmp_path / "requirements"


def run_lock(project: Path, **flags: object) -> str:
    output = io.StringIO()
    found = lock.lock(
        Settings(),
        Workspace(project.parent),
        Console(stderr=output),
        BASE,
        source=project / "dags.in",
        target=project / "dags.txt",
        **flags,  # type: ignore[arg-type]
    )
    return found.text


def run_for_build(path: Path) -> tuple[str, str]:
    output = io.StringIO()
    found = lock.for_build(Settings(), Workspace(path.parent.parent), Console(stderr=output), BASE, path)
    return found.text, output.getvalue()


def test_a_current_lock_is_not_resolved_again(project: Path) -> None:
    (project / "dags.in").write_text("pandas\n")
    (project / "dags.txt").write_text(current("pandas", PINS))

    assert (
        run_lock(project) == run_lock(project, check=True) == f"pandas==2.2.3 \\\n    --hash={A} \\\n    --hash={B}\n"
    )


def test_no_requirements_make_an_empty_lock_without_an_engine(project: Path) -> None:
    (project / "dags.in").write_text("# nothing yet\n")

    assert run_lock(project) == ""
    assert parse_lock((project / "dags.txt").read_text(), "").stamp is not None


def test_a_missing_source_is_named_and_nothing_is_written(project: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no file requirements/dags\.in\."):
        run_lock(project)

    assert list(project.iterdir()) == []


def test_a_source_that_the_project_has_elsewhere_is_the_one_to_name(project: Path) -> None:
    (project.parent / "uv.lock").touch()
    (project.parent / "pyproject.toml").touch()

    with pytest.raises(UsageError) as caught:
        run_lock(project)

    assert caught.value.hint.endswith("or take --requirements uv.lock.")


def test_a_directory_in_place_of_the_source_is_told(project: Path) -> None:
    (project / "dags.in").mkdir()

    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        run_lock(project)


@pytest.mark.parametrize("name", ["dags.in", "dags.txt"])
def test_a_link_out_of_the_project_is_not_read(
    project: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    secret = tmp_path_factory.mktemp("home") / "netrc"
    secret.write_text("machine index.test login me password hunter2\n")
    (project / "dags.in").write_text("pandas\n")
    (project / name).unlink(missing_ok=True)
    (project / name).symlink_to(secret)

    for run in (run_lock, lambda directory: run_for_build(directory / name)):
        with pytest.raises(UsageError) as caught:
            run(project)
        assert "out of the project" in caught.value.message
        assert "hunter2" not in str(caught.value.__dict__)


@pytest.mark.parametrize("name", ["dags.in", "dags.txt"])
def test_what_is_no_file_is_not_read(project: Path, name: str) -> None:
    (project / "dags.in").write_text("pandas\n")
    (project / name).unlink(missing_ok=True)
    os.mkfifo(project / name)

    with pytest.raises(UsageError, match="is neither a file nor a directory"):
        run_lock(project)


def test_no_more_of_a_file_is_read_than_requirements_can_have(project: Path) -> None:
    with (project / "dags.in").open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(UsageError, match="is too large to be a requirements file"):
        run_lock(project)


def test_a_file_that_is_no_lock_is_not_overwritten(project: Path) -> None:
    (project / "dags.in").write_text("pandas\n")
    (project / "dags.txt").write_text("pandas\n")

    with pytest.raises(UsageError, match="is not a lock; it would be overwritten"):
        run_lock(project)

    assert (project / "dags.txt").read_text() == "pandas\n"


@pytest.mark.parametrize("task", ["lock", "build"])
def test_a_lock_that_git_could_not_merge_is_not_to_be_moved_away(project: Path, task: str) -> None:
    one, other = current("pandas", PINS), current("pandas\nsix", PINS)
    (project / "dags.in").write_text("pandas\nsix\n")
    (project / "dags.txt").write_text(f"<<<<<<< HEAD\n{one}=======\n{other}>>>>>>> more\n")

    with pytest.raises(UsageError, match="is not a lock") as refused:
        run_lock(project) if task == "lock" else run_for_build(project / "dags.txt")

    assert "git checkout --ours" in refused.value.hint, "its versions would be lost"
    assert "Move it away" not in refused.value.hint


def test_where_nothing_is_locked_nothing_can_be_upgraded(project: Path) -> None:
    (project / "dags.in").write_text("pandas\n")

    with pytest.raises(UsageError, match="There is no 'pandas'") as refused:
        run_lock(project, upgrade_packages=("pandas",))

    assert "without --upgrade-package" in refused.value.hint


def test_only_a_locked_package_can_be_upgraded(project: Path) -> None:
    (project / "dags.in").write_text("pandas\n")
    (project / "dags.txt").write_text(current("pandas", PINS))

    with pytest.raises(UsageError, match=r"There is no 'numpy; reboot' in requirements/dags\.txt to upgrade"):
        run_lock(project, upgrade_packages=("NumPy; reboot",))


def test_a_line_that_moves_airflow_is_refused_before_anything_runs(project: Path) -> None:
    (project / "dags.in").write_text("apache-airflow==2.11.2\n")

    with pytest.raises(Refused, match=r"requirements/dags.in:1: .* would move Airflow"):
        run_lock(project)


def test_a_build_takes_a_current_lock_as_it_is(project: Path) -> None:
    (project / "dags.in").write_text("pandas  # a comment that is new\n")
    (project / "dags.txt").write_text(current("pandas", PINS))

    text, said = run_for_build(project / "dags.txt")

    assert text.startswith("pandas==2.2.3")
    assert said == ""


def test_a_build_from_the_source_takes_the_current_lock_beside_it(project: Path) -> None:
    (project / "dags.in").write_text("pandas\n")
    (project / "dags.txt").write_text(current("pandas", PINS))

    assert run_for_build(project / "dags.in")[0].startswith("pandas==2.2.3")


def test_a_lock_without_a_source_beside_it_is_taken(project: Path) -> None:
    (project / "dags.txt").write_text(PINS)

    assert run_for_build(project / "dags.txt")[0].startswith("pandas==2.2.3")


def test_a_lock_whose_source_changed_is_refused(project: Path) -> None:
    (project / "dags.in").write_text("pandas\nboto3\n")
    (project / "dags.txt").write_text(current("pandas", PINS))

    with pytest.raises(Refused) as caught:
        run_for_build(project / "dags.txt")

    assert (
        caught.value.message == "requirements/dags.txt is stale: requirements/dags.in has changed since it was locked."
    )


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("pandas>=3\n", "requirements/dags.in:1 asks for 'pandas>=3', and the lock has pandas 2.2.3"),
        ("\nboto3\n", "requirements/dags.in:2 asks for 'boto3', and the lock has no boto3"),
    ],
)
def test_another_tools_lock_has_to_hold_what_its_source_asks_for(project: Path, source: str, says: str) -> None:
    (project / "dags.in").write_text(source)
    (project / "dags.txt").write_text(PINS)

    with pytest.raises(Refused) as caught:
        run_for_build(project / "dags.txt")

    assert says in caught.value.message


def test_another_tools_lock_that_holds_what_its_source_asks_for_is_taken(project: Path) -> None:
    (project / "dags.in").write_text('pandas<3\napache-airflow\npywin32 ; sys_platform == "win32"\n')
    (project / "dags.txt").write_text(PINS)

    assert run_for_build(project / "dags.txt")[0].startswith("pandas==2.2.3")


def test_a_check_takes_another_tools_lock_as_a_build_does(project: Path) -> None:
    (project / "dags.in").write_text("pandas<3\n")
    (project / "dags.txt").write_text(PINS)

    assert run_lock(project, check=True) == run_for_build(project / "dags.txt")[0]

    (project / "dags.in").write_text("pandas>=3\n")
    with pytest.raises(Refused, match=r"dags\.txt is stale: .* asks for 'pandas>=3', and the lock has pandas 2\.2\.3"):
        run_lock(project, check=True)


MARKED = f"""\
numpy==2.4.0 ; python_version >= "3.11" \\
    --hash={A}
numpy==1.26.4 ; python_version < "3.11" \\
    --hash={B}
"""


def test_of_two_pins_under_markers_the_one_that_holds_counts(project: Path) -> None:
    (project / "dags.in").write_text("numpy>=2\n")
    (project / "dags.txt").write_text(MARKED)

    assert run_for_build(project / "dags.txt")[0].startswith("numpy==2.4.0 ;")
    assert run_lock(project, check=True).startswith("numpy==2.4.0 ;")


def test_two_pins_of_a_package_that_both_hold_are_refused(project: Path) -> None:
    (project / "dags.txt").write_text(MARKED.replace("<", ">="))

    with pytest.raises(Refused, match=r"has numpy twice, 2\.4\.0 and 1\.26\.4, and both hold"):
        run_for_build(project / "dags.txt")


ARM = BASE.model_copy(update={"platform": "linux/arm64"})


def test_a_lock_for_another_machine_is_taken_with_a_warning_and_resolved_again_by_lock(project: Path) -> None:
    (project / "dags.in").write_text("pandas\n")
    (project / "dags.txt").write_text(current("pandas", PINS, ARM))

    text, said = run_for_build(project / "dags.txt")

    assert text.startswith("pandas==2.2.3")
    assert "requirements/dags.txt was made for linux/arm64, and example/airflow:3.3.2 is for linux/amd64" in said
    made = parse_lock((project / "dags.txt").read_text(), "").stamp
    here = freshness.stamp(Source(where="", text="pandas"), BASE, parse_lock(PINS, "").pins)
    assert made is not None
    assert not made.covers(here)
    assert made.differs_in_platform(here)


def test_a_lock_that_does_not_say_its_machine_stays_current(project: Path) -> None:
    (project / "dags.in").write_text("pandas\n")
    (project / "dags.txt").write_text(current("pandas", PINS).replace(" platform=linux/amd64", ""))

    assert run_lock(project, check=True).startswith("pandas==2.2.3")


def test_a_lock_with_the_project_itself_in_it_says_what_to_do_and_no_circle(project: Path) -> None:
    (project / "dags.txt").write_text(f"-e .\n{PINS}")

    with pytest.raises(UsageError) as caught:
        run_for_build(project / "dags.txt")

    assert caught.value.hint.startswith("Remove the line. Modules of your own can lie beside the DAGs")


def test_a_lock_without_a_source_is_not_sent_to_lock_which_has_none(project: Path) -> None:
    (project / "dags.txt").write_text(f"six==1.0 --hash={A}\n")

    with pytest.raises(Refused) as caught:
        run_for_build(project / "dags.txt")

    assert caught.value.hint == (
        "Make it anew for this base, with six==1.17.0: with the tool that made it, or write what the DAGs need into "
        "requirements/dags.in and run lock."
    )


def test_what_is_wrong_with_a_changed_source_is_said_before_that_it_changed(project: Path) -> None:
    (project / "dags.in").write_text("-e .\n")
    (project / "dags.txt").write_text(current("pandas", PINS))

    with pytest.raises(UsageError, match=r"^requirements/dags\.in:1: "):
        run_for_build(project / "dags.txt")


def test_a_lock_that_would_move_a_package_of_the_base_is_refused_by_name(project: Path) -> None:
    (project / "dags.txt").write_text(f"six==1.16.0 --hash={A}\napache-airflow==3.3.1 --hash={A}\n")

    with pytest.raises(Refused) as caught:
        run_for_build(project / "dags.txt")

    assert "it has six 1.16.0, example/airflow:3.3.2 has 1.17.0, and 1 more" in caught.value.message
    assert "apache-airflow: 3.3.2 in the base, 3.3.1 in the lock" in caught.value.detail


def test_a_lock_for_another_python_is_refused(project: Path) -> None:
    other = BASE.model_copy(update={"python_version": "3.12.1"})
    (project / "dags.txt").write_text(current("pandas", PINS, other))

    with pytest.raises(Refused, match=r"was made for Python 3\.12, and example/airflow:3\.3\.2 has 3\.11"):
        run_for_build(project / "dags.txt")


def test_a_lock_over_another_base_that_still_fits_is_taken_with_a_warning(project: Path) -> None:
    other = BASE.model_copy(update={"packages": {**BASE.packages, "idna": "3.10"}})
    (project / "dags.txt").write_text(current("pandas", PINS, other))

    text, said = run_for_build(project / "dags.txt")

    assert text.startswith("pandas==2.2.3")
    assert "was made over other packages than those of example/airflow:3.3.2" in said


def test_a_missing_lock_says_what_makes_it(project: Path) -> None:
    (project / "dags.in").write_text("pandas\n")

    with pytest.raises(UsageError) as caught:
        run_for_build(project / "dags.txt")

    assert caught.value.hint == "Run lock to make it from dags.in."


def test_a_lock_with_an_option_in_it_is_refused_by_a_build(project: Path) -> None:
    (project / "dags.txt").write_text(f"--extra-index-url https://example.test/simple\n{PINS}")

    with pytest.raises(UsageError, match=r"^requirements/dags\.txt:1: "):
        run_for_build(project / "dags.txt")


def test_a_build_takes_the_lock_of_a_plain_file_and_refuses_it_once_that_has_changed(project: Path) -> None:
    (project / "plain.txt").write_text("-r more.in\n")
    (project / "more.in").write_text("pandas\n")
    (project / "plain.lock.txt").write_text(current("pandas", PINS))

    assert run_for_build(project / "plain.txt")[0].startswith("pandas==2.2.3")

    (project / "more.in").write_text("pandas\nboto3\n")
    with pytest.raises(Refused, match=r"plain\.lock\.txt is stale: requirements/plain\.txt has changed"):
        run_for_build(project / "plain.txt")


def test_versions_of_the_base_are_exported_beside_the_lock_and_may_bound_what_it_is_made_of(project: Path) -> None:
    (project / "dags.in").write_text("-c dags.base.txt\n")
    shown = exporter.export(
        Settings(), Workspace(project.parent), Console(stderr=io.StringIO()), BASE, project / "dags.txt", "base"
    )
    run_lock(project)

    assert shown == "requirements/dags.base.txt"
    assert "six==1.17.0\n" in (project / "dags.base.txt").read_text()
    assert run_lock(project, check=True) == ""
    assert "#    pip-compile --allow-unsafe" in (project / "dags.txt").read_text()

    (project / "dags.in").write_text("-c dags.base.txt\nsix==1.16.0\n")
    exporter.export(
        Settings(), Workspace(project.parent), Console(stderr=io.StringIO()), BASE, project / "dags.txt", "base"
    )
    assert "six" not in (project / "dags.base.txt").read_text()


def test_a_lock_that_moves_what_a_line_asks_for_is_taken_and_says_so_but_not_where_nothing_may_move(
    project: Path,
) -> None:
    (project / "dags.in").write_text("# pinned\nsix==1.16.0\n")
    (project / "dags.txt").write_text(current("six==1.16.0", f"six==1.16.0 --hash={A}\n"))
    workspace, console = Workspace(project.parent), Console(stderr=io.StringIO())

    for path in (project / "dags.txt", project / "dags.in"):
        found = lock.for_build(Settings(), workspace, console, BASE, path)
        assert found.text.startswith("six==1.16.0")
        assert list(map(str, found.moved)) == ["six 1.17.0 → 1.16.0, asked for by requirements/dags.in:2"]
    with pytest.raises(Refused, match=r"would move packages of the base image: it has six 1\.16\.0") as caught:
        lock.for_build(Settings(never_move=True), workspace, console, BASE, project / "dags.txt")
    assert "take never_move out" in caught.value.hint


def test_a_project_may_have_signs_that_no_requirement_has(project: Path) -> None:
    text = '[project]\nname = "x"\ndescription = "a family: \U0001f468\u200d\U0001f469"\ndependencies = ["pandas"]\n'
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    (project / "pyproject.lock.txt").write_text(current("pandas", PINS))

    assert run_for_build(project / "pyproject.toml")[0].startswith("pandas==2.2.3")


def with_own(sources: bytes, locked: bytes, lines: str = "./libs/ours\npandas") -> tuple[Archives, str]:
    """The sources of a package of the project, and a lock that was made of others."""
    package = OwnPackage(path="libs/ours", name="ours", version="1.0", digest=digest_of(locked))
    own = Own(path="libs/ours", extras=(), place="", archive=locked)
    source = Source(where="dags.in", text=lines.partition("\n")[2], own=(own,))
    made_of = freshness.stamp(source, BASE, parse_lock(PINS, "dags.txt").pins)
    return (lambda _: sources), pins.compose(PINS, (), made_of, own=(package,))


def own_for_build(project: Path, archives: Archives) -> LockFile:
    (project.parent / "libs/ours").mkdir(parents=True)
    (project.parent / "libs/ours/setup.py").write_text("")
    console = Console(stderr=io.StringIO())
    return lock.for_build(Settings(), Workspace(project.parent), console, BASE, project / "dags.txt", archives)


@pytest.mark.parametrize("has_source", [True, False])
def test_a_package_of_the_project_that_is_as_it_was_locked_is_built(project: Path, has_source: bool) -> None:
    archives, text = with_own(b"as it was", b"as it was")
    (project / "dags.txt").write_text(text)
    if has_source:
        (project / "dags.in").write_text("./libs/ours\npandas\n")

    found = own_for_build(project, archives)

    assert [(one.path, one.name, one.version) for one in found.own] == [("libs/ours", "ours", "1.0")]
    assert found.text.startswith("pandas==2.2.3")


@pytest.mark.parametrize("has_source", [True, False])
def test_a_package_of_the_project_that_was_edited_asks_for_another_lock(project: Path, has_source: bool) -> None:
    archives, text = with_own(b"edited", b"as it was")
    (project / "dags.txt").write_text(text)
    if has_source:
        (project / "dags.in").write_text("./libs/ours\npandas\n")

    with pytest.raises(Refused, match=r"^requirements/dags\.txt is stale: libs/ours has changed since it was locked"):
        own_for_build(project, archives)


def test_a_lock_of_another_tool_lacks_packages_of_the_project(project: Path) -> None:
    (project / "dags.txt").write_text(PINS)
    (project / "dags.in").write_text("pandas\n./libs/ours\n")

    with pytest.raises(Refused, match="libs/ours is a package of the project that it lacks"):
        own_for_build(project, lambda _: b"")


def test_a_lock_that_lost_the_lines_of_packages_of_the_project_is_not_current() -> None:
    own = Own(path="libs/ours", extras=(), place="", archive=b"as it was")
    source = Source(where="dags.in", text="pandas", own=(own,))
    _, text = with_own(b"", b"as it was")
    lost = "".join(line for line in text.splitlines(keepends=True) if " own=" not in line)

    assert lock._is_current(parse_lock(text, ""), source, Settings(), BASE)
    assert not lock._is_current(parse_lock(lost, ""), source, Settings(), BASE)
