"""Finds the cluster: from a kubeconfig, with all that the kubernetes library knows of them, else from inside a pod."""

import os
import re
from pathlib import Path
from typing import Any

from dagship.cluster.api import Cluster
from dagship.cluster.session import complaints
from dagship.cluster.transport import Transport
from dagship.errors import UsageError

_DEFAULT_KUBECONFIG = "~/.kube/config"
IN_CLUSTER = "in-cluster"
_OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")

_LOOK = "`kubectl config view` shows it without secrets, and `kubectl get pods` whether it works."


def connect(*, context: str, namespace: str) -> Cluster:
    """Finds the cluster; nothing is asked of it yet.

    Args:
        context: Context of the kubeconfig, empty for its current one.
        namespace: Namespace to work in, empty for the context's own, else `default`.

    Raises:
        UsageError: There is no kubeconfig, it cannot be used, or it has no such context.

    """
    paths = os.environ.get("KUBECONFIG") or _DEFAULT_KUBECONFIG
    if any(Path(path).expanduser().exists() for path in paths.split(os.pathsep) if path):
        name, own = _context(paths, context)
        return Cluster(Transport(lambda: _from_kubeconfig(paths, name)), namespace=namespace or own, context=name)
    if not context and os.environ.get("KUBERNETES_SERVICE_HOST"):
        own = _OWN_NAMESPACE.read_text("utf-8").strip() if _OWN_NAMESPACE.exists() else "default"
        return Cluster(Transport(_from_inside), namespace=namespace or own, context=IN_CLUSTER)
    raise UsageError(
        f"There is no kubeconfig at {paths}.", "Name one in KUBECONFIG, or log in to the cluster so that there is one."
    )


def load() -> None:
    """Imports what `connect` will need, for who calls that in another thread."""
    import kubernetes.config  # noqa: F401


def kubeconfig() -> str:
    """Returns the kubeconfig's path, or several as in KUBECONFIG, for a program that is to find the same cluster."""
    paths = os.environ.get("KUBECONFIG") or _DEFAULT_KUBECONFIG
    return os.pathsep.join(str(Path(path).expanduser()) for path in paths.split(os.pathsep) if path)


def _context(paths: str, wanted: str) -> tuple[str, str]:
    """Returns the name of the context and its namespace."""
    from kubernetes.config.kube_config import KubeConfigMerger

    try:
        merged = KubeConfigMerger(paths).config.value
        contexts = {each["name"]: each.value.get("context") or {} for each in merged["contexts"]}
        name = wanted or merged.get("current-context") or ""
        namespace = str(contexts[name].get("namespace") or "default") if name in contexts else ""
    except Exception as failed:  # noqa: BLE001 - the library lets through whatever a malformed file leads to
        raise _unusable(paths, failed) from None
    there = ", ".join(sorted(contexts)) or "none"
    choose = "Name one of them with --context." if contexts else "Log in to the cluster, so that it has one."
    if not name:
        raise UsageError(f"The kubeconfig has no current context. It has: {there}.", choose)
    if name not in contexts:
        raise UsageError(f"The kubeconfig has no context {name!r}. It has: {there}.", choose)
    return name, namespace


def _from_kubeconfig(paths: str, context: str) -> Any:  # noqa: ANN401 - the library's Configuration, which it leaves untyped
    from kubernetes.client import Configuration
    from kubernetes.config import load_kube_config

    configuration = Configuration()
    with complaints() as said:
        try:
            load_kube_config(config_file=paths, context=context, client_configuration=configuration)
        except Exception as failed:  # noqa: BLE001 - as above
            raise _unusable(paths, failed) from None
    if said:
        raise UsageError(
            f"The login of context {context} cannot be had: its credential plugin failed. {said[0]}".rstrip(),
            "Log in to the cluster again, or run the plugin named in the kubeconfig by hand to see more.",
        )
    return configuration


def _from_inside() -> Any:  # noqa: ANN401 - as above
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, load_incluster_config

    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)
    except (ConfigException, OSError) as failed:
        raise UsageError(
            f"This pod's service account cannot be used: {failed}",
            "Name a kubeconfig in KUBECONFIG, or give the pod a service account (automountServiceAccountToken).",
        ) from failed
    return configuration


def _unusable(paths: str, failed: Exception) -> UsageError:
    """Says what is wrong with a kubeconfig, and nothing of what is in it.

    The library's messages may quote a whole user, token included: only the part that names a key or a file is kept, and
    neither is the exception chained, which would take the message along.
    """
    import yaml

    if isinstance(failed, yaml.MarkedYAMLError) and failed.problem_mark is not None:
        why = f"it is no YAML at line {failed.problem_mark.line + 1}"
    elif isinstance(failed, OSError):
        why = f"{failed.filename or ''}: {failed.strerror or type(failed).__name__}"
    else:
        known = re.match(
            r".*?((Expected (key|object with name) \S+)|(File does not exist: \S+)|(\S+ file is empty))", str(failed)
        )
        why = known[1] if known else type(failed).__name__
    return UsageError(f"The kubeconfig {paths} cannot be used: {why}.", _LOOK)
