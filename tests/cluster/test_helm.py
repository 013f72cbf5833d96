"""script/helm: which Helm the tests get."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.machine import ROOT


def program(path: Path, version: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n", "utf-8")
    path.chmod(0o755)
    return path


def helm(cache: Path, path: str) -> str:
    finished = subprocess.run(
        [ROOT / "script" / "helm"],
        env={**os.environ, "XDG_CACHE_HOME": str(cache), "PATH": path},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.rstrip("\n")


def test_a_helm_4_in_path_is_taken_as_it_is(tmp_path: Path) -> None:
    found = program(tmp_path / "bin/helm", "v4.0.1")

    assert helm(tmp_path / "cache", f"{found.parent}:{os.environ['PATH']}") == str(found)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("left", ["nothing", "half a program"])
def test_in_place_of_a_helm_3_one_is_fetched_whole_and_once(tmp_path: Path, left: str) -> None:
    """What a killed run left has no stamp, and is no reason to trust it."""
    old = program(tmp_path / "bin/helm", "v3.19.0")
    kept = tmp_path / "cache/dagship/helm-4"
    if left != "nothing":
        program(kept / "helm", "v4.0.0")
    path = f"{old.parent}:{os.environ['PATH']}"
    fetched = helm(tmp_path / "cache", path)
    written = (kept / "helm").stat().st_ctime_ns
    again = helm(tmp_path / "cache", path)

    said = subprocess.run([fetched, "version", "--template", "{{.Version}}"], capture_output=True, text=True)
    assert fetched == again == str(kept / "helm")
    assert said.stdout == "v4.1.4"
    assert (kept / "helm").stat().st_ctime_ns == written
    assert {one.name for one in kept.parent.iterdir()} == {"helm-4", "helm-4.lock"}
