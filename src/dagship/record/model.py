"""The moves of a rollout, its journal and its release: frozen values, as the cluster's record holds them.

A `Change` is one field of one object, before and after; a `Move` is all changes of one object. Undoing is the same
move with before and after exchanged, so that there is one machinery for both ways.
"""

from typing import Literal, NamedTuple

from dagship.model.artifacts import DagImage
from dagship.model.frozen import Artifact
from dagship.model.kept_document import KeptDocument
from dagship.model.thin import Thin
from dagship.workloads.kinds import Kind, Role

# Releases of a record.
KEPT = 20


class Signature(NamedTuple):
    """Who did something, in which CI job, and when, as the record keeps it.

    Attributes:
        who: A user.
        job: Address of the CI job, or empty.
        when: ISO 8601 in UTC.

    """

    who: str
    job: str
    when: str


class Change(Artifact):
    """One field of an object.

    Attributes:
        field: `image` of a container, `env` variable of a container, image in a `template`, a pod in a ConfigMap, or
            the DAG version that is `announced` in a ConfigMap.
        container: Name of the container; empty for what is announced.
        init: Whether it is an initContainer.
        name: Name of the environment variable, or key of the ConfigMap.
        before: What it said; None for a variable that was not there.
        after: What it is to say; None for a variable that is to go.

    """

    field: Literal["image", "env", "template", "announced"]
    container: str = ""
    init: bool = False
    name: str = ""
    before: str | None = None
    after: str | None = None

    @property
    def key(self) -> tuple[str, str, bool, str]:
        """The identity of the field within its object."""
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


class Journal(DagImage):
    """A rollout under way, written to the cluster before its first change and taken away after its last.

    Attributes:
        state: `moving`; `serving` once pods have moved and Airflow is waited for; `undoing` once it goes back; `left`
            when it failed and was to be left as it is.
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
        dag_digests: The whole digest of the DAG version, as far as known.
        thin: What it is one layer above of, where it was made so.
        broken: DAG files that could not be imported before; None where that is not known.

    """

    state: Literal["moving", "serving", "undoing", "left"]
    kind: Literal["rollout", "rollback"]
    image: str
    dag_version: str
    dag_versions: tuple[str, ...] = ()
    airflow: str
    who: str
    job: str
    began: str
    moves: tuple[Move, ...] = ()
    earlier: tuple[Move, ...] = ()
    dag_digests: tuple[str, ...] = ()
    thin: Thin | None = None
    broken: tuple[str, ...] | None = None


class Release(DagImage):
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
        served: When Airflow was seen to serve it, ISO 8601 in UTC; empty where nobody waited, or could know.
        proven: DAGs of which a smoke run ended well at it.
        moves: The objects and what they say since, in `after`.
        dag_digests: The whole digest of the DAG version, as far as known.
        thin: What it is one layer above of, where it was made so.
        changes: What it changed in DAG terms; None where that is not known, or there was no room for it.

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
    served: str = ""
    proven: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    dag_digests: tuple[str, ...] = ()
    thin: Thin | None = None
    changes: KeptDocument | None = None


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
        releases: Newest last, at most `KEPT`.
        journal: The unfinished rollout, if there is one.
        hold: What is held, or was when a rollout was cut off.

    """

    releases: tuple[Release, ...] = ()
    journal: Journal | None = None
    hold: Hold | None = None
