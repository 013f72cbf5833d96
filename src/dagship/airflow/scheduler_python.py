"""Runs the Python of `inside/scheduler/` in a container of Airflow: it reaches the metadata database from there.

The API would need a login and the command line differs from version to version; Airflow's models are the same from
2.10 to 3.4 in all that is asked here.
"""

import ast
import base64
import json
import threading
import zlib
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dagship.errors import OutsideError
from dagship.inside.scheduler.answer import MARK
from dagship.inside.scheduler.start import UNPACK
from dagship.resources import resource
from dagship.workloads import objects
from dagship.workloads.inventory import Inventory
from dagship.workloads.spec import Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dagship.cluster.api import Cluster

Question = Literal["activity", "dags", "footing", "pause", "piped", "smoke", "unpause", "variable"]
Piped = Literal["files", "served"]

# Modules that a question imports, beside what all do.
_IMPORTS: dict[Question | Piped, tuple[str, ...]] = {
    "pause": ("unpause",),
    "served": ("serving", "stored"),
    "files": ("serving", "stored", "served"),
}
# Python counts in one place for all threads how deep it is in a syntax tree, and takes two at a time for a fault of its
# own: SystemError (python/cpython#106905).
_PARSER = threading.Lock()
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


def scheduler(cluster: "Cluster", inventory: Inventory, prefer: Collection[str] = ()) -> Where:
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
    return next(iter(pods_of(cluster, inventory, workload)), None)


def pods_of(cluster: "Cluster", inventory: Inventory, workload: Workload) -> tuple[Where, ...]:
    """Finds all pods of a workload that are ready, and that container in each."""
    labels = (inventory.objects[workload.kind, workload.name]["spec"].get("selector") or {}).get("matchLabels") or {}
    if not labels:
        return ()
    selector = ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
    ready = (pod for pod in cluster.list("Pod", selector=selector) if _is_ready(pod))
    return tuple(Where(pod["metadata"]["name"], workload.main.name) for pod in ready)


def run(
    cluster: "Cluster",
    where: Where,
    question: Question,
    *arguments: str,
    command: str = "scheduler",
    stdin: bytes = b"",
    seconds: float = 0.0,
) -> dict[str, Any]:
    """Asks in a container of Airflow.

    Args:
        cluster: The namespace.
        where: The container.
        question: The module that asks.
        arguments: What it is given.
        command: Airflow's command whose process it takes the environment of; empty for the container's own.
        stdin: What `piped` reads: a question that is too long for arguments, by `piped`.
        seconds: For which it may wait before it answers.

    Raises:
        CannotAsk: It may not be run, or it did not answer.

    """
    more = {"stdin": stdin} if stdin else {}
    words = argv(question, *arguments, command=command)
    try:
        code, said = cluster.exec(where.pod, where.container, words, timeout=_SECONDS + seconds, **more)
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


def version(cluster: "Cluster", pod: str, container: str) -> str:
    """Returns Airflow's version as a container knows it: the official image's variable, else the package itself.

    Empty where neither says one: what else Python or a shell prints is none.
    """
    for argv in (
        ["sh", "-c", 'echo "$AIRFLOW_VERSION"'],
        ["python", "-c", "from importlib.metadata import version; print(version('apache-airflow'))"],
    ):
        try:
            code, said = cluster.exec(pod, container, argv)
        except OutsideError:  # no such program, or the pod ended just now: not knowing is a warning, no failure
            continue
        if code == 0 and (found := _version_in(said)):
            return found
    return ""


def _version_in(said: str) -> str:
    from packaging.version import InvalidVersion, Version

    last = said.split()[-1:]  # warnings may stand before it
    try:
        return last[0] if last and Version(*last) else ""
    except InvalidVersion:
        return ""


def argv(question: Question, *arguments: str, command: str = "scheduler") -> list[str]:
    """Returns what asks as the process of a command of Airflow, with its environment.

    It is packed: a command is part of a web address, which proxies let be some 8000 characters long.
    """
    names = ("become", "answer", *_IMPORTS.get(question, ()), question)
    program = f"{_text('start')}\nstart({[(name, _text(name)) for name in names]!r}, {question!r})\n"
    return ["python", "-c", UNPACK, packed(program), command, *arguments]


def piped(question: Piped, asked: "Mapping[str, Any]") -> bytes:
    """Returns what `inside/scheduler/piped.py` reads: the question's modules, and what it is asked."""
    modules = [(name, _text(name)) for name in (*_IMPORTS.get(question, ()), question)]
    text = json.dumps({"modules": modules, "asked": asked}).encode()
    return f"{len(text)}\n".encode() + text


def packed(text: str) -> str:
    """Returns a text as an argument that is short."""
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()


def _text(module: str) -> str:
    """Returns a module without what is for people, each line where it is."""
    text = resource(f"inside/scheduler/{module}.py").read_text("utf-8")
    lines = ["" if line.lstrip().startswith("#") else line for line in text.splitlines()]
    with _PARSER:
        tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for one in body if isinstance(body, list) and len(body) > 1 else ():
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                lines[one.lineno - 1 : one.end_lineno] = [""] * ((one.end_lineno or one.lineno) - one.lineno + 1)
    return "\n".join(lines)


def _is_ready(pod: "Mapping[str, Any]") -> bool:
    ready = objects.conditions(pod.get("status") or {}).get("Ready", ("",))[0] == "True"
    return ready and not pod["metadata"].get("deletionTimestamp")
