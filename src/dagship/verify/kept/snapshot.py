"""Takes the snapshot of an image: what its test saw, kept for who compares it with another. Pure."""

import base64
import binascii
import zlib
from collections.abc import Callable, Collection

from dagship.model.artifacts import BuiltImage
from dagship.model.snapshot import Snapshot, SnapshotDag, SnapshotFile
from dagship.model.verify_report import VerifyReport
from dagship.verify.observation import Observation, SeenDag, SeenDifference, SeenFile

_MOST = 16 * 1024 * 1024
_NOTICED = ("twice", "errors", "network", "warnings", "varying", "lost", "uncalled", "differs")


def taken(
    seen: Observation,
    report: VerifyReport,
    image: BuiltImage,
    commit: str,
    mask: Callable[[str], str],
    *,
    how: str = "",
    before: Snapshot | None = None,
) -> Snapshot | None:
    """Returns the snapshot of an image; None where the test did not see its files.

    Args:
        seen: What was seen.
        report: What was made of it, secrets masked.
        image: The image.
        commit: The commit that its DAGs are from, empty when unknown.
        mask: Takes secrets out of a text.
        how: By what it was tested.
        before: What a test before saw, for the files that were not imported.

    """
    if not seen.tree:
        return None
    known = _as_of(before, image.dag_version, seen.before) if before else {}
    return Snapshot(
        image=report.image,
        id=report.id,
        dag_version=image.dag_version,
        airflow=report.airflow,
        commit=commit,
        files=tuple(known.get(one.file) or _file(one, mask) for one in seen.files),
        tree=seen.tree,
        packages=seen.installed,
        moved=tuple(each.name for each in image.moved),
        findings=tuple(one.model_copy(update={"traceback": ""}) for one in report.findings if not one.version),
        how=how,
    )


def _as_of(before: Snapshot, version: str, files: Collection[str]) -> dict[str, SnapshotFile]:
    """Files of another snapshot as if they lay in this version: where they lie is in what DAGs are serialized to."""

    def moved(dag: SnapshotDag) -> SnapshotDag:
        return dag.model_copy(update={"text": dag.text.replace(before.dag_version, version)})

    return {
        one.file: one.model_copy(update={"dags": tuple(map(moved, one.dags))})
        for one in before.files
        if one.file in files
    }


def _file(file: SeenFile, mask: Callable[[str], str]) -> SnapshotFile:
    if file.seen is None:
        return SnapshotFile(file=file.file, seconds=file.died.seconds if file.died else 0)
    differs = {one.dag: one for one in file.seen.differs}
    return SnapshotFile(
        file=file.file,
        seconds=file.seen.seconds,
        imports=tuple(one for one in file.seen.imports if one != file.file),
        dags=tuple(_dag(dag, differs.get(dag.id), mask) for dag in file.seen.dags),
        clean=not any(getattr(file.seen, name) for name in _NOTICED),
    )


def _dag(dag: SeenDag, differs: SeenDifference | None, mask: Callable[[str], str]) -> SnapshotDag:
    varying = (differs.where, *differs.more) if differs is not None and differs.where else ()
    return SnapshotDag(dag_id=mask(dag.id), line=dag.line, text=mask(_unpacked(dag.packed)), varying=varying)


def _unpacked(packed: str) -> str:
    """The text; empty where it is none, or longer than what is kept: anything in the image may have written it."""
    unpack = zlib.decompressobj()
    try:
        text = unpack.decompress(base64.b64decode(packed, validate=True), _MOST)
    except (binascii.Error, ValueError, zlib.error):
        return ""
    return text.decode("utf-8", "replace") if unpack.eof else ""
