"""Further engines, each with a socket and a directory of its own, for the faults that the main one cannot have."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def old_dockerd(cache: Path) -> Path:
    """Docker 20.10 as Debian 12 ships it, unpacked beside the machine's own and not installed."""
    place = cache / "docker-20.10"
    if not (place / "usr" / "sbin" / "dockerd").exists():
        if shutil.which("apt-get") is None:
            pytest.skip("an old engine comes from Debian's archive")
        packages = cache / "docker-20.10-packages"
        packages.mkdir(parents=True, exist_ok=True)
        # With the one library that it needs and a machine may lack. apt's own sandbox user may not write here.
        names = ["docker.io/bookworm", "libdevmapper1.02.1/bookworm"]
        fetched = subprocess.run(
            ["apt-get", "-o", "APT::Sandbox::User=root", "download", *names],
            cwd=packages,
            capture_output=True,
            text=True,
        )
        if fetched.returncode != 0:
            pytest.skip(f"this machine's archive has no Docker 20.10: {fetched.stderr.strip()}")
        with tempfile.TemporaryDirectory(dir=cache) as unpacked:
            for package in packages.glob("*.deb"):
                subprocess.run(["dpkg-deb", "--extract", str(package), unpacked], check=True)
            Path(unpacked).rename(place)
            Path(unpacked).mkdir()  # for the context manager to take away
        shutil.rmtree(packages)
    return place


@contextmanager
def running(dockerd: str, directory: Path, *, libraries: Path | None = None) -> Iterator[str]:
    """Runs a second engine below `directory` and gives its address; it has no network and leaves nothing behind."""
    if os.getuid() != 0:
        pytest.skip("a second engine needs root")
    address = f"unix://{directory}/docker.sock"
    (directory / "config.json").write_text("{}")
    argv = [
        # In a network of its own: an engine that is to have no bridge takes away the bridge of any other.
        "unshare", "--net",
        dockerd, f"--host={address}", f"--data-root={directory}/data", f"--exec-root={directory}/run",
        f"--pidfile={directory}/docker.pid", f"--config-file={directory}/config.json", "--bridge=none", "--iptables=false",
        "--ip6tables=false",
    ]  # fmt: skip
    with (directory / "log").open("wb") as log:
        environment = os.environ | ({"LD_LIBRARY_PATH": str(libraries)} if libraries else {})
        engine = subprocess.Popen(argv, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(engine, address, directory / "log")
        yield address
    finally:
        engine.send_signal(signal.SIGTERM)
        engine.wait(timeout=60)
        _unmount_below(directory)


def _wait(engine: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while subprocess.run(["docker", "--host", address, "version"], capture_output=True).returncode != 0:
        assert engine.poll() is None, log.read_text("utf-8", "replace")[-2000:]
        assert time.monotonic() < deadline, "the engine does not answer"
        time.sleep(0.1)


def _unmount_below(directory: Path) -> None:
    """Takes away what an engine mounted and left: 20.10 does where the file system it lies on is not shared."""
    places = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for place in reversed([place for place in places if place.startswith(f"{directory}/")]):
        subprocess.run(["umount", "--lazy", place], check=True)


@contextmanager
def small_disk(directory: Path, size: str) -> Iterator[Path]:
    """Mounts a file system of `size` at `directory`."""
    if os.getuid() != 0:
        pytest.skip("mounting needs root")
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(directory)], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", str(directory)], check=True)
