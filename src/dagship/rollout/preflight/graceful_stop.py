"""Whether a worker's pod ends gracefully, and what would kill its tasks. Pure.

Kubernetes sends SIGTERM to a container's first process and SIGKILL after the grace period. Celery's main process takes
SIGTERM for a warm shutdown: it takes no more tasks and ends after those it has. So the signal must reach that process
and no other, and the time must suffice:

- dumb-init, which Airflow's images begin with, sends signals to all processes at once, unless DUMB_INIT_SETSID is 0.
  Which init an image begins with its pods tell: process 1 is asked for where the manifest has no command;
- a shell between keeps the signal to itself, unless it replaces itself (`exec`);
- how long a task still needs nobody knows; how long it has run already is known.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dagship.airflow.activity import Activity, Task
from dagship.record.model import Move
from dagship.rollout.plan import drift
from dagship.rollout.preflight import sigterm
from dagship.workloads import objects, status
from dagship.workloads.kinds import KINDS, WATCHED
from dagship.workloads.spec import template

if TYPE_CHECKING:
    from dagship.rollout.survey import Survey

# No task is worth its own pod's start, and few are done within it: a grace period below this is nobody's decision.
ENOUGH = 60
_DEFAULT_GRACE = 30
_ALL_THE_SAME = "--interrupt-tasks rolls out all the same."

Raw = Mapping[str, Any]


class Finding(NamedTuple):
    """A reason why tasks would be killed.

    Attributes:
        said: One sentence without its full stop.
        hint: What to do.
        kills: Whether tasks that run now are lost for sure, or as good as.
        careless: The pods in which SIGTERM kills tasks, those included in which none runs yet.

    """

    said: str
    hint: str = ""
    kills: bool = False
    careless: tuple[str, ...] = ()


def of_moves(
    moves: Iterable[Move],
    survey: "Survey",
    pods: Iterable[Raw],
    activity: Activity | None,
    look: Callable[[str, str], sigterm.Seen | None],
) -> tuple[Finding, ...]:
    """Returns what would kill tasks as some workloads move: those that tasks run on, and those that they are sent to.

    Args:
        moves: What moves.
        survey: What the namespace holds.
        pods: Its pods, which may still be of an earlier template.
        activity: What Airflow says of its tasks; None where it could not be asked.
        look: Asks a container of a pod for its process 1; None where it cannot be asked.

    """
    pods = tuple(pods)
    found: list[Finding] = []
    for move in moves:
        if move.kind not in WATCHED:
            continue
        raw = survey.inventory.objects[move.kind, move.name]
        if drift.stays(move, raw):
            continue
        own = [pod for pod in pods if _has(move.kind, raw, pod)]
        now = activity.asked if activity else 0.0
        by_spec = _by_revision(own, activity.by_host if activity else {})
        if not by_spec and move.role == "worker":
            by_spec = [(template(move.kind, raw)["spec"], {})]
        for spec, tasks in by_spec:
            if move.role != "worker" and not any(tasks.values()):
                continue
            looked = look(next(iter(tasks)), sigterm.main(spec)["name"]) if _decides(spec, tasks, survey) else None
            found += findings(move.key, spec, tasks, now=now, config_maps=survey.inventory.config_maps, looked=looked)
    return tuple(found)


def _decides(spec: Raw, tasks: Mapping[str, Sequence[Task]], survey: "Survey") -> bool:
    """Whether it takes a look into a pod: the spec does not tell, and process 1 is the container's own."""
    container = sigterm.main(spec)
    told = sigterm.setsid(container, survey.inventory.config_maps) == "0"
    asks = sigterm.has_dumb_init(sigterm.process_one(container, None)) and not told
    return asks and bool(tasks) and not (spec.get("shareProcessNamespace") or spec.get("hostPID"))


def _by_revision(
    pods: Iterable[Raw], tasks: Mapping[str, Sequence[Task]]
) -> list[tuple[Raw, dict[str, Sequence[Task]]]]:
    """Returns the tasks by pod for each spec: half-way through a rollout that was cut off there are two specs."""
    found: dict[str, tuple[Raw, dict[str, Sequence[Task]]]] = {}
    for pod in pods:
        name = pod["metadata"]["name"]
        found.setdefault(status.pod(pod).revision, (pod["spec"], {}))[1][name] = tasks.get(name, ())
    return list(found.values())


