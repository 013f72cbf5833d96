"""Flags of rollout that have a number, and those that may have one."""

import json
from pathlib import Path

import pytest
from invoke import Exit

from dagship.cli import cluster
from dagship.errors import UsageError


@pytest.mark.parametrize(("given", "seconds"), [("", None), (False, None), (True, 600.0), ("90", 90.0), ("1.5", 1.5)])
def test_a_limit_is_given_in_seconds_or_not(given: str | bool, seconds: float | None) -> None:
    assert seconds == cluster._limit("--wait-for-runs", given, 600.0)


@pytest.mark.parametrize("given", ["0", "-1", "soon", "inf", "nan"])
def test_a_limit_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="no number of seconds"):
        cluster._limit("--wait-for-runs", given, 600.0)


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5"])
def test_at_least_one_worker_may_be_away(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    from invoke import Context

    with pytest.raises(Exit) as ended:
        cluster.rollout(Context(), max_unavailable=given, json=True)

    assert 2 == ended.value.code
    assert "no number of pods" in json.loads(capsys.readouterr().out)["error"]["message"]
