"""`deploy`: from a directory of DAGs to pods that hold them, on a real engine, registry and cluster.

The image is a real one on Airflow's base; its containers sleep, for what they would do is not asked here.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import airflow as airflows
from tests.cluster import images
from tests.cluster.kubectl import Kubectl

GOOD = "from airflow.sdk import DAG\nfrom helpers import name\n\nwith DAG(name):\n    pass\n"


@pytest.fixture
def project(tmp_path: Path, kubectl: Kubectl) -> Path:
    """A repository with one DAG and no requirements."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "one.py").write_text(GOOD, encoding="utf-8")
    (tmp_path / "dags" / "helpers.py").write_text("name = 'first'\n", encoding="utf-8")
    (tmp_path / "dagship.toml").write_text(
        f'repository = "{images.REGISTRY}/dagship-test/deploy"\nnamespace = "{kubectl.namespace}"\n'
        f'from_image = "{images.REGISTRY}/dagship-test/airflow"\n',
        encoding="utf-8",
    )
    return tmp_path


def dagship(project: Path, kubeconfig: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dagship.cli", *arguments],
        cwd=project,
        env=os.environ | {"KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
    )


def test_one_command_brings_an_edited_dag_to_the_cluster_and_stops_at_a_broken_one(
    project: Path, kubectl: Kubectl, kubeconfig: Path
) -> None:
    sleeps = {"command": ["sleep", "infinity"]}
    worker = airflows.container("worker", images.image("deploy")) | sleeps
    del worker["readinessProbe"]
    kubectl.apply(airflows.stateful_set("worker", airflows.pod(worker, name="worker")))
    base = dagship(project, kubeconfig, "base")
    assert 0 == base.returncode, base.stderr

    first = dagship(project, kubeconfig, "deploy", "--allow-airflow-change", "--json")

    assert 0 == first.returncode, first.stderr
    deployed = json.loads(first.stdout)
    assert deployed["passed"]
    assert {"build", "test-image", "push", "rollout"} == set(deployed["seconds"])
    held = kubectl("exec", "worker-0", "--", "sh", "-c", "cat $AIRFLOW__CORE__DAGS_FOLDER/helpers.py")
    assert "name = 'first'\n" == held
    assert {"statefulset/worker": {deployed["rollout"]["image"]}} == kubectl.images()

    (project / "dags" / "helpers.py").write_text("nothing = 1\n", encoding="utf-8")
    broken = dagship(project, kubeconfig, "deploy", "--json")

    assert 1 == broken.returncode
    assert "neither pushed nor rolled out" in json.loads(broken.stdout)["error"]["message"]
    assert "one.py" in broken.stderr
    assert {"statefulset/worker": {deployed["rollout"]["image"]}} == kubectl.images()
