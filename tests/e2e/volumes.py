"""Volumes on this machine: the testbed makes none by itself."""

from pathlib import Path

from tests.cluster.kubectl import Kubectl


def volume(kubectl: Kubectl, name: str, claim: str, path: Path, mode: str) -> str:
    """Makes a volume for one claim; returns its name."""
    full = f"{kubectl.namespace}-{name}"
    kubectl.apply({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": full},
        "spec": {
            "capacity": {"storage": "5Gi"}, "accessModes": [mode], "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "", "hostPath": {"path": str(path)},
            "claimRef": {"namespace": kubectl.namespace, "name": claim},
        },
    })  # fmt: skip
    return full
