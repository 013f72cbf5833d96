"""Asks Airflow itself: a few lines of Python in the container of a scheduler, which can reach the metadata database.

The API would need a login and the command line differs from version to version; Airflow's models are the same from
2.10 to 3.3 in all that is asked here.
"""

import base64
import json
import re
import zlib
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from dagship.airflow import query_scripts
from dagship.airflow.activity import Activity
from dagship.errors import OutsideError
from dagship.workloads import objects
from dagship.workloads.inventory import Inventory
from dagship.workloads.spec import Workload

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

# Before the answer, since Airflow prints what it likes.
MARK = "@@DAGSHIP@@"
# Importing Airflow takes 2 s, and a minute where a pod's share of a processor is small.
_SECONDS = 90.0

# Why the database that was asked may be another than the scheduler's.
_HANGS = "Either the scheduler hangs, or it takes its database's address from where no other process can."
_UNREAD = {
    "overwritten": "The scheduler may have its database's address from the shell that starts it, and the title of its "
    "process overwrote what it was given: with SPT_NOENV=1 in its container, that stays.",
    "forbidden": "The scheduler may have its database's address from the shell that starts it, and runs as another "
    "user than a command in its container: what it was given cannot be read.",
}


class CannotAsk(OutsideError):  # noqa: N818 - what happened
    """Airflow could not be asked; the message is a sentence that says why."""


class Where(NamedTuple):
    """Where Airflow is asked: a pod, and its container."""

    pod: str
    container: str


def live(
    cluster: "Cluster", inventory: Inventory, *, prefer: Collection[str] = (), since: float | None = None
) -> Activity:
    """Asks which runs are unfinished and which tasks run.

    Args:
        cluster: The namespace.
        inventory: What it holds.
        prefer: `deployment/scheduler` of the Airflow that is meant, where a namespace has several.
        since: Epoch seconds by Airflow's clock, to be told what changed since.

    Raises:
        CannotAsk: There is no scheduler that is ready, it may not be asked, or it did not answer.

    """
    where = scheduler(cluster, inventory, prefer=prefer)
    said = run(cluster, where, query_scripts.LIVE, *(() if since is None else (f"{since:.3f}",)))
    return read(said, cluster.list("Pod") if _has_addresses(said) else ())


def ask(
    cluster: "Cluster", inventory: Inventory, *, prefer: Collection[str] = (), since: float | None = None
) -> tuple[Activity | None, str]:
    """Asks the same where an answer is welcome and not needed: returns it, or why there is none."""
    try:
        return live(cluster, inventory, prefer=prefer, since=since), ""
    except OutsideError as failed:
        return None, failed.message


def scheduler(cluster: "Cluster", inventory: Inventory, *, prefer: Collection[str] = ()) -> Where:
    """Finds a scheduler that is ready.

    Raises:
        CannotAsk: There is none.

    """
    schedulers = [one for one in inventory.workloads if one.role == "scheduler"]
    schedulers = [one for one in schedulers if one.key in prefer] or schedulers
    # One that only has the name of a scheduler may run anything.
    for workload in sorted(schedulers, key=lambda one: not one.is_started):
        found = pod_of(cluster, inventory, workload)
        if found is not None:
            return found
    raise CannotAsk("No pod of a scheduler is ready." if schedulers else "There is no scheduler.")


def pod_of(cluster: "Cluster", inventory: Inventory, workload: Workload) -> Where | None:
    """Finds a pod of a workload that is ready, and the container in it that is what the workload is for."""
    labels = (inventory.objects[workload.kind, workload.name]["spec"].get("selector") or {}).get("matchLabels") or {}
    if not labels:
        return None
    selector = ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
    ready = (pod for pod in cluster.list("Pod", selector=selector) if _is_ready(pod))
    return next((Where(pod["metadata"]["name"], workload.main.name) for pod in ready), None)


def run(cluster: "Cluster", where: Where, script: str, *arguments: str, command: str = "scheduler") -> dict[str, Any]:
    """Runs Python in a container of Airflow: a script that calls `answer` with a function that returns a dictionary.

    Args:
        cluster: The namespace.
        where: The container.
        script: The script.
        arguments: What it is given.
        command: Airflow's command whose process it takes the environment of; empty for the container's own.

    Raises:
        CannotAsk: It may not be run, or it did not answer.

    """
    try:
        code, said = cluster.exec(
            where.pod, where.container, argv(script, *arguments, command=command), timeout=_SECONDS
        )
    except OutsideError as failed:
        raise CannotAsk(failed.message) from failed
    line = next((line for line in reversed(said.splitlines()) if line.startswith(MARK)), None)
    try:
        answer = json.loads(line.removeprefix(MARK)) if line is not None else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise CannotAsk(f"Python in {where.pod} did not answer; it ended with {code}.")
    if "no_use" in answer:
        why = _UNREAD.get(str(answer.get("unread")), _HANGS)
        said = " ".join(str(answer["no_use"]).split())[:300]
        raise CannotAsk(f"What Airflow in {where.pod} says is of no use: {said}. {why}")
    if "error" in answer:
        raise CannotAsk(f"Airflow in {where.pod} did not answer: {' '.join(str(answer['error']).split())[:300]}")
    return answer


def argv(script: str, *arguments: str, command: str = "scheduler") -> list[str]:
    """Returns what runs a script as the process of a command of Airflow, with its environment.

    It is packed: a command is part of a web address, which proxies let be some 8000 characters long.
    """
    packed = base64.urlsafe_b64encode(zlib.compress((query_scripts.ANSWER + script).encode(), 9)).decode()
    return ["python", "-c", query_scripts.BEGIN, packed, command, *arguments]


def read(said: Mapping[str, Any], pods: Iterable[Mapping[str, Any]] = ()) -> Activity:
    """Reads the answer.

    Args:
        said: The answer.
        pods: The namespace's pods, where tasks name their hosts by address.

    Raises:
        CannotAsk: It is not what the script would say.

    """
    try:
        found = Activity.model_validate(said)
    except ValidationError as wrong:
        raise CannotAsk("What Airflow answered cannot be read.") from wrong
    names = {(pod.get("status") or {}).get("podIP"): pod["metadata"]["name"] for pod in pods}

    def placed(tasks: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(task.model_copy(update={"host": _host(task.host, names)}) for task in tasks)

    return found.model_copy(update={"tasks": placed(found.tasks), "changed": placed(found.changed)})


def _host(host: str, names: Mapping[Any, str]) -> str:
    """The pod: its hostname is its name, with the Service's domain behind it in a StatefulSet."""
    return names.get(host, host) if _is_address(host) else host.partition(".")[0]


def _is_address(host: str) -> bool:
    return re.fullmatch(r"[0-9.]+|[0-9a-fA-F]*:[0-9a-fA-F:.]+", host) is not None


def _has_addresses(said: Mapping[str, Any]) -> bool:
    tasks = said.get("tasks")
    return any(_is_address(str(one.get("host", ""))) for one in (tasks if isinstance(tasks, list) else ()))


def _is_ready(pod: Mapping[str, Any]) -> bool:
    ready = objects.conditions(pod.get("status") or {}).get("Ready", ("",))[0] == "True"
    return ready and not pod["metadata"].get("deletionTimestamp")
