"""Holding DAGs of an Airflow 2, which is plain data here: its scripts run in tests/e2e/test_hold.py."""

import base64
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from dagship.errors import OutsideError, Refused, UsageError
from dagship.inside.scheduler.answer import MARK
from dagship.model.artifacts import Target
from dagship.record import form
from dagship.record.ledger import Ledger
from dagship.record.model import Hold, Record
from dagship.rollout.execute import hold as holding
from dagship.rollout.execute.operation import Notes, Operation
from dagship.rollout.plan.model import Planned
from dagship.rollout.survey import Survey
from dagship.terminal.console import Console
from dagship.workloads import spec
from dagship.workloads.inventory import Inventory
from tests.builders import operations
from tests.builders import pods as o
from tests.builders.airflow import container, deployment, pod

SCHEDULER = deployment("scheduler", pod(container("main", o.V1, "scheduler"), name="scheduler"))
OLD, NEW = "a" * 12, "b" * 12
TARGET = Target(image=o.V2, digest="", dag_version=NEW, dag_changes={OLD: ("a.py",)})


class Airflow:
    """A namespace with a scheduler, its DAGs (paused, running runs), the record, and the lease."""

    namespace = "airflow"

    def __init__(self, *, version: str = "2.11.2", **dags: tuple[bool, int]) -> None:
        self.version = version
        self.dags = dags
        self.held: set[str] = set()
        self.record: dict[str, Any] = {}
        self.writes: list[Hold | None] = []
        self.silent = False
        self.requests: Counter[str] = Counter()

    def list(self, _kind: str, *, selector: str = "") -> list[dict[str, Any]]:
        assert selector
        return [o.pod("scheduler-0")]

    def exec(self, _pod: str, _container: str, argv: Sequence[str], *, timeout: float) -> tuple[int, str]:
        assert timeout > 0
        if self.silent:
            raise OutsideError("The pod is gone.")
        said: Any = {"error": "another question"}
        script = zlib.decompress(base64.urlsafe_b64decode(argv[3])).decode()
        if script.endswith(", 'dags')\n"):
            dags = [[dag_id, f"{dag_id}.py", *about] for dag_id, about in self.dags.items()]
            said = {"airflow": self.version, "asked": 5.0, "version": OLD, "dags": dags, "there": ["a.py"]}
        elif script.endswith(", 'pause')\n"):
            given = _unpacked(argv[5])
            running = {dag_id: self.dags[dag_id][1] for dag_id in given["dags"] if self.dags[dag_id][1]}
            free = {dag_id for dag_id in given["dags"] if dag_id not in running}
            self.held |= {dag_id for dag_id in free if not self.dags[dag_id][0]}
            said = {"paused": sorted(self.held), "running": running, "frozen": [], "done": not running}
        elif script.endswith(", 'unpause')\n"):
            self.held -= set(_unpacked(argv[5])["dags"])
            said = {"unpaused": []}
        return 0, f"{MARK}{json.dumps(said)}\n"

    def create(self, _kind: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.patch(_kind, "", body)

    def patch(self, _kind: str, _name: str, body: dict[str, Any]) -> dict[str, Any]:
        data = {key: text for key, text in {**self.record.get("data", {}), **body["data"]}.items() if text is not None}
        self.record = {"metadata": {**body["metadata"], "resourceVersion": str(len(self.writes))}, "data": data}
        self.writes.append(form.parse(self.record).hold)
        return self.record

    def check(self) -> None:
        """The lease is ours."""


def _unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(text)))


def _survey(before: Hold | None = None) -> Survey:
    objects = {("Deployment", "scheduler"): SCHEDULER}
    inventory = Inventory(objects=objects, workloads=(spec.read("Deployment", SCHEDULER),))
    return Survey(inventory=inventory, record=Record(hold=before))


def _operation(
    airflow: Airflow, hold: float | None = 60.0, before: Hold | None = None, *, undo: bool = False
) -> Operation:
    plan = Planned(kind="rollout", target=TARGET, moves=(), undo=undo)
    return operations.operation(airflow, plan, _survey(before), hold=hold)


