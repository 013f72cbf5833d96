"""The newest pre-release of Airflow on the index: what breaks with the next release is known before it is out."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.version import Version

from dagship.airflow import smoke
from dagship.airflow.by_rest import smoke as smoke_by_rest
from dagship.airflow.smoke import SmokeRun
from dagship.model.artifacts import BaseImage, BuiltImage
from dagship.model.thin import FOUNDATION
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.verify import verifier
from dagship.workspace import Workspace
from tests.builders.mounts import Mount
from tests.engine import airflows, dag_processor
from tests.engine.lines import Line
from tests.engine.switching import Announcing, Switching

pytestmark = pytest.mark.wide


def _dag(dag_id: str, head: str = "") -> str:
    return f"{head}\nfrom airflow.sdk import DAG\n\ndag = DAG(dag_id={dag_id!r}, schedule=None)\n"


def _archive(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return content.getvalue()


TREE: dict[str, str | bytes] = {
    "good.py": _dag("good", "from beside import WORD"),
    "beside.py": "WORD = 'no DAG'\n",
    "lacks.py": _dag("lacks", "import not_there"),
    "ignored/left_out.py": _dag("left_out", "import not_there"),
    ".airflowignore": "ignored/\n",
    "packed.zip": _archive(inner=_dag("packed")),
}


@pytest.fixture(scope="module")
def base(base_of: Callable[[str], BaseImage]) -> BaseImage:
    listing = [sys.executable, "-m", "pip", "index", "versions", "apache-airflow", "--pre", "--json"]
    ended = subprocess.run(listing, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    versions = map(Version, json.loads(ended.stdout)["versions"])
    return base_of(str(max(version for version in versions if version.is_prerelease)))


def test_each_file_is_judged_as_its_dag_processor_does(
    base: BaseImage,
    image_of: Callable[..., BuiltImage],
    settings_for: Callable[..., Settings],
    workspace: Workspace,
) -> None:
    image = image_of(base, TREE)

    report = verifier.verify(settings_for(parse_budget=60), workspace, Console(stderr=io.StringIO()), image)

    airflow = dag_processor.passed(image.reference)
    assert airflow.dags == {"good.py": {"good"}, "packed.zip/inner.py": {"packed"}}
    assert {file.file: set(file.dags) for file in report.files if file.dags} == {
        "good.py": {"good"},
        "packed.zip": {"packed"},
    }
    assert {found.file for found in report.findings if found.severity == "error"} == set(airflow.errors) == {"lacks.py"}


def test_a_run_ends_on_the_code_that_it_began_with(base: BaseImage, tmp_path: Path) -> None:
    """In the image that brings its version, and where the next one is announced to the image that runs."""
    (tmp_path / "project").mkdir()
    one, mount = Line(tmp_path / "project", base), Mount(tmp_path / "mount")
    old = one.build("A")
    image = one.build("B", previous=old.reference)

    with airflows.running(image.reference, mount.place) as airflow:
        airflow.announce(DAGSHIP_DAG_VERSION=old.dag_version)
        airflow.until(lambda: airflow.announced("pinned") == old.dag_version)
        _begins(airflow, "began-on-a")
        airflow.announce()
        airflow.until(lambda: airflow.announced("pinned") == image.dag_version)
        _ends(airflow, "began-on-a")
        _a_smoke_run_is_of_the_version_that_is_asked_for(airflow, image.dag_version)

        _begins(airflow, "began-on-b")
        b, c = one.tree("B"), one.tree("C")
        mount.announce(c, b, foundation=airflow.execute("printenv", FOUNDATION).strip())
        airflow.until(lambda: airflow.announced("pinned") == c.version)
        _ends(airflow, "began-on-b")
        airflow.trigger("pinned", "began-on-c")
        _ends(airflow, "began-on-c")

        versions = {"began-on-a": old.dag_version, "began-on-b": image.dag_version, "began-on-c": c.version}
        ended = {run_id: ("success", version) for run_id, version in versions.items()}
        assert {run_id: airflow.run(run_id) for run_id in versions} == ended, airflow.logs()
        seen = [line for line in airflow.read("/tmp/seen").splitlines() if line.startswith("began-on-")]
    assert seen == [
        "began-on-a first A A", "began-on-a second A A A",
        "began-on-b first B B", "began-on-b second B B B",
        "began-on-c first C C", "began-on-c second C C C",
    ]  # fmt: skip


def _begins(airflow: airflows.Airflow, run_id: str) -> None:
    """Begins a run, whose first task waits."""
    airflow.execute("rm", "-f", "/tmp/go")
    airflow.trigger("pinned", run_id)
    airflow.until(lambda: f"{run_id} first" in airflow.read("/tmp/seen"))


def _ends(airflow: airflows.Airflow, run_id: str) -> None:
    """Lets a run go, and waits until it has ended."""
    airflow.execute("touch", "/tmp/go")
    airflow.until(lambda: airflow.run(run_id)[0] in ("success", "failed"))


def _a_smoke_run_is_of_the_version_that_is_asked_for(airflow: airflows.Airflow, version: str) -> None:
    """By its API, which is told the version from 3.4 on, and refuses one that it does not have."""
    with airflow.api() as api:

        def ask(of: str) -> SmokeRun:
            run_id, names = smoke.run_id(of, 1.0), {"prefix": smoke.prefix(of), "mark": smoke.MARK, "version": of}
            say = {**names, "dag_id": "pinned", "run_id": run_id, "seconds": 90.0, "end": False}
            found = smoke.read("pinned", smoke_by_rest.ask(api, say))
            assert found
            return found

        proven, other = ask(version), ask("0" * 12)

    assert smoke.trouble(proven, version, limit=90.0) == "", (proven, airflow.logs())
    assert airflow.run(proven.run_id) == ("success", version)
    assert (other.obstacle, "does not have a version" in other.said) == ("refused", True), other


def test_what_is_being_parsed_or_queued_at_a_switch_is_not_stored_under_the_new_version(
    base: BaseImage, tmp_path: Path
) -> None:
    with airflows.database(Line(tmp_path, base).build("A").reference) as airflow:
        switching = Switching(airflow)
        switching.switch_while_parsing()

        assert switching.pairs() == {"a a-a", "c c-c"}


def test_it_is_not_either_where_the_new_version_is_announced(base: BaseImage, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    line, mount = Line(tmp_path / "project", base), Mount(tmp_path / "mount")
    with airflows.database(line.build("B").reference, mount.place) as airflow:
        switching = Announcing(airflow, mount, line.tree("B"))
        switching.switch_while_parsing()

        assert switching.pairs() == {"a a-B", "c c-B"}
