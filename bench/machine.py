"""Describes the machine: what a reader needs to judge the figures, and nothing that names it."""

import os
import platform
import re
from pathlib import Path

from bench.timing import run


def describe() -> dict[str, str]:
    """Returns names and values, for people."""
    docker = run(["docker", "version", "--format", "{{.Server.Version}}"]).stdout.strip()
    buildx = run(["docker", "buildx", "version"]).stdout.split()[1]
    processor = _first("/proc/cpuinfo", r"model name\s*:\s*(.+)")
    memory = int(_first("/proc/meminfo", r"MemTotal:\s*(\d+)")) / 2**20
    system = _first("/etc/os-release", 'PRETTY_NAME="(.+)"')
    return {
        "processor": f"{os.cpu_count()} cores, {processor}",
        "memory": f"{memory:.0f} GiB",
        "system": f"{system}, Linux {platform.release().split('-')[0]}",
        "engine": f"Docker {docker}, buildx {buildx}",
        "Python": platform.python_version(),
    }


def _first(path: str, pattern: str) -> str:
    found = re.search(pattern, Path(path).read_text("utf-8"))
    return found[1].strip() if found else "0"
