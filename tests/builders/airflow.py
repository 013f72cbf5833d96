"""Airflows of the tests: their objects as charts and plain manifests have them."""

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
