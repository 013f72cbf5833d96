"""A deployment may have its dag-processor look or store less often than its image would."""

import pytest

from dagship.rollout.thin.patience import longer
from tests.builders.airflow import Object

LOOK = "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL"
STORE = "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL"


def container(**env: str) -> Object:
    return {"name": "dag-processor", "env": [{"name": name, "value": value} for name, value in env.items()]}


@pytest.mark.parametrize(
    "env", [{}, {LOOK: "2", STORE: "0"}, {LOOK: "1"}, {STORE: "soon"}, {STORE: ""}, {"OTHER": "30"}]
)
def test_what_is_as_in_the_image_takes_no_longer(env: dict[str, str]) -> None:
    assert longer(container(**env), {}) == (0.0, "")


def test_what_a_deployment_sets_is_waited_for_and_said() -> None:
    assert longer(container(**{LOOK: "5", STORE: "30"}), {}) == (
        35.0, f"the dag-processor may take 35 s longer to serve it, since it has {LOOK}=5 and {STORE}=30",
    )  # fmt: skip


def test_settings_of_a_config_map_count_too() -> None:
    of = {"name": "dag-processor", "envFrom": [{"configMapRef": {"name": "settings"}}]}

    assert longer(of, {"settings": {"data": {STORE: "30"}}})[0] == 30.0


def test_nobody_waits_without_end() -> None:
    assert longer(container(**{STORE: "86400"}), {})[0] == 600.0
