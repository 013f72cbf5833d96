"""What a rollout is made of: frozen values, some of which outlive the process in the cluster's record.

A `Change` is one field of one object, before and after; a `Move` is all changes of one object. Undoing is the same
move with before and after exchanged, so that there is one machinery for both ways.
"""

from typing import Literal

from pydantic import Field

from dagship.artifacts import Artifact, PushedImage
from dagship.rollout.live import LiveRuns, Task
from dagship.rollout.synced import SyncReport

Kind = Literal["StatefulSet", "Deployment", "CronJob", "ConfigMap"]
# What is watched after its template changed; the other kinds take effect by themselves.
WATCHED: tuple[Kind, ...] = ("StatefulSet", "Deployment")

Role = Literal[
    "worker", "triggerer", "scheduler", "api-server", "webserver", "dag-processor", "cronjob", "pod-template", "other"
]


class Change(Artifact):
    """One field of an object.

    Attributes:
        field: `image` of a container, `env` variable of a container, or image in a `template`, a pod in a ConfigMap.
        container: Name of the container.
        init: Whether it is an initContainer.
        name: Name of the environment variable, or key of the ConfigMap.
        before: What it said; None for a variable that was not there.
        after: What it is to say; None for a variable that is to go.

    """

    field: Literal["image", "env", "template"]
    container: str
    init: bool = False
    name: str = ""
    before: str | None = None
    after: str | None = None

    @property
    def key(self) -> tuple[str, str, bool, str]:
        """What tells fields of one object apart."""
        return self.field, self.container, self.init, self.name

    def reversed(self) -> "Change":
        """Returns the way back."""
        return self.model_copy(update={"before": self.after, "after": self.before})


