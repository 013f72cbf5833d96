"""For how long a workload has stood still. Pure."""

from dataclasses import dataclass, field

from dagship.rollout.judge import Verdict


@dataclass(kw_only=True)
class Standstill:
    """What is known of one workload, from look to look.

    Coming back to where it was before is no progress: a pod that starts and fails does so each time. A pod that ends
    has its own grace period for it, since a worker finishes its tasks.

    Attributes:
        asked: Whether somebody asked for the reason since it moved on.

    """

    asked: bool = False
    _reached: set[tuple[object, ...]] = field(default_factory=set)
    _since: float | None = None

    def look(self, verdict: Verdict, now: float) -> float:
        """Returns the seconds for which it has stood still."""
        if self._since is None or verdict.done or verdict.progress not in self._reached:
            self._reached.add(verdict.progress)
            self.begin(now)
        return now - max(self._since or now, min(verdict.patient_until, now))

    def begin(self, now: float) -> None:
        """Counts from now on, as after a time in which nobody could look."""
        self._since, self.asked = now, False
