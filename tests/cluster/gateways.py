"""What the tests of the gateway share: kubeconfigs of others, small objects, and waiting for the feed to have them."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from dagship.cluster.feed import Feed
from tests.cluster.kubectl import Kubectl


def config_map(name: str, **data: str) -> dict[str, Any]:
    """A ConfigMap, the smallest of objects."""
    return {"metadata": {"name": name}, "data": data}


def edited(kubeconfig: Path, into: Path, *, cluster: dict[str, Any] | None = None, user: Any = None) -> Path:
    """Writes a copy of a kubeconfig with other values for its cluster, or another user."""
    document = yaml.safe_load(kubeconfig.read_text("utf-8"))
    there = document["clusters"][0]["cluster"]
    for name, value in (cluster or {}).items():
        there[name] = value
        if value is None:
            del there[name]
    if user is not None:
        document["users"][0]["user"] = user
    path = into / "edited-kubeconfig"
    path.write_text(json.dumps(document), "utf-8")
    return path


def token_of(kubectl: Kubectl, account: str) -> str:
    """Makes a service account that may do nothing, and a login for it."""
    kubectl("create", "serviceaccount", account)
    return token_for(kubectl, account)


def token_for(kubectl: Kubectl, account: str) -> str:
    """Makes a login for a service account."""
    path = f"/api/v1/namespaces/{kubectl.namespace}/serviceaccounts/{account}/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    return str(json.loads(kubectl("create", "--raw", path, "-f", "-", input=json.dumps(request)))["status"]["token"])


def written(log: Callable[[], str], seconds: float = 30) -> str:
    """Reads a log once there is something in it: a container runs before what it says is in its file."""
    deadline = time.monotonic() + seconds
    while not (text := log()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return text


def until(feed: Feed, is_so: Callable[[], object], seconds: float = 15) -> None:
    """Waits for news until something is so."""
    deadline, count = time.monotonic() + seconds, -1
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        count = feed.changed(count, 0.1)  # contact may come and go without any news


def stands(feed: Feed) -> None:
    """Waits until every watch stands."""
    until(feed, lambda: feed.age == 0.0)
