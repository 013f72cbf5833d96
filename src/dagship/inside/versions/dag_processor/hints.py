"""Has a dag-processor look at a bundle as soon as there is something to see, and not when its next turn comes.

It asks its bundles every few seconds, and its database with each turn: oftener costs queries all day. A thread that
looks at a link asks nobody. The hint is where Airflow keeps those of people who ask for a bundle (3.0 to 3.4,
`DagFileProcessorManager._force_refresh_bundles`); without such a place the next turn comes as before.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from . import parsing

_EVERY_SECONDS = 0.2
# Bundles that are watched, for one that is made anew.
_watched: set[str] = set()


def watch(bundle: str, has_news: Callable[[], bool]) -> None:
    """Starts looking, in the dag-processor that is asking; does nothing in any other process.

    Args:
        bundle: Its name.
        has_news: Says whether it is to be asked at once; called from another thread all the time.

    """
    asked_for: Any = getattr(parsing.dag_processor(), "_force_refresh_bundles", None)
    if bundle in _watched or not isinstance(asked_for, set):
        return
    _watched.add(bundle)

    def look() -> None:
        while True:
            time.sleep(_EVERY_SECONDS)
            if has_news():
                asked_for.add(bundle)

    threading.Thread(target=look, daemon=True, name=f"news of {bundle}").start()
