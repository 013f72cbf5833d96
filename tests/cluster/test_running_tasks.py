"""A rollout and the tasks and runs of an Airflow: it asks, refuses, waits, drains, counts, and goes back in seconds.

Kubernetes is real, and so are the pods that end or are killed. What Airflow would answer is written beside its
scheduler; the real one is asked in tests/e2e.
"""

import json
import time
from contextlib import contextmanager
from typing import Any

import pytest

from dagship.airflow import wait_for_runs
from dagship.cluster.feed import Feed
from dagship.errors import Interrupted, Refused, UsageError
from dagship.model.artifacts import Target
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan import dag_version
from dagship.rollout.results import RolloutResult
from tests.builders.airflow import Object, container, deployment, pod, stateful_set
from tests.cluster import images, killer
from tests.cluster.gateways import until
from tests.cluster.history import History, history
from tests.cluster.killer import Job
from tests.cluster.rig import SECONDS, Rig

A, B, C = "a" * 12, "b" * 12, "c" * 12
OLD, NEW, NEWER = (f"{images.REPOSITORY}@sha256:{digit * 64}" for digit in "123")
ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def answering(image: str, *said: dict[str, Any]) -> Object:
    """A scheduler whose Airflow answers so, one answer after the other, the last one again and again."""
    *others, last = (f"echo '{json.dumps(one)}'" for one in said)
    cases = "".join(f"{number}) {what};; " for number, what in enumerate(others, 1))
    shell = f"echo >>/tmp/asked; case $(wc -l </tmp/asked) in {cases}*) {last};; esac"
    env = [{"name": "FAKE_ANSWER", "value": shell}]
    return deployment("scheduler", pod(container("scheduler", image, "scheduler", env=env), name="scheduler"))


def runs(**by_letter: int) -> dict[str, Any]:
    counted = [{"version": name * 12, "state": "running", "runs": count} for name, count in by_letter.items()]
    return {"baked": True, "held": [A, B], "current": B, "runs": counted}


def running(*hosts: str, began: float | None = None) -> dict[str, Any]:
    since = time.time() - 5 if began is None else began
    task = {"dag_id": "d", "run_id": "r", "state": "running", "began": since, "try_number": 1}
    tasks = [{**task, "task_id": f"t{number}", "host": host} for number, host in enumerate(hosts)]
    return {"asked": time.time(), "tasks": tasks, "running": len(tasks)}


def worker(image: str, *, replicas: int = 1, grace: int = 60, **more: Any) -> Object:
    made = pod(container("worker", image, "celery", "worker", **more), name="worker")
    made["spec"]["terminationGracePeriodSeconds"] = grace
    return stateful_set("worker", made, replicas=replicas)


def processor(image: str, *, replicas: int = 1, **spec: Any) -> Object:
    made = pod(container("dag-processor", image, "dag-processor"), name="dag-processor")
    return deployment("dag-processor", made, replicas=replicas, **spec)


def roll(rig: Rig, image: str, *versions: str, **asked: Any) -> RolloutResult:
    digest = image.partition("@")[2]
    target = Target(
        image=image, digest=digest, airflow="3.3.2", dag_version=(*versions, "")[0], dag_versions=versions
    )  # fmt: skip
    return actions.rollout(rig.cluster, rig.console, target, RolloutOptions(**{"timeout": SECONDS, **asked}))


@pytest.fixture(scope="module")
def old() -> str:
    return images.image("tasks-old")


@pytest.fixture(scope="module")
def new() -> str:
    return images.image("tasks-new")


def test_a_plan_shows_runs_and_tasks_and_so_does_status(rig: Rig, old: str, new: str) -> None:
    said = {**runs(a=2, b=1), **running("worker-0", "worker-0", "elsewhere"), "queued": 4}
    rig.start(answering(old, said), worker(old, replicas=0))
    result = roll(rig, new, B, A, dry_run=True)
    document = json.loads(rig.command("status", "--json", f"--from-image={images.REPOSITORY}").stdout)

    assert "unfinished runs: 2 on aaaaaaaaaaaa, 1 on bbbbbbbbbbbb" in rig.text
    assert "running tasks: 1 on elsewhere, 2 on worker-0; 4 queued" in rig.text
    assert result.live
    assert {A: 2, B: 1} == result.live.by_version
    assert [A, B] == document["live"]["held"]
    assert [("aaaaaaaaaaaa", 2), ("bbbbbbbbbbbb", 1)] == [
        (one["version"], one["runs"]) for one in document["live"]["runs"]
    ]


