"""A project whose DAGs change from image to image."""

import io
from pathlib import Path

from dagship.image.tree.model import Tree
from dagship.model.artifacts import BaseImage, BuiltImage
from dagship.pipeline import build_inputs, stages
from dagship.pipeline.project import Project
from dagship.settings_sources import load
from dagship.terminal.console import Console

DAG = """
import datetime
import os
import time

import words
from airflow.sdk import dag, get_current_context, task

FILE = {word!r}


def note(name, *said):
    with open("/tmp/seen", "a") as file:
        print(get_current_context()["run_id"], name, FILE, words.WORD, *said, file=file)


# Airflow 3.0 may start a task before it has noted that it is queued, and then it has failed before it began.
@dag(schedule=None, default_args={{"retries": 1, "retry_delay": datetime.timedelta(0)}})
def pinned():
    @task
    def first():
        note("first")
        while not os.path.exists("/tmp/go"):
            time.sleep(0.2)

    @task
    def second():
        import later
{more}
        note("second", later.WORD{said})

    first() >> second()


pinned()
"""


class Line:
    """A project whose DAGs change: each word is a version."""

    def __init__(self, root: Path, base: BaseImage, **flags: object) -> None:
        self.output = io.StringIO()
        self.settings = load(root, {"base": base.reference, "repository": "dagship-test/versions"} | flags)
        self.project = Project(root=root, settings=self.settings, console=Console(stderr=self.output))
        self.dags = root / self.settings.dags
        self.dags.mkdir(exist_ok=True)

    def build(self, word: str, **flags: object) -> BuiltImage:
        """Builds the image of a word."""
        self.write(word)
        settings = self.settings.model_copy(update=flags)
        project = Project(root=self.project.root, settings=settings, console=self.project.console)
        return stages.build(project, force=False, push=False)

    def tree(self, word: str) -> Tree:
        """The DAG tree of a word."""
        self.write(word)
        return build_inputs.tree(self.project)

    def write(self, word: str) -> None:
        """Writes the DAGs of a word."""
        # What the project includes is imported late too, by its own name and below that of the DAG directory.
        for place in self.settings.include:
            (self.dags.parent / place / "deep").mkdir(parents=True, exist_ok=True)
            (self.dags.parent / place / "deep" / "beside.py").write_text(f"WORD = {word!r}\n")
        names = [f"{place.name}.deep.beside" for place in self.settings.include]
        names += [f"{self.dags.name}.words"] if names else []
        more = "".join(f"        import {name}\n" for name in names)
        said = "".join(f", {name}.WORD" for name in names)
        (self.dags / "pinned.py").write_text(DAG.format(word=word, more=more, said=said))
        for name in ("words", "later"):
            (self.dags / f"{name}.py").write_text(f"WORD = {word!r}\n")
