"""How long a workload has made no progress. Pure."""

from dataclasses import dataclass, field

from dagship.health.verdict import Verdict


@dataclass(kw_only=True)
class StallTimer:
    """Seconds without progress of one workload, from verdict to verdict.

    Coming back to where it was before is no progress: a pod that starts and fails does so each time. A pod that ends
    has its own grace period for it, since a worker finishes its tasks: how long it may take is known from the verdict
    before, as its node's last word on it says that it was to be gone when it was told to end.

    Attributes:
        asked_why: Whether somebody asked for the reason since it moved on.

    """

    asked_why: bool = False
    _reached: set[tuple[object, ...]] = field(default_factory=set)
    _since: float | None = None
    _patient_until: float = 0.0

    def seconds(self, verdict: Verdict, now: float) -> float:
        """Takes the newest verdict, and returns the seconds for which there has been no progress."""
        if self._since is None or verdict.done or verdict.progress not in self._reached:
            self._reached.add(verdict.progress)
            self.begin(now)
        patient = max(self._patient_until, verdict.patient_until)
        self._patient_until = verdict.patient_until
        self._since = max(self._since or now, min(patient, now))
        return now - self._since

    def begin(self, now: float) -> None:
        """Counts from now on, as after a time in which nobody could look."""
        self._since, self.asked_why = now, False
