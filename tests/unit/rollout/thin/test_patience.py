"""A deployment may have its dag-processor look or store less often than its image would."""

import pytest

from dagship.rollout.thin.patience import STORE, longer, stores_every
from tests.builders.airflow import Object

LOOK = "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL"


def container(**env: str) -> Object:
    return {"name": "dag-processor", "env": [{"name": name, "value": value} for name, value in env.items()]}


@pytest.mark.parametrize("env", [{}, {LOOK: "2", STORE: "0"}, {LOOK: "1"}, {LOOK: "soon"}, {LOOK: ""}, {"OTHER": "30"}])
def test_what_is_as_in_the_image_takes_no_longer(env: dict[str, str]) -> None:
    assert longer(container(**env), {}) == (0.0, "")
    assert stores_every(container(**env), {}) == 0.0


def test_what_a_deployment_sets_is_waited_for_and_said() -> None:
    assert longer(container(**{LOOK: "5", STORE: "30"}), {}) == (
        5.0, f"the dag-processor may take 5 s longer to serve it, since it has {LOOK}=5",
    )  # fmt: skip
    assert stores_every(container(**{LOOK: "5", STORE: "30"}), {}) == 30.0


def test_settings_of_a_config_map_count_too() -> None:
    of = {"name": "dag-processor", "envFrom": [{"configMapRef": {"name": "settings"}}]}
    settings = {"settings": {"data": {LOOK: "7", STORE: "30"}}}

    assert (longer(of, settings)[0], stores_every(of, settings)) == (7.0, 30.0)


def test_nobody_waits_without_end() -> None:
    assert longer(container(**{LOOK: "86400"}), {})[0] == 600.0
