"""Smoke runs on a real Kubernetes: the runs themselves are in tests/engine, by a real Airflow."""

import datetime as dt
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from dagship.errors import Refused
from dagship.model.access import Access
from dagship.model.artifacts import Target
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.results import RolloutResult
from tests.builders.airflow import Object, container, deployment, pod
from tests.cluster import test_thin
from tests.cluster.images import image
from tests.cluster.rig import SECONDS, Rig
from tests.engine.registries import answering, serving
from tests.machine import ROOT

VERSION = "a" * 12


def saying(version: str = VERSION, **said: Any) -> str:
    """A scheduler that is asked for a smoke run by what is packed in an argument, and for its runs by a moment or none."""
    run = json.dumps({"run_id": "dagship_smoke__x", "version": version, **said})
    return f"""case "$5" in ""|*.*) echo '{{"airflow": "3.3.2", "baked": true}}';; *) echo '{run}';; esac"""


def start(rig: Rig, said: str) -> None:
    made = container("scheduler", image("smoke-old"), "scheduler")
    made["env"] = [{"name": "FAKE_ANSWER", "value": said}]
    rig.start(deployment("scheduler", pod(made, name="scheduler"), replicas=1))


def roll(rig: Rig, **asked: Any) -> RolloutResult:
    new = image("smoke-new")
    target = Target(
        image=new, digest=new.partition("@")[2], airflow="3.3.2", dag_version=VERSION, dags={"proof": "proof.py"}
    )
    options = RolloutOptions(**{"timeout": SECONDS, "smoke": ("proof",), **asked})
    return actions.rollout(rig.cluster, rig.console, target, options)


def test_a_release_says_by_which_dags_it_was_proven(rig: Rig) -> None:
    start(rig, saying(state="success"))
    result = roll(rig)

    assert (result.passed, result.proven) == (True, ("proof",))
    assert ("proof",) == rig.record.releases[-1].proven
    assert "proof" in rig.text


def test_a_smoke_run_that_fails_has_it_go_back(rig: Rig) -> None:
    start(rig, saying(state="failed", failed=["load"]))
    before = rig.written()
    result = roll(rig)

    assert (result.passed, result.outcome, result.proven) == (False, "undone", ())
    assert result.failure is not None
    assert ("SmokeFailed", "the smoke run of proof failed in load: dagship_smoke__x") == (
        result.failure.reason, result.failure.message,
    )  # fmt: skip
    assert (rig.written(), rig.record.releases, rig.record.journal) == (before, (), None)
    assert {images for _, images, _ in rig.pods()} == {(image("smoke-old"),)}


def test_without_undo_it_stays_and_the_next_rollout_may_prove_it(rig: Rig) -> None:
    start(rig, saying(state="failed"))
    assert "left" == roll(rig, undo=False).outcome
    rig.kubectl(
        "set", "env", "deployment/scheduler", f"FAKE_ANSWER={saying(state='success', others=['dagship_smoke__y'])}"
    )
    rig.kubectl.wait_ready("deployment/scheduler")
    result = roll(rig)

    assert (result.passed, result.proven, rig.record.journal) == (True, ("proof",), None)
    assert any("has not ended: dagship_smoke__x, dagship_smoke__y" in said for said in result.warnings)


def test_a_dag_that_is_paused_is_refused_before_anything_moves(rig: Rig) -> None:
    start(rig, saying(state="", obstacle="paused"))
    before = rig.written()

    with pytest.raises(Refused, match="proof is paused"):
        roll(rig)
    assert (rig.written(), rig.record.journal) == (before, None)


def test_a_version_that_was_announced_goes_back_by_the_same_way_and_no_pod_is_replaced(rig: Rig) -> None:
    airflow = test_thin.start(rig)
    rig.kubectl("set", "env", "deployment/scheduler", f"FAKE_ANSWER={saying(test_thin.V6, state='failed')}")
    rig.kubectl.wait_ready("deployment/scheduler")
    assert "moved" == airflow.rollout(test_thin.V5, test_thin.T5).outcome
    pods = airflow.pods()
    result = airflow.rollout(test_thin.V6, test_thin.T6, smoke=("proof",))

    assert (result.outcome, airflow.version) == ("undone", test_thin.V5)
    assert airflow.pods() <= pods  # the scheduler's first one may have been ending
    assert result.failure is not None
    assert "SmokeFailed" == result.failure.reason
    assert test_thin.V5 == rig.record.releases[-1].dag_version


def test_by_airflows_api_the_role_that_runs_nothing_in_pods_is_enough(rig: Rig, least: Rig, role: Object) -> None:
    """What is asked and answered there is compared with a real Airflow's in tests/engine."""
    begun: list[str] = []

    class Airflow(answering(200, b"")):  # type: ignore[misc]
        def _answer(self) -> None:
            path = urlsplit(self.path).path.removeprefix("/api/v2/")
            if path == "dags/proof/dagRuns" and self.command == "POST":
                begun.append(path)
            is_run = path.startswith("dags/proof/dagRuns/")
            self.status = 404 if is_run and not begun else 200
            self.body = json.dumps(RUN if is_run else said(rig).get(path, EMPTY)).encode()
            super()._answer()

        do_GET = do_POST = _answer  # noqa: N815 - the library's names

    rules = (ROOT / "k8s/rbac/rest/role.yaml").read_text("utf-8")
    rig.kubectl("apply", "-f", "-", input=rules.replace("namespace: airflow", f"namespace: {rig.kubectl.namespace}"))
    old = image("smoke-old")
    rig.start(
        deployment("scheduler", pod(container("scheduler", old, "scheduler"), name="scheduler"), replicas=1),
        deployment("dag-processor", pod(container("main", old, "dag-processor"), name="dag-processor"), replicas=1),
    )
    with serving(Airflow) as address:
        result = roll(least, access=Access(url=f"http://{address}", token=SecretStr("s3cr3t-of-a-test")))

    assert (result.passed, result.proven, result.live is not None) == (True, ("proof",), True), result.failure
    assert result.served is not None
    assert len(begun) == 1
    assert "could not be asked" not in rig.text
    assert "s3cr3t" not in rig.text + json.dumps(rig.kubectl.get("configmaps"))


RUN = {"dag_run_id": "x", "state": "success", "bundle_version": VERSION}
# Of every list that is asked for beside those below.
EMPTY = {"task_instances": [], "dag_runs": [], "import_errors": [], "total_entries": 0}


def said(rig: Rig) -> dict[str, object]:
    """What an Airflow says that has read the new version."""
    proof = {
        "dag_id": "proof", "bundle_name": "dags-folder", "bundle_version": VERSION, "relative_fileloc": "proof.py",
        "last_parsed_time": dt.datetime.now(dt.UTC).isoformat(), "is_paused": False, "is_stale": False,
    }  # fmt: skip
    return {
        "version": {"version": "3.3.2"},
        "jobs": {"jobs": [{"hostname": one["metadata"]["name"]} for one in rig.kubectl.get("pods")["items"]]},
        "dags": {"dags": [proof], "total_entries": 1},
        "dags/proof": proof,
    }
