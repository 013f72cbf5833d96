"""The ways to move: to an image, back to a release, back from a rollout that was left half done."""

from typing import TYPE_CHECKING

from dagship.errors import UsageError
from dagship.reference import Reference
from dagship.rollout import plan, preflight
from dagship.rollout.asked import Asked, Planned
from dagship.rollout.roller import roll
from dagship.rollout.run import Run
from dagship.rollout.values import Move, Record, Release, RolloutResult, Target

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.console import Console
    from dagship.rollout.surveying import Survey


def rollout(cluster: "Cluster", console: "Console", target: Target, asked: Asked) -> RolloutResult:
    """Moves an Airflow to an image.

    Args:
        cluster: The namespace.
        console: Shows progress.
        target: The image.
        asked: How.

    Raises:
        DagshipError: As `roller.roll`.

    """

    def planner(survey: "Survey") -> Planned:
        return Planned(kind="rollout", target=target, moves=_to(survey, target, asked, cluster.namespace))

    return roll(Run(cluster=cluster, console=console, asked=asked), planner)


def rollback(cluster: "Cluster", console: "Console", to: int | None, asked: Asked) -> RolloutResult:
    """Moves an Airflow back to a release that the cluster's record holds: the one before the last, or `to`.

    Raises:
        UsageError: There is no such release, or a rollout is unfinished.
        DagshipError: As `roller.roll`.

    """

    def planner(survey: "Survey") -> Planned:
        release = _release(survey.record, to)
        if release.kind == "found" or not release.image:
            moves, gone = plan.to_release(release, survey.objects)
            return Planned(kind="rollback", target=_nothing(release), moves=moves, warnings=gone)
        target = Target(
            image=release.image,
            digest=Reference.parse(release.image).digest,
            dag_version=release.dag_version,
            airflow=release.airflow,
        )
        return Planned(kind="rollback", target=target, moves=_to(survey, target, asked, cluster.namespace))

    return roll(Run(cluster=cluster, console=console, asked=asked), planner)


def undo(cluster: "Cluster", console: "Console", asked: Asked) -> RolloutResult:
    """Takes back a rollout that neither finished nor was undone.

    Raises:
        UsageError: There is none.
        DagshipError: As `roller.roll`.

    """

    def planner(survey: "Survey") -> Planned:
        journal = survey.record.journal
        if journal is None:
            raise UsageError(
                f"No rollout is unfinished in the namespace {cluster.namespace}.",
                "rollback goes back from one that succeeded.",
            )
        target = Target(image=journal.image, digest="", dag_version=journal.dag_version, airflow=journal.airflow)
        there = tuple(move for move in journal.moves if (move.kind, move.name) in survey.objects)
        gone = tuple(f"{move.key} is gone since" for move in journal.moves if move not in there)
        return Planned(kind=journal.kind, target=target, moves=there, warnings=gone, undo=True)

    return roll(Run(cluster=cluster, console=console, asked=asked), planner)


def _to(survey: "Survey", target: Target, asked: Asked, namespace: str) -> tuple[Move, ...]:
    """The moves to one image: of what runs its repository, today's, or one that it ran under dagship before."""
    before = survey.record.releases[-1].image if survey.record.releases else ""
    repositories = tuple(image for image in (target.image, before, asked.from_image) if image)
    return preflight.select(survey, target, repositories=repositories, names=asked.names, namespace=namespace)


def _release(written: Record, to: int | None) -> Release:
    if written.journal is not None:
        raise UsageError(
            f"A rollout of {written.journal.who} is unfinished.", "rollout --undo takes it back; rollback goes further."
        )
    if to is None and len(written.releases) > 1:
        return written.releases[-2]
    for release in written.releases:
        if release.number == to:
            return release
    known = ", ".join(str(release.number) for release in written.releases) or "none"
    raise UsageError(
        "There is no earlier release to go back to." if to is None else f"There is no release {to} in the record.",
        f"Releases recorded: {known}. status shows them.",
    )


def _nothing(release: Release) -> Target:
    return Target(image="", digest="", dag_version=release.dag_version, airflow=release.airflow)
