"""The release that a rollback goes back to, and what it moves. Pure."""

from dagship.errors import UsageError
from dagship.record.model import Journal, Move, Record, Release
from dagship.rollout.plan.dag_version import is_another_version, is_pointing


def release(written: Record, own: tuple[Release, ...], to: int | None) -> Release:
    """Returns the release to go back to.

    Without a number: where a rollback that was cut off was going; else the last that succeeded, when a rollout is
    unfinished; else the newest before it that had another image or announced another DAG version.

    Raises:
        UsageError: There is none.

    """
    journal = written.journal
    if to is not None:
        candidates = [release for release in written.releases if release.number == to]
    elif journal is not None:
        candidates = [release for release in own if journal.kind == "rollout" or _is_its(release, journal)]
    else:
        candidates = [release for release in own[:-1] if _is_another(release, own[-1])]
    if candidates:
        return candidates[-1]
    known = ", ".join(str(release.number) for release in written.releases) or "none"
    raise UsageError(
        "There is no earlier release to go back to." if to is None else f"There is no release {to} in the record.",
        f"Releases recorded: {known}. status shows them.",
    )


def moved(own: tuple[Release, ...]) -> tuple[Move, ...]:
    """Returns the moves of the last release that moved images: they go along, of whatever repository they are."""
    return next((release.moves for release in reversed(own) if not is_pointing(release.moves)), ())


def _is_its(release: Release, journal: Journal) -> bool:
    """Whether a rollback that was cut off was going there: to its image, or to its DAGs within the image that ran."""
    if is_pointing(journal.moves):
        return release.dag_version == journal.dag_version
    return release.image == journal.image and not is_another_version(release.dag_version, journal.dag_version)


def _is_another(release: Release, last: Release) -> bool:
    return release.image != last.image or is_another_version(release.dag_version, last.dag_version)
