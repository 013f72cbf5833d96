"""Where a variable of a container comes from, as far as its pod says."""

from typing import Any

import pytest

from dagship.rollout.preflight.dag_source import FOLDER
from dagship.workloads import pod_environment
from dagship.workloads.pod_environment import Source

CONFIG_MAPS = {"settings": {"data": {FOLDER: "/map", "CORE__DAGS_FOLDER": "/prefixed", "key": "/key"}}}


def of_map(key: str, **more: Any) -> dict[str, Any]:
    return {"name": FOLDER, "valueFrom": {"configMapKeyRef": {"name": "settings", "key": key, **more}}}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, []),
        ({"env": [{"name": FOLDER, "value": "/own"}], "envFrom": [{"secretRef": {"name": "s"}}]}, [("its env", "/own")]),
        ({"env": [{"name": FOLDER}]}, [("its env", "")]),
        ({"env": [{"name": FOLDER, "value": "/1"}, {"name": FOLDER, "value": "/2"}]}, [("its env", "/2")]),
        ({"env": [of_map("key")]}, [("ConfigMap settings", "/key")]),
        ({"env": [of_map("gone", optional=True)]}, []),
        ({"env": [{"name": FOLDER, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}, [("Secret s", None)]),
        ({"envFrom": [{"configMapRef": {"name": "settings"}}]}, [("ConfigMap settings", "/map")]),
        ({"envFrom": [{"configMapRef": {"name": "gone"}}]}, []),
        ({"envFrom": [{"configMapRef": {"name": "settings"}, "prefix": "AIRFLOW__"}]}, [("ConfigMap settings", "/prefixed")]),
        ({"envFrom": [{"secretRef": {"name": "s"}, "prefix": "OTHER_"}]}, []),
        (
            {"envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "s"}}]},
            [("Secret s", None, False), ("ConfigMap settings", "/map")],
        ),
        (
            {"envFrom": [{"secretRef": {"name": "s"}}, {"configMapRef": {"name": "settings"}}]},
            [("ConfigMap settings", "/map")],
        ),
    ],
)  # fmt: skip
def test_what_goes_before_the_image_is_found_in_the_order_that_counts(said: Any, found: Any) -> None:
    assert [Source(*one) for one in found] == [*pod_environment.sources(said, FOLDER, CONFIG_MAPS)]
