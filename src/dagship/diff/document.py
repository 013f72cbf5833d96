"""Makes the document of a release of two snapshots, and of what a cluster and a registry say of it. Pure."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dagship.diff import dag_change, files, image, missing, renames, shared, verdict
from dagship.diff.normal import runs
from dagship.diff.normal.dag import NormalDag, read
from dagship.model.release_document import (
    DagChange,
    FieldChange,
    Pull,
    ReleaseDocument,
    Side,
    UnfinishedRuns,
    Way,
)
from dagship.model.snapshot import Snapshot, SnapshotDag


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a release beside the two snapshots; None where nobody could be asked.

    Attributes:
        unfinished: Runs under way, by DAG.
        last: When the last scheduled run of each DAG was made, epoch seconds; for DAGs that have one.
        pools: Names of the pools that are there.
        queues: Names of the queues that workers take tasks of.
        pull: What each node fetches.
        way: How it reaches the cluster.
        unknown: What could not be asked, a sentence each.

    """

    unfinished: Mapping[str, UnfinishedRuns] | None = None
    last: Mapping[str, float] | None = None
    pools: frozenset[str] | None = None
    queues: frozenset[str] | None = None
    pull: Pull | None = None
    way: Way | None = None
    unknown: tuple[str, ...] = ()


def document(
    was: tuple[Side, Snapshot],
    now: tuple[Side, Snapshot],
    *,
    at: dt.datetime,
    dags_path: str = ".",
    values: bool = False,
    known: Known | None = None,
) -> ReleaseDocument:
    """Returns what becomes other when `now` takes the place of `was`.

    Args:
        was: The old version.
        now: The new version.
        at: The time as of which runs are counted.
        dags_path: The DAG directory, relative to the repository's root.
        values: Whether values of params are shown, and not digests of them.
        known: What is known beside.

    """
    known = known or Known()
    comparison = _Comparison(was=was[1], now=now[1], at=at, values=values, known=known)
    changes = comparison.changes
    of_files = {dag_id: one.file for dag_id, one in comparison.places.items()}
    together, alone = shared.grouped(changes, of_files)
    sides, of_tree = (was[0], now[0]), files.all_changed(was[1], now[1])
    found = image.findings(was[1].findings, now[1].findings)
    packages = image.packages(was[1].packages, now[1].packages, now[1].moved)
    lacking = missing.find(comparison.normal_was, comparison.normal_now, known.pools, known.queues)
    unknown = (*comparison.unread, *known.unknown)
    return ReleaseDocument(
        made=at.isoformat(),
        dags_path=dags_path,
        was=was[0],
        now=now[0],
        verdict=verdict.verdict(
            verdict.Parts(sides, alone, together, of_tree, packages, found, lacking or (), unknown)
        ),
        shared=together,
        dags=alone,
        same=comparison.same,
        files=of_tree,
        missing=lacking,
        findings=found,
        packages=packages,
        pull=known.pull,
        parse=image.parse(was[1], now[1]),
        way=known.way,
        unknown=unknown,
    )


