"""Airflows of the tests: their objects as charts and plain manifests have them, made with kubectl."""

import json
import subprocess
from typing import Any

# Over HTTP: a command in each of many pods every second is more than two cores do.
PROBE = {"httpGet": {"path": "/ready", "port": 8793}, "periodSeconds": 1, "failureThreshold": 1}

Object = dict[str, Any]


def container(name: str, image: str, *command: str, probe: bool = True, **more: Any) -> Object:
    """A container of Airflow's image."""
    made = {"name": name, "image": image, "command": ["airflow", *command], **more}
    return {**made, "readinessProbe": PROBE} if probe else made


def pod(*containers: Object, name: str, **more: Any) -> Object:
    """A pod template that ends quickly."""
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 2, "containers": list(containers), **more},
    }


def deployment(name: str, template: Object, *, replicas: int = 1, labels: Object | None = None, **spec: Any) -> Object:
    """A Deployment."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }


def stateful_set(
    name: str, template: Object, *, replicas: int = 1, labels: Object | None = None, **spec: Any
) -> Object:
    """A StatefulSet without a claim."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {
            "replicas": replicas,
            "serviceName": name,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
            **spec,
        },
    }


def cron_job(name: str, template: Object) -> Object:
    """A CronJob that does not come round during a test."""
    template = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
    return {
        "apiVersion": "batch/v1beta1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}},
    }


def celery(image: str, *, workers: int = 2, probe: bool = True) -> tuple[Object, ...]:
    """A whole Airflow as plain manifests have it: a worker StatefulSet and four Deployments."""
    commands = {
        "triggerer": ("triggerer",),
        "scheduler": ("scheduler",),
        "api-server": ("api-server",),
        "dag-processor": ("dag-processor",),
    }
    return (
        stateful_set(
            "worker", pod(container("worker", image, "celery", "worker", probe=probe), name="worker"), replicas=workers
        ),
        *(
            deployment(name, pod(container(name, image, *command, probe=probe), name=name))
            for name, command in commands.items()
        ),
    )


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
