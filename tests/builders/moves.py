"""Workloads of an Airflow, and moves of them."""

from typing import Any

from dagship.model.artifacts import Target
from dagship.record.model import Change, Journal, Move
from dagship.workloads import spec
from dagship.workloads.kinds import Kind
from dagship.workloads.selection import Selected, select
from tests.builders.airflow import container, deployment, pod

OLD, NEW, NEWER = (f"registry.example:5000/team/airflow@sha256:{digit * 64}" for digit in "abc")
TARGET = Target(image=NEW, digest=f"sha256:{'b' * 64}")
REPOSITORY = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_REPOSITORY"


def selected(*made: dict[str, Any]) -> Selected:
    return select([spec.read(one["kind"], one) for one in made], repositories=[OLD])


def objects(*made: dict[str, Any]) -> dict[tuple[Kind, str], dict[str, Any]]:
    return {(one["kind"], one["metadata"]["name"]): one for one in made}


def component(name: str, image: str = OLD, *words: str) -> dict[str, Any]:
    return deployment(name, pod(container(name, image, *(words or (name,))), name=name))


def move(name: str = "x", *changes: Change, kind: Kind = "Deployment", **more: Any) -> Move:
    return Move(kind=kind, name=name, changes=changes, **more)


def image(before: str | None = OLD, after: str | None = NEW, *, of: str = "x", init: bool = False) -> Change:
    return Change(field="image", container=of, init=init, before=before, after=after)


def env(before: str | None, after: str | None, *, of: str = "x") -> Change:
    return Change(field="env", container=of, name=REPOSITORY, before=before, after=after)


def journal(*moves: Move) -> Journal:
    return Journal(
        state="moving", kind="rollout", image=NEW, dag_version="", airflow="", who="ci", job="", began="", moves=moves
    )


def steps(moves: tuple[Move, ...]) -> list[tuple[int, str]]:
    return [(one.step, one.key) for one in moves]
