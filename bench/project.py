"""A project to measure in: a directory with DAGs and the tasks, apart from the checkout's own `.dagship/`."""

import itertools
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.timing import Timed, run

ROOT = Path(__file__).parents[1]
INVOKE = str(Path(sys.executable).with_name("invoke"))
REGISTRY = os.environ.get("DAGSHIP_TEST_REGISTRY", "127.0.0.1:5000")

_edits = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project.

    Attributes:
        directory: Where its tasks run.
        base: Reference of the Airflow base image.
        two_line: Build context of the hand-written Dockerfile; its `dags/` is what our side embeds too.

    """

    directory: Path
    base: str
    two_line: Path

    @property
    def dags(self) -> Path:
        """The DAGs both sides embed."""
        return self.two_line / "dags"

    def invoke(self, *arguments: str) -> Timed:
        """Runs a task here, as a user would."""
        return run([INVOKE, *arguments], cwd=self.directory)

    def document(self, *arguments: str) -> dict[str, Any]:
        """Runs a task here and returns its JSON document."""
        return json.loads(self.invoke(*arguments, "--json").stdout)  # type: ignore[no-any-return]

    def edit(self) -> None:
        """Edits one DAG, never twice in the same way."""
        with min(self.dags.glob("*.py")).open("a", encoding="utf-8") as file:
            file.write(f"# edit {os.getpid()}-{next(_edits)}\n")


def make(directory: Path) -> Project:
    """Makes a project with the sample DAGs and an Airflow base image, built unless the engine has it."""
    shutil.copy(ROOT / "tasks.py", directory)
    document = json.loads(run([INVOKE, "base", "--json"], cwd=directory).stdout)
    two_line = directory / "two-line"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "dags", two_line / "dags", ignore=ignored)
    (two_line / "Dockerfile").write_text(
        f"FROM {document['reference']}\nCOPY dags /opt/airflow/dags\n", encoding="utf-8"
    )
    return Project(directory=directory, base=document["reference"], two_line=two_line)
