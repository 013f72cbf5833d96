"""For how long a workload has stood still. Pure."""

from dataclasses import dataclass, field

from dagship.health.verdict import Verdict


@dataclass(kw_only=True)
class Standstill:
    """What is known of one workload, from look to look.

    Coming back to where it was before is no progress: a pod that starts and fails does so each time. A pod that ends
    has its own grace period for it, since a worker finishes its tasks: how long it may take is known from the look
    before, as its node's last word on it says that it was to be gone when it was told to end.

    Attributes:
        asked: Whether somebody asked for the reason since it moved on.

    """

    asked: bool = False
    _reached: set[tuple[object, ...]] = field(default_factory=set)
    _since: float | None = None
    _patient_until: float = 0.0

    def look(self, verdict: Verdict, now: float) -> float:
        """Returns the seconds for which it has stood still."""
        if self._since is None or verdict.done or verdict.progress not in self._reached:
            self._reached.add(verdict.progress)
            self.begin(now)
        patient = max(self._patient_until, verdict.patient_until)
        self._patient_until = verdict.patient_until
        self._since = max(self._since or now, min(patient, now))
        return now - self._since

    def begin(self, now: float) -> None:
        """Counts from now on, as after a time in which nobody could look."""
        self._since, self.asked = now, False
