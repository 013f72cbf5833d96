"""What others chose (images, variables, what a pod prints) drives neither the terminal nor the CI that shows it."""

import json
import os
import pty
import re
import subprocess
import sys
import threading

import pytest

from tests.builders.airflow import container, deployment, pod
from tests.cluster import images
from tests.cluster.rig import Rig

# Sets a title, clears the screen, and turns what follows around.
HOSTILE = "owned\x1b]0;owned\x07\x1b[2J\u202eowned"
EXECUTOR = [
    {"name": "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_REPOSITORY", "value": HOSTILE},
    {"name": "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_TAG", "value": HOSTILE},
]
RAW = ("\x1b]0;", "\x1b[2J", "\x1b[1;31mred", "\x07", "\u202e", "\x9b")


def on_a_terminal(rig: Rig, *flags: str) -> tuple[int, str, str]:
    """Runs a rollout on a terminal of its own; returns its status, its document, and what the terminal got."""
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "dagship.cli", "rollout", f"--namespace={rig.kubectl.namespace}", "--json", *flags]
    got: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(ours, 65536):
                got.append(part)
        except OSError:
            return  # the other end is closed

    with subprocess.Popen(argv, cwd=rig.scratch, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        reader = threading.Thread(target=read)
        reader.start()
        assert process.stdout is not None
        document = process.stdout.read()
    reader.join()
    os.close(ours)
    return process.returncode, document, b"".join(got).decode("utf-8", "replace")


@pytest.mark.sampled
@pytest.mark.parametrize("terminal", [True, False], ids=["on a terminal", "in CI"])
def test_log_lines_variables_and_images_are_shown_and_drive_nothing(rig: Rig, terminal: bool) -> None:
    old, new = images.image("old"), images.image("new", "escapes")
    scheduler = pod(container("scheduler", old, "scheduler", env=EXECUTOR), name="scheduler")
    rig.start(deployment("scheduler", scheduler))
    before = rig.written()
    if terminal:
        status, document, shown = on_a_terminal(rig, f"--image={new}")
    else:
        finished = rig.command("rollout", f"--image={new}", "--json")
        status, document, shown = finished.returncode, finished.stdout, finished.stderr

    assert status == 1
    failure = json.loads(document)["failure"]
    assert failure["reason"] == "CrashLoopBackOff"
    assert any("::error::owned" in line for line in failure["log"])
    assert document.isascii()
    assert shown.count("owned") >= 4
    assert [each for each in RAW if each in shown] == []
    assert not re.search(r"(?m)^\s*::", shown)
    assert rig.written() == before


@pytest.mark.wide
def test_an_image_that_someone_sets_meanwhile_is_shown_and_drives_nothing(rig: Rig) -> None:
    old, new = images.image("old"), images.image("new")
    rig.start(deployment("scheduler", pod(container("scheduler", old, "scheduler"), name="scheduler")))
    with rig.meanwhile(
        "deployment/scheduler", new, lambda: rig.kubectl("set", "image", "deployment/scheduler", f"scheduler={HOSTILE}")
    ):
        status, document, shown = on_a_terminal(rig, f"--image={new}")

    assert status == 1
    assert json.loads(document)["failure"]["reason"] == "TakenBack"
    assert "someone set its image to owned" in shown
    assert [each for each in RAW if each in shown] == []
    assert rig.kubectl.images() == {"deployment/scheduler": {HOSTILE}}
