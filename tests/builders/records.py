"""Moves, releases and a rollout under way, as a record has them."""

from dagship.record.model import Change, Journal, Move, Release


def move(image: str = "airflow:1") -> Move:
    change = Change(field="image", container="worker", init=True, before=None, after=image)
    variable = Change(field="env", container="worker", name="TAG", before="", after=None)
    return Move(kind="StatefulSet", name="worker", role="worker", changes=(change, variable))


def release(number: int, *, image: str = "airflow:1", who: str = "ci") -> Release:
    return Release(number=number, kind="rollout", image=image, who=who, when="2026-01-01", moves=(move(image),))


def journal() -> Journal:
    return Journal(
        state="undoing",
        kind="rollback",
        image="",
        dag_version="",
        airflow="",
        who="ci",
        job="",
        began="",
        moves=(move(),),
    )
