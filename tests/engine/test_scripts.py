"""script/engine on a machine of its own: what `up` starts, `down` takes back, after a crash as well.

The machine is a set of namespaces on this one: it has its own network, processes and /run, and no way out.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "script" / "engine"

# Docker's traces, each on a line: rules, bridges, mounts, the switch, processes, the socket.
TRACES = r"""
iptables-save | grep -E 'DOCKER|docker0|-P FORWARD DROP' || true
ip -o link | grep -oE 'docker0|br-[0-9a-f]+|veth[0-9a-f]+' || true
grep -oE '/run/dagship/[^ ]*' /proc/mounts || true
echo "forwarding $(cat /proc/sys/net/ipv4/ip_forward)"
for process in /proc/[0-9]*; do
    tr '\0' ' ' <"$process/cmdline" | grep -oE '^[^ ]*(dockerd|containerd[^ ]*|registry) ' || true
done
[ ! -S /run/docker.sock ] || echo /run/docker.sock
"""
needs_a_machine = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("dockerd") is None or shutil.which("docker-registry") is None,
    reason="namespaces need root, and without a network nothing can be installed",
)


def on_a_machine_of_its_own(cache: Path, script: str) -> str:
    """Runs `script` there, and returns what it printed."""
    set_up = """
        grep -oE ' /run/[^ ]*' /proc/mounts | sort -r | xargs -r umount -l
        mount -t tmpfs tmpfs /run; ip link set lo up; echo 0 >/proc/sys/net/ipv4/ip_forward
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DOCKER_", "DAGSHIP_"))}
    finished = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc"]  # noqa: RUF005 - the script on its own line
        + ["bash", "-euc", f"{set_up}\ntraces() {{ {TRACES}\n}}\n{script}"],
        env=environment | {"XDG_CACHE_HOME": str(cache)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@needs_a_machine
def test_down_takes_back_all_that_up_brought(tmp_path: Path):
    seen = on_a_machine_of_its_own(
        tmp_path,
        """
        traces; echo ==
        script/engine up; docker network create other >/dev/null; traces; echo ==
        script/engine up; script/engine down; traces; echo ==
        script/engine down; script/engine status || echo "status $?"
        """,
    )

    before, running, after, end = seen.split("==\n")
    assert before == after == "forwarding 0\n"
    assert {"forwarding 1", "docker0", "dockerd ", "/run/docker.sock"} <= set(running.splitlines())
    assert end == "status 1\n"


@needs_a_machine
@pytest.mark.parametrize("recovery", ["", "script/engine up; docker version >/dev/null;"])
def test_an_engine_that_was_killed_starts_again_and_leaves_nothing(tmp_path: Path, recovery: str):
    seen = on_a_machine_of_its_own(
        tmp_path,
        f"""
        script/engine up; kill -KILL "$(cat /run/dagship/dockerd.pid)"
        {recovery}
        script/engine down; traces
        """,
    )

    assert seen == "forwarding 0\n"


@needs_a_machine
def test_with_stops_what_it_started_and_passes_the_exit_status_on(tmp_path: Path):
    seen = on_a_machine_of_its_own(
        tmp_path, 'script/engine with bash -c "docker version >/dev/null && exit 7" || echo "status $?"; traces'
    )

    assert seen == "status 7\nforwarding 0\n"


def test_an_engine_that_runs_is_used_as_it_is():
    began = subprocess.run([ENGINE, "up"], capture_output=True, text=True, check=False)

    assert began.returncode == 0
    assert "starting" not in began.stderr


@pytest.mark.parametrize("arguments", [[], ["start"], ["up", "now"], ["with"]])
def test_wrong_usage_is_said_in_one_line(arguments: list[str]):
    finished = subprocess.run([ENGINE, *arguments], capture_output=True, text=True, check=False)

    assert finished.returncode == 2
    assert finished.stderr.startswith("engine: usage:")
    assert finished.stderr.count("\n") == 1
