"""The snapshot of an image: what its test saw of its DAGs, for who compares it with another. Frozen values."""

import gzip
import io
import zlib

from pydantic import Field

from dagship.model.frozen import Artifact
from dagship.model.verify_report import Finding

FORM = 1
MOST = 256 * 1024 * 1024
"""Bytes of a snapshot's JSON that are read: 300 DAGs of 40 tasks have 10 MB, and little of it could unpack to much."""


class SnapshotDag(Artifact):
    """A DAG.

    Attributes:
        dag_id: Its id.
        line: Line of its file that names it, 0 when unknown.
        text: What Airflow serializes it to, JSON; empty where that is too long to keep.
        varying: Places of that which are another at each parse.

    """

    dag_id: str
    line: int = 0
    text: str
    varying: tuple[str, ...] = ()


class SnapshotFile(Artifact):
    """A DAG file.

    Attributes:
        file: Relative to the DAG directory.
        seconds: Time that its import took.
        imports: The files of the tree that it imports, directly or not, or reads otherwise, relative to the DAG
            directory.
        dags: Its DAGs.
        clean: Whether nothing at all was noticed while it was imported, also where that came to no finding.

    """

    file: str
    seconds: float
    imports: tuple[str, ...] = ()
    dags: tuple[SnapshotDag, ...] = ()
    clean: bool = False


class Snapshot(Artifact):
    """What the test of an image saw.

    Attributes:
        form: Number of the form of this document.
        image: The image, by reference.
        id: The engine's id of it.
        dag_version: Id of the DAG version that was looked at.
        airflow: Version of Airflow.
        commit: The commit that its DAGs are from, empty when unknown.
        files: Its DAG files.
        tree: All files of the DAG version, relative to the DAG directory, each with its SHA-256.
        packages: Its Python packages, canonical name to version.
        moved: Names of the packages of the base that it has in another version.
        findings: What the test found in that version and in the image, without tracebacks.
        how: By what it was tested, SHA-256, hex; empty where that cannot be told, as with variables of the user's.

    """

    form: int = FORM
    image: str
    id: str
    dag_version: str
    airflow: str
    commit: str = ""
    files: tuple[SnapshotFile, ...]
    tree: dict[str, str] = Field(default_factory=dict)
    packages: dict[str, str] = Field(default_factory=dict)
    moved: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    how: str = ""


def pack(snapshot: Snapshot) -> bytes:
    """Returns a snapshot as gzip of JSON: the same bytes for the same snapshot."""
    return gzip.compress(snapshot.model_dump_json(exclude_defaults=True).encode(), compresslevel=6, mtime=0)


def unpack(packed: bytes) -> Snapshot | None:
    """Returns what was packed; None where it is something else, or of another form."""
    try:
        with gzip.open(io.BytesIO(packed)) as file:
            content = file.read(MOST + 1)
        found = Snapshot.model_validate_json(content) if len(content) <= MOST else None
    except (OSError, EOFError, zlib.error, ValueError):  # pydantic's error is a ValueError
        return None
    return found if found is not None and found.form == FORM else None
