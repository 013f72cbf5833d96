"""Where a rollback goes: which releases are this Airflow's, and which of them is the one."""

import io
import json
from typing import Any

import pytest

from dagship.artifacts import Target
from dagship.console import Console
from dagship.errors import UsageError
from dagship.record.model import Change, Journal, Move, Record, Release
from dagship.rollout import actions
from dagship.rollout.options import Asked
from dagship.rollout.plan import dag_version, own_releases
from dagship.rollout.preflight.dag_source import BUNDLES, FOLDER
from dagship.rollout.survey import Survey
from dagship.workloads import spec
from tests.builders.namespace import Namespace
from tests.cluster.airflows import container, deployment, pod, stateful_set

A, B, C = (f"registry.example.com/airflow@sha256:{letter * 64}" for letter in "abc")
OTHER = f"registry.example.com/other@sha256:{'d' * 64}"


def release(number: int, image: str, *names: str) -> Release:
    moves = tuple(
        Move(kind="Deployment", name=name, changes=(Change(field="image", container="main", after=image or "x:1"),))
        for name in names or ("scheduler",)
    )
    return Release(
        number=number, kind="rollout" if image else "found", image=image, when="2026-01-01T00:00:00+00:00", moves=moves
    )


def journal(kind: str, image: str) -> Journal:
    return Journal(
        state="moving", kind=kind, image=image, dag_version="", airflow="", who="x", job="", began="", moves=()
    )


def survey(record: Record, *names: str) -> Survey:
    read = tuple(
        spec.read(
            "Deployment",
            {
                "metadata": {"name": name},
                "spec": {"template": {"spec": {"containers": [{"name": "main", "image": A}]}}},
            },
        )
        for name in names
    )
    return Survey(objects={}, workloads=read, record=record)


def back_to(
    *releases: Release, here: tuple[str, ...] = ("scheduler",), to: int | None = None, unfinished: Journal | None = None
) -> int:
    record = Record(releases=releases, journal=unfinished)
    own = own_releases.own(survey(record, *here))
    return actions._release(record, own, to).number


def test_what_moves_again_is_what_the_last_release_moved_that_moved_images() -> None:
    pointed = Change(field="env", container="main", name=dag_version.POINTER, after="a" * 12)
    within = release(3, B).model_copy(
        update={"moves": (Move(kind="Deployment", name="dag-processor", changes=(pointed,)),)}
    )
    earlier = (release(1, A), release(2, B, "scheduler", "dag-processor"))

    assert earlier[1].moves == actions._moved((*earlier, within)) == actions._moved(earlier)
    assert () == actions._moved(())


def test_it_goes_to_the_release_before() -> None:
    assert 1 == back_to(release(0, ""), release(1, A), release(2, B))


def test_a_release_of_the_same_image_is_no_way_back() -> None:
    assert 1 == back_to(release(0, ""), release(1, A), release(2, B), release(3, B))


def test_before_the_first_release_is_what_was_found() -> None:
    assert 0 == back_to(release(0, ""), release(1, A), release(2, A))


def test_a_second_rollback_goes_forward_again() -> None:
    assert 2 == back_to(release(1, A), release(2, B), release(3, A))


def test_the_releases_of_another_airflow_in_the_namespace_do_not_count() -> None:
    releases = (release(1, A), release(2, OTHER, "other"), release(3, B), release(4, OTHER, "other"))

    assert 1 == back_to(*releases, here=("scheduler",))
    with pytest.raises(UsageError, match="no earlier release"):
        back_to(*releases, here=("other",))


def test_an_unfinished_rollout_goes_back_to_the_last_that_succeeded() -> None:
    assert 2 == back_to(release(1, A), release(2, B), unfinished=journal("rollout", C))


def test_an_unfinished_rollback_is_finished() -> None:
    assert 1 == back_to(release(1, A), release(2, B), release(3, C), unfinished=journal("rollback", A))
    assert 0 == back_to(release(0, ""), release(1, A), release(2, B), unfinished=journal("rollback", ""))


def test_a_number_is_taken_at_its_word() -> None:
    assert 1 == back_to(release(1, A), release(2, B), release(3, C), to=1, unfinished=journal("rollout", A))
    with pytest.raises(UsageError, match="no release 7"):
        back_to(release(1, A), to=7)


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
    target = Target(image=B, digest=B.partition("@")[2], dag_version="a" * 12, airflow=airflow)
    namespace: Any = charts(mode, airflow)
    result = actions.rollout(namespace, Console(stderr=io.StringIO()), target, Asked(dry_run=True))
    said = [one for one in result.warnings if f"(dags.mode: {mode})" in one]

    assert [move.key for move in result.moves] == [
        "statefulset/air-worker", "deployment/air-web", "deployment/air-scheduler",
    ]  # fmt: skip
    assert (result.outcome, result.image) == ("planned", B)
    assert (result.dag_version, len(said)) == (("a" * 12, 0) if mode == "embedded" else ("", 1))
