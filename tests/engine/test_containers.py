"""The containers that tests of images run in: what they can reach and use up, and what is left of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dagship import process
from dagship.engine import containers, owner
from dagship.model.artifacts import BaseImage
from tests.machine import ROOT

INTERFACES = "print(sorted(line.split(':')[0].strip() for line in open('/proc/net/dev') if ':' in line))"


@pytest.fixture
def in_a_container(base_3: BaseImage) -> Callable[[str], str]:
    """Runs Python of the tests in a container that has the engine's socket, as a job of a CI often does."""
    socket = Path("/var/run/docker.sock")
    if not socket.exists() or os.environ.get("DOCKER_HOST"):
        pytest.skip("the engine has no socket on this machine")

    def run(program: str, *options: str) -> str:
        # The machine's own programs, since no image has dagship in it.
        places = {"/usr", str(ROOT), sys.prefix, sys.base_prefix}
        mounts = [f"--volume={place}:{place}:ro" for place in sorted(places)]
        argv = ["docker", "run", "--rm", "--user=0", f"--volume={socket}:{socket}", *mounts, *options]
        argv += [f"--env=PYTHONPATH={ROOT}/src:{ROOT}", "--entrypoint", sys.executable, base_3.id, "-c", program]
        finished = subprocess.run(argv, capture_output=True, text=True, timeout=120)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    return run


def test_a_container_started_from_within_another_has_no_network_either(
    in_a_container: Callable[..., str], base_3: BaseImage
) -> None:
    program = f"""
from dagship.engine import containers
with containers.running({base_3.id!r}) as container:
    print(container.execute(["python3", "-c", {INTERFACES!r}]).output)
"""
    assert "['lo']" == in_a_container(program).strip()


def test_a_process_of_the_machine_is_not_gone_for_who_cannot_see_it(in_a_container: Callable[..., str]) -> None:
    program = f"from dagship.engine import owner; print(owner.is_gone({owner.of_this()!r}))"

    assert "False" == in_a_container(program).strip()


def test_the_image_that_is_named_by_its_id_is_the_one_that_runs(base_3: BaseImage) -> None:
    """Whatever registry testcontainers is told to put before names."""
    program = f"""
from dagship.engine import containers
with containers.running({base_3.id!r}) as container:
    print(container.execute(["echo", "here"]).output)
"""
    environment = os.environ | {"TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX": "registry.invalid/"}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120)

    assert "here" == ran.stdout.strip(), ran.stderr


@pytest.fixture(scope="module")
def container(base_3: BaseImage) -> Iterator[containers.Container]:
    with containers.running(base_3.id, user="123456:0") as started:
        yield started


def python(container: containers.Container, program: str) -> containers.Executed:
    return container.execute(["python3", "-c", program])


