"""Has a dag-processor look at a bundle as soon as there is something to see, and not when its next turn comes.

It asks its bundles every few seconds, and its database with each turn: oftener costs queries all day. A thread that
looks at a link asks nobody. The hint is where Airflow keeps those of people who ask for a bundle (3.0 to 3.4,
`DagFileProcessorManager._force_refresh_bundles`); without such a place the next turn comes as before.

Between two turns it waits up to a second for those that parse. It hears of the hint as it hears of them, by a socket
among theirs (`selector`, whose entries have a handler and what to do at the end).
"""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from . import parsing

_EVERY_SECONDS = 0.1
# Bundles that are watched, for one that is made anew.
_watched: set[str] = set()


def watch(bundle: str, has_news: Callable[[], bool]) -> None:
    """Starts looking, in the dag-processor that is asking; does nothing in any other process.

    Args:
        bundle: Its name.
        has_news: Says whether it is to be asked at once; called from another thread all the time.

    """
    manager = parsing.dag_processor()
    asked_for: Any = getattr(manager, "_force_refresh_bundles", None)
    if bundle in _watched or not isinstance(asked_for, set):
        return
    _watched.add(bundle)
    wake = _alarm(manager)

    def look() -> None:
        while True:
            time.sleep(_EVERY_SECONDS)
            if has_news():
                asked_for.add(bundle)
                wake()

    threading.Thread(target=look, daemon=True, name=f"news of {bundle}").start()


def _alarm(manager: Any) -> Callable[[], None]:
    """Returns what ends the wait of a dag-processor; it does nothing where that cannot be had."""
    ours, theirs = socket.socketpair()
    for one in (ours, theirs):
        one.settimeout(0)

    def heard(waiting: socket.socket) -> bool:
        with contextlib.suppress(BlockingIOError):
            waiting.recv(64)
        return True

    try:
        manager.selector.register(theirs, selectors.EVENT_READ, (heard, lambda _: None))
    except Exception:  # noqa: BLE001 - none of it is promised; then the next turn comes by itself
        ours.close()
        theirs.close()
        return lambda: None

    def wake() -> None:
        with contextlib.suppress(OSError):  # it has not heard of many before
            ours.send(b"!")

    return wake
