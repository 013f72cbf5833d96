"""Thin images are planned as `build` plans them, without a cluster that says what it runs."""

from dagship.image import plan as planning
from dagship.image.plan import Plan
from dagship.model.artifacts import BaseImage, PushedImage
from dagship.model.reference import Reference
from dagship.model.thin import Receiver
from dagship.pipeline import build_inputs
from dagship.rollout.running_image import Answer, Incumbent
from tests.builders.plans import NO_LOCK
from tests.engine.lines import Line


class Running(Answer):
    """What a cluster says that runs an image."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def first(self) -> Incumbent:
        return Incumbent(images=(self.receiver.onto,), receiver=self.receiver)

    def whole(self) -> Incumbent:
        return self.first()


def planned(line: Line, base: BaseImage, running: Receiver) -> Plan | None:
    """Plans what the project has now, as `build` does."""
    tree = build_inputs.tree(line.project)
    plan, _ = build_inputs.onto_running(
        line.project, lambda: planning.plan(line.settings, base, NO_LOCK, tree), Running(running), full=False
    )
    return plan


def pinned(pushed: PushedImage) -> str:
    return str(Reference.parse(pushed.reference).pinned(pushed.digest))
