"""Whether Airflow will serve the DAGs of an image: what pods answer that no object says."""

from typing import Any

import pytest

from dagship.airflow.query import Variable
from dagship.rollout.preflight import dags_served
from dagship.rollout.preflight.dag_source import FOLDER

A = "a" * 12
OWN = f"/opt/airflow/dag-versions/{A}/dags"


@pytest.mark.parametrize(
    ("secrets", "own", "used", "blamed"),
    [
        (("Secret s",), None, {"value": None}, ""),
        (("Secret s",), OWN, {"value": OWN, "current": A}, ""),
        (("Secret s",), "/x", {"value": "/x", "current": A}, "from Secret s: /x"),
        (("Secret s",), "/x", {"value": "/x", "current": ""}, "from Secret s (or the image that runs"),
        ((), "/x", {"value": "/x", "current": ""}, ""),
        ((), OWN, {"value": "/x", "current": A}, "from the shell that starts it: /x"),
        ((), None, {"value": "/x", "current": ""}, "from the shell that starts it: /x"),
    ],
)
def test_who_is_to_blame_is_told_by_what_the_container_and_its_process_have(
    secrets: Any, own: str | None, used: Any, blamed: str
) -> None:
    variable = Variable(own=own, used=used["value"], current=used.get("current", ""))
    found = dags_served._judged("deployment/scheduler", FOLDER, secrets, variable)

    assert ("".join(found) != "") is (blamed != "")
    assert blamed in "".join(found)
