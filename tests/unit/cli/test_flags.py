"""Rows of flags as Invoke and a task get them, and the flags of rollout that have a number or may have one."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from invoke import Context, Exit

from dagship.cli import cluster, flags
from dagship.errors import UsageError
from dagship.pipeline.project import Project


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
    with pytest.raises(Exit) as ended:
        cluster.rollout(Context(), max_unavailable=given, json=True)

    assert 2 == ended.value.code
    assert "no number of pods" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_task_gets_every_flag_and_the_settings_those_that_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    @flags.task(*flags.settings("parse_budget", "strict"), flags.setting("keep_images", flag="keep"), flags.IMAGE)
    def show(project: Project, given: SimpleNamespace) -> dict[str, object]:
        settings = project.settings
        return {"settings": [settings.parse_budget, settings.strict, settings.keep_images], "flags": vars(given)}

    show(Context(), keep="7", json=True)

    assert {
        "settings": [10.0, False, 7],
        "flags": {"parse_budget": "", "strict": False, "keep": "7", "image": "", "json": True},
    } == json.loads(capsys.readouterr().out)


def test_invoke_is_told_of_each_flag_by_its_row() -> None:
    @flags.task(
        flags.Flag("wait_for", "Waits", default="", optional=True), flags.Flag("undo", "Goes back"), name="go-on"
    )
    def go(project: Project, given: SimpleNamespace) -> dict[str, object]:
        """Goes on."""
        return {}

    wait, undo, last = go.get_arguments()

    assert ("go-on", "Goes on.") == (go.name, go.__doc__)
    assert (("wait-for",), str, True, "Waits") == (wait.names, wait.kind, wait.optional, wait.help)
    assert (("undo",), bool, False, "Goes back") == (undo.names, undo.kind, undo.optional, undo.help)
    assert ("json", bool) == (last.name, last.kind)
