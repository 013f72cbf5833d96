"""Keeps the status of a sync: in `status.json` at every look, in the log when it changes."""

import time
from dataclasses import replace

from . import state as records
from . import status, store
from .settings import Settings
from .state import Finding
from .text import now, say

_LINES = 10


class Reporter:
    """What the sync last knew, and who is told.

    Args:
        settings: What is followed.

    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.status = status.Status("starting", url=settings.shown_url, ref=settings.ref, since=now())

    def to(
        self,
        state: str,
        *,
        candidate: str = "",
        reason: str = "",
        findings: tuple[Finding, ...] = (),
        notes: tuple[Finding, ...] = (),
    ) -> None:
        """Goes to a state, writes it down, and says so in the log if it is another one.

        Args:
            state: As in `Status`.
            candidate: The commit that is not published, or empty.
            reason: One sentence, or empty.
            findings: What is wrong with which file.
            notes: What was not known of which file.

        """
        before, moment = self.status, now()
        current = store.current(self._settings.root)
        changed = (before.state, before.candidate) != (state, candidate)
        self.status = replace(
            before,
            state=state,
            current=current,
            published_at=_iso(records.read(self._settings.root, current).published) if current else "",
            candidate=candidate,
            reason=reason,
            findings=findings or notes,
            since=moment if changed else before.since,
            looked_at=before.looked_at if state == "starting" else moment,
        )
        try:
            status.write(self._settings.root, self.status)
        except OSError as broken:
            say(f"status.json cannot be written: {broken.strerror}")
        if changed and before.state == "unreachable":
            say(f"back: {self._settings.host or self._settings.shown_url} answers again")
        if changed and state not in ("starting", "current"):
            say(f"{state}{f' {candidate}' if candidate else ''}: {reason}")
            for finding in findings[1:_LINES]:
                say(f"{state}: {finding.file}: {finding.error}")


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else ""
