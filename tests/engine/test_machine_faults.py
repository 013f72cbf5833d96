"""Faults of the engine and the machine, as a user meets them: one sentence, the right exit status, nothing left."""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagship import process
from dagship.engine import builds
from dagship.errors import OutsideError
from dagship.model.artifacts import BaseImage
from tests.engine import engines

DAG = "from airflow import DAG\nwith DAG('a', schedule=None):\n    pass\n"
DAGSHIP = (sys.executable, "-m", "dagship.cli")


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory with a short name: the path of a socket holds 104 characters."""
    with tempfile.TemporaryDirectory(prefix="ds", dir="/tmp") as directory:
        yield Path(directory)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "a.py").write_text(DAG)
    return tmp_path


def dagship(
    project: Path, *arguments: str, prefix: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, *DAGSHIP, *arguments],
        cwd=project,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def files(project: Path) -> dict[str, bytes]:
    return {str(path.relative_to(project)): path.read_bytes() for path in sorted(project.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    "arguments",
    [
        ("base",),
        ("lock", "--base=a/b:1"),
        ("build", "--base=a/b:1"),
        ("test-image", "--image=a/b:1"),
        ("dev", "--image=a/b:1"),
        ("push", "--image=a/b:1", "--untested"),
    ],
)
def test_an_engine_that_is_down_is_one_sentence_in_every_task(project: Path, arguments: tuple[str, ...]) -> None:
    said = dagship(project, *arguments, "--json", DOCKER_HOST=f"unix://{project}/nobody.sock")

    assert 3 == said.returncode
    assert "error: The container engine does not answer." in said.stderr
    assert "Traceback" not in said.stderr
    assert 3 == json.loads(said.stdout)["error"]["exit_code"]


def test_an_image_named_by_its_repository_alone_is_refused(project: Path) -> None:
    """The engine would push every tag it has of it, tested or not."""
    said = dagship(project, "push", "--image=dagship-test/anything", "--untested")

    assert 2 == said.returncode
    assert "neither a tag nor a digest" in said.stderr


def test_a_docker_without_buildx_is_one_sentence(project: Path, base_3: BaseImage) -> None:
    places = [
        path
        for path in (
            "/usr/libexec/docker/cli-plugins",
            "/usr/lib/docker/cli-plugins",
            "/usr/local/lib/docker/cli-plugins",
        )
        if Path(path).is_dir()
    ]
    if os.getuid() != 0 or not places:
        pytest.skip("hiding Docker's plugins needs root and a system-wide plugin")
    hide = " && ".join(f"mount -t tmpfs none {place}" for place in places)
    prefix = ("unshare", "--mount", "sh", "-c", f'{hide} && exec "$@"', "sh")

    said = dagship(project, "build", f"--base={base_3.reference}", prefix=prefix, DOCKER_CONFIG=str(project))

    assert 3 == said.returncode
    assert "error: Docker has no buildx." in said.stderr


def test_an_engine_that_is_too_old_is_one_sentence(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "dagship")
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "a.tar").write_bytes(b"\0" * 1024)
    (tmp_path / "Dockerfile").write_text("FROM scratch AS runtime\nADD --link a.tar /\n")
    old = engines.old_dockerd(cache)
    libraries = next((old / "lib").glob("*-linux-gnu*"))
    with engines.running(str(old / "usr/sbin/dockerd"), short, libraries=libraries) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        with pytest.raises(OutsideError, match="too old") as refused:
            builds.build(builds.Build(context=tmp_path / "context", dockerfile=tmp_path / "Dockerfile"))

    assert "or newer" in refused.value.hint


def test_a_full_disk_of_the_engine_is_one_sentence(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dockerd = shutil.which("dockerd")
    if dockerd is None:
        pytest.skip("the engine in use is not of this machine")
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "large").write_bytes(os.urandom(1024) * 64 * 1024)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY large /\n")
    with engines.small_disk(short / "d", "32m") as disk, engines.running(dockerd, disk) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        with pytest.raises(OutsideError, match="disk is full") as failed:
            builds.build(builds.Build(context=tmp_path / "context", dockerfile=tmp_path / "Dockerfile", tag="x:1"))

    assert "Free space" in failed.value.hint


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(b"x" * 4096)


def test_a_full_disk_of_the_project_keeps_what_was_there(project: Path, tmp_path: Path, base_3: BaseImage) -> None:
    with engines.small_disk(tmp_path / "small", "1m") as disk:
        shutil.copytree(project / "dags", disk / "dags")
        (disk / ".dagship").mkdir()
        (disk / ".dagship" / "image.json").write_text("kept")
        fill(disk)
        said = dagship(disk, "build", f"--base={base_3.reference}")
        kept = (disk / ".dagship" / "image.json").read_text()

    assert 3 == said.returncode  # as exit-codes.md says of a full disk; nothing of the call is wrong
    assert "No space left" in said.stderr
    assert "Traceback" not in said.stderr
    assert "kept" == kept


SLOW = "import time\nfrom airflow import DAG\ntime.sleep(600)\n"


# Both signals take one way (tests/unit/test_interrupts.py); what they meet is the task's.
@pytest.mark.parametrize(
    ("task", "sign"),
    [
        ("base", signal.SIGINT),
        ("lock", signal.SIGTERM),
        ("build", signal.SIGINT),
        ("test-image", signal.SIGTERM),
        pytest.param("test-image", signal.SIGINT, marks=pytest.mark.wide),
        ("push", signal.SIGTERM),
    ],
)
def test_an_interrupt_leaves_nothing_running_and_nothing_half_written(
    project: Path, base_3: BaseImage, task: str, sign: signal.Signals
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    flags = prepare(project, base_3, task, f"127.0.0.1:{port}")  # a build asks the registry, and nobody is there yet
    before = files(project)
    with socket.create_server(("127.0.0.1", port)) as silent:  # a registry that never answers
        running = subprocess.Popen([*DAGSHIP, task, *flags], cwd=project, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: under_way(task, running, silent), running)
        running.send_signal(sign)
        _, said = running.communicate(timeout=60)

    assert 130 == running.returncode, said
    assert "Interrupted" in said
    assert "Traceback" not in said
    left = files(project)
    assert before == {name: content for name, content in left.items() if name in before}
    assert not [
        name for name in left.keys() - before.keys() if not name.startswith((".dagship/cache/", ".dagship/.git"))
    ]
    assert not [name for name in left if name.rpartition("/")[2].startswith(".") and name != ".dagship/.gitignore"]
    assert not containers(running.pid)  # one that has ended is the engine's to remove


def test_a_registry_that_is_silent_does_not_keep_a_build(project: Path, base_3: BaseImage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        repository = f"127.0.0.1:{silent.getsockname()[1]}/dagship-test/faults"
        built = dagship(project, "build", f"--base={base_3.reference}", f"--repository={repository}")

        assert select.select([silent], [], [], 0)[0]  # it was asked
    assert 0 == built.returncode, built.stderr


def prepare(project: Path, base: BaseImage, task: str, registry: str) -> list[str]:
    """Makes a project in which `task` takes long, and returns its flags."""
    image = f"{registry}/dagship-test/faults"
    match task:
        case "base":
            return ["--airflow=3.3.1", "--force"]  # whatever an earlier run left in the builder's cache
        case "lock":
            (project / "requirements").mkdir()
            (project / "requirements" / "dags.in").write_text("pandas\n")
            return [f"--base={base.reference}"]
        case "build":  # packages that no cache has in this order
            (project / "dagship.toml").write_text('system_packages = ["jq", "tree", "file", "less", "vim"]\n')
            return [f"--base={base.reference}", "--force"]
        case "test-image":
            (project / "dags" / "a.py").write_text(SLOW)
    assert 0 == dagship(project, "build", f"--base={base.reference}", f"--repository={image}").returncode
    return ["--import-timeout=500"] if task == "test-image" else ["--untested"]


def under_way(task: str, running: "subprocess.Popen[str]", silent: socket.socket) -> bool:
    if task == "test-image":
        return bool(containers(running.pid))
    if task == "push":
        return bool(select.select([silent], [], [], 0)[0])
    below = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    programs = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in below if Path(f"/proc/{pid}").exists()]
    return any(b"buildx" in program or b"mmdebstrap" in program for program in programs)


def containers(owner: int) -> list[str]:
    """Those of a process that run."""
    return process.run(["docker", "ps", "--quiet", "--filter", f"name=^dagship-{owner}-"]).stdout.split()


def wait_until(condition: object, running: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while not condition():  # type: ignore[operator]
        assert running.poll() is None, running.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