class Move(Artifact):
    """All that changes in one object.

    Attributes:
        kind: Its kind.
        name: Its name.
        role: What of Airflow it runs.
        step: When it moves, 0 first; objects of one step move together.
        changes: Its fields.
        strategy: The Deployment's own strategy, as JSON, where it is `Recreate` while this moves: of what announces
            DAGs, old and new may not run at the same time.

    """

    kind: Kind
    name: str
    role: Role = "other"
    step: int = 0
    changes: tuple[Change, ...]
    strategy: str | None = None

    @property
    def key(self) -> str:
        """How people and `--workloads` call it: `statefulset/worker`."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def images(self) -> dict[str, str]:
        """Container to the image it is to run, initContainers among them."""
        return {change.container: change.after for change in self.changes if change.field == "image" and change.after}

    def reversed(self) -> "Move":
        """Returns the way back."""
        return self.model_copy(update={"changes": tuple(change.reversed() for change in self.changes)})


class Journal(Artifact):
    """A rollout under way, written to the cluster before its first change and taken away after its last.

    Attributes:
        state: `moving`; `undoing` once it goes back; `left` when it failed and was to be left as it is.
        kind: What the release will be called.
        image: Image it moves to, by digest; empty for a return to what dagship found at first.
        dag_version: DAG version of that image, or empty.
        dag_versions: DAG versions that the image holds, as far as known.
        airflow: Version of Airflow in that image, or empty.
        who: Who runs it.
        job: The CI job, or empty.
        began: When, ISO 8601 in UTC.
        moves: Every object it changes; `before` is what was there before the first unfinished rollout.
        earlier: Those of unfinished rollouts that it goes on from: an object may still say what one of them wrote.

    """

    state: Literal["moving", "undoing", "left"]
    kind: Literal["rollout", "rollback"]
    image: str
    dag_version: str
    dag_versions: tuple[str, ...] = ()
    airflow: str
    who: str
    job: str
    began: str
    moves: tuple[Move, ...]
    earlier: tuple[Move, ...] = ()


class Release(Artifact):
    """A rollout that succeeded, as recorded in the cluster.

    Attributes:
        number: Counts up; 0 is what dagship found.
        kind: `found` is what ran before the first rollout.
        image: Image by digest; empty for `found`, which may be several.
        dag_version: DAG version that it announces, or empty.
        dag_versions: DAG versions that the image holds, as far as known.
        airflow: Version of Airflow, or empty.
        who: Who ran it.
        job: The CI job, or empty.
        when: ISO 8601 in UTC.
        moves: The objects and what they say since, in `after`.

    """

    number: int
    kind: Literal["found", "rollout", "rollback"]
    image: str
    dag_version: str = ""
    dag_versions: tuple[str, ...] = ()
    airflow: str = ""
    who: str = ""
    job: str = ""
    when: str
    moves: tuple[Move, ...]


class Hold(Artifact):
    """DAGs of an Airflow 2 that start no runs while things move.

    Attributes:
        since: When holding began, epoch seconds by Airflow's clock.
        dags: The DAGs that were to be held.

    """

    since: float
    dags: tuple[str, ...]


class Record(Artifact):
    """All that dagship writes down in a namespace.

    Attributes:
        releases: Newest last, at most 20.
        journal: The unfinished rollout, if there is one.
        hold: What is held, or was when a rollout was cut off.

    """

    releases: tuple[Release, ...] = ()
    journal: Journal | None = None
    hold: Hold | None = None


class Target(Artifact):
    """The image to move to.

    Attributes:
        image: Repository and digest.
        digest: `sha256:…`.
        dag_version: DAG version, empty when unknown.
        airflow: Version of Airflow, empty when unknown.
        platforms: `os/architecture` it is for; empty when unknown.
        dag_versions: DAG versions that it holds, the current one first; empty when unknown.
        dag_changes: For each older version the files in which the current one differs from it, None when too many.
        dag_pointer: DAG version that it is to announce instead of its current one, or empty.

    """

    image: str
    digest: str
    dag_version: str = ""
    airflow: str = ""
    platforms: tuple[str, ...] = ()
    dag_versions: tuple[str, ...] = ()
    dag_changes: dict[str, tuple[str, ...] | None] = Field(default_factory=dict)
    dag_pointer: str = ""

    @property
    def held(self) -> tuple[str, ...]:
        """The DAG versions that it holds; empty when unknown."""
        return self.dag_versions or ((self.dag_version,) if self.dag_version else ())


class TaskReport(Artifact):
    """What a rollout did to tasks and runs.

    Attributes:
        running: Tasks that ran when it began.
        interrupted: Tasks that it interrupted; None when Airflow could not be asked afterwards.
        draining: Seconds for which workers were ending, finishing their tasks.
        runs: Unfinished runs afterwards by the version that they stay on; an empty version is the newest code.

    """

    running: int
    interrupted: tuple[Task, ...] | None = None
    draining: float = 0.0
    runs: dict[str, int] = Field(default_factory=dict)


class Failure(Artifact):
    """Why a rollout failed, as far as pods, events and logs tell.

    Attributes:
        workload: `statefulset/worker`.
        pod: Name of the pod, or empty.
        container: Name of the container, or empty.
        reason: Kubernetes' word for it: `CrashLoopBackOff`.
        message: Kubernetes' sentence.
        meaning: The same in Airflow's words, one sentence.
        hint: What to do.
        events: The pod's latest events, oldest first.
        log: The container's last lines.

    """

    workload: str
    pod: str = ""
    container: str = ""
    reason: str
    message: str = ""
    meaning: str = ""
    hint: str = ""
    events: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


class WorkloadReport(Artifact):
    """How one object stands.

    Attributes:
        workload: `statefulset/worker`.
        role: What of Airflow it runs.
        images: The images of its containers that belong to Airflow.
        dag_version: DAG version of those, empty when unknown or several.
        ready: Pods that are ready and right.
        desired: Pods wanted.
        differ: Pods that run another image than their workload says.

    """

    workload: str
    role: Role
    images: tuple[str, ...]
    dag_version: str = ""
    ready: int = 0
    desired: int = 0
    differ: tuple[str, ...] = ()


class RolloutResult(Artifact):
    """The result of `rollout` and `rollback`.

    Attributes:
        passed: Whether the cluster is where it was asked to be.
        outcome: `moved`, `unchanged` (it was there already), `planned` (`--dry-run`), `undone`, `left` (as it failed).
        namespace: Kubernetes namespace.
        context: Name of the kubeconfig's context, or empty.
        image: Image by digest; empty for a return to what dagship found.
        dag_version: DAG version, or empty.
        airflow: Version of Airflow, or empty.
        release: Number of the release recorded, or None.
        moves: What moved, or would.
        live: Airflow's unfinished runs and running tasks before anything moved; None when it could not be asked.
        tasks: What became of those; None when nothing moved.
        failure: What went wrong, if something did.
        state: One sentence on what the cluster runs now.
        warnings: What was noticed.
        seconds: Seconds by phase.
        requests: Requests to the API server.

    """

    passed: bool
    outcome: Literal["moved", "unchanged", "planned", "undone", "left"]
    namespace: str
    context: str
    image: str
    dag_version: str = ""
    airflow: str = ""
    release: int | None = None
    moves: tuple[Move, ...] = ()
    live: LiveRuns | None = None
    tasks: TaskReport | None = None
    failure: Failure | None = None
    state: str = ""
    warnings: tuple[str, ...] = ()
    seconds: dict[str, float]
    requests: int = 0


class Deployed(Artifact):
    """The result of `deploy`.

    Attributes:
        passed: Whether the cluster runs the image.
        image: What was pushed.
        rollout: What the rollout came to.
        seconds: Seconds by task.

    """

    passed: bool
    image: PushedImage
    rollout: RolloutResult
    seconds: dict[str, float]


class StatusReport(Artifact):
    """The result of `status`.

    Attributes:
        passed: Whether all components run the same image, and serve what git has where they follow it.
        namespace: Kubernetes namespace.
        context: Name of the kubeconfig's context, or empty.
        workloads: Every object of this Airflow.
        releases: The last releases, newest first.
        unfinished: A rollout that neither finished nor was undone.
        hold: DAGs of an Airflow 2 that are held, by a rollout under way or by one that was cut off.
        installed: Helm's release and its chart, as `airflow (airflow-0.1.0)`; empty where it is none of our chart.
        git: What each sync says, where DAGs come from git.
        git_unseen: Why the syncs could not be asked, or empty.
        live: Airflow's unfinished runs, running tasks, and the DAG versions that its image holds.
        live_unseen: Why Airflow could not be asked for them, or empty.

    """

    passed: bool
    namespace: str
    context: str
    workloads: tuple[WorkloadReport, ...]
    releases: tuple[Release, ...]
    unfinished: Journal | None = None
    hold: Hold | None = None
    installed: str = ""
    git: tuple[SyncReport, ...] = ()
    git_unseen: str = ""
    live: LiveRuns | None = None
    live_unseen: str = ""

    @property
    def agree(self) -> bool:
        """Whether all components run the same image."""
        images = {image for workload in self.workloads for image in workload.images}
        return len(images) == 1 and not any(workload.differ for workload in self.workloads)
