"""A local Airflow of an image, as somebody has it who writes DAGs: up, an edit is seen, Ctrl-C, nothing is left."""

import base64
import http
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dagship import process
from dagship.engine import containers
from dagship.model.artifacts import BaseImage
from dagship.pipeline import stages
from dagship.pipeline.project import Project
from dagship.settings_sources import load
from dagship.terminal.console import Console
from dagship.workspace import Workspace

DAG = """
import pendulum
import single
from {sdk} import dag, task
from shared import words


@dag(
    schedule="@once",
    start_date=pendulum.datetime(2026, 1, 1),
    is_paused_upon_creation=False,
    description="{word} " + words.WORD + " " + single.WORD,
)
def shown():
    @task
    def first():
        import shared.late

    first()


shown()
"""
# In a directory that no image gets.
EXAMPLE = "from airflow import DAG\nwith DAG('example', schedule=None):\n    pass\n"
SETTINGS = """
repository = "dagship-test/dev"
dags = "flows"
include = ["lib/shared", "lib/single.py"]
env_file = "dev.env"
"""
# So that the same way in is asked in Airflow 2; in 3 it means nothing.
VARIABLES = "AIRFLOW__API__AUTH_BACKENDS=airflow.providers.fab.auth_manager.api.auth.backend.basic_auth\n"
# No proxy is asked for an address of this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def write(root: Path, word: str, airflow: str) -> None:
    """Writes or edits the project, as editors do: a new file takes the place of the old one."""
    sdk = "airflow.decorators" if airflow.startswith("2.") else "airflow.sdk"
    for name, text in {
        "flows/shown.py": DAG.format(word=word, sdk=sdk),
        "lib/shared/words.py": f"WORD = {word!r}\n",
        "lib/shared/late.py": "",
        "lib/single.py": f"WORD = {word!r}\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").replace(path)


@pytest.fixture
def project(tmp_path: Path, workspace: Workspace) -> Iterator[Callable[[BaseImage], Path]]:
    """Makes a project and its image."""
    built = []

    def made(base: BaseImage) -> Path:
        shutil.copytree(workspace.directory, tmp_path / workspace.directory.name)
        (tmp_path / "dagship.toml").write_text(SETTINGS)
        (tmp_path / "dev.env").write_text(VARIABLES)
        environment = tmp_path / "flows" / ".venv"
        environment.mkdir(parents=True)
        (environment / "example.py").write_text(EXAMPLE)
        write(tmp_path, "A", base.airflow)
        settings = load(tmp_path, {"base": base.reference})
        here = Project(root=tmp_path, settings=settings, console=Console())
        built.append(stages.build(here, force=False, push=False).reference)
        return tmp_path

    yield made
    process.run(["docker", "image", "rm", "--force", *built])


class Dev:
    """`dagship dev`, which runs."""

    def __init__(self, root: Path, *flags: str, **environment: str) -> None:
        self._log = root / "log"
        argv = [sys.executable, "-m", "dagship.cli", "dev", "--json", *flags]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                argv, cwd=root, env=os.environ | environment, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def until(self, there: Callable[[], Any]) -> Any:
        """Waits until something is there, and returns it."""
        deadline = time.monotonic() + 300
        while not (found := there()):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.3)
        return found

    def said(self) -> str:
        return self._log.read_text()

    def of_summary(self, name: str) -> str:
        """A value of the lines that say where and how to log in; empty before they are there."""
        return next((line.split()[1] for line in self.said().splitlines() if line.startswith(f"{name} ")), "")

    def container(self) -> dict[str, Any]:
        name = process.run(["docker", "ps", "--quiet", "--filter", f"name=^dagship-{self.process.pid}-"]).stdout
        found: dict[str, Any] = json.loads(process.run(["docker", "inspect", name.strip()]).stdout)[0]
        return found

    def end(self) -> tuple[int, str]:
        """Ctrl-C; returns the exit code, and what came on standard output."""
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=120)
        return self.process.returncode, output