def _has(kind: str, raw: Raw, pod: Raw) -> bool:
    """Whether a pod is a workload's: those that a KubernetesExecutor makes may have the labels of workers."""
    labels = (raw["spec"].get("selector") or {}).get("matchLabels") or {}
    selected = bool(labels) and labels.items() <= (pod["metadata"].get("labels") or {}).items()
    return selected and objects.controller(pod).get("kind") == KINDS[kind].pods_made_by


def findings(
    workload: str,
    spec: Raw,
    tasks: Mapping[str, Sequence[Task]],
    *,
    now: float,
    config_maps: Mapping[str, Raw] | None = None,
    looked: sigterm.Seen | None = None,
) -> tuple[Finding, ...]:
    """Returns what would kill the tasks of a workload.

    Args:
        workload: `statefulset/worker`.
        spec: Its pods' spec.
        tasks: Its pods, with the tasks that run there.
        now: Epoch seconds by Airflow's clock.
        config_maps: The namespace's ConfigMaps by name.
        looked: What one of the pods says of its process 1, where it was asked.

    """
    found = []
    container = sigterm.main(spec)
    count = sum(map(len, tasks.values()))
    running = f"; {_tasks(count)} there" if count else ""
    setsid = looked.setsid if looked else sigterm.setsid(container, config_maps or {})
    words = sigterm.process_one(container, looked)
    where = f"the container {container['name']} of {workload}"
    if sigterm.has_dumb_init(words) and setsid != "0":
        if setsid is None:
            said = f"whether {where} has {sigterm.SETSID}=0 is written where it is not looked into{running}"
            found.append(Finding(f"{said}; without it, SIGTERM kills tasks"))
        else:
            found.append(
                Finding(
                    f"{where} does not have {sigterm.SETSID}=0, so that SIGTERM kills its tasks instead of letting "
                    f"them end{running}",
                    f"Set it in the workload's environment, and restart it while no task runs; {_ALL_THE_SAME}",
                    kills=count > 0,
                    careless=tuple(tasks),
                )
            )
    if sigterm.signals_group(container, words):
        found.append(
            Finding(
                f"{where} begins with a tini that sends signals to the whole group (-g or {sigterm.GROUP}), so that "
                f"SIGTERM kills its tasks instead of letting them end{running}",
                f"Start it without that, and restart it while no task runs; {_ALL_THE_SAME}",
                kills=count > 0,
                careless=tuple(tasks),
            )
        )
    if sigterm.keeps_signals(container, looked):
        found.append(
            Finding(
                f"{where} starts Airflow from a shell without exec, which may keep SIGTERM to itself; then its tasks "
                f"are killed after the grace period{running}"
            )
        )
    grace = int(spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE))
    if count and grace < ENOUGH:
        found.append(
            Finding(
                f"the pods of {workload} get {grace} s to end{running}",
                "Set terminationGracePeriodSeconds to what its longest task takes, while no task runs: that restarts "
                f"the pods; {_ALL_THE_SAME}",
                kills=True,
            )
        )
    elif count:
        found += _old(workload, grace, tasks, now)
    return tuple(found)


def _tasks(count: int) -> str:
    return f"{count} task{'s' if count > 1 else ''} run{'' if count > 1 else 's'}"


def _old(workload: str, grace: int, tasks: Mapping[str, Sequence[Task]], now: float) -> list[Finding]:
    """Age is not what is left; but a task that outlived the grace period once may well do it again."""
    ages = [(now - task.began, pod) for pod, own in tasks.items() for task in own if task.began is not None]
    age, pod = max(ages, default=(0.0, ""))
    if age <= grace:
        return []
    said = f"a task has run on {pod} for {age:.0f} s, and the pods of {workload} get {grace} s to end"
    return [Finding(f"{said}: if it needs longer, it is killed")]