def test_it_has_no_capability_and_cannot_get_one(container: containers.Container) -> None:
    status = container.execute(["cat", "/proc/self/status"]).output
    said = dict(line.split(":\t") for line in status.splitlines() if line.startswith(("Cap", "NoNewPrivs")))

    assert {"0000000000000000"} == {said[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    assert "1" == said["NoNewPrivs"]


def test_processes_without_end_come_to_one(container: containers.Container) -> None:
    ran = python(container, """
import os, signal, time
made = []
try:
    while len(made) < 20_000:
        child = os.fork()
        if not child:
            time.sleep(600)
        made.append(child)
except OSError as refused:
    print(refused.errno, len(made) < 20_000)
finally:
    for child in made:
        os.kill(child, signal.SIGKILL)
        os.wait()
""")  # fmt: skip

    assert "11 True" == ran.output.strip()


def test_files_without_end_come_to_one_and_lie_on_no_disk(container: containers.Container) -> None:
    ran = python(container, """
import os
for place in ("/tmp", "/dagship/out", "/dev/shm"):
    try:
        with open(place + "/fill", "wb", buffering=0) as file:
            while file.tell() < 3 << 30 and file.write(bytes(1 << 20)):
                pass
    except OSError as refused:
        print(place, refused.strerror)
    os.unlink(place + "/fill")
where = {line.split()[1]: line.split()[2:4] for line in open("/proc/mounts")}
print(sorted(place for place, (kind, options) in where.items() if kind not in ("tmpfs", "proc") and "rw" in options.split(",")))
print(os.access("/dagship", os.W_OK))
""")  # fmt: skip

    full = [f"{place} No space left on device" for place in ("/tmp", "/dagship/out", "/dev/shm")]
    *said, disks, writable = ran.output.splitlines()
    assert full == said
    assert "False" == writable
    # Files of the engine's that root alone may write; the user of the test is none.
    assert not set(eval(disks)) - {"/etc/resolv.conf", "/etc/hostname", "/etc/hosts", "/dev/pts", "/dev/mqueue"}


def test_output_without_end_is_kept_to_its_last_part(container: containers.Container) -> None:
    pieces = []
    ran = container.execute(
        ["sh", "-c", "yes x | head -c 30000000; echo end"], on_output=lambda piece: pieces.append(len(piece))
    )

    assert sum(pieces) == 30_000_004
    assert len(ran.output) <= 1 << 20
    assert ran.output.endswith("x\nend\n")


@pytest.mark.parametrize(
    "made",
    [
        "os.symlink('/etc/passwd', there)",
        "os.mkfifo(there)",
        "os.mkdir(there)",
        "open(there, 'w').truncate(1 << 40)",
        "os.mkdir(there); open(there + '/x', 'w').truncate(1 << 40)",
        "open(there, 'w').write('x' * 101)",
    ],
)
def test_what_is_no_file_or_too_much_is_not_read(container: containers.Container, made: str) -> None:
    name = f"out/{abs(hash(made))}"
    assert 0 == python(container, f"import os; there = '/dagship/{name}'; {made}").code

    assert container.get(name, limit=100) is None


def test_memory_without_end_comes_to_one(base_3: BaseImage) -> None:
    with containers.running(base_3.id, memory=256 << 20) as container:
        ran = python(container, "held = [b'x' * (1 << 20) for _ in range(2000)]; print('all of it')")

    assert (containers.KILLED, "") == (ran.code, ran.output)


def test_a_container_ends_when_its_time_is_up_and_so_does_what_runs_in_it(base_3: BaseImage) -> None:
    with containers.running(base_3.id, seconds=1) as container:
        ran = container.execute(["sh", "-c", "echo begun; exec sleep 600"])
        again = container.execute(["true"])

        assert container.get("out/anything", limit=1) is None

    assert container.overdue
    assert (containers.KILLED, "begun\n") == (ran.code, ran.output)
    assert containers.KILLED == again.code


def test_the_next_start_removes_what_a_killed_process_left_and_nothing_of_a_living_one(base_3: BaseImage) -> None:
    program = f"""
import time
from dagship.engine import containers
with containers.running({base_3.id!r}):
    print("up", flush=True)
    time.sleep(600)
"""
    held = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(2)]
    killed, living = held
    try:
        for each in held:
            assert each.stdout is not None
            assert b"up\n" == each.stdout.readline()
        volumes = volumes_of(killed.pid)
        killed.send_signal(signal.SIGKILL)  # nobody takes note of its end yet: it is still there, as a zombie
        os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
        assert of(killed.pid), "it has nobody to remove it"

        with containers.running(base_3.id):
            pass

        assert not of(killed.pid)
        assert of(living.pid)
        assert volumes
        assert not volumes & set(process.run(["docker", "volume", "ls", "--quiet"]).stdout.split())
    finally:
        for each in held:
            each.send_signal(signal.SIGINT)
            each.communicate(timeout=60)


def of(pid: int) -> list[str]:
    return process.run(["docker", "ps", "--all", "--quiet", f"--filter=name=^dagship-{pid}-"]).stdout.split()


def volumes_of(pid: int) -> set[str]:
    format_ = "--format={{range .Mounts}}{{.Name}} {{end}}"
    return set(process.run(["docker", "inspect", format_, *of(pid)]).stdout.split())
