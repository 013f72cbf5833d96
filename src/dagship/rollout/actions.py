"""The actions that move an Airflow: rollout to an image, rollback to a release, undo of what was left half done."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dagship.errors import UsageError
from dagship.model.artifacts import Target
from dagship.record.model import Move, Release
from dagship.rollout import taken_back
from dagship.rollout.execute import phases
from dagship.rollout.execute.announce import Fetch, no_registry
from dagship.rollout.execute.tell import NOTHING, Compare
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan import own_releases, planner, resume, rollback_target, scope, server_answer
from dagship.rollout.plan.model import Planned
from dagship.rollout.preflight import dag_source
from dagship.rollout.results import RolloutResult, TakenBack
from dagship.rollout.thin import back, way
from dagship.rollout.thin.way import Here
from dagship.workloads import selection
from dagship.workloads.selection import Selected

if TYPE_CHECKING:
    from dagship.airflow.activity import Activity
    from dagship.cluster.api import Cluster
    from dagship.rollout.survey import Survey
    from dagship.terminal.console import Console


def rollout(
    cluster: "Cluster",
    console: "Console",
    target: Target,
    options: RolloutOptions,
    fetch: Fetch = no_registry,
    *,
    compare: Compare = NOTHING,
) -> RolloutResult:
    """Moves an Airflow to an image, or announces its DAG version to what runs where that can take it.

    Args:
        cluster: The namespace.
        console: Shows progress.
        target: The image.
        options: How.
        fetch: Returns the package that a thin image brings.
        compare: Compares the image with the last release.

    Raises:
        DagshipError: As `phases.run`.

    """

    def plan(survey: "Survey") -> Planned:
        own = own_releases.own(survey, options.names)
        former = own_releases.names(own)
        repositories = (*filter(None, (target.image, options.from_image)), *former)
        # After a return to what dagship found, that is what moves.
        also = own[-1].moves if own and not former else ()
        selected = _select(survey, target, options, cluster.namespace, repositories=repositories, also=also)
        here = way.here(survey, selected, repositories, options)
        moves = _to_image(survey, target, selected, repositories, here)
        # Who names workloads has chosen, and need not be told what stays.
        told = () if options.names else repositories
        stays = selection.others(survey.inventory.workloads, told, planner.containers(moves))
        full = _packages_alone(
            Planned(kind="rollout", target=target, moves=moves, warnings=stays, sweeps=here.sweeps), survey
        )
        return way.rollout(full, here)

    return phases.run(cluster, console, options, plan, fetch=fetch, compare=compare)


def rollback(
    cluster: "Cluster",
    console: "Console",
    to: int | None,
    options: RolloutOptions,
    fetch: Fetch = no_registry,
    *,
    compare: Compare = NOTHING,
) -> RolloutResult:
    """Moves an Airflow back to a release that the cluster's record holds: the one before the last, or `to`.

    What runs stays where it has the DAG version, or a package brings it.

    Raises:
        UsageError: There is no such release, or nothing of it is here.
        DagshipError: As `phases.run`.

    """

    def here(survey: "Survey", own: tuple[Release, ...], target: Target) -> tuple[Selected, Here, tuple[str, ...]]:
        repositories = tuple(filter(None, (target.image, options.from_image)))
        also = rollback_target.moved(own)
        selected = _select(survey, target, options, cluster.namespace, repositories=repositories, also=also, back=True)
        return selected, way.here(survey, selected, repositories, options), repositories

    goes_back: tuple[TakenBack, ...] = ()

    def plan(survey: "Survey") -> Planned:
        nonlocal goes_back
        own = own_releases.own(survey, options.names)
        release = rollback_target.release(survey.record, own, to)
        goes_back = taken_back.steps(own, release)
        if not release.image:
            return rollback_target.to_found(survey, release, names=options.names, selector=options.selector)
        target = rollback_target.target_of(release)
        selected, airflow, repositories = here(survey, own, target)
        moves = _to_image(survey, target, selected, repositories, airflow)
        full = _packages_alone(Planned(kind="rollback", target=target, moves=moves, sweeps=airflow.sweeps), survey)
        return back.rollback(full, airflow, back.recorded(airflow))

    def settle(planned: Planned, survey: "Survey", activity: "Activity | None") -> Planned:
        """With what Airflow said it may take less than a move of every pod."""
        if planned.announces:
            return planned
        if not planned.target.image:
            return rollback_target.within_image(planned, survey, activity)
        own = own_releases.own(survey, options.names)
        there = here(survey, own, planned.target)[1]
        announced = back.rollback(planned, there, back.said(activity))
        if announced is not planned:
            return announced
        within = rollback_target.within_image(planned, survey, activity)
        return back.every_pod(planned, there) if within is planned else within

    result = phases.run(cluster, console, options, plan, fetch=fetch, compare=compare, settle=settle)
    return result.model_copy(update={"takes_back": goes_back})


def undo(cluster: "Cluster", console: "Console", options: RolloutOptions, fetch: Fetch = no_registry) -> RolloutResult:
    """Takes back a rollout that neither finished nor was undone.

    Raises:
        UsageError: There is none.
        DagshipError: As `phases.run`.

    """

    def plan(survey: "Survey") -> Planned:
        journal = survey.record.journal
        if journal is None and survey.record.hold is not None:
            # Cut off while it kept DAGs paused, before anything moved.
            return Planned(kind="rollout", target=Target(image="", digest=""), moves=(), undo=True)
        if journal is None:
            raise UsageError(
                f"No rollout is unfinished in the namespace {cluster.namespace}.",
                "rollback goes back from one that succeeded.",
            )
        target = Target(image=journal.image, digest="", dag_version=journal.dag_version, airflow=journal.airflow)
        there = tuple(
            move
            for move in journal.moves
            # What is announced is written anew where it is not there.
            if (move.kind, move.name) in survey.inventory.objects or move.role == "announcement"
        )
        gone = tuple(f"{move.key} is gone since" for move in journal.moves if move not in there)
        return Planned(kind=journal.kind, target=target, moves=there, warnings=gone, undo=True)

    return phases.run(cluster, console, options, plan, fetch=fetch)


def _select(
    survey: "Survey",
    target: Target,
    options: RolloutOptions,
    namespace: str,
    *,
    repositories: tuple[str, ...],
    also: tuple[Move, ...],
    back: bool = False,
) -> Selected:
    return scope.select(
        survey,
        target.image,
        repositories=repositories,
        names=options.names,
        selector=options.selector,
        namespace=namespace,
        also=tuple(move for move in also if not options.names or move.key in options.names),
        back=back,
    )


def _to_image(
    survey: "Survey", target: Target, selected: Selected, repositories: tuple[str, ...], here: Here
) -> tuple[Move, ...]:
    journal, inventory = survey.record.journal, survey.inventory
    moves = planner.to_image(selected, inventory.config_maps, repositories, target)
    moves = (*moves, *(() if here.options.names else way.cleared(here)))
    moves = resume.gone_on(moves, journal, inventory.objects)
    return moves if journal else server_answer.as_recorded(moves, target.image, survey.record.releases)


def _packages_alone(planned: Planned, survey: "Survey") -> Planned:
    """A plan that names no DAG version where dagship's chart brings DAGs from elsewhere: nobody serves the image's."""
    mode = dag_source.by_design(planned.moves, survey.inventory.objects)
    version = planned.target.dag_version
    if not mode or not version:
        return planned
    target = planned.target.model_copy(
        update={"dag_version": "", "dag_versions": (), "dag_changes": {}, "dags": {}, "dag_pointer": ""}
    )
    said = (
        f"DAGs do not come from the image (dags.mode: {mode}): its packages move, nobody serves its DAGs, and none are "
        "waited for"
    )
    return replace(planned, target=target, warnings=(*planned.warnings, said))
