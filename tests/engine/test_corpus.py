"""Small repositories as people have them, each to a tested image, with no edit between."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dagship import process
from dagship.model import dag_versions
from dagship.model.artifacts import BaseImage
from dagship.workspace import Workspace
from tests.engine.repositories import REPOSITORIES, Repository, dag


class Checkout:
    """A repository in a directory of its own, and `dagship` in it."""

    def __init__(self, root: Path, base: BaseImage) -> None:
        self.root = root
        self.environment = {**os.environ, "DAGSHIP_BASE": base.reference, "DAGSHIP_REPOSITORY": "dagship-test/corpus"}

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def dagship(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "dagship.cli", *arguments]
        return subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=300)

    def document(self, *arguments: str, code: int = 0) -> Any:
        ended = self.dagship(*arguments, "--json")
        assert ended.returncode == code, ended.stderr
        return json.loads(ended.stdout)


Checkouts = Callable[[BaseImage, Mapping[str, str]], Checkout]


@pytest.fixture(scope="session")
def built() -> Iterator[set[str]]:
    """The images that repositories became; they are gone afterwards."""
    references: set[str] = set()
    yield references
    process.run(["docker", "image", "rm", "--force", *references])


@pytest.fixture
def repository(tmp_path: Path, workspace: Workspace, built: set[str]) -> Iterator[Checkouts]:
    """Makes a repository, which knows what was found out about bases before."""

    def made(base: BaseImage, files: Mapping[str, str]) -> Checkout:
        shutil.copytree(workspace.directory, tmp_path / workspace.directory.name)
        repository = Checkout(tmp_path, base)
        repository.write(files)
        return repository

    yield made
    image = tmp_path / workspace.directory.name / "image.json"
    if image.exists():
        built.add(json.loads(image.read_text())["reference"])


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(known, id=name, marks=pytest.mark.wide if known.wide else ())
        for name, known in REPOSITORIES.items()
    ],
)
def test_a_repository_becomes_a_tested_image_without_an_edit(
    repository: Checkouts, base_of: Callable[[str], BaseImage], known: Repository
) -> None:
    checkout = repository(base_of(known.airflow or "3.3.2"), known.files)

    seen = checkout.document("init")
    image = checkout.document("build")
    report = checkout.document("test-image")

    assert tuple(left["where"] for left in seen["left"]) == known.left
    assert (f'airflow = "{known.airflow}"' in (checkout.root / "dagship.toml").read_text()) == bool(known.airflow)
    assert {name: file["file"] for file in report["files"] for name in file["dags"]} == known.dags
    inside = files_of_dags(image["reference"])
    assert {*(f"dags/{file}" for file in known.dags.values()), *known.there} <= inside
    assert known.packages.items() <= packages_of(image["reference"]).items()
    assert tuple(moved["name"] for moved in image["moved"]) == known.moved
    assert not {name for name in known.absent if any(f"/{file}".endswith(f"/{name}") for file in inside)}


def test_a_baseline_is_written_with_the_settings(repository: Checkouts, base_3: BaseImage) -> None:
    files = {"dags/fine.py": dag("fine"), "dags/old.py": "import importer_of_old\n# airflow dag\n"}
    known = repository(base_3, files)

    made = known.document("init", "--write-baseline")

    assert made["written"] == ["dagship.toml", "requirements/dags.in"]
    assert made["passed"]
    assert 'file = "old.py"\nkind = "import-error"\n' in (known.root / "dagship-baseline.toml").read_text()


SETUP = """\
from setuptools import setup

setup(name="ours", version="1.0", py_modules=["ours"], install_requires=["boltons==24.0.0"])
"""


def test_an_edit_of_a_package_of_the_project_leaves_the_layer_of_the_lock_as_it_is(
    repository: Checkouts, base_3: BaseImage, built: set[str]
) -> None:
    files = {"dags/orders.py": dag("orders", "import ours"), "requirements.txt": "-e ./libs/ours\n"}
    checkout = repository(base_3, {**files, "libs/ours/setup.py": SETUP, "libs/ours/ours.py": "A = 1\n"})
    checkout.document("init")
    before = checkout.document("build")["reference"]
    built.add(before)

    checkout.write({"libs/ours/ours.py": "A = 2\n"})
    after = checkout.document("build")["reference"]

    assert {"ours": "1.0", "boltons": "24.0.0"}.items() <= packages_of(after).items()
    script = "import ours; print(ours.A)"
    look = ["run", "--rm", "--network", "none", "--entrypoint", "python", after, "-c", script]
    assert process.run(["docker", *look]).stdout.strip() == "2"
    one, other = layers_of(before), layers_of(after)
    assert one[: len(base_3.layers) + 1] == other[: len(base_3.layers) + 1]
    assert one[len(base_3.layers) + 1] != other[len(base_3.layers) + 1]

    checkout.write({"libs/ours/setup.py": "raise RuntimeError('no such thing')\n"})
    broken = checkout.document("build", code=1)["error"]
    assert broken["message"] == "The package libs/ours of the project could not be built to a wheel."
    assert "no such thing" in broken["detail"]


def layers_of(reference: str) -> list[str]:
    """The layers of an image, lowest first."""
    found: list[str] = json.loads(
        process.run(["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", reference]).stdout
    )
    return found


def packages_of(reference: str) -> dict[str, str]:
    """The packages of the image, and their versions."""
    script = "import importlib.metadata as of, json; print(json.dumps({d.name: d.version for d in of.distributions()}))"
    look = ["run", "--rm", "--network", "none", "--entrypoint", "python", reference, "-c", script]
    found: dict[str, str] = json.loads(process.run(["docker", *look]).stdout)
    return found


def files_of_dags(reference: str) -> set[str]:
    """The files of the image's DAG version, from its directory on."""
    look = ["run", "--rm", "--network", "none", "--entrypoint", "find", reference, dag_versions.ROOT, "-type", "f"]
    found = process.run(["docker", *look]).stdout.split()
    return {path.removeprefix(f"{dag_versions.ROOT}/").partition("/")[2] for path in found}


def test_a_baseline_accepts_what_is_broken_today_and_nothing_new(repository: Checkouts, base_3: BaseImage) -> None:
    files = {
        "dags/fine.py": dag("fine"),
        "dags/old/exports.py": "import exporter_of_old\n# airflow dag\n",
        "dags/old/imports.py": "import importer_of_old\n# airflow dag\n",
    }
    broken = repository(base_3, files)
    broken.document("init")
    broken.document("build")
    missing = broken.document("test-image", "--baseline", "elsewhere.toml", code=2)["error"]
    assert missing["message"] == "The baseline elsewhere.toml is not there."

    accepted = broken.document("test-image", "--write-baseline", "--junit", "report.xml")

    assert accepted["passed"]
    assert [one["file"] for one in accepted["findings"] if one["accepted_until"]] == [
        "old/exports.py",
        "old/imports.py",
    ]
    assert (broken.root / "report.xml").read_text().count("<skipped") == 2

    broken.write({"dags/old/exports.py": dag("exports"), "dags/new.py": "import another\n# airflow dag\n"})
    broken.document("build")
    found = broken.document("test-image", code=1)

    # The version before is in the image as well, and has both files as they were.
    current = [one for one in found["findings"] if not one["version"]]
    assert [(one["file"], bool(one["accepted_until"])) for one in current] == [
        ("new.py", False),
        ("old/imports.py", True),
    ]
