"""`kubectl set image`: the first control."""

import json
import subprocess
import time
from pathlib import Path

from tests.builders.airflow import Object
from tests.e2e.conftest import REGISTRY
from tests.e2e.releases import NAME
from tests.e2e.soak.deliveries import Delivery
from tests.e2e.soak.evidence import Delivered

# What a StatefulSet has about which nobody said anything, and what the image says.
GRACE = 30
SETSID = "1"
_LOOK = 1.0
_LIMIT = 900.0


class SetImage(Delivery):
    """DAGs copied into the image by a Dockerfile of two lines, and `kubectl set image` on all workloads at once."""

    what = "`kubectl set image`, plain baked DAGs"

    def install(self) -> None:
        """Installs, and takes back what the chart does for tasks when a worker goes: plain manifests do not have it."""
        (self.project.directory / "dags").mkdir()
        repo, digest = self._image(1).split("@")
        self._installed({"image": {"repository": repo, "digest": digest}})
        worker = {
            "spec": {
                "terminationGracePeriodSeconds": GRACE,
                "containers": [{"name": "worker", "env": [{"name": "DUMB_INIT_SETSID", "value": SETSID}]}],
            }
        }
        patch = json.dumps({"spec": {"template": worker}})
        kubectl = self.release.kubectl
        kubectl("patch", f"statefulset/{NAME}-worker", "--type=strategic", f"--patch={patch}")
        kubectl("rollout", "status", f"statefulset/{NAME}-worker", f"--timeout={_LIMIT:.0f}s")

    def deliver(self, number: int) -> Delivered:
        """Sets the image, and looks at the pods until all are new and ready and the old are gone."""
        image = self._image(number)
        kubectl = self.release.kubectl
        workloads = {name.rpartition("/")[0].lower() for name in self.release.images()}
        began = time.time()
        kubectl("set", "image", *sorted(workloads), f"*={image}")
        draining = 0.0
        before = began
        while True:
            pods = [one for one in kubectl.get("pods")["items"] if _of_airflow(one)]
            now = time.time()
            if any("deletionTimestamp" in one["metadata"] and _component(one) == "worker" for one in pods):
                draining += now - before
            if pods and all(_right(one, image) for one in pods) and self._complete(pods):
                return Delivered(number=number, began=began, ended=now, draining=draining, what="set image")
            assert now - began < _LIMIT, f"set image: not within {_LIMIT:.0f} s"
            before = now
            time.sleep(_LOOK)

    def _complete(self, pods: list[Object]) -> bool:
        wanted = sum(
            one["spec"]["replicas"]
            for one in self.release.kubectl.get("statefulsets,deployments")["items"]
            if _of_airflow(one)
        )
        return bool(len(pods) == wanted)

    def _image(self, number: int) -> str:
        self.project.write(number)
        dockerfile = f"FROM {self.project.base}\nCOPY dags /opt/airflow/dags\n"
        return built(self.project.directory, dockerfile, f"{self.release.kubectl.namespace}-{number}")


def built(context: Path, dockerfile: str, tag: str) -> str:
    """Builds an image as anybody does, and pushes it; returns it by digest."""
    (context / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    repo = f"{REGISTRY}/dagship-test/soak-plain"
    for command in (
        ["docker", "buildx", "build", "--quiet", "--load", "--provenance=false", f"--tag={repo}:{tag}", "."],
        ["docker", "push", "--quiet", f"{repo}:{tag}"],
    ):
        done = subprocess.run(command, cwd=context, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    found = subprocess.run(
        ["docker", "image", "inspect", "--format={{json .RepoDigests}}", f"{repo}:{tag}"],
        capture_output=True,
        text=True,
        check=True,
    )
    digests: list[str] = json.loads(found.stdout)
    return next(one for one in digests if one.startswith(f"{repo}@"))


def _component(item: Object) -> str:
    return str(item["metadata"].get("labels", {}).get("app.kubernetes.io/component", ""))


def _of_airflow(item: Object) -> bool:
    return _component(item) in {"worker", "scheduler", "triggerer", "api-server", "dag-processor"}


def _right(pod: Object, image: str) -> bool:
    ready = {one["type"]: one["status"] for one in pod["status"].get("conditions", [])}.get("Ready") == "True"
    return (
        ready
        and "deletionTimestamp" not in pod["metadata"]
        and all(one["image"] == image for one in pod["spec"]["containers"])
    )
