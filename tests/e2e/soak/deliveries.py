"""Three ways to bring DAGs to the same Airflow: dagship, `kubectl set image`, and files replaced in place."""

import json
import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.airflows import Object
from tests.e2e.conftest import REGISTRY, repository
from tests.e2e.releases import NAME, Release
from tests.e2e.soak.dagfiles import files
from tests.e2e.soak.evidence import Delivered

# The same for all ways. A task whose worker is gone is noticed after two minutes instead of five. On a busy machine the
# first task that a scheduler sends takes more than the second it is given, and fails by itself.
VALUES = {
    "workers": {"replicas": 2, "terminationGracePeriodSeconds": 300},
    "triggerer": {"replicas": 0},
    "config": {"scheduler": {"task_instance_heartbeat_timeout": 120}, "celery": {"operation_timeout": 30}},
}
# What a StatefulSet has about which nobody said anything, and what the image says.
GRACE = 30
SETSID = "1"
_LOOK = 1.0
_LIMIT = 900.0


@dataclass(frozen=True, kw_only=True)
class Project:
    """Where DAGs are delivered from.

    Attributes:
        directory: A directory of its own.
        base: The Airflow base image.
        values: Values of the testbed.

    """

    directory: Path
    base: str
    values: Path

    def write(self, number: int) -> Path:
        """Makes the DAGs of a version; returns their directory."""
        folder = self.directory / "dags"
        for name, text in files(number).items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
        return folder


class Delivery(ABC):
    """A way.

    Args:
        release: Airflow.
        project: Where DAGs come from.

    """

    what: str

    def __init__(self, release: Release, project: Project) -> None:
        self.release = release
        self.project = project

    @abstractmethod
    def install(self) -> None:
        """Installs Airflow with version 1 of the DAGs."""

    @abstractmethod
    def deliver(self, number: int) -> Delivered:
        """Delivers a version."""

    def gone(self) -> None:  # noqa: B027 - most leave nothing
        """Takes away what outlives the namespace."""

    def _installed(self, values: Object) -> None:
        done = self.release.install(self.project.directory, values=VALUES | values)
        assert done.returncode == 0, done.stderr


class Dagship(Delivery):
    """dagship: build, test-image, push, rollout."""

    what = "dagship"

    def __init__(self, release: Release, project: Project, *how: str) -> None:
        super().__init__(release, project)
        self._how = how

    def install(self) -> None:
        """Installs with the image that push left here."""
        repository(self.project.directory, self.project.base, **files(1))
        self.image(1)
        self._installed({})

    def image(self, number: int) -> str:
        """Builds, tests and pushes a version; returns it by digest."""
        self.project.write(number)
        for task in ("build", "test-image"):
            self._call(task)
        pushed = self._call("push")
        return f"{pushed['reference'].rpartition(':')[0]}@{pushed['digest']}"

    def deliver(self, number: int) -> Delivered:
        """Everything but the image's making counts as the rollout."""
        self.image(number)
        return self.roll(number)

    def roll(self, number: int, what: str = "rollout") -> Delivered:
        """Rolls out what was pushed."""
        began = time.time()
        result = self._call("rollout", *self._how)
        return self.delivered(number, began, result, what)

    def back(self, number: int) -> Delivered:
        """Goes back to the release before, which delivered this version."""
        began = time.time()
        return self.delivered(number, began, self._call("rollback"), "rollback")

    @staticmethod
    def delivered(number: int, began: float, result: dict[str, Any], what: str) -> Delivered:
        """What a rollout's document says of it."""
        tasks = result.get("tasks") or {}
        return Delivered(number=number, began=began, ended=time.time(), draining=tasks.get("draining"), what=what)

    def start(self, task: str, *arguments: str) -> subprocess.Popen[str]:
        """Starts a task of dagship, as a CI job does that knows the cluster."""
        kubectl = self.release.kubectl
        return subprocess.Popen(
            [sys.executable, "-m", "dagship.cli", task, *arguments, "--json"],
            cwd=self.project.directory,
            env=os.environ | {"KUBECONFIG": kubectl.kubeconfig, "DAGSHIP_NAMESPACE": kubectl.namespace},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _call(self, task: str, *arguments: str) -> dict[str, Any]:
        child = self.start(task, *arguments)
        said, told = child.communicate()
        assert child.returncode == 0, f"{task}: {told}"
        document: dict[str, Any] = json.loads(said)
        return document


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
        (self.project.directory / "Dockerfile").write_text(
            f"FROM {self.project.base}\nCOPY dags /opt/airflow/dags\n", encoding="utf-8"
        )
        repo = f"{REGISTRY}/dagship-test/soak-plain"
        tag = f"{repo}:{self.release.kubectl.namespace}-{number}"
        for command in (
            ["docker", "buildx", "build", "--quiet", "--load", "--provenance=false", f"--tag={tag}", "."],
            ["docker", "push", "--quiet", tag],
        ):
            done = subprocess.run(command, cwd=self.project.directory, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        found = subprocess.run(
            ["docker", "image", "inspect", "--format={{json .RepoDigests}}", tag],
            capture_output=True,
            text=True,
            check=True,
        )
        digests: list[str] = json.loads(found.stdout)
        return next(one for one in digests if one.startswith(f"{repo}@"))


class InPlace(Delivery):
    """DAG files replaced on a volume that all components share, as git-sync does; no pod moves."""

    what = "DAG files replaced in place"

    def install(self) -> None:
        """Installs the base image, with a volume of this machine at the DAGs folder."""
        folder = self.project.directory / "dags"
        folder.mkdir()
        self.project.write(1)
        kubectl = self.release.kubectl
        claim = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
        kubectl.apply(
            {
                "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": self._volume},
                "spec": {
                    **claim, "capacity": {"storage": "1Gi"}, "persistentVolumeReclaimPolicy": "Retain",
                    "hostPath": {"path": str(folder)},
                    "claimRef": {"namespace": kubectl.namespace, "name": "soak-dags"},
                },
            },
            {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "soak-dags"},
                "spec": {**claim, "volumeName": self._volume, "resources": {"requests": {"storage": "1Gi"}}},
            },
        )  # fmt: skip
        self._installed({"dags": {"mode": "persistent", "persistent": {"claim": "soak-dags"}}})

    def deliver(self, number: int) -> Delivered:
        """Replaces each file whole: nothing ever reads half of one."""
        began = time.time()
        folder = self.project.directory / "dags"
        for name, text in files(number).items():
            beside = folder / f".{name}.new"
            beside.write_text(text, encoding="utf-8")
            beside.replace(folder / f"{name}.py")
        return Delivered(number=number, began=began, ended=time.time(), what="replaced")

    def gone(self) -> None:
        """Takes the volume away."""
        self.release.kubectl("delete", "persistentvolume", self._volume, "--wait=false", check=False)

    @property
    def _volume(self) -> str:
        return f"{self.release.kubectl.namespace}-soak-dags"


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
