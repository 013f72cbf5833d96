"""A release of the chart, installed and changed with dagship and with helm."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr

from dagship.model.access import Access
from tests.cluster.kubectl import Kubectl
from tests.e2e.api import Api
from tests.machine import ROOT, one_at_a_time

CHART = ROOT / "k8s/chart"
NAME = "air"
# Where pods reach a server on this machine: the bridge that they are on.
BRIDGE = "10.88.0.1"


class Release:
    """A release in a namespace of its own.

    Args:
        kubectl: The namespace.
        helm: Path of helm.
        values: Values that every call begins with.
        major: Airflow's.

    """

    def __init__(self, kubectl: Kubectl, helm: str, values: Path, *, major: int) -> None:
        self.kubectl = kubectl
        self.values = values
        self._helm = helm
        self._major = major
        self.environment = os.environ | {
            "KUBECONFIG": kubectl.kubeconfig,
            "DAGSHIP_NAMESPACE": kubectl.namespace,
            "PATH": f"{Path(helm).parent}:{os.environ['PATH']}",
        }

    def dagship(self, where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Calls dagship for this namespace."""
        return subprocess.run(self.command(*arguments), cwd=where, env=self.environment, capture_output=True, text=True)

    def begun(self, where: Path, *arguments: str) -> "subprocess.Popen[bytes]":
        """Starts dagship for this namespace, to be killed."""
        return subprocess.Popen(self.command(*arguments), cwd=where, env=self.environment, stderr=subprocess.DEVNULL)

    def command(self, *arguments: str) -> list[str]:
        """The command that calls dagship, to which `environment` names this namespace."""
        return [sys.executable, "-m", "dagship.cli", *arguments]

    def by(self, **environment: str) -> Self:
        """The same release, for a dagship with more in its environment."""
        other = copy.copy(self)
        other.environment = self.environment | environment
        return other

    def access(self) -> Access:
        """Where its Airflow 3 is asked, at an address that outlives its pods, and by what right."""
        service = self.kubectl.get(f"service/{NAME}-api-server")["spec"]
        with self.api() as api:
            token = api.token
        return Access(url=f"http://{service['clusterIP']}:{service['ports'][0]['port']}", token=SecretStr(token))

    def by_rest(self) -> Self:
        """The same release, for a dagship that asks Airflow by its REST API."""
        access = self.access()
        return self.by(DAGSHIP_AIRFLOW_URL=access.url, DAGSHIP_AIRFLOW_TOKEN=access.token.get_secret_value())

    def install(self, where: Path, *more: str, values: Any = None) -> subprocess.CompletedProcess[str]:
        """Installs or upgrades by `dagship install`, with further values."""
        files = str(self.values)
        if values is not None:
            added = where / "more-values.yaml"
            added.write_text(json.dumps(values), encoding="utf-8")
            files += f",{added}"
        # Two Airflows that start at once take more than twice as long on two cores, and time out together.
        with one_at_a_time("install"):
            return self.dagship(where, "install", f"--release={NAME}", f"--values={files}", *more)

    def helm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Calls helm for this namespace."""
        return subprocess.run(
            [self._helm, *arguments, f"--namespace={self.kubectl.namespace}"],
            env=self.environment,
            capture_output=True,
            text=True,
        )

    def upgrade(self, *sets: str) -> None:
        """Upgrades by helm alone, and waits."""
        done = self.helm(
            "upgrade", NAME, str(CHART), "--reuse-values", "--wait", "--timeout=10m", *(f"--set={one}" for one in sets)
        )
        assert done.returncode == 0, done.stderr

    def api(self) -> Api:
        """Airflow's API."""
        return Api(self.kubectl, NAME, major=self._major)

    def pods(self) -> dict[str, str]:
        """The id of every pod, by its name."""
        return {one["metadata"]["name"]: one["metadata"]["uid"] for one in self.kubectl.get("pods")["items"]}

    def images(self) -> dict[str, str]:
        """Image of every container of Airflow, by workload and container."""
        return {
            f"{one['kind']}/{one['metadata']['name']}/{container['name']}": container["image"]
            for one in self.kubectl.get("statefulsets,deployments")["items"]
            if one["metadata"]["labels"]["app.kubernetes.io/component"] not in {"postgres", "redis"}
            for group in ("initContainers", "containers")
            for container in one["spec"]["template"]["spec"].get(group) or ()
        }
