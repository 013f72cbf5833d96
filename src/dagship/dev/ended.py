"""Explains why a local Airflow ended by itself, by the last lines of its log. Pure."""

from collections.abc import Sequence

from dagship.diagnosis.airflow_log import last_words
from dagship.diagnosis.crash_log import complaint
from dagship.errors import Refused

KEPT = 40
"""Last lines of a log that are read."""

_HINT = (
    "Its last lines are above. A plugin, airflow_local_settings.py, airflow.cfg or the env file can end it: test-image "
    "starts Airflow with them too, and names what fails."
)


def of(lines: Sequence[str]) -> Refused:
    """Returns the error."""
    log = "\n".join(lines)
    known = last_words(log)
    why = known[0] if known is not None else complaint(log)
    return Refused(f"Airflow ended by itself: {why.removesuffix('.')}." if why else "Airflow ended by itself.", _HINT)
