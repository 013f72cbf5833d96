"""What Airflow serves, and what of a checkout differs from it."""

import json
from typing import Any

from dagship.cluster.failures import Unreachable
from dagship.inside.scheduler.answer import MARK
from dagship.rollout import status_served
from dagship.rollout.results import BrokenFile, Difference, ServedReport
from dagship.rollout.status_served import Checkout
from tests.builders import pods as o
from tests.builders.airflow import celery
from tests.builders.scheduler import inventory

V, OTHER = "5" * 12, "6" * 12
HERE = Checkout(place="../main", version=OTHER, files={"a.py": "-1", "b.py": "-1", "c.py": "-1"})
SERVED = {
    "version": V, "served": True, "since": 1795946400.0, "dags": [["one", "a.py", V, 1.0], ["two", "a.py", V, 1.0]],
    "errors": {"b.py": 'File "/x/dags/b.py", line 3, in f\nKeyError: mysql://etl:s3cret@db'},
}  # fmt: skip


class Pods:
    """A dag-processor that answers each question as it is told to."""

    def __init__(self, *answers: dict[str, Any] | None, ready: int = 1) -> None:
        self._answers, self._ready = list(answers), ready

    def list(self, _kind: str, *, selector: str) -> list[dict[str, Any]]:
        assert selector == "app=dag-processor"
        return [o.pod("dag-processor-0")] * self._ready

    def exec(self, *_: Any, timeout: float, stdin: bytes) -> tuple[int, str]:
        assert timeout
        assert stdin
        answer = self._answers.pop(0)
        if answer is None:
            raise Unreachable("It does not answer.")
        return 0, f"{MARK}{json.dumps(answer)}\n"


def look(*answers: dict[str, Any] | None, ready: int = 1, against: Checkout | None = None) -> ServedReport:
    there = inventory(*celery(o.V1))
    return status_served.look(Pods(*answers, ready=ready), there, (), against=against, api=None)  # type: ignore[arg-type]


def test_what_is_served_is_told_with_since_when_and_what_cannot_be_imported() -> None:
    found = look(SERVED)

    assert (found.version, found.since, found.dags, found.right) == (V, "2026-11-29T10:00:00+00:00", 2, True)
    (broken,) = found.broken
    assert broken == BrokenFile(
        file="b.py", line=3, error="KeyError: mysql://etl:***@db",
        traceback='File "/x/dags/b.py", line 3, in f\nKeyError: mysql://etl:***@db',
    )  # fmt: skip


def test_what_cannot_be_asked_is_not_right() -> None:
    assert look(None) == ServedReport(why_not="It does not answer.")
    assert look(ready=0) == ServedReport(why_not="No pod that reads DAG files is ready.")
    assert not look(None).right


def test_a_checkout_of_the_same_version_is_the_same_and_no_file_is_looked_at() -> None:
    found = look(SERVED, against=HERE._replace(version=V))

    assert found.against == Difference(place="../main", version=V, same=True)
    assert found.right


def test_what_differs_from_a_checkout_is_told_file_by_file() -> None:
    found = look(SERVED, {"files": {"b.py": "-1", "c.py": "-2", "d.py": "-1"}}, against=HERE)

    assert found.against == Difference(
        place="../main", version=OTHER, same=False, added=("a.py",), removed=("d.py",), changed=("c.py",)
    )
    assert not found.right


def test_where_the_files_cannot_be_had_it_is_said() -> None:
    for answer in (None, {"files": []}, {"error": "FileNotFoundError: x"}):
        found = look(SERVED, answer, against=HERE)

        assert found.against
        assert (found.against.same, found.against.changed) == (False, ())
        assert found.against.why_not
