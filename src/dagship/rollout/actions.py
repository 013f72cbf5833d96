"""The ways to move: to an image, back to a release, back from a rollout that was left half done."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dagship.artifacts import Target
from dagship.errors import UsageError
from dagship.record.model import Move, Release
from dagship.reference import Reference
from dagship.rollout.execute.operation import Run
from dagship.rollout.execute.phases import roll
from dagship.rollout.options import Asked
from dagship.rollout.plan import dag_version, own_releases, resume, rollback_target, server_answer
from dagship.rollout.plan import planner as planner_
from dagship.rollout.plan.model import Planned
from dagship.rollout.preflight import checks, dag_source
from dagship.rollout.results import RolloutResult
from dagship.workloads import selection, several_airflows

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster
    from dagship.console import Console
    from dagship.rollout.survey import Survey


def rollout(cluster: "Cluster", console: "Console", target: Target, asked: Asked) -> RolloutResult:
    """Moves an Airflow to an image.

    Args:
        cluster: The namespace.
        console: Shows progress.
        target: The image.
        asked: How.

    Raises:
        DagshipError: As `phases.roll`.

    """

    def planner(survey: "Survey") -> Planned:
        own = own_releases.own(survey, asked.names)
        former = own_releases.names(own)
        # After a return to what dagship found, that is what moves.
        also = own[-1].moves if own and not former else ()
        moves = _to(survey, target, asked, cluster.namespace, former=former, also=also)
        # Who names workloads has chosen, and need not be told what stays.
        repositories = () if asked.names else _repositories(target, asked, former)
        stays = selection.others(survey.inventory.workloads, repositories, planner_.containers(moves))
        return _packages_alone(Planned(kind="rollout", target=target, moves=moves, warnings=stays), survey)

    return roll(Run(cluster=cluster, console=console, asked=asked), planner)


def rollback(cluster: "Cluster", console: "Console", to: int | None, asked: Asked) -> RolloutResult:
    """Moves an Airflow back to a release that the cluster's record holds: the one before the last, or `to`.

    Raises:
        UsageError: There is no such release, or nothing of it is here.
        DagshipError: As `phases.roll`.

    """

    def planner(survey: "Survey") -> Planned:
        own = own_releases.own(survey, asked.names)
        release = rollback_target.release(survey.record, own, to)
        if not release.image:
            return _to_found(survey, release, asked)
        target = Target(
            image=release.image,
            digest=Reference.parse(release.image).digest,
            dag_version=release.dag_version,
            dag_versions=release.dag_versions,
            dag_pointer=dag_version.of_release(release),
            airflow=release.airflow,
        )
        moves = _to(survey, target, asked, cluster.namespace, also=rollback_target.moved(own))
        planned = Planned(kind="rollback", target=target, moves=moves)
        return _within(survey, release, moves) or _packages_alone(planned, survey)

    return roll(Run(cluster=cluster, console=console, asked=asked), planner)


def undo(cluster: "Cluster", console: "Console", asked: Asked) -> RolloutResult:
    """Takes back a rollout that neither finished nor was undone.

    Raises:
        UsageError: There is none.
        DagshipError: As `phases.roll`.

    """

    def planner(survey: "Survey") -> Planned:
        journal = survey.record.journal
        if journal is None and survey.record.hold is not None:
            # Cut off while it held DAGs, before anything moved.
            return Planned(kind="rollout", target=Target(image="", digest=""), moves=(), undo=True)
        if journal is None:
            raise UsageError(
                f"No rollout is unfinished in the namespace {cluster.namespace}.",
                "rollback goes back from one that succeeded.",
            )
        target = Target(image=journal.image, digest="", dag_version=journal.dag_version, airflow=journal.airflow)
        there = tuple(move for move in journal.moves if (move.kind, move.name) in survey.inventory.objects)
        gone = tuple(f"{move.key} is gone since" for move in journal.moves if move not in there)
        return Planned(kind=journal.kind, target=target, moves=there, warnings=gone, undo=True)

    return roll(Run(cluster=cluster, console=console, asked=asked), planner)


def _to(
    survey: "Survey",
    target: Target,
    asked: Asked,
    namespace: str,
    *,
    former: tuple[str, ...] = (),
    also: tuple[Move, ...] = (),
) -> tuple[Move, ...]:
    moves = checks.select(
        survey,
        target,
        repositories=_repositories(target, asked, former),
        names=asked.names,
        selector=asked.selector,
        namespace=namespace,
        also=_asked_for(also, asked),
    )
    return moves if survey.record.journal else server_answer.as_recorded(moves, target.image, survey.record.releases)


def _repositories(target: Target, asked: Asked, former: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(image for image in (target.image, asked.from_image, *former) if image)


def _packages_alone(planned: Planned, survey: "Survey") -> Planned:
    """A plan that names no DAG version where dagship's chart brings DAGs from elsewhere: nobody serves the image's."""
    mode = dag_source.by_design(planned.moves, survey.inventory.objects)
    version = planned.target.dag_version
    if not mode or not version:
        return planned
    target = planned.target.model_copy(
        update={"dag_version": "", "dag_versions": (), "dag_changes": {}, "dags": {}, "dag_pointer": ""}
    )
    said = f"DAGs do not come from the image (dags.mode: {mode}): its packages move, and nobody serves its DAGs"
    return replace(planned, target=target, warnings=(*planned.warnings, said))


def _within(survey: "Survey", release: Release, moves: tuple[Move, ...]) -> Planned | None:
    """Back to the DAGs of a release within the image that runs, where that holds them: no worker moves.

    Where the release has the DAG version that is announced already, it is its image that is wanted.
    """
    journal, activity = survey.record.journal, survey.activity
    begun = journal is not None and dag_version.is_pointing(journal.moves)
    if activity is None or (journal is not None and not begun):
        return None
    resumes = begun and journal is not None and journal.dag_version == release.dag_version
    pointed = dag_version.to_version(moves, survey.inventory.workloads, release.dag_version, activity, begun=resumes)
    if pointed is None:
        return None
    image = next(change.before or "" for move in moves for change in move.changes if change.field == "image")
    target = Target(
        image=image,
        digest=Reference.parse(image).digest,
        dag_version=release.dag_version,
        airflow=activity.airflow,
        dag_versions=activity.held,
    )
    said = f"the image stays, and announces DAG version {release.dag_version}: packages and plugins are those of now"
    return Planned(
        kind="rollback",
        target=target,
        moves=resume.gone_on(pointed, journal, survey.inventory.objects),
        warnings=(said,),
    )


def _to_found(survey: "Survey", release: Release, asked: Asked) -> Planned:
    """Back to what dagship found, field by field: that may be several images."""
    found, gone = planner_.to_release(
        release.model_copy(update={"moves": _asked_for(release.moves, asked)}), survey.inventory.objects
    )
    if not found:
        raise UsageError(
            f"Nothing that release {release.number} holds is here.", "status shows what is, and the releases."
        )
    keys = {move.key for move in found}
    going = tuple(workload for workload in survey.inventory.workloads if workload.key in keys)
    if refused := several_airflows.refusal(going, selector=asked.selector, names=asked.names):
        raise refused
    checks.check_workloads(tuple((workload, ()) for workload in going))
    moves = resume.gone_on(found, survey.record.journal, survey.inventory.objects)
    target = Target(
        image="",
        digest="",
        dag_version=release.dag_version,
        dag_versions=release.dag_versions,
        airflow=release.airflow,
    )
    return _within(survey, release, found) or Planned(kind="rollback", target=target, moves=moves, warnings=gone)


def _asked_for(moves: tuple[Move, ...], asked: Asked) -> tuple[Move, ...]:
    return tuple(move for move in moves if not asked.names or move.key in asked.names)
