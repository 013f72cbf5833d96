"""The results of a rollout and of `status`: frozen values that end up in the `--json` documents."""

from typing import Literal

from pydantic import Field

from dagship.airflow.activity import Activity, Task
from dagship.airflow.sync_report import SyncReport
from dagship.diagnosis.failure import Failure
from dagship.model.artifacts import DagImage, PushedImage
from dagship.model.frozen import Artifact
from dagship.model.kept_document import KeptDocument
from dagship.model.release_document import ReleaseDocument
from dagship.model.thin import Announcement, Packaged
from dagship.record.model import Hold, Journal, Move, Release
from dagship.workloads.image_identity import digest, spelled_out
from dagship.workloads.kinds import Role


class TaskReport(Artifact):
    """The effect of a rollout on tasks and runs.

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
        digests: What those images stand for by their pods, as far as they are written without a digest.

    """

    workload: str
    role: Role
    images: tuple[str, ...]
    dag_version: str = ""
    ready: int = 0
    desired: int = 0
    differ: tuple[str, ...] = ()
    digests: dict[str, str] = Field(default_factory=dict)


class TakenBack(Artifact):
    """A release that a rollback takes back.

    Attributes:
        release: Its number.
        document: What goes back with it; None where what it changed is not on record.
        left_out: What of that was not kept, a sentence each.

    """

    release: int
    document: ReleaseDocument | None = None
    left_out: tuple[str, ...] = ()


class RolloutResult(DagImage):
    """The result of `rollout` and `rollback`.

    Attributes:
        passed: Whether the cluster is where it was asked to be.
        outcome: `moved`, `unchanged` (it was there already), `planned` (`--dry-run`), `undone`, `left` (as it failed).
        namespace: Kubernetes namespace.
        context: Name of the kubeconfig's context, or empty.
        way: Which of two ways it took and why, a sentence; empty where there was one alone.
        image: Image by digest; empty for a return to what dagship found, by its tag before it is pushed.
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
        served: Seconds after which Airflow served its DAG version; None where nobody waited, or could know.
        proven: DAGs of which a smoke run ended well at the version that is served.
        changes: What it changed in DAG terms, as it is kept with the release; None where that is not known.
        changes_unknown: Why it is not known, words that follow on a colon; empty where there was nothing to compare.
        takes_back: What a rollback takes back, the newest release first.
        requests: Requests to the API server.

    """

    passed: bool
    outcome: Literal["moved", "unchanged", "planned", "undone", "left"]
    namespace: str
    context: str
    way: str = ""
    image: str
    dag_version: str = ""
    airflow: str = ""
    release: int | None = None
    moves: tuple[Move, ...] = ()
    live: Activity | None = None
    tasks: TaskReport | None = None
    failure: Failure | None = None
    state: str = ""
    warnings: tuple[str, ...] = ()
    seconds: dict[str, float]
    served: float | None = None
    proven: tuple[str, ...] = ()
    changes: KeptDocument | None = None
    changes_unknown: str = ""
    takes_back: tuple[TakenBack, ...] = ()
    requests: int = 0


class Deployed(Artifact):
    """The result of `deploy`.

    Attributes:
        passed: Whether the cluster runs the image, or would.
        way: Which way the edit took and why, a sentence.
        image: What was pushed; None in a dry run.
        rollout: What the rollout came to.
        seconds: Seconds by task.

    """

    passed: bool
    way: str
    image: PushedImage | None
    rollout: RolloutResult
    seconds: dict[str, float]


class AnnouncedReport(Artifact):
    """What is announced to pods that run.

    Attributes:
        config_map: The ConfigMap.
        current: The DAG version that new runs are to get; None for the image's own.
        packages: The DAG versions that it has packages of.
        bytes: Of all packages.
        serves: DAG version that the dag-processor serves, or empty.
        why_not: Why it is not what is announced, or why that is not known; empty where it is.
        lost: DAG version that the last release announced and the ConfigMap does not have any more, or empty.

    """

    config_map: str
    current: Announcement | None = None
    packages: dict[str, Packaged] = Field(default_factory=dict)
    bytes: int = 0
    serves: str = ""
    why_not: str = ""
    lost: str = ""

    @property
    def right(self) -> bool:
        """Whether pods serve what was announced last, as far as it is known."""
        return not (self.lost or self.why_not)


