"""Whether there is room for packages in one ConfigMap, and which others go for it. Pure."""

from collections.abc import Collection, Mapping, Sequence

from dagship.model.thin import MOST

_KIB = 1024


def going(
    there: Mapping[str, int], bring: Mapping[str, int], *, needed: Collection[str], recent: Sequence[str]
) -> tuple[str, ...] | None:
    """Returns the versions whose packages go so that others have room; None where there is none all the same.

    Args:
        there: DAG version to the bytes of its package.
        bring: Those that come, in the same way.
        needed: Versions that stay: what is announced, before and now, and what unfinished runs began on.
        recent: Versions in the order in which they go, the newest last; those that are not among them go first.

    """
    left = {version: size for version, size in there.items() if version not in bring}
    order = sorted(left, key=lambda version: recent.index(version) if version in recent else -1)
    gone: list[str] = []
    for version in (version for version in order if version not in needed):
        if sum((*left.values(), *bring.values())) <= MOST:
            break
        del left[version]
        gone.append(version)
    return tuple(gone) if sum((*left.values(), *bring.values())) <= MOST else None


def fitting(bring: Mapping[str, int], *, needed: str) -> tuple[str, ...]:
    """Returns the versions that have room together: the one that is needed, and of the others those that come first.

    Args:
        bring: DAG version to the bytes of its package.
        needed: The version that is needed.

    """
    left = MOST - bring.get(needed, 0)
    kept = []
    for version, size in bring.items():
        if version != needed and size > left:
            continue
        left -= size if version != needed else 0
        kept.append(version)
    return tuple(kept)


def refusal(there: Mapping[str, int], bring: Mapping[str, int], needed: Collection[str]) -> str:
    """Says that there is no room, in words that follow on "since"."""
    coming = sum(bring.values())
    staying = sum(size for version, size in there.items() if version in needed and version not in bring)
    beside = f" beside the {_kib(staying)} that runs need or may begin on" if staying else ""
    return f"what differs takes {_kib(coming)}{beside}, and {_kib(MOST)} can be announced at most"


def _kib(size: int) -> str:
    return f"{-(-size // _KIB):,} KiB"
