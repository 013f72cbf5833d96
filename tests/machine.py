"""The machine that tests share, and one of its own for a script that changes the one it runs on.

That one is a set of namespaces on this one: it has its own network, processes, control groups, /run and /var, and no
way out.
"""

import fcntl
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]

# Control groups are entered before the namespaces are made, for those start where the process is.
ENTER = r"""
hierarchies=$(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts)
for each in $hierarchies; do
    mkdir "$each/$1"
    for file in cpuset.cpus cpuset.mems; do [ ! -e "$each/$1/$file" ] || cat "$each/$file" >"$each/$1/$file"; done
done
(
    for each in $hierarchies; do echo $BASHPID >"$each/$1/cgroup.procs"; done
    exec timeout --signal=KILL 280 unshare --kill-child --net --mount --pid --cgroup --mount-proc bash -euc "$2" - "$1" "$3"
) && status=0 || status=$?
for each in $hierarchies; do
    for _ in $(seq 50); do # what was killed is there for a moment
        find "$each/$1" -depth -type d -exec rmdir {} + 2>/dev/null && break
        sleep 0.1
    done
done
exit $status
"""
SET_UP = r"""
for each in $(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts); do mount --bind "$each/$1" "$each"; done
awk '$2 ~ "^/run/|/dagship/" {print $2}' /proc/mounts | sort -r | xargs -r umount -l 2>/dev/null || true
mount -t tmpfs tmpfs /run; mkdir /run/{var,work}
mount -t overlay -o lowerdir=/var,upperdir=/run/var,workdir=/run/work overlay /var
rm -rf /var/log/pods /var/log/containers /var/lib/cni
ip link set lo up; echo 0 >/proc/sys/net/ipv4/ip_forward
eval "$2"
"""


def on_a_machine_of_its_own(cache: Path, script: str) -> str:
    """Runs `script` there, and returns what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DOCKER_", "DAGSHIP_"))}
    finished = subprocess.run(
        ["bash", "-euc", ENTER, "-", f"machine-{os.getpid()}", SET_UP, script],
        env=environment | {"XDG_CACHE_HOME": str(cache)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@contextmanager
def one_at_a_time(what: str) -> Iterator[None]:
    """Waits until no other process of the tests does this."""
    with Path(tempfile.gettempdir(), f"dagship-test-{what}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made_once(what: str, name: str, make: Callable[[], str]) -> str:
    """Makes something once for all processes of a run of the tests, one after the other; returns how it is called.

    Args:
        what: What is made one at a time.
        name: Which of them.
        make: Makes it.

    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    kept = Path(tempfile.gettempdir(), f"dagship-test-{what}", hashlib.sha256(name.encode()).hexdigest())
    kept.parent.mkdir(exist_ok=True)
    if not (called := _kept(kept, run)):
        with one_at_a_time(what):
            if not (called := _kept(kept, run)):
                called = make()
                beside = kept.with_suffix(".new")
                beside.write_text(f"{run} {called}", encoding="utf-8")
                beside.replace(kept)
    return called


def _kept(file: Path, run: str) -> str:
    """How something is called that this run has made; nothing where it has not."""
    by, _, called = (file.read_text("utf-8") if file.exists() else "").partition(" ")
    return called if by == run else ""
