"""Objects as a real API server sends them: what a test does not name is as a server of 1.20 fills it in."""

from typing import Any

Raw = dict[str, Any]

NOW = 1_790_000_000.0
V1 = "registry:5000/team/airflow@sha256:" + "1" * 64
V2 = "registry:5000/team/airflow@sha256:" + "2" * 64


def digest(image: str) -> str:
    return image.rpartition("@")[2]


def stamp(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def container(name: str = "worker", image: str = V2, **more: Any) -> Raw:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        **more,
    }


PROBE = {"exec": {"command": ["true"]}, "failureThreshold": 3, "periodSeconds": 10, "timeoutSeconds": 1}


def running(
    name: str = "worker", image: str = V2, *, since: float = NOW - 100, ready: bool = True, restarts: int = 0
) -> Raw:
    return {
        "containerID": f"containerd://{name}",
        "image": image,
        "imageID": image if "@" in image else f"{image.rpartition(':')[0]}@sha256:{'f' * 64}",
        "lastState": {},
        "name": name,
        "ready": ready,
        "restartCount": restarts,
        "started": True,
        "state": {"running": {"startedAt": stamp(since)}},
    }


def waiting(
    name: str = "worker", reason: str = "ContainerCreating", message: str = "", *, image: str = V2, **more: Any
) -> Raw:
    return {
        "image": image,
        "imageID": "",
        "lastState": {},
        "name": name,
        "ready": False,
        "restartCount": 0,
        "started": False,
        "state": {"waiting": {"reason": reason, **({"message": message} if message else {})}},
        **more,
    }


def ended(code: int, reason: str = "Error", message: str = "") -> Raw:
    return {
        "terminated": {
            "containerID": "containerd://gone",
            "exitCode": code,
            "finishedAt": stamp(NOW - 5),
            "reason": reason,
            "startedAt": stamp(NOW - 8),
            **({"message": message} if message else {}),
        }
    }


def crashing(
    name: str = "worker", code: int = 1, reason: str = "Error", message: str = "", *, restarts: int = 1
) -> Raw:
    pause = f"back-off 10s restarting failed container={name} pod=worker-1_default(20ced353)"
    more = {"lastState": ended(code, reason, message), "restartCount": restarts, "imageID": V2}
    return waiting(name, "CrashLoopBackOff", pause, **more)


def pod(
    name: str = "worker-0",
    *,
    revision: str = "worker-new",
    owner: str = "set",
    ready: bool = True,
    image: str = V2,
    containers: list[Raw] | None = None,
    inits: list[Raw] | None = None,
    statuses: list[Raw] | None = None,
    init_statuses: list[Raw] | None = None,
    deleting: float | None = None,
    grace: int = 600,
    finalizers: list[str] | None = None,
    phase: str = "Running",
    hash_label: str = "controller-revision-hash",
    uid: str = "",
    **status: Any,
) -> Raw:
    truth = "True" if ready else "False"
    metadata: Raw = {
        "creationTimestamp": stamp(NOW - 200),
        "generateName": f"{name.rpartition('-')[0]}-",
        "labels": {"tier": "airflow", hash_label: revision},
        "name": name,
        "namespace": "airflow",
        "resourceVersion": "4632",
        "uid": uid or f"uid-{name}-{revision}",
    }
    if owner:
        metadata["ownerReferences"] = [
            {
                "apiVersion": "apps/v1",
                "blockOwnerDeletion": True,
                "controller": True,
                "kind": "StatefulSet" if hash_label.startswith("controller") else "ReplicaSet",
                "name": owner,
                "uid": f"uid-{owner}",
            }
        ]
    if deleting is not None:
        metadata |= {"deletionTimestamp": stamp(deleting), "deletionGracePeriodSeconds": grace}
    if finalizers:
        metadata["finalizers"] = finalizers
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "containers": containers or [container(image=image)],
            **({"initContainers": inits} if inits else {}),
            "dnsPolicy": "ClusterFirst",
            "nodeName": "node-1",
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "terminationGracePeriodSeconds": 600,
        },
        "status": {
            "conditions": [
                {"lastProbeTime": None, "status": "True", "type": "Initialized"},
                {"lastProbeTime": None, "status": truth, "type": "Ready"},
                {"lastProbeTime": None, "status": truth, "type": "ContainersReady"},
                {"lastProbeTime": None, "status": "True", "type": "PodScheduled"},
            ],
            "containerStatuses": statuses if statuses is not None else [running(image=image, ready=ready)],
            **({"initContainerStatuses": init_statuses} if init_statuses else {}),
            "phase": phase,
            "qosClass": "BestEffort",
            "startTime": stamp(NOW - 199),
            **status,
        },
    }


