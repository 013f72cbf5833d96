"""The command line: what it offers, how it fails, and how it stays quick."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from dagship.cli import running
from dagship.cli.namespace import namespace
from dagship.errors import DagshipError, OutsideError, Refused, UsageError
from dagship.settings import Settings

NAMES = sorted(namespace.tasks)


def dagship(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dagship.cli", *arguments], cwd=cwd, capture_output=True, text=True)


def test_the_tasks_are_listed_with_what_they_do(tmp_path: Path) -> None:
    said = dagship(tmp_path, "--list")

    assert 0 == said.returncode
    listed = [line.split()[0] for line in said.stdout.splitlines() if line.startswith("  ") and line[2] != " "]
    assert NAMES == listed


@pytest.fixture(scope="module")
def explained() -> dict[str, dict[str, str]]:
    """The help of every flag of every task."""
    # In a process of its own: Invoke hands out the help of a flag once.
    program = (
        "import json, sys; from dagship.cli.namespace import namespace;"
        "print(json.dumps({n: {each.name: each.help for each in namespace[n].get_arguments()} for n in sys.argv[1:]}))"
    )
    said = subprocess.run([sys.executable, "-c", program, *NAMES], capture_output=True, text=True, check=True)
    return dict(json.loads(said.stdout))


@pytest.mark.parametrize("name", NAMES)
def test_every_task_takes_json_and_explains_every_flag(explained: dict[str, dict[str, str]], name: str) -> None:
    assert "json" in explained[name]
    assert all(explained[name].values()), explained[name]


@pytest.mark.parametrize("name", NAMES)
def test_help_is_printed_on_any_terminal(explained: dict[str, dict[str, str]], name: str) -> None:
    assert "".join(explained[name].values()).isascii(), explained[name]


def test_defaults_in_the_help_are_those_of_the_settings(explained: dict[str, dict[str, str]]) -> None:
    helps = explained["build"] | explained["test-image"] | explained["rollout"]
    for name in ("dags", "requirements", "repository", "airflow", "import_timeout", "parse_budget", "rollout_timeout"):
        shown = helps[name].rpartition("default: ")[2].rstrip(")")
        default = Settings.model_fields[name].default
        assert shown == (f"{default:g}" if isinstance(default, float) else str(default))


@pytest.mark.parametrize("arguments", [("build", "--no-such-flag"), ("no-such-task",), ("build", "--dags")])
def test_a_wrong_call_is_one_sentence_and_status_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    said = dagship(tmp_path, *arguments)

    assert 2 == said.returncode
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("flag", ["--to", "--max-unavailable", "--hold-for-runs"])
def test_a_number_of_thousands_of_digits_is_one_short_sentence(tmp_path: Path, flag: str) -> None:
    said = dagship(tmp_path, "rollback", f"{flag}={'9' * 5000}")

    assert 2 == said.returncode
    assert "that is no number" in said.stderr or "is not the number of a release" in said.stderr
    assert len(said.stderr) < 300


def test_an_error_is_also_a_document(tmp_path: Path) -> None:
    said = dagship(tmp_path, "build", "--dags", "nowhere", "--json")

    assert 2 == said.returncode
    error = json.loads(said.stdout)["error"]
    assert "does not exist" in error["message"]
    assert 2 == error["exit_code"]
    assert error["message"] in said.stderr
    assert not (tmp_path / ".dagship").exists()


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (UsageError("x"), 2),
        (Refused("x"), 1),
        (OutsideError("x"), 3),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("x"), 2),
        (OSError(errno.ENOSPC, "No space left on device"), 3),
        (OSError(errno.EACCES, "Permission denied", "/x"), 2),
    ],
)
def test_every_end_has_its_status(
    raised: BaseException,
    status: int,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from invoke import Exit

    monkeypatch.chdir(tmp_path)

    def act(_: object) -> dict[str, object]:
        raise raised

    with pytest.raises(Exit) as ended:
        running.run(True, {}, act)

    out, err = capsys.readouterr()
    assert status == ended.value.code
    assert status == json.loads(out)["error"]["exit_code"]
    assert "Traceback" not in err


def test_a_report_that_did_not_pass_ends_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from invoke import Exit

    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exit) as ended:
        running.run(False, {}, lambda _: {"passed": False})

    assert 1 == ended.value.code


def test_statuses_are_unique_by_meaning() -> None:
    assert (2, 1, 2, 3) == (DagshipError.exit_code, Refused.exit_code, UsageError.exit_code, OutsideError.exit_code)


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """What is there when tasks are listed."""
    program = "import sys, dagship.cli.program; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(said.stdout.split())


@pytest.mark.parametrize(
    "heavy", ["docker", "testcontainers", "pydantic", "jinja2", "rich", "junitparser", "pathspec", "packaging"]
)
def test_listing_tasks_imports_nothing_heavy(imported: set[str], heavy: str) -> None:
    assert "dagship.cli.cluster" in imported
    assert heavy not in imported


def test_a_build_that_finds_its_image_imports_nothing_that_only_others_need(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from dagship import settings_sources
from dagship.image import builder, existing, plan, present, reading
from dagship.pipeline import build_inputs, own_packages, stages
from dagship.pipeline.project import Project
from dagship.terminal.console import Console

root = Path.cwd()
project = Project(root=root, settings=settings_sources.load(root, {"repository": "a/b"}), console=Console())
build_inputs.running(project).whole()
build_inputs.tree(project)
print(*sys.modules)
"""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "a.py").write_text("from airflow import DAG")
    said = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    there = set(said.stdout.split())

    assert "pathspec" in there
    others = {"configparser", "docker", "jinja2", "kubernetes", "packaging", "requests", "urllib3"}
    assert set() == there & others
    mine = {"airflow", "chart", "cluster", "diagnosis", "health", "helm", "lock", "record", "verify", "workloads"}
    assert set() == {name for name in there if name.startswith("dagship.") and name.split(".")[1] in mine}
    assert {"dagship.rollout", "dagship.rollout.running_image"} >= {n for n in there if n.startswith("dagship.rollout")}


def test_every_module_imports_alone() -> None:
    """No module works only because another was imported before it."""
    names = [
        ".".join(path.relative_to("src").with_suffix("").parts)
        for path in Path("src/dagship").rglob("*.py")
        if path.name != "__init__.py" and "inside" not in path.parts
    ]
    assert len(names) > 20
    # Each in a process of its own, forked from one that has other people's packages already: those take the time.
    program = """
import importlib, os, sys
import invoke, pydantic_settings, rich.console
for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        importlib.import_module(name)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(name)
"""
    said = subprocess.run([sys.executable, "-W", "error", "-c", program, *names], capture_output=True, text=True)

    assert (0, "") == (said.returncode, said.stderr)


def test_a_process_ends_without_looking_for_garbage() -> None:
    # Registered first, and so called last.
    program = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count())); import dagship.cli.running"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert int(said.stdout) > 10_000


def test_a_path_with_a_comma_is_one_field() -> None:
    from dagship.engine.builds import fields

    assert 'id=ca,"src=/a,b/c.pem"' == fields("id=ca", "src=/a,b/c.pem")
