"""The objects that the official and the community chart make, shortened to what a rollout sees of them.

Nothing of them runs: every workload wants no pods. Names, labels, arguments, and which containers have the volumes of
the values, are those of the charts' templates.
"""

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from tests.builders.airflow import Object

GIT_SYNC = "registry.k8s.io/git-sync/git-sync:v4.4.2"
STATSD = "quay.io/prometheus/statsd-exporter:v0.28.0"
REDIS = "redis:7.2-bookworm"

Values = Mapping[str, Any]

_VOLUMES = [{"name": "config", "configMap": {"name": "airflow-config"}}]
_MOUNTS = [{"name": "config", "mountPath": "/opt/airflow/airflow.cfg", "subPath": "airflow.cfg"}]
_ENV = [
    {"name": "AIRFLOW__CORE__FERNET_KEY", "valueFrom": {"secretKeyRef": {"name": "fernet", "key": "fernet-key"}}},
    {"name": "AIRFLOW_HOME", "value": "/opt/airflow"},
]


def labels(component: str) -> dict[str, str]:
    """As on all objects of the chart."""
    return {
        "tier": "airflow", "component": component, "release": "airflow", "chart": "airflow-1.22.0", "heritage": "Helm",
    }  # fmt: skip


def airflow(image: str, *, executor: str, values: Values | None = None) -> tuple[Object, ...]:
    """The official chart's Airflow 3 with git-sync, statsd and the clean-up of pods; with Redis and workers for Celery."""
    celery = "CeleryExecutor" in executor
    given = values or {}
    return (
        config(image, executor, given),
        *((_workload("StatefulSet", "worker", image, "celery worker", given), _other("StatefulSet", "redis", REDIS)) if celery else ()),
        _workload("Deployment", "scheduler", image, "scheduler", given),
        _workload("Deployment", "dag-processor", image, "dag-processor", given),
        _workload("Deployment", "api-server", image, "api-server", given, groomed=False),
        _workload("StatefulSet", "triggerer", image, "triggerer", given),
        _other("Deployment", "statsd", STATSD),
        _cleanup(image),
    )  # fmt: skip


def community(image: str, values: Values) -> tuple[Object, ...]:
    """The community chart's Airflow with Celery and a dag-processor."""
    given = values.get("airflow", {})

    def workload(kind: str, component: str, command: str) -> Object:
        def container(name: str, *args: str) -> Object:
            mounts = given.get("extraVolumeMounts", [])
            return {"name": name, "image": image, "args": ["bash", "-c", *args], "volumeMounts": mounts}

        init = [container("check-db", "exec timeout 60s airflow db check")]
        containers = [container(f"airflow-{component}", f"exec airflow {command}")]
        pod = {"containers": containers, "initContainers": init, "volumes": given.get("extraVolumes", [])}
        made = _object(kind, component, pod)
        marks = {"app": "airflow", "component": component, "release": "airflow"}
        made["metadata"]["labels"] = made["spec"]["template"]["metadata"]["labels"] = marks
        made["spec"]["selector"]["matchLabels"] = marks
        return made

    return (
        workload("StatefulSet", "worker", "celery worker"),
        workload("Deployment", "scheduler", "scheduler"),
        workload("Deployment", "dag-processor", "dag-processor"),
        workload("Deployment", "web", "webserver"),
    )


def pgbouncer(repository: str) -> Object:
    """PgBouncer and its exporter, whose images are of Airflow's own repository."""
    tags = {"pgbouncer": "airflow-pgbouncer-2025.03.05-1.23.1", "metrics-exporter": "airflow-pgbouncer-exporter-0.18.0"}
    containers: list[Object] = [{"name": name, "image": f"{repository}:{tag}"} for name, tag in tags.items()]
    containers[0]["command"] = ["pgbouncer", "-u", "nobody", "/etc/pgbouncer/pgbouncer.ini"]
    return _object("Deployment", "pgbouncer", {"containers": containers})