@contextmanager
def _paused(operation: Operation) -> Iterator[Ledger]:
    ledger = operations.ledger(operation.cluster, operation)
    with holding.paused(operation, ledger):
        yield ledger


def test_what_changes_is_held_while_things_move_and_the_record_knows_it_before() -> None:
    airflow = Airflow(a=(False, 0), b=(False, 3))

    with _paused(_operation(airflow)) as ledger:
        assert {"a"} == airflow.held
        assert Hold(since=5.0, dags=("a",)) == ledger.record.hold == airflow.writes[0]

    assert not airflow.held
    assert airflow.writes[-1] is None


def test_what_is_paused_already_is_recorded_too_since_somebody_may_let_it_run_meanwhile() -> None:
    airflow = Airflow(a=(True, 0))

    with _paused(_operation(airflow)) as ledger:
        assert ("a",) == ledger.record.hold.dags


def test_runs_that_do_not_end_in_time_are_named_and_all_is_let_go() -> None:
    airflow = Airflow(a=(False, 2))

    with pytest.raises(Refused, match=r"Runs of a were still under way after 0\.05 s; nothing was moved"):
        _paused(_operation(airflow, 0.05)).__enter__()

    assert [Hold(since=5.0, dags=("a",)), None] == airflow.writes


def test_a_run_that_somebody_paused_is_refused_at_once() -> None:
    airflow = Airflow(a=(True, 1))

    with pytest.raises(Refused, match="paused a in the middle of a run"):
        _paused(_operation(airflow)).__enter__()

    assert [] == airflow.writes


@pytest.mark.parametrize("error", [Refused("no"), KeyboardInterrupt()])
def test_whatever_ends_the_rollout_all_is_let_go(error: BaseException) -> None:
    airflow = Airflow(a=(False, 0))

    with pytest.raises(type(error)), _paused(_operation(airflow)):
        raise error

    assert not airflow.held
    assert airflow.writes[-1] is None


@pytest.mark.parametrize("undo", [True, False])
def test_what_a_killed_rollout_held_is_let_go_by_the_next_whatever_it_asks_for(undo: bool) -> None:
    airflow = Airflow(a=(True, 0))
    airflow.held = {"a"}

    with _paused(_operation(airflow, None, Hold(since=1.0, dags=("a",)), undo=undo)):
        assert {"a"} == airflow.held

    assert not airflow.held
    assert airflow.writes[-1] is None


def test_the_next_that_holds_goes_on_from_there() -> None:
    airflow = Airflow(a=(False, 0))

    with _paused(_operation(airflow, before=Hold(since=1.0, dags=("z",)))) as ledger:
        assert Hold(since=1.0, dags=("a", "z")) == ledger.record.hold


def test_what_cannot_be_let_go_stays_in_the_record_and_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "_PATIENCE", 0.0)
    airflow = Airflow(a=(False, 0))
    operation = _operation(airflow)

    with _paused(operation):
        airflow.silent = True

    assert Hold(since=5.0, dags=("a",)) == airflow.writes[-1]
    assert any("a may still be held" in said for said in operation.notes.warnings)


def test_without_the_flag_nothing_is_asked() -> None:
    airflow = Airflow()
    airflow.silent = True

    with _paused(_operation(airflow, None)):
        pass

    assert [] == airflow.writes


def test_airflow_3_needs_no_holding_and_says_why() -> None:
    airflow = Airflow(version="3.3.2")

    with pytest.raises(UsageError, match=r"Airflow 3\.3\.2 runs here") as refused:
        holding.check(_operation(airflow))

    assert "ends on the version it began with" in refused.value.hint


def test_an_airflow_that_cannot_be_asked_is_refused() -> None:
    airflow = Airflow()
    airflow.silent = True

    with pytest.raises(UsageError, match="needs to ask Airflow"):
        holding.check(_operation(airflow))


def test_the_plan_says_what_would_be_held() -> None:
    shown = io.StringIO()
    operation = _operation(Airflow(a=(False, 1), b=(False, 0)))
    holding.check(replace(operation, notes=Notes(console=Console(stderr=shown))))

    assert "DAGs to hold: a; 1 run of theirs under way." in shown.getvalue()
