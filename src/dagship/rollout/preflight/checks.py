"""Checks before anything moves, and refuses what cannot end well. Changes nothing."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dagship.cluster.failures import Forbidden
from dagship.errors import Refused, UsageError
from dagship.model.artifacts import Target
from dagship.record.model import Move
from dagship.resources import resource
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan.model import Planned
from dagship.rollout.preflight import dags_served, field_owners, permissions
from dagship.rollout.survey import Survey
from dagship.workloads.image_identity import same_image

if TYPE_CHECKING:
    from dagship.airflow.activity import Activity
    from dagship.airflow.query import Airflow
    from dagship.cluster.api import Cluster


def check_permissions(cluster: "Cluster", *, by_rest: bool) -> None:
    """Refuses when the API server would.

    Args:
        cluster: The namespace.
        by_rest: Whether Airflow is asked by its REST API.

    Raises:
        UsageError: Something that a rollout needs is not allowed.

    """
    missing = permissions.missing(cluster, permissions.BY_REST if by_rest else permissions.NEEDED)
    if missing:
        shown = "\n".join(
            f"  {one.verb} {one.resource}{'/' + one.subresource if one.subresource else ''}: {one.why}"
            for one in missing
        )
        raise UsageError(
            f"This account may not do all that a rollout needs in the namespace {cluster.namespace}.",
            f"{resource('k8s/rbac')}/ holds a Role that suffices, and its README.md says how it is bound.",
            f"Not allowed:\n{shown}",
        )


def check(
    cluster: "Cluster",
    options: RolloutOptions,
    plan: Planned,
    *,
    survey: Survey,
    airflow: "Airflow",
    activity: "Activity | None",
) -> tuple[str, ...]:
    """Refuses a plan that cannot end well; returns what is to be known.

    Args:
        cluster: The namespace.
        options: The caller's, which may allow what is refused otherwise.
        plan: What is to be done.
        survey: What the namespace holds.
        airflow: The Airflow that is meant.
        activity: What it says of its runs and tasks; None where it could not be asked.

    Raises:
        Refused: Fields are another tool's, or the image does not fit the Airflow or the nodes.

    """
    if plan.undo:  # what an unfinished rollout took goes back to whoever had it
        return plan.warnings
    moves, target = plan.moves, plan.target
    found = [*plan.warnings, *_check_owners(survey, moves, target, force=options.force_ownership)]
    if any(change.field in ("image", "template") for move in moves for change in move.changes):
        running = _running_version(airflow, moves, survey)
        found += _check_version(target.airflow, running, allow=options.allow_airflow_change)
        found += _check_platform(cluster, target) if target.image else ()
        found += dags_served.check(airflow, survey, activity, moves, target, going_back=plan.kind == "rollback")
    return tuple(found)


def _check_owners(survey: Survey, moves: Iterable[Move], target: Target, *, force: bool) -> tuple[str, ...]:
    """Refuses when another tool owns the images; returns what is to be known about those who do not mind.

    Raises:
        Refused: One owns them and would take them back, or refuse its own next change.

    """
    name, _, digest = target.image.partition("@")
    told = {"repository": name, "digest": digest} if digest else {}
    warnings: dict[str, None] = {}
    for move in (one for one in moves if one.role != "announcement"):
        raw = survey.inventory.objects[move.kind, move.name]
        fields = {change.name if change.field == "template" else change.container for change in move.changes}
        for owner in field_owners.owners(raw, sorted(fields), **told):
            how = f" ({owner.operation})" if owner.operation else ""
            said = f"the image of {move.key} belongs to {owner.manager}{how}. {owner.why}".rstrip()
            if owner.refuse and not force:
                raise Refused(said, f"{owner.edit} --force-ownership rolls out all the same.".strip())
            if owner.why:
                # Where there is nothing to do, once is enough.
                warnings.setdefault(f"{said} {owner.edit}" if owner.edit else owner.why)
    return tuple(warnings)


def _check_platform(cluster: "Cluster", target: Target) -> tuple[str, ...]:
    """Refuses an image that no node can run; returns a warning when some cannot.

    Where its platforms are not known, as with `--image` on a machine without an engine, the first pod tells.

    Raises:
        Refused: No node has a platform that the image is for.

    """
    if not target.platforms:
        return ()
    try:
        nodes = cluster.list("Node")
    except Forbidden:  # nodes are not in a namespace: a Role cannot grant them
        return ()
    has = {
        f"{node['status']['nodeInfo']['operatingSystem']}/{node['status']['nodeInfo']['architecture']}"
        for node in nodes
    }
    fits = {"/".join(platform.split("/")[:2]) for platform in target.platforms}
    if has and not has & fits:
        raise Refused(
            f"The image is for {', '.join(sorted(fits))}, and the nodes are {', '.join(sorted(has))}.",
            "Build it for the nodes: build --platform.",
        )
    if has - fits:
        return (f"the image is for {', '.join(sorted(fits))}, and some nodes are {', '.join(sorted(has - fits))}",)
    return ()


def _running_version(airflow: "Airflow", moves: Iterable[Move], survey: Survey) -> str:
    """Returns the version of Airflow that runs: as recorded, else as a pod says; empty when none can be asked."""
    last = survey.record.releases[-1] if survey.record.releases else None
    before = {change.before or "" for move in moves for change in move.changes if change.field == "image"}
    if last is not None and last.airflow and before and all(same_image(one, last.image) for one in before):
        return last.airflow
    return airflow.version(before, {container for move in moves for container in move.images})


def _check_version(target: str, running: str, *, allow: bool) -> tuple[str, ...]:
    """Refuses to change Airflow's own version: that takes a migration, which is no rollout of DAGs.

    Raises:
        Refused: The versions differ.

    """
    if not target or not running:
        return ("the versions of Airflow could not be compared",)
    if target == running:
        return ()
    said = f"Airflow {running} runs, and the image has {target}."
    if not allow:
        raise Refused(
            said,
            "Build on the running version (--base), or upgrade Airflow first; --allow-airflow-change overrides this.",
        )
    return (said,)
