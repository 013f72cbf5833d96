"""Announces a DAG version to what runs, or moves every pod: which of them a plan does, and why. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from dagship.errors import UsageError
from dagship.model.artifacts import Target
from dagship.model.reference import Reference
from dagship.model.thin import CURRENT, Announcement, Receiver, Thin
from dagship.record import announced
from dagship.record.model import Change, Move
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan import drift, resume
from dagship.rollout.plan.model import Planned
from dagship.rollout.thin import receiver
from dagship.workloads import image_identity
from dagship.workloads.selection import Selected

if TYPE_CHECKING:
    from dagship.airflow.activity import Activity
    from dagship.rollout.survey import Survey


@dataclass(frozen=True, kw_only=True)
class Here:
    """The Airflow that a plan is about.

    Attributes:
        survey: What its namespace holds.
        receiver: What it can take.
        workloads: Its workloads: `deployment/scheduler`.
        options: The caller's.

    """

    survey: "Survey"
    receiver: Receiver
    workloads: frozenset[str]
    options: RolloutOptions

    @property
    def sweeps(self) -> str:
        """The ConfigMap, where it has packages."""
        return self.receiver.config_map if self.receiver.packages else ""


def here(survey: "Survey", selected: Selected, repositories: Iterable[str], options: RolloutOptions) -> Here:
    """Returns the Airflow that some workloads are of."""
    workloads = frozenset(workload.key for workload, _ in selected)
    takes = receiver.of(survey, selected, repositories)
    return Here(survey=survey, receiver=takes, workloads=workloads, options=options)


def rollout(full: Planned, here: Here) -> Planned:
    """Returns a plan that announces a thin image to what runs; the full one, with the reason, where that cannot be.

    Args:
        full: Moves every pod to the image.
        here: The Airflow.

    """
    thin = full.target.thin
    if thin is None or all(change.before == change.after for move in full.moves for change in move.changes):
        return full
    if why := _why_not(here.receiver, thin.onto, here.options):
        return replace(full, way=f"every pod moves to the image, {why}")
    announcement = Announcement(
        serial=0,
        version=full.target.dag_version,
        tree=thin.tree,
        foundation=thin.foundation,
        base=thin.base,
        image=full.target.image,
    )
    plan = _announcing(full, here, _move(here, announcement))
    return replace(plan, warnings=(), otherwise=full)


def _announcing(plan: Planned, here: Here, move: Move) -> Planned:
    survey, takes = here.survey, here.receiver
    return replace(
        plan,
        moves=resume.gone_on([move], survey.record.journal, survey.inventory.objects),
        way=f"DAG version {plan.target.dag_version} is announced to what runs, {drift.short(takes.onto)}; no pod is "
        "replaced",
        about=here.workloads,
    )


def _why_not(receiver: Receiver, onto: str, options: RolloutOptions) -> str:
    if options.full:
        return "as --full asks for it"
    if options.names:
        return "since --workloads names what is to move"
    if receiver.why_not:
        return f"since {receiver.why_not}"
    if not image_identity.same_image(receiver.onto, onto):
        return f"since it was made for {drift.short(onto)}, and {drift.short(receiver.onto) or 'another'} runs"
    return ""


def without_room(plan: Planned, why: str) -> Planned:
    """Returns what is to be done instead of a plan that announces what there is no room for."""
    full = plan.otherwise
    return replace(full, way=f"every pod moves to the image, since {why}") if full else plan


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
    move = _move(here, announcement)
    journal = here.survey.record.journal
    begun = journal is not None and journal.kind == "rollback" and journal.dag_version == version
    if drift.stays(move, here.survey.inventory.config_maps.get(takes.config_map)) and not begun:
        return plan
    stays = f"the image stays, and announces DAG version {version}: packages and plugins are those of now"
    warnings = () if image_identity.same_image(plan.target.image, target.image) else (stays,)
    return _announcing(replace(plan, target=target, warnings=warnings), here, move)


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


def cleared(here: Here) -> tuple[Move, ...]:
    """Returns what takes an announcement back once all pods have moved to an image that has its version."""
    raw = here.survey.inventory.config_maps.get(here.receiver.config_map)
    try:
        there = announced.read(raw)
    except UsageError:  # no image heeds what cannot be read
        return ()
    return (_move(here, None),) if there.announcement else ()


def current(moves: Iterable[Move]) -> str:
    """Returns the DAG version that was announced before some moves, or empty."""
    changes = (change for move in moves if move.role == "announcement" for change in move.changes)
    found = (announced.of_value(change.before) for change in changes)
    return next((one.version for one in found if one), "")


def _move(here: Here, announcement: Announcement | None) -> Move:
    name = here.receiver.config_map
    before = announced.said(here.survey.inventory.config_maps.get(name))
    after = None if announcement is None else announced.value(announcement)
    change = Change(field="announced", name=CURRENT, before=before, after=after)
    return Move(kind="ConfigMap", name=name, role="announcement", step=3, changes=(change,))
