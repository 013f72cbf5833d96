"""The labels of the chart's objects."""

from typing import Any

from dagship.chart import labels


def made(**of: str) -> dict[str, Any]:
    return {"metadata": {"labels": {f"app.kubernetes.io/{name}": value for name, value in of.items()}}}


def test_an_object_is_a_releases_by_its_name_and_its_instance() -> None:
    own = made(name="airflow", instance="air", component="worker")
    others = [made(name="airflow", instance="air-2"), made(name="other", instance="air"), {"metadata": {}}]

    assert labels.of_release([own, *others, {"metadata": {"labels": None}}], "air") == [own]
    assert labels.selector("air") == "app.kubernetes.io/name=airflow,app.kubernetes.io/instance=air"


def test_a_component_is_what_its_label_says() -> None:
    assert labels.component(made(component="worker")) == "worker"
    assert labels.component({"metadata": {"labels": None}}) == ""
