"""A variable of the environment, and the version that is current in the image."""

from pathlib import Path

import pytest

from dagship.inside.scheduler import variable


def test_both_are_told_and_what_is_not_there_is_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    current = tmp_path / "CURRENT"
    monkeypatch.setattr(variable, "_CURRENT", str(current))
    monkeypatch.setenv("OF_IT", "its own")

    assert {"value": "its own", "current": ""} == variable.ask("OF_IT")
    current.write_text("a1\n")
    assert {"value": None, "current": "a1"} == variable.ask("NOT_THERE")
