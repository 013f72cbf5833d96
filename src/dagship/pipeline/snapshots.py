"""Keeps the snapshots of images: in `.dagship/cache/`, and beside the image in its registry."""

import re
from contextlib import suppress
from pathlib import Path

from dagship.errors import OutsideError
from dagship.model import snapshot as model
from dagship.model.artifacts import PushedImage
from dagship.model.reference import Reference
from dagship.model.snapshot import Snapshot
from dagship.model.verify_report import VerifyReport
from dagship.pipeline.project import Project
from dagship.untrusted import files
from dagship.workspace import whole

KIND = "application/vnd.dagship.snapshot.v1+gzip"
"""Media type of a snapshot in a registry."""
# Those of the images that were tested or compared last.
_KEPT = 20
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


def keep(project: Project, snapshot: Snapshot, report: VerifyReport | None = None, *, name: str = "") -> None:
    """Keeps a snapshot under the id of its image.

    Args:
        project: The project.
        snapshot: The snapshot.
        report: The report of the test, once the baseline was applied: its findings take their place.
        name: Another name of the image, its digest in a registry.

    """
    if report is not None:
        findings = tuple(one.model_copy(update={"traceback": ""}) for one in report.findings if not one.version)
        snapshot = snapshot.model_copy(update={"findings": findings})
    path = _path(project, name or snapshot.id)
    if path is None:
        return
    with whole(path) as file:
        file.write_bytes(model.pack(snapshot))
    aged: list[tuple[float, Path]] = []
    for one in path.parent.glob("*.gz"):
        with suppress(FileNotFoundError):  # another task forgets too
            aged.append((one.stat().st_mtime, one))
    for _, old in sorted(aged, reverse=True)[_KEPT:]:
        old.unlink(missing_ok=True)


def known(project: Project, *names: str) -> Snapshot | None:
    """Returns the snapshot that was kept under one of the names of an image: its id, its digest; None without."""
    for name in names:
        path = _path(project, name)
        with suppress(OSError):
            found = model.unpack(files.read(path, limit=model.MOST)) if path is not None else None
            if found is not None:
                return found
    return None


def attach(project: Project, pushed: PushedImage, image_id: str) -> None:
    """Puts the snapshot of an image beside it into its registry, where `diff` of another machine finds it.

    A registry that does not take it makes nothing of the push undone: the image is tested anew then.
    """
    from dagship.registry.attached import Attached

    snapshot = known(project, image_id)
    if snapshot is None or not pushed.tested:
        return
    reference = Reference.parse(pushed.reference)
    try:
        Attached(reference).attach(pushed.digest, model.pack(snapshot), KIND)
    except OutsideError as failed:
        project.console.warn(
            f"The snapshot of {reference} is not in the registry, for diff elsewhere: {failed.message}"
        )
    keep(project, snapshot, name=pushed.digest)


def fetch(project: Project, pinned: Reference) -> Snapshot | None:
    """Returns the snapshot of an image by its digest, of here or of its registry; None where there is none.

    Raises:
        OutsideError: The registry does not answer, or refuses.

    """
    from dagship.registry.attached import Attached

    found = known(project, pinned.digest)
    if found is None:
        content = Attached(pinned).attached(pinned.digest, KIND)
        found = model.unpack(content) if content is not None else None
        if found is not None:
            keep(project, found, name=pinned.digest)
    return found


def _path(project: Project, name: str) -> Path | None:
    digest = _DIGEST.fullmatch(name)
    return project.workspace.cache("snapshots") / f"{digest[1]}.gz" if digest else None
