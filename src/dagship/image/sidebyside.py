"""DAG versions side by side: which an image holds, which the next one keeps, and what changed between them. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from dagship.image.tree import Tree, TreeFile, version_id

LABEL_DAGS = "io.dagship.dag.version"
LABEL_VERSIONS = "io.dagship.dag.versions"
LABEL_DIGESTS = "io.dagship.dag.digests"
LABEL_CHANGES = "io.dagship.dag.changes"

Changes = dict[str, tuple[str, ...] | None]

_ID = re.compile(r"[0-9a-f]{12}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MOST_CHANGES = 200
# A label travels in an argument, of which Linux allows 128 KiB.
_LONGEST_LABEL = 48 * 1024


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


def is_id(text: str) -> bool:
    """Whether a text is the id of a DAG version of an image; commits of git delivery are none."""
    return _ID.fullmatch(text) is not None


def kept(current: str, known: Sequence[str], pinned: Iterable[str], *, keep: int) -> tuple[str, ...]:
    """Decides which earlier versions an image keeps, newest first.

    Args:
        current: The version that becomes current.
        known: Versions of the image before it, newest first.
        pinned: Versions that unfinished runs began on.
        keep: How many versions an image holds, the current one counted.

    """
    earlier = [version for version in dict.fromkeys(known) if version != current]
    needed = {version for version in pinned if is_id(version) and version != current}
    chosen = [version for place, version in enumerate(earlier) if place < keep - 1 or version in needed]
    return (*chosen, *sorted(needed.difference(earlier)))


def changes(current: Tree, earlier: Iterable[Tree]) -> Changes:
    """Returns for each earlier version the paths that are not the same in the current one, sorted."""
    return {tree.version: _differing(current, tree) for tree in earlier}


def labels(digests: Sequence[str], changed: Changes) -> dict[str, str]:
    """Returns the labels that say which versions are in the image; a list that makes them too long is left out.

    Args:
        digests: The whole digests of the versions, the current one first.
        changed: What differs in the current one from each of the others.

    """
    versions = [version_id(digest) for digest in digests]
    said = dict(changed)
    while len(text := json.dumps(said, sort_keys=True, separators=(",", ":"))) > _LONGEST_LABEL:
        longest = max(said, key=lambda version: len(json.dumps(said[version])))
        said[longest] = None
    return {
        LABEL_DAGS: versions[0],
        LABEL_VERSIONS: ",".join(versions),
        LABEL_DIGESTS: ",".join(digests),
        **({LABEL_CHANGES: text} if said else {}),
    }


def _differing(current: Tree, earlier: Tree) -> tuple[str, ...] | None:
    now, then = _by_path(current), _by_path(earlier)
    differing = sorted(path for path in now.keys() | then.keys() if now.get(path) != then.get(path))
    return tuple(differing) if len(differing) <= _MOST_CHANGES else None


def _by_path(tree: Tree) -> dict[str, TreeFile]:
    return {file.path: file for file in tree.files}
