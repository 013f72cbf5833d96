"""What DAG versions side by side cost: bytes in the registry for one edit, and the size of the image."""

import gzip
from typing import Any

from bench.project import REGISTRY, Project
from bench.sent import layers, manifest
from bench.table import Row

_ALLOWANCE = 20_000
_KEPT = 5
_REPOSITORY = "bench/versions"


def rows(project: Project, _rounds: int) -> list[Row]:
    """Edits one DAG until the image holds as many versions as it keeps, and once more; counts are exact."""
    images = []
    for _ in range(_KEPT):
        project.edit()
        images.append(_build(project))
    there = {digest for image in images for digest in _blobs(image)}
    project.edit()
    edited = min(project.dags.glob("*.py"))
    images.append(_build(project))
    added = {digest: size for digest, size in _blobs(images[-1]).items() if digest not in there}
    changed = len(gzip.compress(edited.read_bytes(), mtime=0))
    return [_added(sum(added.values()), changed, project), _size(images[-1], _build(project, "--keep-versions", "1"))]


def _added(added: int, changed: int, project: Project) -> Row:
    files = [path for path in project.dags.rglob("*") if path.is_file()]
    tree = sum(path.stat().st_size for path in files)
    return Row(
        what=f"bytes added to the registry by that edit, {_KEPT} versions kept",
        against="compressed size of the file edited",
        ours=f"{added} B",
        theirs=f"{changed} B",
        result=f"+{added - changed} B",
        bound=f"≤ file + {_ALLOWANCE // 1000} KB",
        met=added <= changed + _ALLOWANCE,
        remark=f"a layer of the whole DAG tree ({len(files)} files, {tree} B), the configuration and the manifest",
    )


def _size(kept: dict[str, Any], alone: dict[str, Any]) -> Row:
    """Compares with an image of the same DAGs that keeps no other version."""
    with_all = _layers(kept)
    grown = sum(with_all.values()) - sum(_layers(alone).values())
    versions = sum(list(with_all.values())[-_KEPT:-1])
    return Row(
        what=f"size of an image with {_KEPT} versions, against the same with one",
        against="sum of the other versions' layers",
        ours=f"+{grown} B",
        theirs=f"{versions} B",
        result=f"{grown - versions:+} B",
        bound="≤ 0 B",
        met=grown <= versions,
        remark="compressed layers, as the registry holds them",
    )


def _build(project: Project, *flags: str) -> dict[str, Any]:
    repository = f"{REGISTRY}/{_REPOSITORY}"
    return project.document("build", "--dags", str(project.dags), "--repository", repository, "--push", *flags)


def _layers(image: dict[str, Any]) -> dict[str, int]:
    return layers(_REPOSITORY, image["digest"])


def _blobs(image: dict[str, Any]) -> dict[str, int]:
    """Everything that the registry keeps for an image: layers, configuration and manifest."""
    found, size = manifest(_REPOSITORY, image["digest"])
    config = found["config"]
    return {**_layers(image), config["digest"]: config["size"], image["digest"]: size}
