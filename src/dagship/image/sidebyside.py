"""DAG versions side by side: which ones the next image keeps, what changed between them, and its labels. Pure."""

import json
from collections.abc import Iterable, Sequence

from dagship.image.tree.model import Tree, TreeFile
from dagship.model.dag_versions import (
    LABEL_CHANGES,
    LABEL_DAGS,
    LABEL_DIGESTS,
    LABEL_VERSIONS,
    Changes,
    is_id,
    version_id,
)

_MOST_CHANGES = 200
# A label travels in an argument, of which Linux allows 128 KiB.
_LONGEST_LABEL = 48 * 1024


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
