"""A rollback that announces a DAG version to what runs: which it has, and how that is known. Pure."""

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from dagship.model.artifacts import Target
from dagship.model.reference import Reference
from dagship.model.thin import Announcement, Receiver, Thin
from dagship.rollout.plan import drift
from dagship.rollout.plan.model import Planned
from dagship.rollout.thin import way
from dagship.rollout.thin.way import Here
from dagship.workloads import image_identity

if TYPE_CHECKING:
    from dagship.airflow.activity import Activity


class Running(NamedTuple):
    """What is known of the image that runs.

    Attributes:
        current: The DAG version that is current in it.
        foundation: What it is built on, or empty.
        held: The DAG versions in it, as far as known.
        airflow: Version of Airflow in it, or empty.

    """

    current: str
    foundation: str
    held: tuple[str, ...]
    airflow: str


def recorded(here: Here) -> Running | None:
    """Returns what the record says of the image that runs: whatever was announced to it once has told."""
    for release in reversed(here.survey.record.releases):
        thin = release.thin
        if thin is not None and here.receiver.onto and image_identity.same_image(thin.onto, here.receiver.onto):
            held = tuple(version for version in release.dag_versions if version != release.dag_version)
            return Running(current=thin.base, foundation=thin.foundation, held=held, airflow=release.airflow)
    return None


def said(activity: "Activity | None") -> Running | None:
    """Returns what Airflow says of the image that runs; None where it said nothing, or does not serve its DAGs."""
    if activity is None or not activity.baked:
        return None
    return Running(activity.current, activity.foundation, activity.held, activity.airflow)


def rollback(plan: Planned, here: Here, running: Running | None) -> Planned:
    """Returns a rollback that announces the DAG version to what runs, where that has it or a package brings it.

    Where the version is announced already, it is the image of its release that is wanted.

    Args:
        plan: What is planned; returned as it is where it takes another image.
        here: The Airflow.
        running: What is known of the image that runs.

    """
    takes, options = here.receiver, here.options
    version = plan.target.dag_version
    if running is None or not version or options.full or options.names or takes.why_not or not takes.onto:
        return plan
    found = _back_to(plan.target, takes, running)
    if found is None:
        return plan
    announcement, target = found
    move = way.move(here, announcement)
    journal = here.survey.record.journal
    begun = journal is not None and journal.kind == "rollback" and journal.dag_version == version
    if drift.stays(move, here.survey.inventory.config_maps.get(takes.config_map)) and not begun:
        return plan
    stays = f"the image stays, and announces DAG version {version}: packages and plugins are those of now"
    warnings = () if image_identity.same_image(plan.target.image, target.image) else (stays,)
    return way.announcing(replace(plan, target=target, warnings=warnings), here, move)


def every_pod(plan: Planned, here: Here) -> Planned:
    """Returns a rollback that moves every pod, with the reason where what runs could have taken a version alone.

    Args:
        plan: What is planned.
        here: The Airflow.

    """
    takes, version = here.receiver, plan.target.dag_version
    moves = any(change.before != change.after for move in plan.moves for change in move.changes)
    if plan.announces or not moves or not version or here.options.names or takes.why_not or not takes.onto:
        return plan
    announced = takes.announcement
    if here.options.full:
        why = "as --full asks for it"
    elif announced is not None and announced.version == version:
        why = f"since DAG version {version} is announced already, and another image is wanted"
    else:
        why = f"since what runs has DAG version {version} neither in its image nor in a package that fits it"
    return replace(plan, way=f"every pod moves to the image, {why}")


def _back_to(target: Target, takes: Receiver, running: Running) -> tuple[Announcement | None, Target] | None:
    """What is to be announced for a rollback, and the image that has it; None where what runs cannot take it."""
    version, fits = target.dag_version, (running.current, running.foundation)
    image = Target(
        image=takes.onto,
        digest=Reference.parse(takes.onto).digest,
        dag_version=version,
        airflow=running.airflow,
        dag_versions=running.held,
    )
    if version == running.current:
        return None, image
    if not running.foundation:
        return None
    packaged = takes.packages.get(version)
    if packaged is not None and (packaged.base, packaged.foundation) == fits:
        tree, of = packaged.tree, packaged.image
    elif version in running.held and target.dag_digests:
        tree, of = target.dag_digests[0], ""
    elif target.thin is not None and (target.thin.base, target.thin.foundation) == fits:
        tree, of = target.thin.tree, target.image
    else:
        return None
    base, foundation = fits
    announcement = Announcement(serial=0, version=version, tree=tree, foundation=foundation, base=base, image=of)
    image = image.model_copy(update={"dag_digests": (tree,)})
    if not of:
        return announcement, image
    thin = Thin(onto=takes.onto, base=base, tree=tree, foundation=foundation)
    held = (version, *running.held)
    digest = Reference.parse(of).digest
    return announcement, image.model_copy(update={"image": of, "digest": digest, "thin": thin, "dag_versions": held})
