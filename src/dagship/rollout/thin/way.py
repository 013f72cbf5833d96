"""Announces a DAG version to what runs, or moves every pod: which of them a plan does, and why. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dagship.errors import UsageError
from dagship.model.thin import CURRENT, Announcement, Receiver
from dagship.record import announced
from dagship.record.model import Change, Move
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan import drift, resume
from dagship.rollout.plan.model import Planned
from dagship.rollout.thin import receiver
from dagship.workloads import image_identity
from dagship.workloads.selection import Selected

if TYPE_CHECKING:
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
    plan = announcing(full, here, move(here, announcement))
    return replace(plan, warnings=(), otherwise=full)


def announcing(plan: Planned, here: Here, change: Move) -> Planned:
    """Returns a plan that announces its DAG version instead of what it moves."""
    survey, takes = here.survey, here.receiver
    return replace(
        plan,
        moves=resume.gone_on([change], survey.record.journal, survey.inventory.objects),
        way=f"DAG version {plan.target.dag_version} is announced to what runs, {drift.short(takes.onto)}; no pod is "
        "replaced",
        about=here.workloads,
    )


def _why_not(receiver: Receiver, onto: str, options: RolloutOptions) -> str:
    if options.full:
        return "as --full asks for it"
    if options.names:
        return "since --workloads names what is to move"
    why = unfit(receiver, onto)
    return why and f"since {why}"


def unfit(receiver: Receiver, onto: str) -> str:
    """Returns why a thin image that was put onto another cannot be announced to what runs; empty where it can."""
    if receiver.why_not:
        return receiver.why_not
    if not image_identity.same_image(receiver.onto, onto):
        return f"it was made for {drift.short(onto)}, and {drift.short(receiver.onto) or 'another'} runs"
    return ""


def without_room(plan: Planned, why: str) -> Planned:
    """Returns what is to be done instead of a plan that announces what there is no room for."""
    full = plan.otherwise
    return replace(full, way=f"every pod moves to the image, since {why}") if full else plan


def cleared(here: Here) -> tuple[Move, ...]:
    """Returns what takes an announcement back once all pods have moved to an image that has its version.

    Also where a rollout that was cut off has taken it back: what it did and a new plan does not hold would be undone.
    """
    name, journal = here.receiver.config_map, here.survey.record.journal
    try:
        there = announced.read(here.survey.inventory.config_maps.get(name))
    except UsageError:  # no image heeds what cannot be read
        return ()
    was = current(one for one in journal.moves if one.name == name) if journal else ""
    return (move(here, None),) if there.announcement or was else ()


def current(moves: Iterable[Move]) -> str:
    """Returns the DAG version that was announced before some moves, or empty."""
    changes = (change for move in moves if move.role == "announcement" for change in move.changes)
    found = (announced.of_value(change.before) for change in changes)
    return next((one.version for one in found if one), "")


def move(here: Here, announcement: Announcement | None) -> Move:
    """Returns the move of the ConfigMap to an announcement; None for none."""
    name = here.receiver.config_map
    before = announced.said(here.survey.inventory.config_maps.get(name))
    after = None if announcement is None else announced.value(announcement)
    change = Change(field="announced", name=CURRENT, before=before, after=after)
    return Move(kind="ConfigMap", name=name, role="announcement", step=3, changes=(change,))
