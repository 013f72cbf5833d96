"""Snapshots of DAGs as Airflow 3.3.2 serializes them, with what a test makes other in them."""

import copy
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dagship.diff.normal.dag import NormalDag, read
from dagship.model.snapshot import Snapshot, SnapshotDag, SnapshotFile

SERIALIZED = Path(__file__).parents[1] / "unit" / "diff" / "normal" / "serialized"
"""What releases of Airflow made of dags.py in there, by `serialize` of inside/verify/importer/dag_bag.py."""
RELEASES = ("2.10.5", "2.11.2", "3.0.6", "3.1.8", "3.2.2", "3.3.2", "3.4.0b2")

Edit = Callable[[dict[str, Any]], object]


@cache
def _read(release: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SERIALIZED / f"{release}.json").read_text("utf-8"))
    return found


def serialized(dag_id: str = "plain", release: str = "3.3.2") -> dict[str, Any]:
    """Returns a DAG as a release of Airflow serializes it."""
    return copy.deepcopy(_read(release)[dag_id])


def text(dag_id: str = "plain", edit: Edit | None = None, *, named: str = "") -> str:
    """Returns the text of a DAG, once `edit` was given the part of it that is the DAG."""
    document = serialized(dag_id)
    if edit is not None:
        edit(document["dag"])
    if named:
        document["dag"]["dag_id"] = named
    return json.dumps(document)


def normal(dag_id: str = "plain", edit: Edit | None = None) -> NormalDag:
    """Returns the normal form of a DAG."""
    return read(text(dag_id, edit))


def task(dag: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Returns a task of the part that is the DAG."""
    return next(entry["__var"] for entry in dag["tasks"] if entry["__var"]["task_id"] == task_id)


def given(**values: Any) -> Edit:
    """Returns an edit that gives the DAG some fields."""
    return lambda dag: dag.update(values)


def to_task(task_id: str, **values: Any) -> Edit:
    """Returns an edit that gives a task some fields."""
    return lambda dag: task(dag, task_id).update(values)


def snapshot(
    dags: Mapping[str, str],
    *,
    files: Mapping[str, tuple[str, ...]] | None = None,
    version: str = "a" * 12,
    **facts: Any,
) -> Snapshot:
    """Returns a snapshot.

    Args:
        dags: The text of each DAG; it lies in a file of its name.
        files: What each file imports.
        version: Id of the DAG version.
        facts: Other fields.

    """
    imports = files or {}
    return Snapshot(
        **{
            "image": "r.example/dags:1",
            "id": "sha256:" + "1" * 64,
            "dag_version": version,
            "airflow": "3.3.2",
            "tree": {f"{name}.py": "1" for name in dags},
            "files": tuple(
                SnapshotFile(
                    file=f"{name}.py",
                    seconds=0.1,
                    imports=imports.get(f"{name}.py", ()),
                    dags=(SnapshotDag(dag_id=name, line=3, text=said),),
                )
                for name, said in dags.items()
            ),
            **facts,
        }
    )