@dataclass(frozen=True, kw_only=True)
class _Place:
    file: str
    dag: SnapshotDag


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """The DAGs of two snapshots, each read once."""

    was: Snapshot
    now: Snapshot
    at: dt.datetime
    values: bool
    known: Known
    _unread: set[str] = field(default_factory=set)

    @property
    def _unfinished(self) -> Mapping[str, UnfinishedRuns]:
        return self.known.unfinished or {}

    @cached_property
    def _before(self) -> dict[str, _Place]:
        return _placed(self.was)

    @cached_property
    def _after(self) -> dict[str, _Place]:
        return _placed(self.now)

    @cached_property
    def places(self) -> dict[str, _Place]:
        """File and line of each DAG, in the new version where it has the DAG."""
        return {**self._before, **self._after}

    @cached_property
    def _same_text(self) -> frozenset[str]:
        """DAGs that are the same but for the name of their version, which is in the path of each."""
        return frozenset(
            dag_id
            for dag_id in self._before.keys() & self._after.keys()
            if self._before[dag_id].dag.text.replace(self.was.dag_version, "")
            == self._after[dag_id].dag.text.replace(self.now.dag_version, "")
        )

    @cached_property
    def normal_was(self) -> Mapping[str, NormalDag]:
        """The old version's DAGs; those that are the same text are read once."""
        same = {dag_id: self.normal_now[dag_id] for dag_id in self._same_text if dag_id in self.normal_now}
        return {**same, **self._read(self._before, self._before.keys() - self._same_text)}

    @cached_property
    def normal_now(self) -> Mapping[str, NormalDag]:
        """The new version's DAGs."""
        return self._read(self._after, self._after.keys())

    def _read(self, places: Mapping[str, _Place], dag_ids: Iterable[str]) -> dict[str, NormalDag]:
        found = {}
        for dag_id in sorted(dag_ids):
            try:
                found[dag_id] = read(places[dag_id].dag.text, self._varying(dag_id))
            except ValueError:
                self._unread.add(dag_id)
        return found

    def _varying(self, dag_id: str) -> tuple[str, ...]:
        both = (one[dag_id].dag.varying for one in (self._before, self._after) if dag_id in one)
        return tuple(dict.fromkeys(place for places in both for place in places))

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """What could not be compared, a sentence each."""
        _ = self.changes
        named = ", ".join(sorted(self._unread)[:5])
        more = f" and {len(self._unread) - 5} more" if len(self._unread) > 5 else ""  # noqa: PLR2004
        return (f"What Airflow makes of {named}{more} was not kept, or is too long to be.",) if self._unread else ()

    @property
    def same(self) -> int:
        """How many DAGs of the new version are as they were."""
        return len(self._after.keys() - {one.dag_id for one in self.changes})

    @cached_property
    def changes(self) -> tuple[DagChange, ...]:
        """What becomes of each DAG that is other."""
        code = files.code(self.was, self.now)
        was, now = self.normal_was, self.normal_now
        go = {dag_id: was[dag_id] for dag_id in self._before.keys() - self._after.keys() if dag_id in was}
        come = {dag_id: now[dag_id] for dag_id in self._after.keys() - self._before.keys() if dag_id in now}
        renamed = renames.find(go, come)
        found: list[DagChange] = []
        for dag_id in sorted(self.places):
            one: DagChange | None = None
            if dag_id in renamed:
                former = renamed[dag_id]
                one = (self._changed(dag_id, go[former], come[dag_id]) or self._plain(dag_id)).model_copy(
                    update={
                        "change": "renamed",
                        "was_id": former,
                        "unfinished": self._unfinished.get(former),
                        # For Airflow it is a new DAG.
                        "runs_at_once": runs.at_once(None, come[dag_id], self.at),
                    }
                )
            elif dag_id in come:
                one = dag_change.added(dag_id, come[dag_id], self.at)
            elif dag_id in go and dag_id not in renamed.values():
                one = dag_change.removed(dag_id, go[dag_id], self.at)
            elif dag_id in was and dag_id in now and dag_id not in self._same_text:
                one = self._changed(dag_id, was[dag_id], now[dag_id])
            if dag_id in self._before and dag_id in self._after:
                other_file = self._before[dag_id].file != self._after[dag_id].file
                if code.get(dag_id) or other_file:
                    one = (one or self._plain(dag_id)).model_copy(update={"code": code.get(dag_id, ())})
            if one is not None:
                found.append(self._complete(one))
        return tuple(found)

    def _changed(self, dag_id: str, was: NormalDag, now: NormalDag) -> DagChange | None:
        last = dag_change.Last((self.known.last or {}).get(dag_id), self.known.last is not None)
        return dag_change.changed(dag_id, was, now, self.at, last, values=self.values)

    def _plain(self, dag_id: str) -> DagChange:
        known = self.normal_now.get(dag_id)
        return DagChange(dag_id=dag_id, change="changed", owner=known.owner if known else "")

    def _complete(self, one: DagChange) -> DagChange:
        """Adds where it is, what varies, and its runs under way."""
        place = self.places[one.dag_id]
        before = self._before.get(one.was_id or one.dag_id)
        moved = (
            (FieldChange(name="file", was=before.file, now=place.file),)
            if before is not None and one.dag_id in self._after and before.file != place.file
            else ()
        )
        return one.model_copy(
            update={
                "file": place.file,
                "line": place.dag.line,
                "fields": (*moved, *one.fields),
                "varying": self._varying(one.dag_id),
                "unfinished": one.unfinished or self._unfinished.get(one.dag_id),
            }
        )


def _placed(snapshot: Snapshot) -> dict[str, _Place]:
    return {dag.dag_id: _Place(file=one.file, dag=dag) for one in snapshot.files for dag in one.dags}
