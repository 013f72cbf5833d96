"""DAG versions of an image: their ids, where the image has them, and the labels that tell of them. Pure."""

import json
import re
from collections.abc import Mapping

from dagship.inside.versions.layout import DAGS

# Directory of the versions in the image. The code in inside/, which imports nothing of the rest, has its own.
ROOT = "/opt/airflow/dag-versions"
_ID_DIGITS = 12
# Pattern of an id.
ID = f"[0-9a-f]{{{_ID_DIGITS}}}"

LABEL_DAGS = "io.dagship.dag.version"
LABEL_VERSIONS = "io.dagship.dag.versions"
LABEL_DIGESTS = "io.dagship.dag.digests"
LABEL_CHANGES = "io.dagship.dag.changes"

# Older version to the paths that are not the same in the current one; None where they were too many to list.
Changes = dict[str, tuple[str, ...] | None]

_ID = re.compile(ID, re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def is_id(text: str) -> bool:
    """Whether a text is the id of a DAG version of an image; commits of git delivery are none."""
    return _ID.fullmatch(text) is not None


def dags_folder(version: str) -> str:
    """Returns the DAG directory of a version in the image."""
    return f"{ROOT}/{version}/{DAGS}"


def version_id(digest: str) -> str:
    """Returns the version id of a tree with this digest."""
    return digest[:_ID_DIGITS]


def versions_of(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the ids of the DAG versions in an image, the current one first; none when it is not one of ours."""
    listed = labels.get(LABEL_VERSIONS) or labels.get(LABEL_DAGS, "")
    return tuple(dict.fromkeys(version for version in listed.split(",") if is_id(version)))


def digests_of(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the whole digests of the DAG versions in an image, in the order of `versions_of`.

    There are none where the image does not say them, as one that an older dagship built does not.
    """
    versions, listed = versions_of(labels), tuple(labels.get(LABEL_DIGESTS, "").split(","))
    said = all(_DIGEST.fullmatch(digest) for digest in listed)
    return listed if said and versions == tuple(map(version_id, listed)) else ()


def changes_of(labels: Mapping[str, str]) -> Changes:
    """Returns what the labels of an image say of the files that differ from each older version in it.

    A base that is an image of ours hands its label down where there is no newer one: what it says of versions that are
    not listed counts for nothing.
    """
    held = versions_of(labels)
    try:
        document = json.loads(labels.get(LABEL_CHANGES, "{}"))
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    return {
        version: tuple(str(path) for path in paths) if isinstance(paths, list) else None
        for version, paths in document.items()
        if version in held
    }
