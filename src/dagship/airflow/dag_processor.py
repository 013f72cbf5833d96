"""Asks Python in the dag-processor: of what its image was built, and what becomes of a DAG version there.

Where there is none, the scheduler of an Airflow 2 reads DAG files.
"""

import json
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from dagship.airflow import scheduler_python
from dagship.airflow import served as answers
from dagship.airflow.scheduler_python import CannotAsk, Where
from dagship.airflow.served import Served, Wanted
from dagship.inside.versions.thin.check import MARK
from dagship.workloads import status
from dagship.workloads.image_identity import digest
from dagship.workloads.inventory import Inventory
from dagship.workloads.kinds import Role
from dagship.workloads.spec import Workload

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

# Beyond what the program is given, for its start and its end.
_BESIDES = 15.0
_READERS: tuple[Role, ...] = ("dag-processor", "scheduler")
_AT_A_TIME = 8
_BASE = "import os, dagship_versions as of; print(open(os.path.join(os.path.dirname(of.__file__), 'base.json')).read())"


def find(cluster: "Cluster", inventory: Inventory, image: str) -> Where:
    """Returns the container of a dag-processor that is ready and runs an image.

    Args:
        cluster: The namespace.
        inventory: Its workloads.
        image: The image, by digest.

    Raises:
        CannotAsk: There is none.

    """
    for workload in inventory.workloads:
        if workload.role == "dag-processor" and digest(workload.main.image) == digest(image):
            found = scheduler_python.pod_of(cluster, inventory, workload)
            if found is not None:
                return found
    raise CannotAsk(f"No pod of a dag-processor with {image} is ready.")


def base(cluster: "Cluster", where: Where) -> str:
    """Returns what the image says of its base: a document.

    Raises:
        OutsideError: It does not say it, or cannot be asked.

    """
    code, said = cluster.exec(where.pod, where.container, ["python", "-c", _BASE])
    if code != 0:
        raise CannotAsk(f"The image in {where.pod} does not say what its base is: an older dagship built it.")
    return said


def check(cluster: "Cluster", where: Where, job: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
    """Has a DAG version imported that is announced to nobody.

    Args:
        cluster: The namespace.
        where: The container.
        job: As `inside/versions/thin/check.py` reads it.
        seconds: What it may take.

    Raises:
        OutsideError: It was not started, did not end, or said nothing.

    """
    text = json.dumps(job).encode()
    argv = ["python", "-m", "dagship_versions.thin.check"]
    stdin = f"{len(text)}\n".encode() + text
    code, said = cluster.exec(where.pod, where.container, argv, timeout=seconds + _BESIDES, stdin=stdin)
    line = next((line for line in reversed(said.splitlines()) if line.startswith(MARK)), None)
    try:
        answer = json.loads(line.removeprefix(MARK)) if line is not None else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise CannotAsk(f"Python in {where.pod} did not say what it saw; it ended with {code}.")
    return answer


def served(
    cluster: "Cluster", inventory: Inventory, prefer: Collection[str], wanted: Wanted, seconds: float
) -> Served | None:
    """Asks every dag-processor whether it serves a DAG version; returns the answer of the one that is worst off.

    Args:
        cluster: The namespace.
        inventory: Its workloads.
        prefer: `deployment/dag-processor` of the Airflow that is meant, where a namespace has several.
        wanted: The version, and what is known of it.
        seconds: For which to wait until it does.

    Returns:
        None where no pod of one is ready.

    Raises:
        CannotAsk: One of them could not be asked.

    """
    pods = _pods(cluster, inventory, prefer)
    stdin = scheduler_python.piped("served", wanted.question(seconds))

    def asked(pod: tuple[Where, Role]) -> Served:
        where, role = pod
        said = scheduler_python.run(cluster, where, "piped", command=role, stdin=stdin, seconds=seconds)
        found = answers.read(said)
        if found is None:
            raise CannotAsk(f"What the {role} in {where.pod} answered cannot be read.")
        return found

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        found = tuple(pool.map(asked, pods))
    return answers.worst(found) if found else None


def files(cluster: "Cluster", inventory: Inventory, prefer: Collection[str], version: str) -> dict[str, str]:
    """Returns the files of a DAG version as they lie where DAG files are read: path and digest of each.

    Args:
        cluster: The namespace.
        inventory: Its workloads.
        prefer: As in `served`.
        version: The DAG version.

    Raises:
        CannotAsk: No pod is there that has it, or could be asked.

    """
    pods = _pods(cluster, inventory, prefer)
    if not pods:
        raise CannotAsk("No pod that reads DAG files is ready.")
    where, role = pods[0]
    stdin = scheduler_python.piped("files", {"version": version})
    found = scheduler_python.run(cluster, where, "piped", command=role, stdin=stdin).get("files")
    if not isinstance(found, dict):
        raise CannotAsk(f"What the {role} in {where.pod} answered cannot be read.")
    return {str(path): str(digest) for path, digest in found.items()}


def began(cluster: "Cluster", inventory: Inventory, prefer: Collection[str]) -> float | None:
    """Returns since when those run that read DAG files, epoch seconds by their nodes' clocks; None where none is ready.

    Args:
        cluster: The namespace.
        inventory: Its workloads.
        prefer: As in `served`.

    """
    wheres = {where for where, _ in _pods(cluster, inventory, prefer)}
    since = [
        container.running_since
        for pod in map(status.pod, cluster.list("Pod") if wheres else ())
        for container in pod.containers
        if (pod.name, container.name) in wheres and container.running_since is not None
    ]
    return max(since, default=None)


def _pods(cluster: "Cluster", inventory: Inventory, prefer: Collection[str]) -> "list[tuple[Where, Role]]":
    return [
        (where, workload.role)
        for workload in _readers(inventory, prefer)
        for where in scheduler_python.pods_of(cluster, inventory, workload)
    ]


def _readers(inventory: Inventory, prefer: Collection[str]) -> tuple[Workload, ...]:
    there = tuple(one for one in inventory.workloads if one.replicas)
    meant = tuple(one for one in there if one.key in prefer) or there
    return next(filter(None, (tuple(one for one in meant if one.role == role) for role in _READERS)), ())
