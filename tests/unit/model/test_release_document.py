"""The document of a release is whole in JSON: what is written for one job is the same in another."""

import pytest
from pydantic import ValidationError

from dagship.model.release_document import (
    DagChange,
    FieldChange,
    Notice,
    ReleaseDocument,
    RunsAtOnce,
    Schedule,
    Side,
    TaskChange,
    Verdict,
)

DOCUMENT = ReleaseDocument(
    made="2026-11-30T06:00:00+00:00",
    was=Side(given="namespace airflow", dag_version="a" * 12),
    now=Side(given="dags", dag_version="b" * 12),
    verdict=Verdict(
        dags_change=True,
        sentence="1 DAG changes.",
        notices=(Notice(severity="error", kind="runs-at-once", dag_id="daily", message="It makes 412 runs at once."),),
    ),
    dags=(
        DagChange(
            dag_id="daily",
            change="changed",
            schedule_was=Schedule(text="none"),
            schedule_now=Schedule(text="@daily", next_runs=("2026-12-01T00:00:00+00:00",)),
            runs_at_once=RunsAtOnce(runs=412, since="2025-10-14T00:00:00+00:00", why="schedule"),
            tasks=(
                TaskChange(task_id="load", change="changed", fields=(FieldChange(name="retries", was="0", now=None),)),
            ),
        ),
    ),
)


def test_a_document_is_the_same_after_a_trip_through_json() -> None:
    assert ReleaseDocument.model_validate_json(DOCUMENT.model_dump_json()) == DOCUMENT


def test_a_document_of_another_form_is_refused_rather_than_half_read() -> None:
    with pytest.raises(ValidationError, match="surprise"):
        ReleaseDocument.model_validate({**DOCUMENT.model_dump(), "surprise": 1})
