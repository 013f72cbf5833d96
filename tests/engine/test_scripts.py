"""script/engine on a machine of its own: what `up` starts, `down` takes back, after a crash as well."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.machine import ROOT, on_a_machine_of_its_own

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


def watched(script: str) -> str:
    """A script that can print the traces."""
    return f"traces() {{ {TRACES}\n}}\n{script}"


@needs_a_machine
def test_down_takes_back_all_that_up_brought(tmp_path: Path):
    seen = on_a_machine_of_its_own(
        tmp_path,
        watched("""
        traces; echo ==
        script/engine up; docker network create other >/dev/null; traces; echo ==
        script/engine up; script/engine down; traces; echo ==
        script/engine down; script/engine status || echo "status $?"
        """),
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
        watched(f"""
        script/engine up; kill -KILL "$(cat /run/dagship/dockerd.pid)"
        {recovery}
        script/engine down; traces
        """),
    )

    assert seen == "forwarding 0\n"


@needs_a_machine
def test_with_stops_what_it_started_and_passes_the_exit_status_on(tmp_path: Path):
    seen = on_a_machine_of_its_own(
        tmp_path,
        watched('script/engine with bash -c "docker version >/dev/null && exit 7" || echo "status $?"; traces'),
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
