"""When a rollout has waited long enough for Airflow, and what comes of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dagship.airflow_api.api import Answer
from dagship.airflow_api.pages import Page
from dagship.cluster.failures import Forbidden
from dagship.errors import OutsideError
from dagship.health.watcher import WorkloadFailed
from dagship.inside.scheduler.answer import MARK
from dagship.model.artifacts import Target
from dagship.record.model import Change, Journal, Move, Record
from dagship.rollout.execute import served
from dagship.rollout.execute.announce import Written
from dagship.rollout.execute.operation import Before, Moving
from dagship.rollout.execute.tell import Compare
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan.model import Planned
from dagship.rollout.survey import Survey
from tests.builders import operations
from tests.builders import pods as o
from tests.builders.airflow import celery
from tests.builders.namespace import Namespace
from tests.builders.scheduler import inventory

V = "5" * 12
TARGET = Target(image="x", digest="", dag_version=V, airflow="3.3.2", dags={"one": "a.py"})
ONE = ("one", "a.py", V, 10.0)
WELL = {"version": V, "served": True, "done": True, "left": 0, "dags": [ONE]}
BEFORE = Before(version="4" * 12, broken=())
CHANGE = Change(field="image", container="dag-processor", before="a", after="b")
MOVE = Move(kind="Deployment", name="dag-processor", role="dag-processor", changes=(CHANGE,))


class Airflow(Namespace):
    """A namespace whose dag-processor gives one answer after the other, and then the last of them."""

    def __init__(self, *answers: dict[str, Any] | OutsideError | None, ready: int = 1) -> None:
        name = "dag-processor"
        running: dict[str, Any] = {"containers": [o.container(name)], "statuses": [o.running(name)]}
        super().__init__(*(o.pod(f"{name}-{number}", **running) for number in range(ready)))
        self._answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def exec(self, _pod: str, _container: str, _argv: Any, *, timeout: float, stdin: bytes) -> tuple[int, str]:
        self.asked.append(json.loads(stdin.partition(b"\n")[2])["asked"])
        assert timeout > self.asked[-1]["seconds"]
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, OutsideError):
            raise answer
        return (127, "no python") if answer is None else (0, f"{MARK}{json.dumps(answer)}\n")


def moving(airflow: Airflow, before: Before | None = BEFORE, **options: Any) -> Moving:
    plan = Planned(kind="rollout", target=TARGET, moves=(MOVE,))
    survey = Survey(inventory=inventory(*celery(o.V1)), record=Record())
    operation = operations.operation(airflow, plan, survey, **options)
    found = operations.moving(airflow, TARGET, MOVE)
    return replace(found, operation=operation, before=before)


def failed(airflow: Airflow, **options: Any) -> tuple[str, str, str]:
    with pytest.raises(WorkloadFailed) as why:
        served.moved(moving(airflow, **options))
    return why.value.workload, why.value.fault.reason, why.value.fault.message


def test_what_is_served_is_and_the_question_has_what_is_known() -> None:
    airflow = Airflow(WELL)

    assert served.moved(moving(airflow, Before(version=V, broken=("old.py",))))
    (asked,) = airflow.asked
    assert (asked["version"], asked["serial"], asked["files"], asked["broken"]) == (V, None, ["a.py"], ["old.py"])
    assert asked["anew"]
    assert airflow.checks > 0


def test_a_version_that_was_not_served_before_need_not_be_read_anew() -> None:
    airflow = Airflow(WELL)

    assert served.moved(moving(airflow))
    assert not airflow.asked[0]["anew"]


def test_it_is_waited_for_as_long_as_files_are_read() -> None:
    late = [{"version": V, "served": False, "left": left, "waiting": ["a.py"]} for left in (3, 2, 1)]
    airflow = Airflow(*late, WELL)

    assert served.moved(moving(airflow, served_timeout=2.0))
    assert len(airflow.asked) == 4


def test_what_is_not_read_in_time_fails_with_what_is_waited_for() -> None:
    late = {"version": V, "served": False, "left": 1, "waiting": ["a.py"]}

    assert failed(Airflow(late), served_timeout=0.2) == (
        "deployment/dag-processor", "NotServed",
        f"DAG version {V} was not served within 0 s: 1 of its files are not read yet, or make no DAG there (a.py)",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "reason", "message"),
    [
        ({**WELL, "served": False, "new": {"a.py": "KeyError: 'x'"}}, "ImportError", "import a.py: KeyError: 'x'"),
        ({**WELL, "dags": []}, "DagMissing", "that the test found: one of a.py"),
    ],
)
def test_what_is_wrong_fails_at_once(answer: dict[str, Any], reason: str, message: str) -> None:
    airflow = Airflow(answer)
    workload, said, why = failed(airflow)

    assert (workload, said, len(airflow.asked)) == ("deployment/dag-processor", reason, 1)
    assert why.endswith(message)


def test_where_nobody_is_there_it_is_not_served() -> None:
    _, reason, message = failed(Airflow(WELL, ready=0), served_timeout=0.05)

    assert (reason, message.rpartition(": ")[2]) == ("NotServed", "no pod that reads DAG files is there to be asked")


def test_a_pod_that_ended_while_it_was_asked_is_asked_again() -> None:
    airflow = Airflow(Forbidden("It ended."), None, WELL)

    assert served.moved(moving(airflow))
    assert len(airflow.asked) == 3


@pytest.mark.parametrize("answer", [None, {}, {"error": "OperationalError"}, OutsideError("pods/exec is forbidden.")])
def test_what_cannot_be_asked_is_a_warning_and_no_failure(answer: Any) -> None:
    under_way = moving(Airflow(answer))

    assert not served.moved(under_way)
    (said,) = under_way.operation.notes.warnings
    assert said.startswith(f"whether Airflow serves DAG version {V} is not known: ")


def test_errors_of_which_nobody_knows_since_when_are_a_warning() -> None:
    under_way = moving(Airflow({**WELL, "errors": {"old.py": "KeyError: 1"}}), Before(version=""))

    assert served.moved(under_way)
    (said,) = under_way.operation.notes.warnings
    assert said.endswith("is not known: old.py: KeyError: 1")


def test_the_journal_says_that_airflow_is_waited_for_and_what_was_broken_before() -> None:
    under_way = moving(Airflow(WELL), Before(version=V, broken=("old.py",)))
    under_way.write_journal()

    assert served.moved(under_way)
    journal = under_way.ledger.record.journal
    assert journal is not None
    assert (journal.state, journal.broken) == ("serving", ("old.py",))


def before(airflow: Airflow, journal: Journal | None = None, target: Target = TARGET) -> Before | None:
    survey = Survey(inventory=inventory(*celery(o.V1)), record=Record(journal=journal))
    plan = Planned(kind="rollout", target=target, moves=(MOVE,))
    return served.before(operations.operation(airflow, plan, survey))


def test_what_was_broken_before_anything_moved_is_asked_for_once() -> None:
    airflow = Airflow({**WELL, "version": "4" * 12, "errors": {"old.py": "", "a.py": ""}})

    assert before(airflow) == Before(version="4" * 12, broken=("a.py", "old.py"))
    assert (airflow.asked[0]["version"], airflow.asked[0]["seconds"]) == ("", 0.0)


def test_one_that_was_cut_off_has_asked_already() -> None:
    airflow = Airflow(WELL)
    journal = Journal(
        state="serving", kind="rollout", image="x", dag_version=V, airflow="", who="", job="", began="",
        broken=("old.py",),
    )  # fmt: skip

    assert before(airflow, journal) == Before(version="", broken=("old.py",))
    assert airflow.asked == []


@pytest.mark.parametrize("ask", [lambda: before(Airflow(None)), lambda: before(Airflow(WELL, ready=0))])
def test_where_nobody_answers_it_is_not_known(ask: Callable[[], Before | None]) -> None:
    assert ask() == Before(version="", broken=None)


def test_where_the_image_brings_no_dag_version_nobody_is_asked() -> None:
    airflow = Airflow(WELL)

    assert before(airflow, target=Target(image="x", digest="", airflow="3.3.2")) is None
    assert not served.moved(moving(airflow, None))
    assert airflow.asked == []


class Api:
    """An API of Airflow that has one DAG, and an import error of a file that was broken for long."""

    is_2 = False

    def get(self, *_: str) -> Answer:
        return Answer({}, 1000.0)

    def every(self, key: str, *_: str, **__: Any) -> Page:
        moment = {"bundle_name": "dags-folder", "timestamp": "2026-11-30T06:40:00Z", "last_parsed_time": None}
        dag = {"dag_id": "one", "relative_fileloc": "a.py", "bundle_version": V, **moment}
        wrong = {"filename": "old.py", "stack_trace": "KeyError: 1", **moment}
        return Page([dag if key == "dags" else wrong], 1)


def announcing(airflow: Airflow) -> Moving:
    move = Move(kind="ConfigMap", name="dags", role="announcement", changes=())
    found = moving(airflow, None)
    api: Any = Api()
    operation = replace(found.operation, api=api, plan=replace(found.operation.plan, moves=(move,)))
    return replace(found, operation=operation, before=served.before(operation))


def test_by_rest_what_was_broken_before_an_announcement_is_asked_for_as_no_dag_processor_can_be() -> None:
    under_way = announcing(Airflow(WELL))

    assert under_way.before == Before(version=V, broken=("old.py",), asked=1000.0)
    with under_way.operation.notes.board("serving", "…") as board:
        served.announced(under_way, board, "dags", Written(V, 3))
        with pytest.raises(WorkloadFailed, match="ImportError"):
            served.announced(replace(under_way, before=Before(broken=())), board, "dags", Written(V, 3))


def test_by_rest_what_is_announced_again_to_go_back_is_not_judged_by_import_errors() -> None:
    under_way = announcing(Airflow(WELL))
    target = TARGET.model_copy(update={"dag_version": "6" * 12})
    back = replace(under_way.operation, plan=replace(under_way.operation.plan, target=target))
    with under_way.operation.notes.board("serving", "…") as board:
        served.announced(replace(under_way, operation=back, before=Before(broken=())), board, "dags", Written(V, 3))


@pytest.mark.parametrize(
    ("affected", "waited"),
    [(("a.py",), ("a.py",)), (("a.py", "no_dag.py"), ("a.py",)), (("no_dag.py",), None), ((), None), (None, None)],
)
def test_by_rest_the_dag_files_that_are_affected_are_waited_for(affected: Any, waited: Any) -> None:
    asked: list[Any] = []

    def find(*known: Any) -> Any:
        asked.append(known)
        return affected

    under_way = announcing(Airflow(WELL))
    operation = replace(under_way.operation, compare=Compare(affected=find))

    assert served._alone(operation, under_way.before or BEFORE) == waited
    assert asked == [((), TARGET, V)]
    assert served._alone(replace(operation, api=None), BEFORE) is None


def test_by_rest_the_file_of_a_dag_that_proves_the_version_is_waited_for_too() -> None:
    found = announcing(Airflow(WELL))
    target = TARGET.model_copy(update={"dags": {"one": "a.py", "two": "b.py", "three": "c.py"}})
    operation = replace(
        found.operation,
        plan=replace(found.operation.plan, target=target),
        options=RolloutOptions(smoke=("two",)),
        compare=Compare(affected=lambda *_: ("a.py",)),
    )

    assert served._alone(operation, BEFORE) == ("a.py", "b.py")
    assert served._alone(replace(operation, compare=Compare(affected=lambda *_: ())), BEFORE) is None


def test_by_rest_a_dag_of_a_file_that_is_not_affected_need_not_be_of_the_version() -> None:
    target = TARGET.model_copy(update={"dags": {"one": "a.py", "two": "b.py"}})
    found = announcing(Airflow(WELL))
    plan = replace(found.operation.plan, target=target)
    operation = replace(found.operation, plan=plan, options=RolloutOptions(served_timeout=0.05))
    with operation.notes.board("serving", "…") as board:
        with pytest.raises(WorkloadFailed, match="NotServed"):
            served.announced(replace(found, operation=operation), board, "dags", Written(V, 3))
        knowing = replace(operation, compare=Compare(affected=lambda *_: ("a.py",)))
        served.announced(replace(found, operation=knowing), board, "dags", Written(V, 3))


def test_where_dag_processors_can_be_asked_themselves_they_know_what_was_broken() -> None:
    found = announcing(Airflow(WELL))

    assert served.before(replace(found.operation, api=None)) is None
