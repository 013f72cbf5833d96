"""The documentation agrees with the code: pages made from it are fresh, and what the others show exists."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest
from invoke.parser import Parser
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dagship import errors
from dagship.cli.namespace import namespace
from dagship.engine import images
from dagship.image import plan
from dagship.inside.versions import settings as sync
from dagship.model import dag_versions, moved_packages, thin
from dagship.model.artifacts import PushedImage
from dagship.record.model import Change, Journal, Move, Release
from dagship.rollout.results import RolloutResult
from dagship.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "k8s").rglob("*.md")])

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[str]:
    return [body for language, body in _FENCE.findall(page.read_text("utf-8")) if language in languages]


def commands(page: Path) -> Iterator[list[str]]:
    """Each `dagship TASK …` and `invoke TASK …` that a page shows as a command."""
    for block in blocks(page, "sh", "yaml", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.search(r"(?:^\s*|[:&$] |- )((?:dagship|invoke) .*)", line)
            if found:
                yield shlex.split(found[1].rstrip("]"), comments=True)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", ["settings.md", "tasks.md"])
def test_a_page_made_from_the_code_is_what_the_code_says_now(generate: ModuleType, name: str) -> None:
    written = (ROOT / "docs" / "reference" / name).read_text("utf-8")

    assert written == generate.PAGES[name](), "run docs/generate.py"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_within_the_documentation_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = page.parent / path if path else page

        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_pages_show_commands() -> None:
    assert sum(len(list(commands(page))) for page in PAGES) > 20


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_shown_is_one_that_the_tasks_take(page: Path) -> None:
    for command in commands(page):
        tasks = command[1:]
        if tasks[0] not in {"--list", "--version", "--help"}:
            Parser(contexts=namespace.to_contexts()).parse_argv(tasks)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_shown_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    in_files = {name for block in blocks(page, "toml") for name in tomllib.loads(block)}
    in_environment = {
        name.lower()
        for name in re.findall(r"\bDAGSHIP_([A-Z_]+)\b", text)
        if not name.startswith(("TEST_", "SYNC_", "DAG_VERSION", "FOUNDATION"))  # those are read in a pod
    }

    assert in_files | in_environment <= set(Settings.model_fields)


def test_every_variable_of_the_sync_is_described() -> None:
    class Asked(dict[str, str]):
        names: ClassVar[set[str]] = set()

        def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
            self.names.add(name)
            return super().get(name, default)

    sync.read(Asked(DAGSHIP_SYNC_URL="https://example.com/dags.git"))
    page = (ROOT / "docs" / "explanation" / "git-delivery.md").read_text("utf-8")

    assert Asked.names == set(re.findall(r"DAGSHIP_SYNC_\w+", page))


def test_every_dependency_has_a_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lists = [ROOT / "requirements" / "dev.in", ROOT / "src" / "dagship" / "inside" / "tools" / "tools.in"]
    lines = [line for path in lists for line in path.read_text("utf-8").splitlines() if line and line[0] not in "#-"]
    wanted = {canonicalize_name(Requirement(line).name) for line in [*project["dependencies"], *lines]}
    page = (ROOT / "docs" / "explanation" / "dependencies.md").read_text("utf-8")
    cells = {
        name.strip() for row in re.findall(r"^\| ([a-z0-9, -]+) \|", page, re.MULTILINE) for name in row.split(",")
    }

    assert wanted == cells - {"package"} - {"---"}


def test_every_label_is_described() -> None:
    names = ("LABEL_DAGS", "LABEL_VERSIONS", "LABEL_DIGESTS", "LABEL_CHANGES")
    labels = {
        *(getattr(dag_versions, name) for name in names),
        plan.LABEL_AIRFLOW,
        plan.LABEL_LOCK,
        images.LABEL_CONTENT,
        moved_packages.LABEL_MOVED,
        thin.LABEL_FOUNDATION,
        thin.LABEL_ONTO,
        thin.LABEL_BASE,
    }
    page = (ROOT / "docs" / "reference" / "image.md").read_text("utf-8")

    assert labels == set(re.findall(r"^\| `(io\.dagship\.[a-z.]+)`", page, re.MULTILINE))


def test_every_exit_code_is_described() -> None:
    kinds = [errors.Refused, errors.UsageError, errors.OutsideError]
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text("utf-8")
    described = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}

    assert described == {0, errors.INTERRUPTED, *(kind.exit_code for kind in kinds)}


def test_every_field_of_what_is_written_in_the_cluster_is_described() -> None:
    page = (ROOT / "docs" / "reference" / "cluster-record.md").read_text("utf-8")
    fields = {name for kind in (Release, Journal, Move, Change) for name in kind.model_fields}

    assert fields <= set(re.findall(r"`(\w+)`", page))


def test_every_field_of_what_push_and_rollout_leave_is_described() -> None:
    page = (ROOT / "docs" / "reference" / "files.md").read_text("utf-8")
    for name, kind in (("push", PushedImage), ("rollout", RolloutResult)):
        (row,) = re.findall(rf"^\| `{name}\.json` \|.*$", page, re.MULTILINE)

        assert set(kind.model_fields) <= set(re.findall(r"`(\w+)`", row))


def test_every_fault_of_the_matrix_has_a_test_that_exists_and_an_outcome() -> None:
    page = (ROOT / "docs" / "explanation" / "fault-matrix.md").read_text("utf-8")
    rows = [line.strip("|").split(" | ") for line in re.findall(r"^\| (?!fault \|).+ \|$", page, re.MULTILINE)]

    assert len(rows) > 30
    for fault, injected, outcome in rows:
        named = re.findall(r"`((?:e2e/|engine/|unit/(?:\w+/)+)?test_\w+\.py)::(test_\w+)`", injected)

        assert named, fault
        assert outcome.strip(" |"), fault
        for file, test in named:
            layer = "" if "/" in file else "cluster"
            assert f"\ndef {test}(" in (ROOT / "tests" / layer / file).read_text("utf-8"), f"{file}::{test}"
