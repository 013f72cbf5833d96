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
    """Returns the versions whose packages have to come: what is to be announced, and what runs began on.

    Args:
        there: What the ConfigMap has; it may be a new one.
        wanted: What is to be announced; None for the image's own version.
        activity: What Airflow says of its runs; None where it could not be asked.
        releases: Those recorded: they know where packages are.

    """
    if wanted is None:
        return ()
    found = {wanted.version: wanted} if wanted.image else {}
    for release in releases if activity is not None else ():
        thin, version = release.thin, release.dag_version
        began = activity is not None and version in activity.pinned and version not in activity.held
        if thin is not None and began and fits(release, wanted):
            found[version] = wanted.model_copy(update={"version": version, "tree": thin.tree, "image": release.image})
    return tuple(one for one in found.values() if not _has(there, one))


def needed(there: Announced, wanted: Announcement | None, activity: "Activity | None") -> set[str]:
    """Returns the versions whose packages stay; all of them where it is not known what runs began on."""
    began = there.packages if activity is None else activity.pinned
    return {*began, *([wanted.version] if wanted else ())}


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


def are_gone(there: Announced, wanted: Announcement, releases: Iterable[Release]) -> bool:
    """Whether packages that were there once are there no more, so that runs may lack one."""
    return not there.packages and any(fits(release, wanted) for release in releases)


def fits(release: Release, wanted: Announcement) -> bool:
    """Whether a release announced another version to the same image."""
    thin = release.thin
    another = release.dag_version != wanted.version
    return another and thin is not None and (thin.base, thin.foundation) == (wanted.base, wanted.foundation)


def _has(there: Announced, wanted: Announcement) -> bool:
    one = there.packages.get(wanted.version)
    return one is not None and (one.base, one.foundation) == (wanted.base, wanted.foundation)
