"""The release in DAG terms: what becomes other in Airflow when one version takes the place of another. Frozen values.

Every report of it (the terminal's, JSON, and what is written for people and for CI) is made from this document alone.
Texts are the user's: whoever shows them escapes them. Paths of files are relative to the DAG tree, as in the report of
`test-image`; `dags_path` leads from the repository's root to the DAG tree. Lists are complete, and in the order in
which they are to be shown.
"""

from typing import Literal

from dagship.model.frozen import Artifact
from dagship.model.verify_report import Finding

FORM = 1

Change = Literal["added", "removed", "changed"]
NoticeKind = Literal[
    "runs-at-once",
    "dag-removed",
    "unfinished-runs",
    "pool-missing",
    "queue-missing",
    "dag-renamed",
    "schedule-changed",
    "varying-value",
    "not-compared",
]


class Side(Artifact):
    """One of the two versions.

    Attributes:
        given: How it was named, for people: `registry.example.com/dags:3f9c2a71d0b4`, `namespace airflow`, `dags`.
        image: Reference of the image, by digest where that is known.
        dag_version: Id of its DAG version.
        airflow: Version of Airflow in it.
        commit: The commit that its DAGs are from, empty when unknown.

    """

    given: str
    image: str = ""
    dag_version: str = ""
    airflow: str = ""
    commit: str = ""


class Notice(Artifact):
    """What a reviewer is to see before all else.

    Attributes:
        severity: `error` for what is likely to be meant otherwise, `warning` for what is to be looked at.
        kind: What it is.
        dag_id: The DAG concerned, or empty.
        file: Its file in the new version, in the old one where the new has none; empty where it is about no file.
        line: Line in that file, 0 when unknown.
        message: One sentence.

    """

    severity: Literal["error", "warning"]
    kind: NoticeKind
    dag_id: str = ""
    file: str = ""
    line: int = 0
    message: str


class Verdict(Artifact):
    """The answer in a sentence, and what to look at first.

    Attributes:
        dags_change: Whether anything of a DAG becomes other for Airflow: its structure, or the code that its tasks run.
        sentence: `Nothing changes for Airflow; packages: 1 up.`, or what does change, in numbers.
        notices: The worst first.

    """

    dags_change: bool
    sentence: str
    notices: tuple[Notice, ...] = ()


class FieldChange(Artifact):
    """A field that has another value.

    Attributes:
        name: Its name in Airflow, with dots where it lies deeper: `max_active_runs`, `params.limit`, `tags`; of a DAG
            also `tasks.*.retries`, where it becomes other in all tasks alike.
        was: The old value as text, None where there was none. Values of params are digests, unless asked for.
        now: The new one.

    """

    name: str
    was: str | None
    now: str | None


class Schedule(Artifact):
    """When runs of a DAG are made.

    Attributes:
        text: As Airflow's page shows it: `0 3 * * *`, `1 day, 0:00:00`, `assets: a, b`; `none` where by hand alone.
        timezone: Name of the DAG's time zone.
        next_runs: When the next runs are made, three at most, ISO 8601 with the offset of that zone; empty where time
            alone does not make them, or Airflow alone can say when.
        is_known: Whether `next_runs` is all there is to say; False for a timetable of the user's own.

    """

    text: str
    timezone: str = "UTC"
    next_runs: tuple[str, ...] = ()
    is_known: bool = True


class RunsAtOnce(Artifact):
    """The runs that a DAG makes as soon as it is there and not paused, since `catchup` is on.

    Attributes:
        runs: How many.
        and_more: Whether counting ended at `runs`, and there are more.
        since: Time of the first of them, ISO 8601.
        together: How many of them run at a time (`max_active_runs`), 0 when unknown.
        why: `new`, `catchup` (it was off), `schedule`, or `start` (another start date).
        if_never_run: Whether that is so only where no run of it was made before: Airflow goes on from the last one, and
            nobody was asked for that.

    """

    runs: int
    and_more: bool = False
    since: str
    together: int = 0
    why: Literal["new", "catchup", "schedule", "start"]
    if_never_run: bool = False


