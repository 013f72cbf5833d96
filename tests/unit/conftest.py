"""The guard: no unit test reaches an engine, a network or a cluster.

An audit hook, and not a patch of this function or that: Python tells it of every connection and every process,
whichever module asks, and it cannot be taken out again. It is on while a unit test runs. What a child process does
is out of its sight, so children find no engine and no cluster in their environment.
"""

import importlib.util
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from dagship.terminal.console import Console
from tests.builders.results import Shown

_ROOT = Path(__file__).parents[2]
_CLIENTS = frozenset(
    {"buildctl", "containerd", "ctr", "curl", "docker", "dockerd", "helm", "kubectl", "nerdctl", "podman", "wget"}
)
_CONNECTIONS = frozenset({"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"})
_PROCESSES = frozenset({"os.exec", "os.posix_spawn", "subprocess.Popen"})

_armed = False


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if not _armed:
        return
    # `pytest.fail` raises what `except Exception` lets through, so that no code under test can swallow it.
    if event in _CONNECTIONS:
        pytest.fail(f"a unit test reached for the network: {event}{arguments[1:]}")
    elif event in _PROCESSES:
        program = Path(os.fsdecode(arguments[0])).name  # type: ignore[arg-type]
        if program in _CLIENTS:
            pytest.fail(f"a unit test started {program}")
    elif event == "os.system":
        pytest.fail("a unit test started a shell")


sys.addaudithook(_refuse)


@pytest.fixture(autouse=True)
def _guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Arms the guard, and leaves no engine, cluster or setting in the environment."""
    global _armed  # noqa: PLW0603 - an audit hook has no other way to be told
    for name in [name for name in os.environ if name.startswith(("DAGSHIP_", "DOCKER_", "BUILDX_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/no-engine-in-unit-tests.sock")
    monkeypatch.setenv("KUBECONFIG", "/nonexistent/no-cluster-in-unit-tests")
    _armed = True
    yield
    _armed = False


@pytest.fixture(scope="session")
def generate() -> ModuleType:
    """`docs/generate.py`, which is no module of a package."""
    spec = importlib.util.spec_from_file_location("generate", _ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shown() -> Shown:
    """What people see of something: calls what shows it, and returns what it printed."""

    def show(how: Callable[..., None], *arguments: object) -> str:
        stderr = io.StringIO()
        how(Console(stderr=stderr), *arguments)
        return stderr.getvalue()

    return show
