"""What the engine tests share: a real engine, a real registry, and real base images, built once and kept by content."""

import io
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import NotFound
from requests.exceptions import RequestException
from xdist.scheduler import LoadScopeScheduling

from dagship import probe, process
from dagship.engine import builds, images
from dagship.model.artifacts import BaseImage, BuiltImage
from dagship.settings import Settings
from dagship.settings_sources import load
from dagship.terminal.console import Console
from dagship.workspace import Workspace
from tests.machine import one_at_a_time

REGISTRY = os.environ.get("DAGSHIP_TEST_REGISTRY", "127.0.0.1:5000")


# Those that take longest go first, and all else beside them.
_LONG = (
    "test_runs_keep_their_code.py",
    "test_dag_processor.py",
    "test_verify.py",
    "test_base.py",
    "test_pre_release.py",
    "test_lock.py",
    "test_version_switch.py",
)
# Their tests have nothing in common, not even the tag of an image: each goes to the next process that is free.
_APART = ("test_version_switch.py", "test_lock.py", "test_corpus.py", "test_pre_release.py")
# Those of one version of Airflow share an image, or an Airflow that runs.
_BY_AIRFLOW = ("test_runs_keep_their_code.py", "test_dag_processor.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _LONG.index(item.path.name) if item.path.name in _LONG else len(_LONG))


class _Scheduler(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a process the tests of a file, which share what takes long to make, or one test where they are apart."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].rpartition("/")[2]
        if file in _BY_AIRFLOW:
            return nodeid.rpartition("[")[2]  # the version of Airflow
        return nodeid if file in _APART else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _Scheduler(config, log)


@pytest.fixture(scope="session")
def registry() -> str:
    """Host and port of a registry that takes pushes."""
    return REGISTRY


@pytest.fixture(scope="session")
def project_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty project, shared so that what is found out once is known to the next test."""
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="session")
def workspace(project_directory: Path) -> Workspace:
    return Workspace(project_directory)


@pytest.fixture
def output() -> io.StringIO:
    """What people would read."""
    return io.StringIO()


@pytest.fixture
def console(output: io.StringIO) -> Console:
    return Console(stderr=output)


@pytest.fixture(scope="session")
def settings_for(project_directory: Path) -> Callable[..., Settings]:
    return lambda **flags: load(project_directory, flags)


@pytest.fixture(scope="session")
def base_of(settings_for: Callable[..., Settings], workspace: Workspace) -> Callable[[str], BaseImage]:
    """Makes the base image of a version of Airflow."""

    def made(version: str) -> BaseImage:
        from dagship.base import builder as base_stage

        console = Console(stderr=io.StringIO())
        with one_at_a_time("base"):  # the second finds what the first has built
            built = base_stage.build_base(settings_for(airflow=version), workspace, console)
        return probe.probe(workspace, console, built.reference)

    return made


@pytest.fixture(scope="session")
def base_3(base_of: Callable[[str], BaseImage]) -> BaseImage:
    """Airflow 3.3.2."""
    return base_of("3.3.2")


@pytest.fixture(scope="session")
def base_2(base_of: Callable[[str], BaseImage]) -> BaseImage:
    """Airflow 2.11.2."""
    return base_of("2.11.2")


@pytest.fixture(scope="session")
def image_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., BuiltImage]]:
    """Makes an image of a base and a tree, as `build` lays it out."""
    tags = []

    def make(base: BaseImage, tree: Mapping[str, str | bytes], *steps: str) -> BuiltImage:
        context = tmp_path_factory.mktemp("image")
        for name, text in tree.items():
            path = context / "dags" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        (context / "dags").mkdir(exist_ok=True)
        root = "/opt/airflow/dag-versions/0123456789ab/dags"
        environment = f"ENV AIRFLOW__CORE__DAGS_FOLDER={root}"
        lines = (f"FROM {base.reference}", *steps, f"COPY dags/ {root}/", environment)
        (context / "Dockerfile").write_text("\n".join(lines) + "\n")
        tag = f"dagship-test/verify:{context.name}-{os.getpid()}"  # two runs of the tests may share the engine
        builds.build(builds.Build(context=context, dockerfile=context / "Dockerfile", tag=tag))
        tags.append(tag)
        facts = images.inspect(tag)
        assert facts is not None
        return BuiltImage(
            reference=tag, id=facts.id, digest="", dag_version="0123456789ab", airflow=base.airflow, base="",
            platforms=(facts.platform,), size=facts.size, layers=(), seconds={}, reused=False,
        )  # fmt: skip

    yield make
    process.run(["docker", "image", "rm", "--force", *tags])


class Containers:
    """Those that dagship has now, here or in the tests beside this one.

    Args:
        client: Of the engine.

    """

    def __init__(self, client: docker.DockerClient) -> None:
        self._api = client.api

    def names(self) -> set[str]:
        """Asks for them: two or three times a test."""
        found = self._api.containers(all=True, filters={"name": "^dagship-"})
        return {name.removeprefix("/") for container in found for name in container["Names"]}

    def removed(self, name: str) -> None:
        """Waits until one that has ended is gone, which is the engine's to see to; not long for one that has not."""
        with suppress(NotFound, RequestException):
            self._api.wait(name, condition="removed", timeout=10)


@pytest.fixture(scope="session")
def containers_now() -> Iterator[Containers]:
    """Asks the engine for the containers of dagship."""
    with closing(docker.from_env()) as client:
        yield Containers(client)


@pytest.fixture(autouse=True)
def _nothing_is_left_running(containers_now: Containers) -> Iterator[None]:
    """Every test ends with no container that it started, and none whose process is gone."""
    before = containers_now.names()
    yield
    left = {
        name
        for name in containers_now.names() - before
        if (owner := name.split("-")[1]) == str(os.getpid()) or not Path("/proc", owner).exists()
    }
    for name in left:
        containers_now.removed(name)
    if left:  # a process beside this one may have ended, and in order, since its container was seen
        left &= containers_now.names()
    assert not left, f"left behind: {left}"
