"""kubectl in one namespace, as the tests use it: whatever it makes belongs to nobody else."""

import json
import subprocess

from tests.builders.airflow import Object


class Kubectl:
    """kubectl in one namespace.

    Args:
        program: Path of kubectl.
        kubeconfig: Of the cluster.
        namespace: The namespace.

    """

    def __init__(self, program: str, kubeconfig: str, namespace: str) -> None:
        self.program = program
        self.kubeconfig = kubeconfig
        self.namespace = namespace

    def __call__(self, *arguments: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002
        finished = self.run(*arguments, input=input)
        assert finished.returncode == 0 or not check, finished.stderr
        return finished.stdout

    def run(self, *arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:  # noqa: A002
        return subprocess.run(
            [self.program, f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}", *arguments],
            input=input,
            capture_output=True,
            text=True,
        )

    def apply(self, *objects: Object) -> None:
        """Makes objects as `kubectl create` does: nobody but kubectl is their owner."""
        self("create", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def get(self, what: str) -> Object:
        """Reads an object or a list."""
        found: Object = json.loads(self("get", what, "--output=json"))
        return found

    def images(self) -> dict[str, set[str]]:
        """What every workload says in its containers and initContainers."""
        found = {}
        for item in self.get("statefulsets,deployments,cronjobs")["items"]:
            spec = item["spec"].get("jobTemplate", item)["spec"]["template"]["spec"]
            containers = [*spec["containers"], *spec.get("initContainers", [])]
            found[f"{item['kind'].lower()}/{item['metadata']['name']}"] = {one["image"] for one in containers}
        return found

    def running(self) -> dict[str, str]:
        """The image that each living pod runs in its first container, by pod."""
        return {
            item["metadata"]["name"]: item["spec"]["containers"][0]["image"]
            for item in self.get("pods")["items"]
            if "deletionTimestamp" not in item["metadata"]
        }

    def wait_ready(self, *workloads: str, seconds: int = 60) -> None:
        """Waits until workloads are what they say."""
        for workload in workloads:
            self("rollout", "status", workload, f"--timeout={seconds}s")