def template(image: str, values: Values | None = None) -> str:
    """`pod_template_file.yaml`."""
    given = values or {}
    return textwrap.dedent(f"""\
        # Licensed to the Apache Software Foundation (ASF) under one
        # or more contributor license agreements.
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: placeholder-name
          labels:
            tier: airflow
            component: worker
            release: airflow
        spec:
          initContainers:

            - name: git-sync-init
              image: {GIT_SYNC}
              imagePullPolicy: IfNotPresent
          containers:
            - envFrom:
                []
              env:
                - name: AIRFLOW__CORE__EXECUTOR
                  value: LocalExecutor   # a task runs in its pod
              image: {image}
              imagePullPolicy: IfNotPresent
              name: base
              volumeMounts: {json.dumps(given.get("volumeMounts", []))}
          restartPolicy: Never
          volumes: {json.dumps(given.get("volumes", []))}
        """)


def config(image: str, executor: str, values: Values | None = None) -> Object:
    """The ConfigMap with `airflow.cfg`, and for the KubernetesExecutor with the template of its pods."""
    repository, _, tag = image.rpartition(":")
    files = {
        "airflow.cfg": f"[core]\nexecutor = {executor}\n\n[kubernetes_executor]\nnamespace = airflow\n"
        f"worker_container_repository = {repository}\nworker_container_tag = {tag}\n",
        "airflow_local_settings.py": "",
    }
    if "KubernetesExecutor" in executor:
        files["pod_template_file.yaml"] = template(image, values)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "airflow-config", "labels": labels("config")},
        "data": files,
    }


def _workload(kind: str, component: str, image: str, command: str, values: Values, *, groomed: bool = True) -> Object:
    def container(name: str, *args: str, **more: Any) -> Object:
        return {
            "name": name, "image": image, "imagePullPolicy": "IfNotPresent", "args": list(args), "env": _ENV,
            "volumeMounts": [*_MOUNTS, *values.get("volumeMounts", [])], **more,
        }  # fmt: skip

    checks = ("airflow", "db", "check-migrations", "--migration-wait-timeout=60")
    synced = component in {"worker", "dag-processor", "triggerer"}
    containers = [
        container(component, "bash", "-c", f"exec airflow {command}"),
        *([container(f"{component}-log-groomer", "bash", "/clean-logs")] if groomed else []),
        *([{"name": "git-sync", "image": GIT_SYNC}] if synced else []),
    ]
    init = [
        container("wait-for-airflow-migrations", *checks),
        *([{"name": "git-sync-init", "image": GIT_SYNC}] if synced else []),
    ]
    volumes = [*_VOLUMES, *values.get("volumes", [])]
    return _object(kind, component, {"containers": containers, "initContainers": init, "volumes": volumes})


def _other(kind: str, component: str, image: str) -> Object:
    return _object(kind, component, {"containers": [{"name": component, "image": image}]})


def _object(kind: str, component: str, pod: Object) -> Object:
    selector = {name: value for name, value in labels(component).items() if name in {"tier", "component", "release"}}
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": selector},
        "template": {"metadata": {"labels": selector}, "spec": pod},
    }
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    spec |= {"serviceName": f"airflow-{component}"} if kind == "StatefulSet" else {"strategy": strategy}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": f"airflow-{component}", "labels": labels(component)},
        "spec": spec,
    }


def _cleanup(image: str) -> Object:
    args = ["bash", "-c", "exec airflow kubernetes cleanup-pods --namespace=airflow"]
    containers = [{"name": "airflow-cleanup-pods", "image": image, "args": args}]
    return {
        "apiVersion": "batch/v1beta1",
        "kind": "CronJob",
        "metadata": {"name": "airflow-cleanup", "labels": labels("airflow-cleanup-pods")},
        "spec": {
            "schedule": "0 0 1 1 *",
            "jobTemplate": {
                "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": containers}}},
            },
        },
    }
