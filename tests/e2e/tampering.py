"""What goes wrong with an announcement on its way: a node that is cut off, and somebody who writes another one."""

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagship.model.thin import CURRENT, VOLUME
from tests.builders import packages
from tests.cluster.kubectl import Kubectl

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
_PODS = _CACHE / "dagship/cluster/kubelet/pods"


@contextmanager
def cut_off(kubectl: Kubectl, component: str) -> Iterator[None]:
    """Has what the pods of a component have mounted stay as it is, as on a node that cannot reach the API server.

    The testbed has one node, and what it serves to others has to go on: so its kubelet finds these mounts read-only. A
    container has a mount of its own, and notices nothing.
    """
    pods = json.loads(kubectl("get", "pods", _selector(component), "--output=json"))["items"]
    places = [_PODS / pod["metadata"]["uid"] / "volumes/kubernetes.io~configmap" / VOLUME for pod in pods]
    mounted: list[Path] = []
    try:
        for place in places:
            subprocess.run(["mount", "--bind", place, place], check=True)
            mounted.append(place)
            subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
        yield
    finally:
        for place in mounted:
            subprocess.run(["umount", place], check=True)


def look(kubectl: Kubectl, component: str) -> None:
    """Has the kubelet look at what the pods of a component have mounted, as an announcement does."""
    kubectl("annotate", "pods", _selector(component), "--overwrite", f"look={time.time()}")


def forge(kubectl: Kubectl, config_map: str) -> str:
    """Announces a version with a package that says it is that version's, and is another's; returns its id."""
    said = json.loads(kubectl.get(f"configmap/{config_map}")["data"][CURRENT])
    tree = packages.tree(hello="raise ValueError('forged')")
    head = {"base": said["base"], "foundation": said["foundation"]}
    package = packages.packed(
        packages.head(tree, tree, **head), packages.file("dags/hello.py", b"raise ValueError('no less')")
    )
    said.update(serial=said["serial"] + 1, version=tree.version, tree=tree.digest)
    patch = {
        "data": {CURRENT: json.dumps(said)},
        "binaryData": {f"{tree.version}.tgz": base64.b64encode(package).decode()},
    }
    kubectl("patch", f"configmap/{config_map}", "--type=merge", f"--patch={json.dumps(patch)}")
    return tree.version


def _selector(component: str) -> str:
    return f"--selector=app.kubernetes.io/component={component}"
