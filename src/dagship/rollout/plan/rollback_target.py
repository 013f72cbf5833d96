"""Decides what a rollback goes back to: a release of the record, or its DAGs within the image that runs. Pure."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dagship.airflow.activity import Activity
from dagship.errors import UsageError
from dagship.model.artifacts import Target
from dagship.model.reference import Reference
from dagship.record.model import Journal, Move, Record, Release
from dagship.rollout.plan import dag_version, planner, resume, scope
from dagship.rollout.plan.model import Planned

if TYPE_CHECKING:
    from dagship.rollout.survey import Survey


def release(written: Record, own: tuple[Release, ...], to: int | None) -> Release:
    """Returns the release to go back to.

    Without a number: where a rollback that was cut off was going; else the last that succeeded, when a rollout is
    unfinished; else the newest before it that had another image or announced another DAG version.

    Args:
        written: The record.
        own: The releases of this Airflow.
        to: Number of the release, if one is asked for.

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
    """Returns the moves of the last release that moved images: its containers move again, whatever runs in them."""
    moves = (release.moves for release in reversed(own))
    return next((one for one in moves if not (dag_version.is_pointing(one) or dag_version.is_announcing(one))), ())


def target_of(release: Release) -> Target:
    """Returns the image of a release; an empty one for what dagship found, which may be several."""
    return Target(
        image=release.image,
        digest=Reference.parse(release.image).digest if release.image else "",
        dag_pointer=dag_version.of_release(release) if release.image else "",
        **release.facts(Target),
    )


def to_found(survey: "Survey", release: Release, *, names: tuple[str, ...], selector: str) -> Planned:
    """Plans the way back to what dagship found, field by field.

    Args:
        survey: What the namespace holds.
        release: The release 0.
        names: `kind/name` of the workloads to move; empty for all.
        selector: Label selector that workloads were chosen by, or empty.

    Raises:
        UsageError: Nothing of it is here, or it is of two Airflows, or can never finish.

    """
    moves = tuple(move for move in release.moves if not names or move.key in names)
    found, gone = planner.to_release(release.model_copy(update={"moves": moves}), survey.inventory.objects)
    if not found:
        raise UsageError(
            f"Nothing that release {release.number} holds is here.", "status shows what is, and the releases."
        )
    going = resume.gone_on(found, survey.record.journal, survey.inventory.objects)
    # What an unfinished rollout began goes back besides.
    keys = {move.key for move in going} & {move.key for move in release.moves}
    scope.check((one for one in survey.inventory.workloads if one.key in keys), names=names, selector=selector)
    return Planned(kind="rollback", target=target_of(release), moves=going, warnings=gone)


def within_image(plan: Planned, survey: "Survey", activity: Activity | None) -> Planned:
    """Returns a rollback to a DAG version within the image that runs, where that holds it: no worker moves.

    Where the version is the one that is announced already, it is the image of its release that is wanted.

    Args:
        plan: What is planned; returned as it is where it is no rollback, or takes another image.
        survey: What the namespace holds.
        activity: What Airflow says of the image that runs.

    """
    journal = survey.record.journal
    begun = journal is not None and dag_version.is_pointing(journal.moves)
    if plan.kind != "rollback" or plan.undo or activity is None or (journal is not None and not begun):
        return plan
    version = plan.target.dag_version
    resumes = begun and journal is not None and journal.dag_version == version
    # What an unfinished one pointed is in the plan to be taken back.
    moves = tuple(move for move in plan.moves if not dag_version.is_pointing([move]))
    pointed = dag_version.to_version(moves, survey.inventory.workloads, version, activity, begun=resumes)
    if pointed is None:
        return plan
    image = next(change.before or "" for move in moves for change in move.changes if change.field == "image")
    target = Target(
        image=image,
        digest=Reference.parse(image).digest,
        dag_version=version,
        airflow=activity.airflow,
        dag_versions=activity.held,
    )
    said = f"the image stays, and announces DAG version {version}: packages and plugins are those of now"
    moves = resume.gone_on(pointed, journal, survey.inventory.objects)
    return replace(plan, target=target, moves=moves, warnings=(said,))


def _is_its(release: Release, journal: Journal) -> bool:
    """Whether a rollback that was cut off was going there: to its image, or to its DAGs within the image that ran."""
    if dag_version.is_pointing(journal.moves):
        return release.dag_version == journal.dag_version
    return release.image == journal.image and not dag_version.is_another_version(
        release.dag_version, journal.dag_version
    )


def _is_another(release: Release, last: Release) -> bool:
    return release.image != last.image or dag_version.is_another_version(release.dag_version, last.dag_version)
