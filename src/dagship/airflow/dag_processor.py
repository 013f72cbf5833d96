"""Asks Python in the dag-processor: of what its image was built, and what becomes of a DAG version there."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dagship.airflow import scheduler_python
from dagship.airflow.scheduler_python import CannotAsk, Where
from dagship.inside.versions.thin.check import MARK
from dagship.workloads.image_identity import digest
from dagship.workloads.inventory import Inventory

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

# Beyond what the program is given, for its start and its end.
_BESIDES = 15.0
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
