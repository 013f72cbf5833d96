"""The tutorial, each command as the page has it: from an empty directory to an edit that is served while a task runs."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.api import Api, until
from tests.e2e.releases import NAME, Release
from tests.machine import ROOT

pytestmark = pytest.mark.wide

PAGE = (ROOT / "docs/tutorial.md").read_text("utf-8")
SALES = {"north": 12.5, "south": 30.0}
ROUND = {"north": 12.0, "south": 30.0}


class Reader:
    """Somebody who follows the page: in the directory that it says, with what it takes for granted.

    Args:
        where: The directory to begin in.
        namespace: Where their Airflow runs.
        runs: The repository of the image that it runs.
        kubeconfig: Of its cluster.

    """

    def __init__(self, where: Path, namespace: str, runs: str, kubeconfig: str) -> None:
        self.where = where
        # What the page calls by a name of its own.
        self._names = {
            "--namespace airflow": f"--namespace {namespace}",
            "--from-image apache/airflow": f"--from-image {runs}",
        }
        self._environment = os.environ | {
            "KUBECONFIG": kubeconfig,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }

    def blocks(self, step: int) -> Iterator[tuple[str, str]]:
        """The language and the text of each block of a step."""
        _, _, after = PAGE.partition(f"\n## {step}. ")
        yield from re.findall(r"^```(\w+)\n(.*?)^```", after.partition("\n## ")[0], re.MULTILINE | re.DOTALL)

    def lines(self, step: int) -> list[str]:
        """The commands of a step; what has been installed for the tests already is left out."""
        found = [line for language, text in self.blocks(step) if language == "sh" for line in text.splitlines()]
        return [line for line in found if line and not line.startswith("pip install dagship ")]

    def write(self, step: int) -> None:
        """Writes the files of a step, whose first line says where they go."""
        for language, text in self.blocks(step):
            if language in {"python", "toml"}:
                name, _, content = text.partition("\n")
                (self.where / name.removeprefix("# ")).write_text(content, encoding="utf-8")

    def does(self, command: str, status: int = 0) -> str:
        """Runs a command; returns what it printed."""
        for name, ours in self._names.items():
            command = command.replace(name, ours)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.where,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def all(self, step: int) -> str:
        """Runs the commands of a step; returns what they printed."""
        return "".join(map(self.does, self.lines(step)))

    def edits(self, path: str, old: str, new: str) -> None:
        """Changes a file, as the page says in words."""
        text = (self.where / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, text
        (self.where / path).write_text(text.replace(old, new), encoding="utf-8")

    def looks_at_it(self, command: str) -> str:
        """Runs what goes on until Ctrl-C, up to the address that it prints."""
        with subprocess.Popen(
            command.split(), cwd=self.where, env=self._environment, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr
            said = ""
            while "http://127.0.0.1:" not in said:
                line = process.stderr.readline()
                assert line, said
                said += line
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
        assert process.returncode == 0, said + rest
        return said


@pytest.fixture(scope="module")
def air(
    based: Callable[[str], tuple[str, Path]], released: Callable[..., Release], tmp_path_factory: pytest.TempPathFactory
) -> Release:
    """An Airflow that has none of dagship's images yet."""
    _, values = based("3.3.2")
    release = released(values, major=3)
    repository, digest = re.findall(r'repository: "(.*)", digest: "(.*)"', values.read_text("utf-8"))[0]
    done = release.install(tmp_path_factory.mktemp("nothing"), f"--image={repository}@{digest}")
    assert done.returncode == 0, done.stderr
    return release


@pytest.fixture(scope="module")
def reader(air: Release, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    runs = air.images()[f"Deployment/{NAME}-scheduler/scheduler"].partition("@")[0]
    return Reader(tmp_path_factory.mktemp("tutorial"), air.kubectl.namespace, runs, air.kubectl.kubeconfig)


def test_from_an_empty_directory_to_a_pushed_image(reader: Reader) -> None:
    reader.all(1)
    reader.where /= "shop"
    reader.write(1)
    reader.does("dagship base")  # as the page has it for who cannot pull apache/airflow
    assert "pandas" in reader.all(2)
    assert "DAG version" in reader.all(3)

    reader.edits("dags/daily_sales.py", "import pandas as pd", "import pandsa as pd")
    build, push = reader.lines(4)
    assert "daily_sales.py:1  import-error: ModuleNotFoundError: No module named 'pandsa'" in reader.does(build, 1)
    assert "did not pass test-image" in reader.does(push, 1)

    reader.edits("dags/daily_sales.py", "import pandsa as pd", "import pandas as pd")
    reader.all(5)
    digest = json.loads((reader.where / ".dagship/push.json").read_text("utf-8"))["digest"]
    source, version = (reader.does(line.replace("sha256:c554…", digest)) for line in reader.lines(6))
    assert "def daily_sales():" in source
    assert version.strip().endswith("3.3.2")

    (dev,) = reader.lines(7)
    assert "http://127.0.0.1:" in reader.looks_at_it(dev)


def test_it_is_rolled_out_and_an_edit_is_served_while_a_task_runs(air: Release, reader: Reader) -> None:
    reader.all(8)
    slower, rolled_out, rounded, announced, back = reader.lines(9)
    reader.does(slower)
    reader.does(rolled_out)
    with air.api() as api:
        before = air.pods()
        older = api.started("daily_sales")
        until(lambda: _state(api, older, "extract") == "running", "extract runs")
        reader.does(rounded)

        said = reader.does(announced)

        assert "by Airflow after" in said
        assert (air.pods(), _state(api, older, "extract")) == (before, "running")
        assert "unfinished" in reader.does("dagship status --namespace airflow")
        assert api.ended("daily_sales", older) == "success", api.logs("daily_sales", older)
        assert _total(api, older) == SALES
        assert _total(api, api.ran("daily_sales")) == ROUND
        reader.does(back)
        assert _total(api, api.ran("daily_sales")) == SALES
    assert air.pods() == before


def _state(api: Api, run: str, task: str) -> str:
    return str(api("GET", f"/dags/daily_sales/dagRuns/{run}/taskInstances/{task}")["state"])


def _total(api: Api, run: str) -> object:
    entry = f"/dags/daily_sales/dagRuns/{run}/taskInstances/total/xcomEntries/return_value?stringify=false"
    return api("GET", entry)["value"]
