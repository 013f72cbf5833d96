"""`deploy`: from a directory of DAGs to pods that hold them, on a real engine, registry and cluster.

The image is a real one on Airflow's base; its containers sleep, for what they would do is not asked here.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dagship.model.reference import Reference
from dagship.registry.repository import Repository
from tests.builders import airflow as airflows
from tests.builders import thin
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


def sleeping(name: str) -> airflows.Object:
    """A pod that has mounted what is announced."""
    container = airflows.container(name, images.image("deploy"), probe=False) | {"command": ["sleep", "infinity"]}
    return airflows.pod(container, name=name)


def test_one_command_brings_an_edited_dag_to_the_cluster_and_stops_at_a_broken_one(
    project: Path, kubectl: Kubectl, kubeconfig: Path
) -> None:
    kubectl.apply(
        thin.mounting(airflows.stateful_set("worker", sleeping("worker"))),
        thin.mounting(airflows.deployment("dag-processor", sleeping("dag-processor"))),
    )
    base = dagship(project, kubeconfig, "base")
    assert 0 == base.returncode, base.stderr

    first = dagship(project, kubeconfig, "deploy", "--allow-airflow-change", "--json")

    assert 0 == first.returncode, first.stderr
    deployed = json.loads(first.stdout)
    assert deployed["passed"]
    assert {"build", "test-image", "push", "rollout"} == set(deployed["seconds"])
    held = kubectl("exec", "worker-0", "--", "sh", "-c", "cat $AIRFLOW__CORE__DAGS_FOLDER/helpers.py")
    assert "name = 'first'\n" == held
    runs = {
        "statefulset/worker": {deployed["rollout"]["image"]},
        "deployment/dag-processor": {deployed["rollout"]["image"]},
    }
    assert runs == kubectl.images()

    pushed, record = (project / ".dagship" / "push.json").read_bytes(), kubectl.get("configmap/dagship")["data"]
    (project / "dags" / "helpers.py").write_text("name = 'second'\n", encoding="utf-8")
    would = {}
    for how in ([], ["--full"]):
        shown = dagship(project, kubeconfig, "deploy", "--dry-run", *how, "--json")
        assert 0 == shown.returncode, shown.stderr
        would[tuple(how)] = json.loads(shown.stdout)
    alone, full = would.values()

    assert [True, None, "planned"] == [alone["passed"], alone["image"], alone["rollout"]["outcome"]]
    assert alone["way"].startswith(f"the new DAG version alone, since all else of {deployed['rollout']['image']} stays")
    assert ["announcement"] == [move["role"] for move in alone["rollout"]["moves"]]
    assert "the whole image, since --full asks for it" == full["way"]
    assert runs.keys() == {f"{one['kind']}/{one['name']}".lower() for one in full["rollout"]["moves"]}
    assert "The server was not asked what it says of the image" in full["rollout"]["state"]
    for one in would.values():  # neither left this machine
        image = Reference.parse(one["rollout"]["image"])
        assert image.tag
        assert "" == Repository(image).digest(image.tag)
    assert pushed == (project / ".dagship" / "push.json").read_bytes()
    assert record == kubectl.get("configmap/dagship")["data"]
    assert "dagship-dags" not in {one["metadata"]["name"] for one in kubectl.get("configmaps")["items"]}
    assert runs == kubectl.images()

    (project / "dags" / "helpers.py").write_text("nothing = 1\n", encoding="utf-8")
    broken = dagship(project, kubeconfig, "deploy", "--json")

    assert 1 == broken.returncode
    assert "neither pushed nor rolled out" in json.loads(broken.stdout)["error"]["message"]
    assert "one.py" in broken.stderr
    assert runs == kubectl.images()
