"""How Airflow is asked: of whom, and what is made of an answer that is none."""

import base64
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence
from typing import get_args
from unittest.mock import MagicMock
from urllib.parse import urlencode

import pytest

from dagship.airflow import query, scheduler_python
from dagship.airflow.scheduler_python import CannotAsk
from dagship.errors import OutsideError
from dagship.inside.scheduler import activity
from dagship.inside.scheduler.answer import MARK
from tests.builders import pods as o
from tests.builders.airflow import celery, container, deployment, pod
from tests.builders.scheduler import SCHEDULER, Airflow, answer, inventory, live


def unpacked(argv: Sequence[str]) -> str:
    return zlib.decompress(base64.urlsafe_b64decode(argv[3])).decode()


def test_the_container_of_the_scheduler_is_asked_in_a_pod_that_is_ready() -> None:
    gone = o.pod("scheduler-gone", deleting=o.NOW)
    airflow = Airflow(answer(airflow="3.3.2"), o.pod("scheduler-new", ready=False), gone, o.pod("scheduler-old"))

    assert "3.3.2" == live(airflow).airflow
    assert [("scheduler-old", "main")] == [one[:2] for one in airflow.asked]
    assert ["app=scheduler"] == airflow.selectors


def test_of_two_airflows_the_one_that_is_meant_is_asked() -> None:
    other = deployment("other-scheduler", pod(container("x", o.V1, "scheduler"), name="other-scheduler"))
    airflow = Airflow(answer())
    there = inventory(SCHEDULER, other)
    query.connect(airflow, there, {"deployment/other-scheduler"}).activity()  # type: ignore[arg-type]

    assert ["app=other-scheduler"] == airflow.selectors


def test_what_only_has_the_name_of_a_scheduler_is_asked_last() -> None:
    named = {"name": "x", "image": o.V1, "command": ["python", "report.py"]}
    other = deployment("report-scheduler", pod(named, name="report-scheduler"))
    airflow = Airflow(answer())
    both = {"deployment/report-scheduler", "deployment/scheduler"}
    query.connect(airflow, inventory(other, SCHEDULER), both).activity()  # type: ignore[arg-type]

    assert ["app=scheduler"] == airflow.selectors


def test_the_script_is_python_and_takes_the_moment_as_an_argument() -> None:
    airflow = Airflow(answer())
    live(airflow, since=1_790_000_000.1234)
    (_, _, argv), = airflow.asked  # fmt: skip

    for script in (argv[2], unpacked(argv)):
        compile(script, "script", "exec")
    assert ["python", "-c", "1790000000.123"] == [argv[0], argv[1], argv[5]]
    assert unpacked(argv).endswith(", 'activity')\n")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (OutsideError("Cannot run python in Pod scheduler-0: forbidden."), "forbidden"),
        ("nothing that we asked for", "did not answer"),
        (f"{MARK}not JSON", "did not answer"),
        (f"{MARK}[1]", "did not answer"),
        (
            answer(no_use="no scheduler has given a sign"),
            "of no use: no scheduler has given a sign. Either the scheduler",
        ),
        (answer(no_use="its database is not there", unread="overwritten"), "with SPT_NOENV=1 in its container"),
        (answer(no_use="its database is not there", unread="forbidden"), "runs as another user than a command"),
        (answer(error="OperationalError: no\nroute"), "OperationalError: no route"),
        (answer(runs="many"), "cannot be read"),
    ],
)
def test_why_there_is_no_answer_is_a_sentence(said: str | OutsideError, why: str) -> None:
    with pytest.raises(CannotAsk, match=why):
        live(Airflow(said))

    found, sentence = query.connect(Airflow(said), inventory(SCHEDULER)).activity_or_reason()  # type: ignore[arg-type]
    assert found is None
    assert why in sentence


def test_no_command_is_longer_than_web_addresses_may_be() -> None:
    questions = get_args(scheduler_python.Question)
    sizes = [len(urlencode([("command", word) for word in scheduler_python.argv(one)])) for one in questions]

    assert max(sizes) < 6000  # and leaves room for a hundred DAGs


@pytest.mark.parametrize(
    ("airflow", "found", "gone"),
    [(3, False, False), (3, True, True), (3, None, True), (2, True, False), (2, False, True), (2, None, True)],
)
def test_a_dag_is_gone_where_airflow_says_so_and_where_it_has_no_row_of_it(
    monkeypatch: pytest.MonkeyPatch, airflow: int, found: bool | None, gone: bool
) -> None:
    names = ["airflow.configuration", "airflow.jobs.job", "airflow.models", "airflow.utils.session", "sqlalchemy"]
    there = {name: MagicMock() for name in ("airflow", "airflow.jobs", "airflow.utils", *names)}
    for name, module in there.items():
        monkeypatch.setitem(sys.modules, name, module)
    there["airflow"].__version__ = f"{airflow}.0.0"
    there["airflow.configuration"].conf.get.return_value = ""
    there["airflow.configuration"].conf.getint.return_value = 30
    row = ["d", False, found, "d.py", None, 1, 2]
    if airflow == 2:
        del there["airflow.models"].DagModel.is_stale
        del there["airflow.models"].DagRun.bundle_version
        row.pop(4)
    session = there["airflow.utils.session"].create_session.return_value.__enter__.return_value
    session.scalar.return_value.timestamp.return_value = time.time()
    answers = [MagicMock(**{"all.return_value": rows}) for rows in ([], [row], [])]
    session.execute.side_effect = [*answers, []]
    url = session.get_bind.return_value.url
    url.get_backend_name.return_value, url.host, url.database = "postgresql", "db", "airflow"
    (said,) = query.read(activity.ask()).dags

    assert (said.dag_id, said.gone, said.runs, said.queued) == ("d", gone, 2, 1)
    # NULL is like nothing, and unlike nothing: the query asks for it by name.
    assert there["airflow.models"].DagModel.fileloc.is_.called is (airflow == 2)


def test_without_a_scheduler_nobody_is_asked() -> None:
    worker = celery(o.V1)[0]

    for airflow, there, why in (
        (Airflow(answer()), inventory(worker), "There is no scheduler."),
        (Airflow(answer(), o.pod(ready=False)), inventory(SCHEDULER), "No pod of a scheduler is ready."),
    ):
        assert (None, why) == query.connect(airflow, there).activity_or_reason()  # type: ignore[arg-type]
        assert [] == airflow.asked


def test_what_fails_inside_is_told_without_passwords() -> None:
    script = (
        "from dagship.inside.scheduler.answer import answer\n"
        "def ask(): raise OSError('cannot reach postgresql://airflow:s3cret@db/airflow')\nanswer(ask)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    with pytest.raises(CannotAsk, match=r"OSError: cannot reach postgresql://airflow:\*\*\*@db") as failed:
        live(Airflow(said.stdout))

    assert "s3cret" not in failed.value.message
