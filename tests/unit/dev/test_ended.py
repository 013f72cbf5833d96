"""What is said of an Airflow that ended by itself; the logs are Airflow's own."""

from pathlib import Path

import pytest

from dagship.dev import ended

LOGS = Path(__file__).parents[1] / "diagnosis" / "logs"


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("3.3.2-local_settings", "airflow_local_settings"),
        ("2.11.2-plugin_scheduler", "Airflow ended by itself: "),
        ("3.3.2-no_space", "No space is left"),
    ],
)
def test_the_cause_is_read_from_its_last_lines(log: str, said: str) -> None:
    error = ended.of((LOGS / f"{log}.txt").read_text("utf-8").splitlines()[-ended.KEPT :])

    assert error.exit_code == 1
    assert said in error.message
    assert error.message.endswith(".")
    assert not error.message.endswith("..")
    assert "test-image" in error.hint


def test_a_log_that_says_nothing_is_not_interpreted() -> None:
    assert ended.of(["standalone | Starting Airflow Standalone"]).message == "Airflow ended by itself."
