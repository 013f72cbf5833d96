"""The document of a release as it is kept with that in the cluster, and the way back that it tells. Frozen values."""

from dagship.model.frozen import Artifact
from dagship.model.release_document import (
    AssetChange,
    DagChange,
    FieldChange,
    FindingChange,
    PackageChange,
    ReleaseDocument,
    Side,
    TaskChange,
    Verdict,
)

_OTHER_WAY = {
    "added": "removed", "removed": "added", "up": "down", "down": "up", "new": "mended", "mended": "new",
}  # fmt: skip


class KeptDocument(Artifact):
    """What a release changed, cut to a size.

    Attributes:
        since: Number of the release whose place it took.
        document: What became other.
        back: The verdict of the way back, a sentence; of all that there was, as the verdict of the document is.
        left_out: What was cut, a sentence each.

    """

    since: int
    document: ReleaseDocument
    back: str
    left_out: tuple[str, ...] = ()

    def backwards(self) -> ReleaseDocument:
        """Returns what going back would change."""
        found = reverse(self.document)
        return found.model_copy(update={"verdict": found.verdict.model_copy(update={"sentence": self.back})})


def reverse(document: ReleaseDocument) -> ReleaseDocument:
    """Returns a document told backwards: what was added is removed, what was new is old.

    Its verdict has no sentence yet. What holds for one way alone is left out: runs under way and runs made at once,
    pools that are not there, what nodes pull, how it reaches the cluster.
    """
    parse = document.parse
    return ReleaseDocument(
        made=document.made,
        dags_path=document.dags_path,
        was=document.now,
        now=document.was,
        verdict=Verdict(dags_change=document.verdict.dags_change, sentence=""),
        shared=tuple(one.model_copy(update={"example": _dag(one.example)}) for one in document.shared),
        dags=tuple(_dag(one) for one in document.dags),
        same=document.same,
        files=None
        if document.files is None
        else tuple(one.model_copy(update={"change": _other_way(one.change)}) for one in document.files),
        findings=tuple(_finding(one) for one in document.findings),
        packages=None if document.packages is None else tuple(_package(one) for one in document.packages),
        parse=parse.model_copy(update={"was": parse.now, "now": parse.was, "files": ()}) if parse else None,
        unknown=document.unknown,
    )


def side(number: int, *, image: str, dag_version: str, airflow: str, commit: str = "") -> Side:
    """Returns a release as one of the two versions of a document."""
    return Side(given=f"release {number}", image=image, dag_version=dag_version, airflow=airflow, commit=commit)


def _other_way(word: str) -> str:
    return _OTHER_WAY.get(word, word)


def _dag(one: DagChange) -> DagChange:
    renamed = {"dag_id": one.was_id, "was_id": one.dag_id} if one.was_id else {}
    return one.model_copy(
        update={
            **renamed,
            "change": _other_way(one.change),
            "line": 0,
            "schedule_was": one.schedule_now,
            "schedule_now": one.schedule_was,
            "runs_at_once": None,
            "fields": _fields(one.fields),
            "tasks": tuple(_task(task) for task in one.tasks),
            "edges": tuple(edge.model_copy(update={"change": _other_way(edge.change)}) for edge in one.edges),
            "assets": tuple(_asset(asset) for asset in one.assets),
            "graph": None,
            "unfinished": None,
        }
    )


def _fields(fields: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(name=one.name, was=one.now, now=one.was) for one in fields)


def _task(task: TaskChange) -> TaskChange:
    return task.model_copy(update={"change": _other_way(task.change), "fields": _fields(task.fields)})


def _asset(asset: AssetChange) -> AssetChange:
    return asset.model_copy(update={"change": _other_way(asset.change)})


def _package(one: PackageChange) -> PackageChange:
    return one.model_copy(update={"was": one.now, "now": one.was, "change": _other_way(one.change)})


def _finding(one: FindingChange) -> FindingChange:
    return one.model_copy(update={"change": _other_way(one.change)})
