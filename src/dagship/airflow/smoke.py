"""A smoke run: a run of a DAG that dagship begins at a new DAG version, and what became of it. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import ValidationError

from dagship.model.frozen import Artifact

MARK = "dagship_smoke__"
"""Begins the id of every smoke run, so that people, Airflow's page and the next rollout know it."""

_NAMED = 3
_LONGEST = 300


_OBSTACLES = {
    "gone": "Airflow has no such DAG",
    "paused": "the DAG is paused, as a new one is at first where Airflow is told so (dags_are_paused_at_creation)",
}


class SmokeRun(Artifact):
    """A smoke run at one moment.

    Attributes:
        dag_id: Its DAG.
        run_id: Its id; empty where there is none.
        state: `queued`, `running`, `success` or `failed`; empty where there is no run.
        version: The DAG version that it is pinned to, or empty.
        is_3: Whether Airflow pins runs to versions.
        obstacle: Why there is no run, or none that begins: `gone`, Airflow has no such DAG; `paused`; `refused`, in
            Airflow's own words; empty where nothing is in its way.
        said: What Airflow said of that.
        failed: Tasks of it that failed, at most 20.
        others: Smoke runs of the DAG that have not ended, which are not this one.

    """

    dag_id: str
    run_id: str = ""
    state: str = ""
    version: str = ""
    is_3: bool = True
    obstacle: Literal["", "gone", "paused", "refused"] = ""
    said: str = ""
    failed: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether to wait is of no more use."""
        return self.state in {"success", "failed"} or self.obstacle != ""


def prefix(version: str) -> str:
    """Returns how the ids of the smoke runs of a DAG version begin."""
    return f"{MARK}{version or 'unknown'}__"


def run_id(version: str, now: float) -> str:
    """Returns the id of a new smoke run.

    Args:
        version: The DAG version, or empty.
        now: Epoch seconds.

    """
    return f"{prefix(version)}{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S%f}"


def read(dag_id: str, said: Mapping[str, Any]) -> SmokeRun | None:
    """Reads an answer; None where it is none."""
    try:
        return SmokeRun.model_validate({**said, "dag_id": dag_id})
    except ValidationError:
        return None


def trouble(run: SmokeRun, version: str, *, limit: float) -> str:
    """Returns why a smoke run proves nothing, a sentence; empty where it ended well on the version.

    Args:
        run: The run.
        version: The DAG version that it should be of, or empty.
        limit: Seconds for which it was waited for.

    """
    dag = f"the smoke run of {run.dag_id}"
    if run.obstacle:
        return f"{dag} cannot begin: {_OBSTACLES.get(run.obstacle) or ' '.join(run.said.split())[:_LONGEST]}"
    if run.is_3 and version and run.version and run.version != version:
        return f"{dag} is of another DAG version than {version}: of {run.version} ({run.run_id})"
    if run.state == "success":
        return ""
    if not run.run_id:
        return f"{dag} did not begin within {limit:.0f} s: Airflow has not read the DAG at DAG version {version}"
    if run.state != "failed":
        return f"{dag} did not end within {limit:.0f} s: {run.run_id} is {run.state or 'not there'}"
    named = ", ".join(run.failed[:_NAMED]) + (
        f" and {len(run.failed) - _NAMED} more" if len(run.failed) > _NAMED else ""
    )
    return f"{dag} failed{f' in {named}' if named else ''}: {run.run_id}"
