"""Commands that make files of a DAG version, run by a real builder above a real Airflow."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dagship import process
from dagship.errors import UsageError
from dagship.model.artifacts import BaseImage, BuiltImage
from dagship.pipeline import stages
from dagship.pipeline.project import Project
from dagship.settings_sources import load
from dagship.terminal.console import Console

# It sees what a command sees, leaves a process behind, and is never twice the same.
GENERATE = """
import importlib.metadata, json, os, pathlib, subprocess, sys, uuid
import shop.names

subprocess.Popen(["sleep", "600"], start_new_session=True)
for name in shop.names.NAMES:
    pathlib.Path(f"etl/{name}.py").write_text(f"from airflow import DAG\\nDAG({name!r}, schedule=None)\\n")
pathlib.Path("src/shop/made.json").write_text(json.dumps({
    "airflow": importlib.metadata.version("apache-airflow"),
    "user": [os.getuid(), os.getgid()],
    "network": os.listdir("/sys/class/net"),
    "files": sorted(str(path) for path in pathlib.Path().rglob("*") if path.is_file()),
    "chance": uuid.uuid4().hex,
}))
"""
LOOK = """#!/usr/bin/env python
import json, os, pathlib
processes = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
pathlib.Path("etl/processes.json").write_text(json.dumps(processes == [1, os.getpid()]))
"""
FILES = {
    "etl/generate.py": GENERATE,
    "etl/look.py": LOOK,
    "etl/.env": "PASSWORD=x",
    "src/shop/names.py": "NAMES = ['orders', 'returns']\n",
    "README.md": "",
}

MakeProject = Callable[..., Project]


@pytest.fixture
def project(tmp_path: Path, base_3: BaseImage) -> MakeProject:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "etl" / "look.py").chmod(0o755)

    def make(*commands: list[str], **flags: object) -> Project:
        given = {"base": base_3.reference, "repository": "dagship-test/prepare", "dags": "etl", "include": "src/shop"}
        settings = load(tmp_path, {**given, "prepare": commands, **flags})
        return Project(root=tmp_path, settings=settings, console=Console(stderr=io.StringIO()))

    return make


@pytest.fixture
def built() -> Iterator[set[str]]:
    references: set[str] = set()
    yield references
    process.run(["docker", "image", "rm", "--force", *references])


def files(project: Project) -> set[str]:
    found = (path.relative_to(project.root) for path in project.root.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if path.parts[0] != project.workspace.directory.name}


def test_commands_make_files_of_the_version_and_change_nothing_of_the_project(
    project: MakeProject, built: set[str]
) -> None:
    made = project(["python", "etl/generate.py"], ["etl/look.py"])

    def build(*, force: bool = False) -> BuiltImage:
        image = stages.build(made, force=force, push=False)
        built.add(image.reference)
        return image

    image = build()
    root = f"/opt/airflow/dag-versions/{image.dag_version}"
    look = f"cd {root} && ls dags shop && cat dags/processes.json shop/made.json"
    said = process.run(["docker", "run", "--rm", "--network=none", image.reference, "bash", "-c", look])
    *listing, document = said.stdout.splitlines()
    facts = json.loads(document.removeprefix("true"))

    assert listing == [
        "dags:", "generate.py", "look.py", "orders.py", "processes.json", "returns.py", "", "shop:", "made.json",
        "names.py",
    ]  # fmt: skip
    assert document.startswith("true"), "a process that a command left ran on"
    assert (facts["airflow"], facts["user"], facts["network"]) == ("3.3.2", [50000, 0], ["lo"])
    given = {*FILES} - {"etl/.env", "README.md"}
    assert set(facts["files"]) == given | {"etl/orders.py", "etl/returns.py"}
    assert files(made) == {*FILES}
    assert (build().id, build().reused) == (image.id, True), "the commands were run again"
    assert build(force=True).dag_version != image.dag_version


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["sh", "-c", "echo E: Unable to locate package gcc >&2; exit 3"], "ended with exit status 3"),
        (["ln", "-s", "/etc/passwd", "etl/passwd.py"], "After the commands of prepare: The link 'passwd.py' leads out"),
    ],
)
def test_a_command_that_fails_is_bad_input_and_nothing_is_built(
    project: MakeProject, command: list[str], says: str
) -> None:
    here = project(command)

    with pytest.raises(UsageError) as refused:
        stages.build(here, force=False, push=False)

    assert says in refused.value.message
    assert "\n" not in refused.value.message
    assert str(here.root) in refused.value.message or "leads" not in says
    assert here.workspace.read("image", BuiltImage) is None
    assert files(here) == {*FILES}
