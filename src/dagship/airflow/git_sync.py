"""Asks the git sync of each pod how it stands: one `cat` of the file that it keeps, several pods at a time."""

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, get_args

from dagship.airflow.sync_report import SyncFinding, SyncReport, SyncState
from dagship.cluster.failures import Forbidden
from dagship.errors import OutsideError
from dagship.model import dag_versions

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

CONTAINER = "dag-sync"

# A cluster that serves less than git has is not what its users think it is.
_BEHIND = frozenset({"refused", "unreachable", "failing"})
_AT_A_TIME = 8
_SECONDS = 10.0
_LONGEST = 1000

Raw = Mapping[str, Any]


def ask(cluster: "Cluster", pods: Iterable[Raw]) -> tuple[tuple[SyncReport, ...], str]:
    """Asks the syncs of some pods.

    Returns:
        What each says, by name of the pod; and why none could be asked, or an empty text.

    """
    syncing = sorted((pod for pod in pods if root(pod)), key=lambda pod: str(pod["metadata"]["name"]))
    if not syncing:
        return (), ""
    try:
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            return tuple(pool.map(lambda pod: _ask(cluster, pod), syncing)), ""
    except Forbidden as refused:
        return (), refused.message


def root(pod: Raw) -> str:
    """Returns the directory that a pod's sync fills; empty where it has none, or has ended."""
    if (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
        return ""
    for container in (pod.get("spec") or {}).get("containers") or ():
        if container["name"] == CONTAINER:
            given = {one["name"]: one.get("value") for one in container.get("env") or ()}
            return str(given.get("DAGSHIP_SYNC_ROOT") or dag_versions.ROOT)
    return ""


def read(pod: str, text: str) -> SyncReport:
    """Reads what a sync has written; what is not there, or comes from another release of it, is left out."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("state") not in get_args(SyncState):
        return SyncReport(pod=pod, state="unknown", reason="What its sync wrote of itself cannot be read.")
    findings = found.get("findings")
    return SyncReport(
        pod=pod,
        state=found["state"],
        findings=tuple(
            SyncFinding(file=_text(one, "file"), error=_text(one, "error"))
            for one in (findings if isinstance(findings, list) else ())
            if isinstance(one, dict)
        ),
        **{
            name: _text(found, name)
            for name in ("current", "published_at", "candidate", "reason", "since", "looked_at", "url", "ref")
        },
    )


def is_behind(report: SyncReport) -> bool:
    """Whether a pod does not serve what git has, for a reason that somebody has to mend."""
    return report.state in _BEHIND


def _ask(cluster: "Cluster", pod: Raw) -> SyncReport:
    name = str(pod["metadata"]["name"])
    status = pod.get("status") or {}
    if failing := _failing(status):
        return SyncReport(pod=name, state="failing", reason=failing)
    running = any(
        one["name"] == CONTAINER and (one.get("state") or {}).get("running")
        for one in status.get("containerStatuses") or ()
    )
    if not running:
        return SyncReport(pod=name, state="starting", reason="Its sync does not run yet.")
    try:
        code, said = cluster.exec(name, CONTAINER, ["cat", f"{root(pod)}/status.json"], timeout=_SECONDS)
    except Forbidden:
        raise
    except OutsideError as failed:
        return SyncReport(pod=name, state="unknown", reason=failed.message)
    if code != 0:
        return SyncReport(pod=name, state="starting", reason="Its sync has not written anything yet.")
    return read(name, said)


def _failing(status: Raw) -> str:
    """How a pod's sync, or the one that its start waits for, ended, where it was started anew and is not there yet."""
    for one in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        now, last = one.get("state") or {}, (one.get("lastState") or {}).get("terminated") or {}
        is_sync = one["name"] == CONTAINER and not now.get("running")
        is_first = one["name"] == f"{CONTAINER}-init" and not one.get("ready")
        ended = now.get("terminated") or last
        if (is_sync or is_first) and one.get("restartCount") and ended.get("exitCode"):
            why = f", {ended['reason']}" if ended.get("reason") not in {None, "", "Error"} else ""
            return f"Its sync ends with exit status {ended['exitCode']}{why}, again and again."
    return ""


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value[:_LONGEST] if isinstance(value, str) else ""