def unschedulable(name: str = "worker-0", message: str = "0/3 nodes are available: 3 Insufficient memory.") -> Raw:
    raw = pod(name, ready=False, statuses=[], phase="Pending")
    del raw["spec"]["nodeName"]
    raw["status"]["conditions"] = [
        {"message": message, "reason": "Unschedulable", "status": "False", "type": "PodScheduled"}
    ]
    return raw


def stateful_set(
    name: str = "worker",
    *,
    replicas: int = 3,
    image: str = V2,
    generation: int = 2,
    policy: str = "OrderedReady",
    strategy: Raw | None = None,
    template: Raw | None = None,
    spec: Raw | None = None,
    status: Raw | None = None,
    **counts: Any,
) -> Raw:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"generation": generation, "name": name, "namespace": "airflow", "uid": "uid-set"},
        "spec": {
            "podManagementPolicy": policy,
            "replicas": replicas,
            "revisionHistoryLimit": 10,
            "selector": {"matchLabels": {"tier": "airflow"}},
            "serviceName": name,
            "template": template or {"metadata": {}, "spec": {"containers": [container(image=image)]}},
            "updateStrategy": strategy or {"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"},
            **(spec or {}),
        },
        "status": {
            "collisionCount": 0,
            "currentReplicas": replicas,
            "currentRevision": "worker-new",
            "observedGeneration": generation,
            "readyReplicas": replicas,
            "replicas": replicas,
            "updateRevision": "worker-new",
            "updatedReplicas": replicas,
            **(status or {}),
            **counts,
        },
    }


ON_DELETE = {"type": "OnDelete"}


def partition(number: int) -> Raw:
    return {"rollingUpdate": {"partition": number}, "type": "RollingUpdate"}


def deployment(
    name: str = "scheduler",
    *,
    replicas: int = 2,
    image: str = V2,
    generation: int = 2,
    revision: int = 2,
    strategy: Raw | None = None,
    spec: Raw | None = None,
    conditions: list[Raw] | None = None,
    **status: Any,
) -> Raw:
    rolling = {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}, "type": "RollingUpdate"}
    counts = {
        "availableReplicas": replicas,
        "readyReplicas": replicas,
        "replicas": replicas,
        "updatedReplicas": replicas,
        **status,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
            "generation": generation,
            "name": name,
            "namespace": "airflow",
            "uid": "uid-deployment",
        },
        "spec": {
            "progressDeadlineSeconds": 600,
            "replicas": replicas,
            "revisionHistoryLimit": 10,
            "selector": {"matchLabels": {"component": name}},
            "strategy": strategy or rolling,
            "template": {"metadata": {}, "spec": {"containers": [container(image=image)]}},
            **(spec or {}),
        },
        # A server leaves counts out that are zero.
        "status": {
            "conditions": conditions
            or [condition("Available"), condition("Progressing", reason="NewReplicaSetAvailable")],
            "observedGeneration": generation,
            **{name: count for name, count in counts.items() if count},
        },
    }


def condition(kind: str, status: str = "True", reason: str = "", message: str = "") -> Raw:
    return {
        "lastTransitionTime": stamp(NOW - 60),
        "lastUpdateTime": stamp(NOW - 60),
        "message": message,
        "reason": reason,
        "status": status,
        "type": kind,
    }


def replica_set(hash_: str = "new", revision: int = 2, *, image: str = V2) -> Raw:
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
            "labels": {"component": "scheduler", "pod-template-hash": hash_},
            "name": f"scheduler-{hash_}",
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "controller": True,
                    "kind": "Deployment",
                    "name": "scheduler",
                    "uid": "uid-deployment",
                }
            ],
            "uid": f"uid-scheduler-{hash_}",
        },
        "spec": {"template": {"metadata": {}, "spec": {"containers": [container(image=image)]}}},
        "status": {},
    }


def deployed(name: str, hash_: str = "new", **more: Any) -> Raw:
    """A pod of a Deployment."""
    return pod(
        f"scheduler-{hash_}-{name}", revision=hash_, owner=f"scheduler-{hash_}", hash_label="pod-template-hash", **more
    )


def cron_job(image: str = V2, *, suspend: bool = False) -> Raw:
    template = {"metadata": {}, "spec": {"containers": [container("cleanup", image)], "restartPolicy": "Never"}}
    return {
        "apiVersion": "batch/v1beta1",
        "kind": "CronJob",
        "metadata": {"name": "cleanup", "namespace": "airflow", "uid": "uid-cron"},
        "spec": {"jobTemplate": {"spec": {"template": template}}, "schedule": "*/15 * * * *", "suspend": suspend},
        "status": {},
    }
