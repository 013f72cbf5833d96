"""What runs now, asked while an image is built: the answer where there is one, and a build that goes on where not."""

import json
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dagship.model.thin import Receiver
from dagship.rollout import running_image
from dagship.rollout.plan import dag_version
from dagship.rollout.running_image import Incumbent
from tests.builders import thin
from tests.builders.airflow import container, deployment, pod, stateful_set
from tests.cluster.images import REPOSITORY, image
from tests.cluster.rig import Rig

NEEDED = "a81e07c455f2"
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: x
clusters: [{{name: x, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
contexts: [{{name: x, context: {{cluster: x, user: x}}}}]
users: [{{name: x, user: {{}}}}]
"""


def asked(namespace: str, repository: str = REPOSITORY, limit: float = 60.0) -> Incumbent:
    return running_image.asking(repository, context="", namespace=namespace, selector="", limit=limit).whole()


def start(rig: Rig, *, answer: str = "") -> tuple[str, str]:
    """Starts an Airflow halfway between two images, most of it on the first."""
    most, few = image("a"), image("b")
    scheduler = container("scheduler", most, "scheduler")
    if answer:
        scheduler["env"] = [{"name": "FAKE_ANSWER", "value": answer}]
    rig.start(
        stateful_set("worker", pod(container("worker", few, "celery", "worker"), name="worker"), replicas=1),
        deployment("scheduler", pod(scheduler, name="scheduler")),
        deployment("triggerer", pod(container("triggerer", most, "triggerer"), name="triggerer")),
    )
    return most, few


def test_the_image_that_most_of_an_airflow_runs_comes_first_and_airflow_says_what_runs_need(rig: Rig) -> None:
    said = {"baked": True, "runs": [{"version": NEEDED, "state": "running", "runs": 2}]}
    most, few = start(rig, answer=f"echo '{json.dumps(said)}'")

    found = asked(rig.kubectl.namespace)
    assert replace(found, receiver=None) == Incumbent(images=(most, few), pinned=(NEEDED,), complete=True)
    assert found.receiver is not None
    assert found.receiver.why_not == "no dag-processor runs the image there"


@pytest.mark.wide
def test_the_version_that_a_rollback_made_current_is_needed_too(rig: Rig) -> None:
    current, former = "b" * 12, "a" * 12
    said = {"baked": True, "held": [former, current], "current": current}
    start(rig, answer=f"echo '{json.dumps(said)}'")
    processor = container("dag-processor", image("a"), "dag-processor")
    processor["env"] = [{"name": dag_version.POINTER, "value": former}]
    rig.start(deployment("dag-processor", pod(processor, name="dag-processor")))

    assert asked(rig.kubectl.namespace).pinned == (former,)


@pytest.mark.wide
def test_an_airflow_that_does_not_say_is_known_by_its_images(rig: Rig) -> None:
    most, few = start(rig, answer="exit 1")

    found = asked(rig.kubectl.namespace)
    assert replace(found, receiver=None) == Incumbent(images=(most, few), pinned=(), complete=False)


def test_an_airflow_on_images_from_elsewhere_is_none(rig: Rig) -> None:
    start(rig)

    assert asked(rig.kubectl.namespace, "registry.example/other").images == ()


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / "config").write_text(KUBECONFIG.format(port=server.getsockname()[1]))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        began = time.monotonic()

        assert asked("", limit=0.5) == Incumbent()
        assert time.monotonic() - began < 5


def test_a_program_for_the_login_that_takes_its_time_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: sleep, args: ['20']}}"
    (tmp_path / "config").write_text(KUBECONFIG.format(port=9).replace("user: {}}]", f"user: {user}}}]"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    began = time.monotonic()

    assert asked("", limit=0.5) == Incumbent()
    assert time.monotonic() - began < 10


def test_a_server_that_is_not_there_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    (tmp_path / "config").write_text(KUBECONFIG.format(port=port))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))

    assert asked("") == Incumbent()


def test_an_airflow_says_before_a_build_that_it_can_take_a_version_without_a_new_pod(rig: Rig) -> None:
    runs = image("a")
    rig.start(*thin.airflow(runs))
    rig.kubectl.apply({"apiVersion": "v1", **thin.config_map(thin.announcement(), v6=b"abc")})

    assert asked(rig.kubectl.namespace).receiver == Receiver(
        onto=runs, announcement=thin.announcement(), packages={thin.V6: thin.packaged()}
    )