def test_a_version_that_runs_need_and_the_image_lacks_is_refused(rig: Rig, old: str) -> None:
    rig.start(answering(old, runs(a=2, b=1)))
    before = rig.written()

    with pytest.raises(Refused, match=rf"{A} \(2 runs\)") as refused:
        roll(rig, NEW, C, B)

    assert "--wait-for-runs" in refused.value.hint
    assert (rig.written(), rig.record.journal) == (before, None)


@pytest.mark.wide
def test_an_image_that_begins_with_tini_needs_nothing_of_dumb_init(rig: Rig, old: str, new: str) -> None:
    """No command stands in the manifest: process 1 of the pod tells what the image begins with."""
    made = worker(images.image("tasks-tini", tini=True))
    box = made["spec"]["template"]["spec"]["containers"][0]
    box["args"] = box.pop("command")[1:]
    rig.start(answering(old, running("worker-0")), made)
    result = roll(rig, new)

    assert (result.outcome, result.tasks and result.tasks.running) == ("moved", 1)
    assert "DUMB_INIT_SETSID" not in rig.text


def test_it_waits_for_those_runs_and_then_goes_on(
    rig: Rig, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait_for_runs, "EVERY", 0.2)
    rig.start(answering(old, runs(a=2, b=1), runs(a=1, b=1), runs(b=1)))
    result = roll(rig, new, C, B, wait_for_runs=60)

    assert result.outcome == "moved"
    assert "unfinished runs  0/2  to end: aaaaaaaaaaaa (2 runs)" in rig.text
    assert rig.record.releases[-1].dag_versions == (C, B)


def test_runs_that_do_not_end_in_time_stop_it_before_anything_moves(
    rig: Rig, old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait_for_runs, "EVERY", 0.2)
    rig.start(answering(old, runs(a=1)))
    before = rig.written()

    with pytest.raises(Refused, match="Nothing was moved"):
        roll(rig, NEW, C, wait_for_runs=1)

    assert (rig.written(), rig.record.journal) == (before, None)


def test_an_airflow_that_cannot_be_asked_is_a_warning_unless_the_answer_is_needed(rig: Rig, old: str, new: str) -> None:
    rig.start(worker(old, replicas=0))
    with pytest.raises(UsageError, match="There is no scheduler"):
        roll(rig, new, C, wait_for_runs=60)
    result = roll(rig, new, C)

    assert result.outcome == "moved"
    assert any("could not be asked for its runs and tasks" in warning for warning in result.warnings)
    assert (result.live, result.tasks) == (None, None)


def test_what_would_kill_running_tasks_is_named_before_anything_moves(rig: Rig, old: str, new: str) -> None:
    rig.start(answering(old, running("worker-0")), worker(old, grace=2))
    before = rig.written()
    with pytest.raises(Refused, match="The pods of statefulset/worker get 2 s to end; 1 task runs there"):
        roll(rig, new, C)
    assert rig.written() == before

    assert roll(rig, new, C, interrupt_tasks=True).outcome == "moved"


def test_a_worker_that_does_not_end_in_its_time_is_counted(rig: Rig, old: str, new: str) -> None:
    """It takes no notice of SIGTERM: what it ran still runs by Airflow's book, and never ends."""
    deaf = container("worker", old, probe=False)
    deaf["command"] = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
    template = pod(deaf, name="worker")
    rig.start(stateful_set("worker", template, podManagementPolicy="Parallel"))
    rig.start(answering(old, running("worker-0", "elsewhere")))  # a task begins after its pod
    result = roll(rig, new, C, interrupt_tasks=True)

    assert result.tasks
    assert result.tasks.interrupted is not None
    assert (2, ["t0"]) == (result.tasks.running, [task.task_id for task in result.tasks.interrupted])
    assert result.tasks.draining >= 1
    assert result.passed


def test_a_worker_that_ends_in_order_interrupts_nothing(rig: Rig, old: str, new: str) -> None:
    rig.start(worker(old))
    ended = {**running(), "changed": [{**running("worker-0")["tasks"][0], "state": "failed"}]}
    rig.start(answering(old, running("worker-0"), ended))
    # A scheduler that moves begins with its first answer again.
    result = roll(rig, new, C, names=("statefulset/worker",))

    assert result.tasks
    assert (1, ()) == (result.tasks.running, result.tasks.interrupted)


