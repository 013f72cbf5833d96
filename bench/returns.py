"""How often one rollout comes back to a module that it had left: the fewer, the more it reads as a page.

Who reads it follows the options: through each function that is given them, in an argument, in a field of one, or in a
closure, and from there one look into each function that such a one calls. A call is counted where it stands in the
source, so once, however many workloads there are, and where it leads into a module that was left before. To read a
property of a value is no call.

Run it with a cluster, as the rows that begin with `rollout`: python -m bench.returns
"""

import io
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

from bench import rollout
from bench.airflow import pushed, running
from dagship.cluster import connection
from dagship.model.artifacts import Target
from dagship.model.reference import Reference
from dagship.rollout import actions, options
from dagship.terminal.console import Console
from tests.cluster import images

BOUND = 40
_OURS = str(Path(actions.__file__).parents[1])
# An operation in what moves is two fields away from them.
_DEPTH = 3


class Trip:
    """The modules that the options come through, in the order of the calls of one thread."""

    def __init__(self, carried: type) -> None:
        self.modules: list[str] = []
        self._carried = carried
        # Of each call under way: its function and module, and whether it was given the options.
        self._stack: list[tuple[FrameType, str, bool]] = []
        self._seen: set[tuple[CodeType, int, CodeType]] = set()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Takes an event of `sys.setprofile`."""
        if not frame.f_code.co_filename.startswith(_OURS):
            return
        if event == "return" and self._stack:
            self._stack.pop()
        elif event == "call":
            module, given = str(frame.f_globals.get("__name__", "")), self._is_given(frame)
            caller, left, followed = self._stack[-1] if self._stack else (frame, "", given)
            call = (caller.f_code, caller.f_lineno, frame.f_code)
            if (given or followed) and module != left and call not in self._seen and not _is_property(frame):
                self._seen.add(call)
                self.modules.append(module)
            self._stack.append((frame, module, given))

    @property
    def returns(self) -> list[str]:
        """The modules that were entered after they had been left, in order."""
        return [module for place, module in enumerate(self.modules) if module in self.modules[:place]]

    def _is_given(self, frame: FrameType) -> bool:
        code = frame.f_code
        names = (*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], *code.co_freevars)
        return any(self._carries(frame.f_locals.get(name), _DEPTH) for name in names)

    def _carries(self, value: object, depth: int) -> bool:
        if isinstance(value, self._carried):
            return True
        fields = getattr(value, "__dict__", None) if type(value).__module__.startswith("dagship.") else None
        return depth > 0 and any(self._carries(field, depth - 1) for field in (fields or {}).values())


def _is_property(frame: FrameType) -> bool:
    return isinstance(getattr(type(frame.f_locals.get("self")), frame.f_code.co_name, None), property)


def main() -> int:
    """Rolls an Airflow of six workloads to another image; returns 1 when the bound is not met, or nobody knows."""
    trip = Trip(options.RolloutOptions)
    with (
        tempfile.TemporaryDirectory(prefix="dagship-bench-") as scratch,
        running(Path(scratch), *rollout.objects(images.image("bench-a"), workers=1)) as airflow,
    ):
        cluster = connection.connect(context="", namespace=airflow.kubectl.namespace)
        to = pushed(images.image("bench-b"))
        target = Target(
            image=str(Reference.parse(to.reference).pinned(to.digest)),
            digest=to.digest,
            airflow=to.airflow,
            platforms=to.platforms,
        )
        sys.setprofile(trip)
        try:
            result = actions.rollout(cluster, Console(stderr=io.StringIO()), target, options.RolloutOptions())
        finally:
            sys.setprofile(None)
            cluster.close()
    for module, times in Counter(trip.returns).most_common():
        print(f"{times:3} {module}")
    print(f"{result.outcome}: {len(trip.returns)} returns to a module that was left, bound {BOUND}")
    if result.live is None:
        # It has fewer calls than the one that is meant.
        print("That was a rollout of an Airflow that did not answer, and does not count.")
    return int(len(trip.returns) > BOUND or result.live is None)


if __name__ == "__main__":
    sys.exit(main())
