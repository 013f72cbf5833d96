"""The wheel: installed elsewhere, in a directory that holds nothing but DAGs, it does the whole job."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from dagship.model.artifacts import BaseImage

ROOT = Path(__file__).parents[2]
DAG = "from airflow import DAG\nwith DAG('only', schedule=None):\n    pass\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    built = subprocess.run(argv, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def dagship(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment of its own: this wheel, and the locked packages that are here already."""
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    install = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True)
    site = next((place / "lib").glob("python*/site-packages"))
    (site / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin" / "dagship"


def run(dagship: Path, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run([dagship, *arguments], cwd=directory, env=environment, capture_output=True, text=True)


def test_it_holds_what_runs_inside_the_image_and_the_templates(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {
        "dagship/images/airflow/Dockerfile.j2",
        "dagship/images/airflow/prepare.j2",
        "dagship/images/airflow/thin.j2",
        "dagship/images/base/Dockerfile",
        "dagship/images/base/entrypoint",
        "dagship/k8s/chart/Chart.yaml",
        "dagship/k8s/rbac/role.yaml",
        "dagship/k8s/rbac/README.md",
    } <= names
    assert {
        f"dagship/{path.relative_to(ROOT / 'src/dagship')}"
        for path in (ROOT / "src/dagship/inside").rglob("*")
        if path.suffix in {".py", ".in", ".txt"}
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "dags/"))]


def test_it_is_itself_and_not_the_checkout(dagship: Path, tmp_path: Path) -> None:
    python = dagship.with_name("python")
    where = subprocess.run(
        [python, "-c", "import dagship; print(dagship.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert str(dagship.parents[1]) in where.stdout


def test_in_a_directory_of_dags_it_builds_tests_and_pushes(
    dagship: Path, tmp_path: Path, base_3: BaseImage, registry: str
) -> None:
    (tmp_path / "only.py").write_text(DAG)
    (tmp_path / "requirements.txt").write_text("cowsay==6.1\n")
    flags = (
        "--dags=.",
        "--requirements=requirements.txt",
        f"--base={base_3.reference}",
        f"--repository={registry}/dagship-test/wheel",
    )

    built = run(dagship, tmp_path, "build", *flags, "--json")
    tested = run(dagship, tmp_path, "test-image", "--json")
    pushed = run(dagship, tmp_path, "push", "--json")

    assert (0, 0, 0) == (built.returncode, tested.returncode, pushed.returncode), (
        built.stderr + tested.stderr + pushed.stderr
    )
    assert ["only"] == [dag for file in json.loads(tested.stdout)["files"] for dag in file["dags"]]
    assert json.loads(pushed.stdout)["digest"].startswith("sha256:")
    assert {".dagship", "only.py", "requirements.txt"} == {path.name for path in tmp_path.iterdir()}


def test_it_offers_the_same_tasks_as_a_checkout(dagship: Path, tmp_path: Path) -> None:
    def tasks(listing: str) -> list[str]:
        return [line.split()[0] for line in listing.splitlines() if line.startswith("  ") and line[2:3].strip()]

    here = subprocess.run(
        [sys.executable, "-m", "invoke", "--list"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert tasks(here.stdout) == tasks(run(dagship, tmp_path, "--list").stdout)
