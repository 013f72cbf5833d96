"""Which packages have to be in the ConfigMap beside an announcement, and which nobody needs. Pure."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from dagship.model.thin import Announcement
from dagship.record.announced import Announced
from dagship.record.model import Release

if TYPE_CHECKING:
    from dagship.airflow.activity import Activity


def missing(
    there: Announced, wanted: Announcement | None, activity: "Activity | None", releases: Iterable[Release]
) -> tuple[Announcement, ...]:
    """Returns the versions whose packages have to come: what is to be announced, and what runs may have begun on.

    Airflow's answer names those of unfinished runs. Without it they are all that were announced to the image, where
    packages that were there once are there no more, and else none: what has gone for want of room, no run needed.

    Args:
        there: What the ConfigMap has; it may be a new one.
        wanted: What is to be announced; None for the image's own version.
        activity: What Airflow says of its runs; None where it was not asked.
        releases: Those recorded, the newest last: they know where packages are.

    Returns:
        What is to be announced first, then those that were released last.

    """
    if wanted is None:
        return ()
    found = {wanted.version: wanted} if wanted.image else {}
    for release in reversed(tuple(releases)):
        thin, version = release.thin, release.dag_version
        if thin is not None and _fits(release, wanted) and _may_be_needed(version, there, activity):
            one = wanted.model_copy(update={"version": version, "tree": thin.tree, "image": release.image})
            found.setdefault(version, one)
    return tuple(one for one in found.values() if not _has(there, one))


def needed(there: Announced, wanted: Announcement | None, activity: "Activity | None") -> set[str]:
    """Returns the versions whose packages stay; all of them where it is not known what runs began on.

    Until another version is served, runs begin on the one that is announced there.
    """
    began = there.packages if activity is None else activity.pinned
    return {*began, *(one.version for one in (wanted, there.announcement) if one)}


def unneeded(there: Announced, held: Collection[str], activity: "Activity | None") -> tuple[str, ...]:
    """Returns the versions whose packages nobody needs any more.

    Args:
        there: What the ConfigMap has.
        held: DAG versions of the image that all pods run now.
        activity: What Airflow says of its runs; where it could not be asked, only what the image holds goes.

    """
    current = there.announcement.version if there.announcement else ""
    staying = needed(there, None, activity).difference(held) | {current}
    return tuple(version for version in there.packages if version not in staying)


def _may_be_needed(version: str, there: Announced, activity: "Activity | None") -> bool:
    """Whether an unfinished run may have begun on a version that its image does not hold."""
    if activity is None:
        return not there.packages
    return version in activity.pinned and version not in activity.held


def _fits(release: Release, wanted: Announcement) -> bool:
    """Whether a release announced another version to the same image."""
    thin = release.thin
    another = release.dag_version != wanted.version
    return another and thin is not None and (thin.base, thin.foundation) == (wanted.base, wanted.foundation)


def _has(there: Announced, wanted: Announcement) -> bool:
    one = there.packages.get(wanted.version)
    return one is not None and (one.base, one.foundation) == (wanted.base, wanted.foundation)
