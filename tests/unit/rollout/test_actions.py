"""What a rollout moves where dagship's chart brings the DAGs from elsewhere."""

import io
import json
from typing import Any

import pytest

from dagship.errors import OutsideError, UsageError
from dagship.model.artifacts import Target
from dagship.record import form
from dagship.record.model import Change, Move, Record, Release
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.preflight.dag_source import BUNDLES, FOLDER
from dagship.rollout.results import RolloutResult
from dagship.terminal.console import Console
from tests.builders.airflow import celery, container, deployment, pod, stateful_set
from tests.builders.namespace import Namespace

IMAGE = f"registry.example.com/airflow@sha256:{'b' * 64}"


def charts(mode: str, airflow: str) -> Namespace:
    """An Airflow as dagship's chart renders it: what says where DAGs are is in the ConfigMap of all its pods."""
    labels = {
        "app.kubernetes.io/name": "airflow",
        "app.kubernetes.io/instance": "air",
        "app.kubernetes.io/component": "scheduler",
        "helm.sh/chart": "airflow-0.1.0",
    }
    kind = "synced.SyncedDagBundle" if mode == "git" else "local.LocalDagBundle"
    folder = {"git": "/opt/airflow/dags-git/current", "persistent": "/opt/airflow/dags"}.get(mode)
    said = {BUNDLES: json.dumps([{"name": "dags-folder", "classpath": kind}]), FOLDER: folder} if folder else {}
    settings = {
        "kind": "ConfigMap",
        "metadata": {"name": "air-config", "labels": labels},
        "data": {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor", **said},
    }
    taken: Any = [{"configMapRef": {"name": "air-config"}}]
    volumes = [{"name": f"dags-{mode}", "emptyDir": {}}] if folder else []

    def template(name: str, *command: str) -> dict[str, Any]:
        return pod(
            container(name, f"registry.example.com/airflow:{airflow}", *command, envFrom=taken),
            name=name,
            volumes=volumes,
        )

    return Namespace(
        settings,
        stateful_set(
            "air-worker",
            template("worker", "celery", "worker"),
            labels={**labels, "app.kubernetes.io/component": "worker"},
        ),
        deployment("air-scheduler", template("scheduler", "scheduler"), labels=labels),
        deployment("air-web", template("web", "api-server"), labels={**labels, "app.kubernetes.io/component": "web"}),
    )


@pytest.mark.parametrize("airflow", ["2.11.2", "3.3.2"])
@pytest.mark.parametrize("mode", ["git", "persistent", "embedded"])
def test_a_rollout_moves_the_packages_alone_where_the_chart_brings_dags_from_elsewhere(mode: str, airflow: str) -> None:
    target = Target(image=IMAGE, digest=IMAGE.partition("@")[2], dag_version="a" * 12, airflow=airflow)
    namespace: Any = charts(mode, airflow)
    result = actions.rollout(namespace, Console(stderr=io.StringIO()), target, RolloutOptions(dry_run=True))
    said = [one for one in result.warnings if f"(dags.mode: {mode})" in one]

    assert [move.key for move in result.moves] == [
        "statefulset/air-worker", "deployment/air-web", "deployment/air-scheduler",
    ]  # fmt: skip
    assert (result.outcome, result.image) == ("planned", IMAGE)
    assert (result.dag_version, len(said)) == (("a" * 12, 0) if mode == "embedded" else ("", 1))


def test_the_server_is_not_asked_about_an_image_that_has_no_digest_yet() -> None:
    """A policy that wants digests would refuse the tag, and not what the push makes of it."""

    class Policy(Namespace):
        def patch(self, *_: Any, **__: Any) -> Any:
            raise OutsideError("admission webhook denied the request: the image has no digest")

    def planned(image: str) -> RolloutResult:
        namespace: Any = Policy(*celery("registry.example.com/airflow:1-1"))
        target = Target(image=image, digest=image.partition("@")[2], airflow="3.3.2")
        return actions.rollout(namespace, Console(stderr=io.StringIO()), target, RolloutOptions(dry_run=True))

    result = planned("registry.example.com/airflow:1-2")

    unasked = "The server was not asked what it says of the image, which has no digest before it is pushed."
    assert (result.outcome, result.state) == ("planned", f"Nothing was changed. {unasked}")
    assert {change.after for move in result.moves for change in move.changes} == {"registry.example.com/airflow:1-2"}
    with pytest.raises(OutsideError, match="denied the request"):
        planned(IMAGE)


def test_a_rollback_where_nothing_runs_the_image_any_more_names_no_flag_that_it_lacks() -> None:
    moves = (Move(kind="Deployment", name="gone", changes=(Change(field="image", container="x", after=IMAGE),)),)
    record = Record(releases=(Release(number=1, kind="rollout", image=IMAGE, when="", moves=moves),))
    written = {"kind": "ConfigMap", "metadata": {"name": form.NAME}, "data": form.dump(record)}
    namespace: Any = Namespace(written, *celery("registry.example.com/other:1"))

    with pytest.raises(UsageError, match=r"runs registry\.example\.com/airflow any more") as refused:
        actions.rollback(namespace, Console(stderr=io.StringIO()), 1, RolloutOptions())
    assert "--workloads" in refused.value.hint
    assert "--from-image" not in refused.value.hint
