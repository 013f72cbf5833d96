"""The values that docs/how-to/thin-delivery.md shows for other charts are all that an Airflow of theirs needs."""

import re
from pathlib import Path

import pytest
import yaml

from dagship.model.thin import NAME, Receiver
from dagship.record.model import Record
from dagship.rollout.survey import Survey
from dagship.rollout.thin import receiver
from dagship.workloads import selection, spec
from dagship.workloads.inventory import Inventory
from dagship.workloads.kinds import KINDS
from tests.builders import charts
from tests.builders.airflow import Object

PAGE = Path(__file__).parents[4] / "docs/how-to/thin-delivery.md"
REPOSITORY = "registry.example:5000/team/airflow"
IMAGE = f"{REPOSITORY}@sha256:{'1' * 64}"


def shown(chart: str) -> Object:
    """The values that the page shows for a chart."""
    (block,) = re.findall(
        rf"^```yaml\n(# {chart} chart, values\n.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    values: Object = yaml.safe_load(block)
    return values


def of(*objects: Object) -> Receiver:
    made = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    workloads = tuple(spec.read(kind, raw) for (kind, _), raw in made.items() if kind in KINDS)
    survey = Survey(inventory=Inventory(objects=made, workloads=workloads), record=Record())
    return receiver.of(survey, selection.select(workloads, repositories=[REPOSITORY]), [REPOSITORY])


@pytest.mark.parametrize("executor", ["CeleryExecutor", "KubernetesExecutor", "LocalExecutor"])
def test_the_official_chart_takes_announcements_with_them_and_without_does_not(executor: str) -> None:
    assert of(*charts.airflow(IMAGE, executor=executor, values=shown("official"))) == Receiver(
        onto=IMAGE, config_map=NAME
    )
    assert "has no volume" in of(*charts.airflow(IMAGE, executor=executor)).why_not


def test_the_community_chart_takes_announcements_with_them_and_without_does_not() -> None:
    assert of(*charts.community(IMAGE, shown("community"))) == Receiver(onto=IMAGE, config_map=NAME)
    assert "has no volume" in of(*charts.community(IMAGE, {})).why_not