@pytest.mark.wide
def test_a_worker_that_ends_well_after_longer_than_the_timeout_fails_nothing(rig: Rig, old: str, new: str) -> None:
    """Its node's last word on it, which says that it was to be gone long ago, stands until a finalizer is taken off."""
    rig.start(worker(old, lifecycle={"preStop": {"exec": {"command": ["sleep", "16"]}}}))
    rig.kubectl("patch", "pod", "worker-0", "--patch", '{"metadata": {"finalizers": ["example.com/test"]}}')

    def let_go() -> None:
        with Feed(rig.cluster, ["Pod"]) as feed:
            ended = '"deletionGracePeriodSeconds": 0'
            until(feed, lambda: ended in json.dumps(feed.objects("Pod")["worker-0"]["metadata"]), SECONDS)
            since = time.monotonic()
            until(feed, lambda: time.monotonic() > since + 2)  # for a look that the rollout takes in any case
        rig.kubectl("patch", "pod", "worker-0", "--patch", '{"metadata": {"finalizers": null}}')

    with rig.meanwhile("statefulset/worker", new, let_go):
        result = roll(rig, new, C, timeout=12.0)

    assert (None, "moved") == (result.failure, result.outcome), rig.text
    assert result.seconds["workers"] >= 16


def test_several_workers_may_be_away_at_a_time_and_no_more(rig: Rig, old: str, new: str) -> None:
    rig.start(worker(old, replicas=5))
    with history(rig.kubectl, "Pod") as told:
        assert roll(rig, new, C, max_unavailable=2).outcome == "moved"

    assert told.fewest_ready("worker", 5) == 3


def at_once(told: History) -> int:
    """The most dag-processors that there were at a time, those that were ending included."""
    there, most = {"before"}, 1
    for event in told.events:
        if event.name.startswith("pod/dag-processor"):
            there.discard("before")
            (there.discard if event.type == "DELETED" else there.add)(event.name)
            most = max(most, len(there))
    return most


def test_old_and_new_dag_processors_never_run_together(rig: Rig, old: str, new: str) -> None:
    rig.start(processor(old, strategy=ROLLING))
    with history(rig.kubectl, "Pod") as told:
        assert roll(rig, new, C).outcome == "moved"

    assert at_once(told) == 1
    assert rig.kubectl.get("deployment/dag-processor")["spec"]["strategy"] == ROLLING
    assert [one.strategy for one in rig.record.releases[-1].moves] == [None]


def test_nor_do_they_when_it_goes_back(rig: Rig, old: str) -> None:
    rig.start(processor(old, strategy=ROLLING))
    before = rig.written()
    with history(rig.kubectl, "Pod") as told:
        result = roll(rig, images.image("tasks", "crashes"), C)

    assert result.outcome == "undone"
    assert at_once(told) == 1
    assert rig.written() == before


@pytest.mark.sampled
@pytest.mark.parametrize("at", ["patch Deployment/dag-processor", "patch Deployment/dag-processor (2)"])
@pytest.mark.parametrize("way", ["rollout", "undo"])
def test_killed_before_the_strategy_is_restored_the_next_run_restores_it(
    rig: Rig, old: str, new: str, at: str, way: str
) -> None:
    rig.start(processor(old, strategy=ROLLING))
    before = rig.written()
    kubeconfig = rig.kubectl.kubeconfig
    here = rig.kubectl.namespace
    (died,) = killer.run(Job(namespace=here, image=new, at=at, lease=6), kubeconfig=kubeconfig)
    assert died.killed, died
    (came,) = killer.run(
        Job(namespace=here, way="undo" if way == "undo" else "rollout", image=new, lease=6), kubeconfig=kubeconfig
    )

    assert came.error == ""
    assert rig.record.journal is None
    if way == "undo":
        assert rig.written() == before
    assert rig.kubectl.get("deployment/dag-processor")["spec"]["strategy"] == ROLLING
    assert set(rig.kubectl.running().values()) == {old if way == "undo" else new}


def side_by_side(rig: Rig, *, processors: int = 0) -> None:
    """An Airflow that was rolled out to version A, and then to an image that holds A and B."""
    rig.start(answering(images.image("tasks-old"), runs(a=1, b=1)), processor(OLD, replicas=processors))
    rig.kubectl.apply(worker(OLD, replicas=0))
    # The scheduler is not theirs, so that it stays and answers.
    theirs = ("deployment/dag-processor", "statefulset/worker")
    for image, versions in ((NEW, (A,)), (NEWER, (B, A))):
        assert roll(rig, image, *versions, names=theirs, interrupt_tasks=True).outcome == "moved"


def pointer(rig: Rig) -> str | None:
    (one,) = rig.kubectl.get("deployment/dag-processor")["spec"]["template"]["spec"]["containers"]
    return next((entry["value"] for entry in one.get("env", ()) if entry["name"] == dag_version.POINTER), None)


def own(rig: Rig, to: int | None = None) -> RolloutResult:
    names = ("deployment/dag-processor", "statefulset/worker")
    return actions.rollback(rig.cluster, rig.console, to, RolloutOptions(timeout=SECONDS, names=names))