class Node(Artifact):
    """A task in the drawing of a DAG.

    Attributes:
        task_id: Its id.
        operator: Class of its operator.
        change: What becomes of it; `same` where nothing.

    """

    task_id: str
    operator: str = ""
    change: Literal["added", "removed", "changed", "same"] = "same"


class Edge(Artifact):
    """A dependency in the drawing of a DAG, from `upstream` to `downstream`."""

    upstream: str
    downstream: str
    change: Literal["added", "removed", "same"] = "same"


class Graph(Artifact):
    """All tasks and edges of a DAG, of both versions, tasks in topological order as far as there is one."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()


class TaskChange(Artifact):
    """A task that comes, goes or is another.

    Attributes:
        task_id: Its id.
        change: What becomes of it.
        operator: Class of its operator, in the new version where it has the task.
        fields: Those that are other; none for a task that comes or goes.

    """

    task_id: str
    change: Change
    operator: str = ""
    fields: tuple[FieldChange, ...] = ()


class AssetChange(Artifact):
    """An asset that a DAG begins or ceases to produce or to be scheduled by.

    Attributes:
        name: Its name, or its URI where it has none.
        uri: Its URI.
        role: Whether tasks of the DAG produce it, or its runs are made by it.
        change: `added` or `removed`.

    """

    name: str
    uri: str = ""
    role: Literal["produces", "consumes"]
    change: Literal["added", "removed"]


class UnfinishedRuns(Artifact):
    """Runs of a DAG that are under way, and meet the change.

    Attributes:
        running: How many run.
        queued: How many are queued.
        keep_code: Whether they go on with the code that they began with (Airflow 3, a version in the image).

    """

    running: int
    queued: int
    keep_code: bool = False


class DagChange(Artifact):
    """A DAG that comes, goes, has another name, or is another.

    Attributes:
        dag_id: Its id, in the new version where it has it.
        change: What becomes of it; `renamed` where a DAG of another id took its place, all else being nearly equal.
        was_id: Its former id where it was renamed, else empty.
        file: Its file, in the new version where it has the DAG.
        line: Line of it that names the DAG, 0 when unknown.
        owner: Its owner, in the new version where it has the DAG.
        schedule_was: When runs were made, None where that is as before or the DAG is new.
        schedule_now: When runs are made, None where that is as before or the DAG goes.
        runs_at_once: What it makes up for, None where nothing.
        fields: Fields of the DAG that are other, without those that have a place of their own here.
        tasks: Tasks that come, go or are other.
        edges: Edges that come or go.
        assets: Assets that it begins or ceases to produce or to consume.
        graph: All tasks and edges, None where nothing of them is other, and where there are too many to be drawn.
        code: Files of the DAG tree that it is made of and that are other, relative to the tree.
        varying: Places of it that are another at each parse, and were left out: `dag.tasks.extract.bash_command`.
        unfinished: Its runs under way, None where there are none, or nobody was asked.

    """

    dag_id: str
    change: Literal["added", "removed", "renamed", "changed"]
    was_id: str = ""
    file: str = ""
    line: int = 0
    owner: str = ""
    schedule_was: Schedule | None = None
    schedule_now: Schedule | None = None
    runs_at_once: RunsAtOnce | None = None
    fields: tuple[FieldChange, ...] = ()
    tasks: tuple[TaskChange, ...] = ()
    edges: tuple[Edge, ...] = ()
    assets: tuple[AssetChange, ...] = ()
    graph: Graph | None = None
    code: tuple[str, ...] = ()
    varying: tuple[str, ...] = ()
    unfinished: UnfinishedRuns | None = None


class SharedChange(Artifact):
    """DAGs that are other in the same way, by a file that they share: told once.

    Attributes:
        by: The files that are other and that all of them are made of, relative to the DAG tree.
        dag_ids: The DAGs.
        example: What becomes other, in the first of them; the same does in each.

    """

    by: tuple[str, ...]
    dag_ids: tuple[str, ...]
    example: DagChange


class FileChange(Artifact):
    """A file of the DAG tree that is other, whether a DAG is made of it or not.

    Attributes:
        file: Relative to the DAG tree.
        change: What becomes of it.
        dags: How many DAGs are made of it, as far as imports tell.

    """

    file: str
    change: Change
    dags: int = 0


class Missing(Artifact):
    """A pool or a queue that tasks name and that is not there.

    Attributes:
        kind: Which of the two.
        name: Its name.
        dag_ids: The DAGs whose tasks name it.
        is_new: Whether the old version did not name it.

    """

    kind: Literal["pool", "queue"]
    name: str
    dag_ids: tuple[str, ...]
    is_new: bool = True


class FindingChange(Artifact):
    """A finding of `test-image`, and whether it is of both versions."""

    change: Literal["new", "mended", "old"]
    finding: Finding


class PackageChange(Artifact):
    """A Python package that is another.

    Attributes:
        name: Canonical name.
        was: Its old version, None where it comes.
        now: Its new version, None where it goes.
        change: What becomes of it; `other` where versions cannot be put in order.
        in_base: Whether it is one of the base image that is moved.

    """

    name: str
    was: str | None
    now: str | None
    change: Literal["added", "removed", "up", "down", "other"]
    in_base: bool = False


class PulledLayer(Artifact):
    """A layer that nodes which run the old version do not have.

    Attributes:
        what: What it holds, for people.
        digest: Of the compressed layer.
        bytes: Of the compressed layer.

    """

    what: str
    digest: str
    bytes: int


class Pull(Artifact):
    """What nodes fetch from the registry: nothing where no pod is replaced.

    Attributes:
        layers: The layers, largest first.
        bytes: Of all of them.
        nodes: Names of the nodes that run the old version now and will fetch them; empty when nobody was asked.

    """

    layers: tuple[PulledLayer, ...]
    bytes: int
    nodes: tuple[str, ...] = ()


class FileParse(Artifact):
    """Seconds that the import of a DAG file took in either version, each on the machine that tested it."""

    file: str
    was: float | None
    now: float | None


class Parse(Artifact):
    """Seconds that the import of all DAG files took in either version, and the files that differ most.

    Attributes:
        was: Sum of the old version.
        now: Sum of the new one.
        files: Those that take longer or shorter by half a second and a third at least, the slower first.

    """

    was: float
    now: float
    files: tuple[FileParse, ...] = ()


class Way(Artifact):
    """How the change reaches the cluster.

    Attributes:
        way: `thin` where pods stay, `rollout` where they are replaced, `none` where nothing is to be done.
        why: The reason, one sentence.

    """

    way: Literal["thin", "rollout", "none"]
    why: str


class ReleaseDocument(Artifact):
    """What becomes other when `now` takes the place of `was`. None where a part could not be known.

    Attributes:
        form: Number of the form of this document.
        made: When it was made, ISO 8601 in UTC: next runs and runs made at once are as of then.
        dags_path: The DAG directory, relative to the repository's root; `.` for the root itself or when unknown.
        was: The old version.
        now: The new version.
        verdict: The answer, first.
        shared: DAGs that change in the same way by a file that they share; they are not in `dags`.
        dags: All other DAGs that change.
        same: How many DAGs stay as they are.
        files: Files of the DAG tree that are other; None where an old version did not say its files.
        missing: Pools and queues that are not there; None when Airflow was not asked.
        findings: Findings of the tests, new ones first.
        packages: Python packages that are other; None where one of the two does not say its packages.
        pull: What each node fetches; None when no registry has both.
        parse: Seconds of parsing.
        way: How it reaches the cluster; None where no cluster was asked.
        unknown: What could not be compared, a sentence each.

    """

    form: int = FORM
    made: str
    dags_path: str = "."
    was: Side
    now: Side
    verdict: Verdict
    shared: tuple[SharedChange, ...] = ()
    dags: tuple[DagChange, ...] = ()
    same: int = 0
    files: tuple[FileChange, ...] | None = None
    missing: tuple[Missing, ...] | None = None
    findings: tuple[FindingChange, ...] = ()
    packages: tuple[PackageChange, ...] | None = None
    pull: Pull | None = None
    parse: Parse | None = None
    way: Way | None = None
    unknown: tuple[str, ...] = ()
