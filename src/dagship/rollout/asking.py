"""Asks Airflow itself: a few lines of Python in the container of a scheduler, which can reach the metadata database.

The API would need a login and the command line differs from version to version; Airflow's models are the same from
2.10 to 3.3 in all that is asked here.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from dagship.errors import OutsideError
from dagship.rollout import executor, raws
from dagship.rollout.live import LiveRuns
from dagship.rollout.surveying import Survey

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

# Before the answer, since Airflow prints what it likes.
MARK = "@@DAGSHIP@@"
# Importing Airflow takes 2 s, and a minute where a pod's share of a processor is small.
_SECONDS = 90.0

# Answers go through the same door in every script: one line, and why there is none.
_ANSWER = """
import json, os, re, sys
def answer(ask):
    try:
        said = ask()
    except BaseException as why:
        lines = [line for line in str(why).splitlines() if line.strip()] or [""]
        said = {"error": re.sub(r"(://[^\\s:/@]*):[^\\s/]*@", r"\\1:***@", type(why).__name__ + ": " + lines[0])}
    sys.stdout.write("\\n@@DAGSHIP@@" + json.dumps(said) + "\\n")
    sys.stdout.flush()
    os._exit(0)
"""

_LIVE = """
def ask():
    import time
    from datetime import datetime, timezone
    import airflow
    from airflow.configuration import conf
    from airflow.models import DagRun as R, TaskInstance as T
    from airflow.utils.session import create_session
    from sqlalchemy import func, or_, select
    text = lambda v: "" if v is None else str(getattr(v, "value", v))
    stamp = lambda v: v.timestamp() if v else None
    def task(r):
        return {"dag_id": r[0], "run_id": r[1], "task_id": r[2], "map_index": r[3], "try_number": r[4] or 0,
            "state": text(r[5]), "host": r[6] or "", "began": stamp(r[7]), "ended": stamp(r[8])}
    cols = T.dag_id, T.run_id, T.task_id, T.map_index, T.try_number, T.state, T.hostname, T.start_date, T.end_date
    pin = getattr(R, "bundle_version", None)
    by = [R.state] + ([] if pin is None else [pin])
    on = ["running", "restarting"]
    with create_session() as s:
        runs = s.execute(select(*by, func.count()).where(R.state.in_(["queued", "running"])).group_by(*by)).all()
        tasks = s.execute(select(*cols).where(T.state.in_(on)).order_by(T.start_date).limit(1000)).all()
        counts = dict((text(a), b) for a, b in s.execute(select(T.state, func.count()).where(
            T.state.in_(["queued"] + on)).group_by(T.state)))
        changed = []
        if len(sys.argv) > 1:
            since = datetime.fromtimestamp(float(sys.argv[1]), timezone.utc)
            odd = or_(T.state.is_(None), T.state.not_in(["success", "skipped", "removed"]), T.try_number > 1)
            began = T.start_date.is_not(None)
            changed = s.execute(select(*cols).where(T.updated_at >= since, began, odd).limit(1000)).all()
    root = "/opt/airflow/dag-versions"
    held = sorted(n for n in os.listdir(root) if re.match("[0-9a-f]+$", n)) if os.path.isdir(root) else []
    now = os.path.join(root, "CURRENT")
    return {"airflow": airflow.__version__, "asked": time.time(),
        "runs": [{"state": text(r[0]), "version": text(r[1]) if pin is not None else "", "runs": r[-1]} for r in runs],
        "tasks": [task(r) for r in tasks], "running": sum(counts.get(n, 0) for n in on),
        "queued": counts.get("queued", 0), "changed": [task(r) for r in changed], "held": held,
        "current": open(now).read().strip() if os.path.isfile(now) else "",
        "baked": "BakedDagBundle" in conf.get("dag_processor", "dag_bundle_config_list", fallback="")}
answer(ask)
"""


class CannotAsk(OutsideError):  # noqa: N818 - what happened
    """Airflow could not be asked; the message is a sentence that says why."""


class Where(NamedTuple):
    """Where Airflow is asked: a pod, and its container."""

    pod: str
    container: str


def live(cluster: "Cluster", survey: Survey, *, prefer: Collection[str] = (), since: float | None = None) -> LiveRuns:
    """Asks which runs are unfinished and which tasks run.

    Args:
        cluster: The namespace.
        survey: What it holds.
        prefer: `deployment/scheduler` of the Airflow that is meant, where a namespace has several.
        since: Epoch seconds by Airflow's clock, to be told what changed since.

    Raises:
        CannotAsk: There is no scheduler that is ready, it may not be asked, or it did not answer.

    """
    where = scheduler(cluster, survey, prefer=prefer)
    said = run(cluster, where, _LIVE, *(() if since is None else (f"{since:.3f}",)))
    return read(said, cluster.list("Pod") if _has_addresses(said) else ())


def ask(
    cluster: "Cluster", survey: Survey, *, prefer: Collection[str] = (), since: float | None = None
) -> tuple[LiveRuns | None, str]:
    """Asks the same where an answer is welcome and not needed: returns it, or why there is none."""
    try:
        return live(cluster, survey, prefer=prefer, since=since), ""
    except OutsideError as failed:
        return None, failed.message


def scheduler(cluster: "Cluster", survey: Survey, *, prefer: Collection[str] = ()) -> Where:
    """Finds a scheduler that is ready.

    Raises:
        CannotAsk: There is none.

    """
    schedulers = [one for one in survey.workloads if one.role == "scheduler"]
    schedulers = [one for one in schedulers if one.key in prefer] or schedulers
    for workload in schedulers:
        labels = (survey.objects[workload.kind, workload.name]["spec"].get("selector") or {}).get("matchLabels") or {}
        container = executor.scheduler(workload.containers)
        if not labels or container is None:
            continue
        selector = ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
        for pod in cluster.list("Pod", selector=selector):
            if _is_ready(pod):
                return Where(pod["metadata"]["name"], container.name)
    raise CannotAsk("No pod of a scheduler is ready." if schedulers else "There is no scheduler.")


def run(cluster: "Cluster", where: Where, script: str, *arguments: str) -> dict[str, Any]:
    """Runs Python in a container of Airflow: a script that calls `answer` with a function that returns a dictionary.

    Raises:
        CannotAsk: It may not be run, or it did not answer.

    """
    try:
        code, said = cluster.exec(
            where.pod, where.container, ["python", "-c", _ANSWER + script, *arguments], timeout=_SECONDS
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
    if "error" in answer:
        raise CannotAsk(f"Airflow in {where.pod} did not answer: {' '.join(str(answer['error']).split())[:300]}")
    return answer


def read(said: Mapping[str, Any], pods: Iterable[Mapping[str, Any]] = ()) -> LiveRuns:
    """Reads the answer.

    Args:
        said: The answer.
        pods: The namespace's pods, where tasks name their hosts by address.

    Raises:
        CannotAsk: It is not what the script would say.

    """
    try:
        found = LiveRuns.model_validate(said)
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
    ready = raws.conditions(pod.get("status") or {}).get("Ready", ("",))[0] == "True"
    return ready and not pod["metadata"].get("deletionTimestamp")
