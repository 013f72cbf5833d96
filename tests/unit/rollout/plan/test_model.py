"""A plan: how its moves are written, and whether an image is among them."""

from dagship.airflow.activity import Activity
from dagship.model.artifacts import Target
from dagship.record.model import Change, Move, Record
from dagship.rollout.plan.model import Planned, as_planned
from dagship.rollout.survey import Survey
from dagship.workloads.inventory import Inventory

TARGET = Target(image="x", digest="", dag_versions=("a", "b"))
IMAGE = Move(kind="Deployment", name="x", changes=(Change(field="image", container="x", before="1", after="2"),))
ANNOUNCED = Move(kind="ConfigMap", name="x", role="announcement", changes=(Change(field="announced", after="2"),))


def planned(*moves: Move, undo: bool = False) -> Planned:
    return Planned(kind="rollout", target=TARGET, moves=moves, undo=undo)


def test_an_undo_writes_the_way_back_last_first() -> None:
    assert planned(IMAGE, ANNOUNCED).writes == (IMAGE, ANNOUNCED)
    assert planned(IMAGE, ANNOUNCED, undo=True).announcements == (ANNOUNCED.reversed(),)
    assert planned(IMAGE, ANNOUNCED, undo=True).writes == (ANNOUNCED.reversed(), IMAGE.reversed())


def test_it_announces_where_it_moves_no_image() -> None:
    assert planned(ANNOUNCED).announces
    assert not planned(IMAGE, ANNOUNCED).announces
    same = IMAGE.model_copy(update={"changes": (IMAGE.changes[0].model_copy(update={"before": "2"}),)})
    assert planned(same, ANNOUNCED).announces
    assert not planned(same).announces
    assert not planned().announces


def test_most_plans_are_the_same_whatever_airflow_says() -> None:
    survey = Survey(inventory=Inventory(objects={}, workloads=()), record=Record())

    assert as_planned(planned(IMAGE), survey, Activity()) == planned(IMAGE)