class Client:
    """Somebody who logs in with the password that was printed."""

    def __init__(self, airflow: str, address: str, user: str, password: str) -> None:
        self._address, self._version = address, 1 if airflow.startswith("2.") else 2
        if self._version == 1:
            self._login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        else:
            token = self._ask("/auth/token", {"username": user, "password": password})
            self._login = f"Bearer {token['access_token']}"

    def get(self, path: str) -> dict[str, Any]:
        """What there is; empty where there is none yet."""
        try:
            return self._ask(f"/api/v{self._version}{path}", None, Authorization=self._login)
        except urllib.error.HTTPError as refused:
            if refused.code != http.HTTPStatus.NOT_FOUND:
                raise
            return {}

    def _ask(self, path: str, body: "dict[str, str] | None", **headers: str) -> dict[str, Any]:
        data = json.dumps(body).encode() if body else None
        asked = urllib.request.Request(
            self._address + path, data=data, headers={"Content-Type": "application/json", **headers}
        )
        with OPENER.open(asked, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@pytest.mark.sampled
@pytest.mark.parametrize("version", ["3.3.2", "2.11.2"])
def test_an_edit_is_served_at_once_and_nothing_is_left_after_ctrl_c(
    version: str, base_of: Callable[[str], BaseImage], project: Callable[[BaseImage], Path]
) -> None:
    root = project(base_of(version))
    dev = Dev(root)
    try:
        password = dev.until(lambda: dev.of_summary("password"))
        address = dev.of_summary("address")
        container = dev.container()
        client = Client(version, address, dev.of_summary("user"), password)

        def description() -> str:
            return str(client.get("/dags/shown").get("description"))

        dev.until(lambda: description() == "A A A")
        dev.until(lambda: [one["state"] for one in client.get("/dags/shown/dagRuns")["dag_runs"]] == ["success"])
        write(root, "B", version)
        dev.until(lambda: description() == "B B B")
        assert client.get("/dags/example") == {}
    finally:
        code, output = dev.end()

    assert code == 0, dev.said()
    document = json.loads(output)
    assert (document["airflow"], document["address"], document["volume"]) == (version, address, "")
    assert [port["HostIp"] for ports in container["NetworkSettings"]["Ports"].values() for port in ports or ()] == [
        "127.0.0.1"
    ]
    assert {mount["RW"] for mount in container["Mounts"] if mount["Type"] == "bind"} == {False}
    assert password not in json.dumps(container) + output
    assert is_gone("container", container["Id"])
    (volume,) = (mount["Name"] for mount in container["Mounts"] if mount["Type"] == "volume")
    assert is_gone("volume", volume)


def is_gone(kind: str, name: str) -> bool:
    return process.run(["docker", kind, "inspect", name]).code != 0


def test_what_keeps_it_from_running_is_one_sentence(base_3: BaseImage, project: Callable[[BaseImage], Path]) -> None:
    root = project(base_3)
    (root / "dev.env").write_text("AIRFLOW__CORE__PARALLELISM=many\n")

    def failed(*flags: str) -> tuple[int, str, str]:
        dev = Dev(root, *flags)
        output, _ = dev.process.communicate(timeout=300)
        return dev.process.returncode, json.loads(output)["error"]["message"], dev.said()

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, message, said = failed(f"--port={port}")
    assert (code, "cannot be had" in message) == (2, True), said

    code, message, said = failed()
    assert (code, "[core] parallelism" in message) == (1, True), said
    assert "Traceback" not in message


# Between a client and the engine: its end is the engine's, for that client.
RELAY = """
import asyncio, sys

async def pump(reader, writer):
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.write_eof()

async def link(reader, writer):
    there, back = await asyncio.open_unix_connection(sys.argv[2])
    await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)
    writer.close()
    back.close()

async def main():
    async with await asyncio.start_unix_server(link, sys.argv[1]) as server:
        print("up", flush=True)
        await server.serve_forever()

asyncio.run(main())
"""


def test_an_engine_that_goes_away_is_one_sentence_and_what_it_left_goes_with_the_next_task(
    base_3: BaseImage, project: Callable[[BaseImage], Path]
) -> None:
    engine = Path("/var/run/docker.sock")
    if not engine.exists() or os.environ.get("DOCKER_HOST"):
        pytest.skip("the engine has no socket on this machine")
    root = project(base_3)
    argv = [sys.executable, "-c", RELAY, "engine.sock", str(engine)]
    with subprocess.Popen(argv, cwd=root, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdout is not None
        assert relay.stdout.readline() == "up\n"
        dev = Dev(root, DOCKER_HOST=f"unix://{root}/engine.sock")
        dev.until(lambda: "standalone" in dev.said())
        container = dev.container()["Id"]
        relay.kill()
    output, _ = dev.process.communicate(timeout=120)

    assert (dev.process.returncode, json.loads(output)["error"]["message"]) == (3, "The container engine went away.")
    with containers.running(base_3.id):
        assert is_gone("container", container)
