"""The queues that Celery workers take tasks of, by the commands that start them. Pure."""

import re
from collections.abc import Iterable

from dagship.workloads.spec import Workload

_DEFAULT = "default"
_DEFAULT_QUEUE = "AIRFLOW__OPERATORS__DEFAULT_QUEUE"
_QUEUES = re.compile(r"(?:^|\s)(?:-q|--queues)(?:\s+|=)(\S+)")


def of(workloads: Iterable[Workload]) -> frozenset[str] | None:
    """Returns the queues; None where a worker does not say its own, or there is none that is started as one."""
    workers = [one for one in workloads if one.role == "worker"]
    found: set[str] = set()
    for worker in workers:
        main = worker.main
        if "worker" not in main.commands:
            return None
        named = _QUEUES.search(main.command)
        # Where it is not in the pod's own variables, a file may set it.
        said = named[1] if named else main.env.get(_DEFAULT_QUEUE, _DEFAULT)
        if said is None or re.search(r"[$`\"'\\]", said):
            return None
        found.update(filter(None, said.split(",")))
    return frozenset(found) if workers else None