class BrokenFile(Artifact):
    """A DAG file that Airflow cannot import.

    Attributes:
        file: Relative to the DAG tree.
        line: The line that the error came through, 0 where it is not known.
        error: The exception in Airflow's words, one line.
        traceback: All that Airflow says.

    """

    file: str
    line: int
    error: str
    traceback: str


class Difference(Artifact):
    """What of a checkout differs from what Airflow serves.

    Attributes:
        place: The checkout.
        version: The DAG version that it would be.
        same: Whether that is what is served.
        added: Files that are only in the checkout.
        removed: Files that are only served.
        changed: Files that are not the same.
        why_not: Why it is not known which files they are, or empty.

    """

    place: str
    version: str
    same: bool
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    why_not: str = ""


class ServedReport(Artifact):
    """What Airflow serves.

    Attributes:
        version: The DAG version that new runs get, or empty.
        since: Since when it is served, ISO 8601 in UTC; or empty.
        dags: How many DAGs Airflow has of it.
        broken: DAG files that it cannot import.
        against: What differs from a checkout; None where nobody asked.
        why_not: Why it could not be asked, or empty.

    """

    version: str = ""
    since: str = ""
    dags: int = 0
    broken: tuple[BrokenFile, ...] = ()
    against: Difference | None = None
    why_not: str = ""

    @property
    def right(self) -> bool:
        """Whether it is known, and what it was compared with is the same."""
        return not self.why_not and (self.against is None or self.against.same)


class StatusReport(Artifact):
    """The result of `status`.

    Attributes:
        passed: Whether all components run the same image, and serve what git has where they follow it, or what is
            announced to them, or what they were compared with.
        namespace: Kubernetes namespace.
        context: Name of the kubeconfig's context, or empty.
        workloads: Every object of this Airflow.
        releases: The last releases, newest first.
        unfinished: A rollout that neither finished nor was undone.
        hold: DAGs of an Airflow 2 that are held, by a rollout under way or by one that was cut off.
        record_unread: Why the record cannot be read, or empty: releases, unfinished and hold are unknown then.
        installed: Helm's release and its chart, as `airflow (airflow-0.1.0)`; empty where it is none of our chart.
        dags: Where its DAGs come from, if not from its image; the images' versions are not named then.
        git: What each sync says, where DAGs come from git.
        git_unseen: Why the syncs could not be asked, or empty.
        live: Airflow's unfinished runs, running tasks, and the DAG versions that its image holds.
        live_unseen: Why Airflow could not be asked for them, or empty.
        announced: What is announced to its pods; None where they have nothing mounted for it.
        served: What Airflow serves; None where nobody asked.

    """

    passed: bool
    namespace: str
    context: str
    workloads: tuple[WorkloadReport, ...]
    releases: tuple[Release, ...]
    unfinished: Journal | None = None
    hold: Hold | None = None
    record_unread: str = ""
    installed: str = ""
    dags: str = ""
    git: tuple[SyncReport, ...] = ()
    git_unseen: str = ""
    live: Activity | None = None
    live_unseen: str = ""
    announced: AnnouncedReport | None = None
    served: ServedReport | None = None

    @property
    def agree(self) -> bool:
        """Whether all components run the same image."""
        known = {spelled_out(tag): found for one in self.workloads for tag, found in one.digests.items()}
        images = {spelled_out(image) for workload in self.workloads for image in workload.images}
        # Names of two registries are of two images, unless their digests say that it is one.
        same = len({digest(image) or known.get(image, image) for image in images}) == 1
        return same and not any(workload.differ for workload in self.workloads)
