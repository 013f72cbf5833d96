"""A soak: runs in progress all the time, deliveries one after the other, and what is there afterwards."""

import time
from collections.abc import Callable, Iterable
from functools import partial

from tests.e2e.soak.deliveries import Delivery
from tests.e2e.soak.driver import Driver
from tests.e2e.soak.evidence import Delivered, Evidence, collect
from tests.e2e.soak.line import Line

Act = Callable[[], Delivered]
Acts = Callable[[Driver], Iterable[Act]]


def soak(
    delivery: Delivery,
    acts: Acts,
    *,
    pause: float = 0.0,
    every: float | None = None,
    prompt: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Evidence:
    """Delivers while runs are in progress, and waits until they ended.

    Args:
        delivery: Installed already.
        acts: What is done, one after the other; it may look at who starts the runs.
        pause: Least seconds between two, so that runs begin on each version.
        every: Least seconds from the beginning of one to that of the next, which then comes whether a run has begun on
            the one before or not; None where it is to be used first.
        prompt: Whether runs need not wait for their turn: one of `long` is started before each delivery, so that it is
            at work meanwhile, and one of `short` once it is served.
        tell: Says how it goes.

    """
    delivered: list[Delivered] = []
    with Driver(delivery.release, delivery.project.shapes) as driver, Line(delivery.release) as line:
        for act in acts(driver):
            if prompt:
                driver.begin("long")
            else:
                driver.wait("long")
            if delivered:
                due = delivered[-1].ended + pause if every is None else delivered[-1].began + every
                time.sleep(max(0.0, due - time.time()))
            done = act()
            driver.check()
            delivered.append(done)
            draining = "" if done.draining is None else f", {done.draining:.0f} s of it draining"
            tell(f"{delivery.what}: {done.what} to version {done.number} took {done.seconds:.1f} s{draining}")
            if every is None:
                driver.used(done.number, by="short" if prompt else "")
        driver.finish()
        evidence = collect(line, tuple(delivered), numbers=delivery.numbers, cleared=delivery.cleared)
        for task in evidence.tasks:
            for one in task.tries if len(task.tries) > 1 else ():
                tell(f"{delivery.what}: {task.task_id} of {task.run_id}: {one}")
        return evidence


def versions(delivery: Delivery, first: int, count: int) -> Iterable[Act]:
    """One delivery after the other."""
    return (partial(delivery.deliver, number) for number in range(first, first + count))
