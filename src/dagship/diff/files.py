"""The files of the DAG tree that are other, and the DAGs that are made of each. Pure."""

from collections.abc import Iterable, Mapping
from typing import Literal

from dagship.model.release_document import FileChange
from dagship.model.snapshot import Snapshot, SnapshotFile


def changed(was: Mapping[str, str], now: Mapping[str, str]) -> dict[str, Literal["added", "removed", "changed"]]:
    """Returns what becomes of files, by their digests."""
    return {
        file: "added" if file not in was else "removed" if file not in now else "changed"
        for file in sorted({*was, *now})
        if was.get(file) != now.get(file)
    }


def code(was: Snapshot, now: Snapshot) -> dict[str, tuple[str, ...]]:
    """Returns the files that are other, of those that each DAG is made of: its own, and what that imports."""
    other = changed(was.tree, now.tree)
    made_of: dict[str, set[str]] = {}
    for snapshot in (was, now):
        for dag_id, files in _made_of(snapshot.files):
            made_of.setdefault(dag_id, set()).update(files)
    return {dag_id: tuple(sorted(files & other.keys())) for dag_id, files in made_of.items()}


def affected(was: Snapshot, now: Snapshot) -> tuple[str, ...]:
    """Returns the DAG files of the second that are other than in the first, or made of a file that is."""
    other = changed(was.tree, now.tree)
    return tuple(one.file for one in now.files if other.keys() & {one.file, *one.imports})


def all_changed(was: Snapshot, now: Snapshot) -> tuple[FileChange, ...]:
    """Returns all files that are other, those that most DAGs are made of first."""
    counts: dict[str, set[str]] = {}
    for dag_id, files in code(was, now).items():
        for file in files:
            counts.setdefault(file, set()).add(dag_id)
    found = (
        FileChange(file=file, change=change, dags=len(counts.get(file, ())))
        for file, change in changed(was.tree, now.tree).items()
    )
    return tuple(sorted(found, key=lambda one: (-one.dags, one.file)))


def _made_of(files: Iterable[SnapshotFile]) -> Iterable[tuple[str, set[str]]]:
    for one in files:
        for dag in one.dags:
            yield dag.dag_id, {one.file, *one.imports}