def cut_off(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begins to go back, and is interrupted once the variable is set."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("dagship.health.watcher.Watcher.until_done", die)
        with pytest.raises(Interrupted):
            own(rig)


def test_rollback_announces_the_version_before_from_the_image_that_runs(rig: Rig) -> None:
    side_by_side(rig)
    result = own(rig)

    assert (result.outcome, result.image, result.dag_version) == ("moved", NEWER, A)
    assert [move.key for move in result.moves] == ["deployment/dag-processor"]
    assert pointer(rig) == A
    assert rig.kubectl.images()["statefulset/worker"] == {NEWER}
    assert rig.record.releases[-1].dag_versions == (A, B)


def test_so_does_the_first_one_of_all_back_to_what_dagship_found(rig: Rig) -> None:
    before = {**runs(), "current": A, "held": [A], "airflow": "3.3.2"}
    rig.start(answering(images.image("tasks-old"), before, before, runs()), processor(OLD, replicas=0))
    rig.kubectl.apply(worker(OLD, replicas=0))
    assert roll(rig, NEW, B, A, names=("deployment/dag-processor", "statefulset/worker")).outcome == "moved"

    result = own(rig)

    assert (result.outcome, result.image, result.dag_version, pointer(rig)) == ("moved", NEW, A, A)
    assert [move.key for move in result.moves] == ["deployment/dag-processor"]


@pytest.mark.wide
def test_and_back_again_and_the_next_image_takes_it_away(rig: Rig) -> None:
    side_by_side(rig)
    own(rig)
    forth = own(rig)
    assert (forth.outcome, forth.image, forth.dag_version, pointer(rig)) == ("moved", NEWER, B, None)

    own(rig)
    assert pointer(rig) == A
    names = ("deployment/dag-processor", "statefulset/worker")
    next_one = roll(rig, OLD, C, B, A, names=names)
    assert (next_one.outcome, pointer(rig)) == ("moved", None)
    assert [(one.kind, one.dag_version) for one in rig.record.releases[1:]] == [
        ("rollout", A), ("rollout", B), ("rollback", A), ("rollback", B), ("rollback", A), ("rollout", C),
    ]  # fmt: skip


def test_a_release_within_an_image_is_gone_back_to_with_what_it_announced(rig: Rig) -> None:
    side_by_side(rig)
    pointed = own(rig)
    names = ("deployment/dag-processor", "statefulset/worker")
    roll(rig, OLD, C, B, A, names=names)
    # Within the image that runs now, then by the image of that release: its own version is B.
    assert (own(rig, to=pointed.release).image, pointer(rig)) == (OLD, A)
    result = own(rig, to=pointed.release)

    assert (result.outcome, result.image, result.dag_version, pointer(rig)) == ("moved", NEWER, A, A)


def test_a_rollback_within_the_image_that_was_cut_off_is_finished_by_the_next(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    side_by_side(rig)
    cut_off(rig, monkeypatch)
    assert (rig.record.journal is not None, pointer(rig)) == (True, A)
    result = own(rig)

    assert (result.outcome, result.dag_version, pointer(rig), rig.record.journal) == ("moved", A, A, None)
    assert rig.record.releases[-1].moves[0].changes[0].after == A


def test_undo_takes_such_a_rollback_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    side_by_side(rig)
    cut_off(rig, monkeypatch)
    result = actions.undo(rig.cluster, rig.console, RolloutOptions(timeout=SECONDS))

    assert (result.outcome, pointer(rig), rig.record.journal) == ("undone", None, None)


@pytest.mark.wide
def test_the_board_says_what_drains(rig: Rig, old: str, new: str) -> None:
    """A worker takes three seconds to finish what it has."""
    slow = container("worker", old, probe=False)
    slow["command"] = ["sh", "-c", "trap 'sleep 3; exit 0' TERM; while :; do sleep 1 & wait $!; done"]
    template = pod(slow, name="worker")
    template["spec"]["terminationGracePeriodSeconds"] = 60
    rig.start(answering(old, running("worker-0")), stateful_set("worker", template))
    seen: list[str] = []
    row = rig.console.board

    @contextmanager
    def board(title: str) -> Any:
        with row(title) as shown:
            said = shown.row
            shown.row = lambda *what: (seen.append(what[-1]), said(*what))  # type: ignore[method-assign,assignment]
            yield shown

    rig.console.board = board  # type: ignore[method-assign]
    with Feed(rig.cluster, ["Pod"]) as feed:
        until(feed, lambda: "worker-0" in feed.objects("Pod"), SECONDS)
    assert roll(rig, new, C).outcome == "moved"

    assert any("(draining: 1 task on worker-0)" in what for what in seen), seen
