"""Pushes an image that was tested, and confirms with the registry what it now has."""

import time
from collections.abc import Callable
from typing import TypeVar

from dagship.engine import registry
from dagship.errors import OutsideError, Refused, Transient
from dagship.model.artifacts import BuiltImage, PushedImage
from dagship.model.quantities import size
from dagship.model.reference import Reference
from dagship.model.verify_report import VerifyReport
from dagship.terminal.console import Console

_Result = TypeVar("_Result")

# Seconds before each further try. A registry that is being rolled itself is back within this.
_PAUSES = (1.0, 3.0, 9.0)


def was_tested(image: BuiltImage, report: VerifyReport | None) -> bool:
    """Whether `report` is about exactly this image, and it passed."""
    return report is not None and report.passed and bool(image.id) and report.id == image.id


def check_tested(image: BuiltImage, report: VerifyReport | None) -> None:
    """Refuses an image that did not pass the test.

    Raises:
        Refused: It was not tested, another was, or it failed.

    """
    if was_tested(image, report):
        return
    if report is None or report.id != image.id:
        raise Refused(
            f"{image.reference} was not tested.", "Run test-image on it first, or push it all the same with --untested."
        )
    raise Refused(
        f"{image.reference} did not pass test-image.", "Mend what it found, or push it all the same with --untested."
    )


def push(
    console: Console, image: BuiltImage, *, tested: bool, pause: Callable[[float], None] = time.sleep
) -> PushedImage:
    """Pushes an image, unless the registry has it already; the registry's digest is the result.

    Args:
        console: Shows progress.
        image: What to push.
        tested: Whether it passed the test; recorded.
        pause: Waits between tries, seconds.

    Raises:
        OutsideError: The registry did not take it, or says afterwards that it has another.

    """
    reference = Reference.parse(image.reference)
    with console.step(f"Pushing {reference}") as step:
        if image.digest and _with_retries(lambda: registry.digest(reference), step.say, pause) == image.digest:
            return pushed(image, image.digest, tested=tested)
        said = _with_retries(
            lambda: registry.push(reference, lambda sent, total: step.say(f"{size(sent)} of {size(total)}")),
            step.say,
            pause,
        )
        step.say("asking the registry for the digest")
        has = _with_retries(lambda: registry.digest(reference), step.say, pause)
    if has is None or (said and has != said):
        raise OutsideError(
            f"{reference} was pushed as {said or 'an unknown digest'}, but the registry has {has or 'nothing'} there.",
            "Something else pushes the same tag, or the registry is broken; push again and look at it.",
        )
    return pushed(image, has, tested=tested)


def put(console: Console, image: BuiltImage, digest: str, send: Callable[[], None]) -> PushedImage:
    """Has an image put into its registry without an engine, which was tested.

    Args:
        console: Shows progress.
        image: What is known of it.
        digest: Its digest, once it is there.
        send: Puts it there; it may be called again.

    Raises:
        OutsideError: The registry did not take it.

    """
    with console.step(f"Pushing {image.reference}") as step:
        _with_retries(send, step.say, time.sleep)
    return pushed(image, digest, tested=True)


def pushed(image: BuiltImage, digest: str, *, tested: bool) -> PushedImage:
    """Returns what is known of an image that the registry has under `digest`."""
    return PushedImage(reference=image.reference, digest=digest, tested=tested, **image.facts(PushedImage))


def with_dags(image: PushedImage, report: VerifyReport | None) -> PushedImage:
    """Returns the same with the DAGs that the test of it found; a rollout looks for those that have unfinished runs."""
    return image.model_copy(update={"dags": report.dags}) if image.tested and report is not None else image


def _with_retries(act: Callable[[], _Result], say: Callable[[str], None], pause: Callable[[float], None]) -> _Result:
    for seconds in _PAUSES:
        try:
            return act()
        except Transient as failed:
            say(f"{failed.message} Trying again in {seconds:.0f} s")
            pause(seconds)
    return act()
