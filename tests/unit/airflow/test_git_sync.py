"""What a git sync says of itself, and what is made of what it does not say."""

import json
from typing import Any

import pytest

from dagship.airflow import git_sync
from tests.builders import pods as o

COMMIT, NEXT = "1" * 40, "2" * 40
WRITTEN = {
    "schema": 1, "state": "refused", "current": COMMIT, "published_at": "2026-01-01T00:00:00Z", "candidate": NEXT,
    "reason": "A DAG file cannot be imported.", "since": "2026-01-02T00:00:00Z", "looked_at": "2026-01-02T00:01:00Z",
    "findings": [{"file": "a.py", "error": "ModuleNotFoundError: No module named 'acme'"}],
    "url": "https://git.example/x", "ref": "branch main",
}  # fmt: skip


def pod(*names: str, env: list[dict[str, Any]] | None = None, phase: str = "Running") -> dict[str, Any]:
    containers = [o.container(name, env=env or []) for name in names]
    return {"metadata": {"name": "w-0"}, "spec": {"containers": containers}, "status": {"phase": phase}}


def test_all_that_a_sync_wrote_is_read() -> None:
    found = git_sync.read("w-0", json.dumps(WRITTEN))
    said = {name: value for name, value in WRITTEN.items() if name != "schema"}

    assert json.loads(found.model_dump_json()) == {"pod": "w-0", **said}
    assert git_sync.is_behind(found)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"state": "sleepy"}', '{"state": null}', '{"state": {}}'])
def test_what_cannot_be_read_is_unknown(text: str) -> None:
    found = git_sync.read("w-0", text)

    assert found.state == "unknown"
    assert not git_sync.is_behind(found)


def test_a_newer_sync_may_say_more_and_an_older_one_less() -> None:
    found = git_sync.read("w-0", '{"state": "current", "mood": 3, "current": 7, "findings": ["x", {"file": "a.py"}]}')

    assert (found.state, found.current) == ("current", "")
    assert [(one.file, one.error) for one in found.findings] == [("a.py", "")]


@pytest.mark.parametrize("name", ["dag-sync", "dag-sync-init"])
def test_one_that_ends_again_and_again_is_behind(name: str) -> None:
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    status = {"name": name, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ended}
    key = "initContainerStatuses" if name.endswith("init") else "containerStatuses"
    crashing = {**pod("dag-sync"), "status": {"phase": "Running", key: [status]}}
    (found,), _ = git_sync.ask(None, [crashing])  # type: ignore[arg-type]

    assert (found.state, git_sync.is_behind(found)) == ("failing", True)
    assert found.reason == "Its sync ends with exit status 137, OOMKilled, again and again."


def test_one_that_came_about_after_all_is_not() -> None:
    ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
    first = {"name": "dag-sync-init", "restartCount": 2, "ready": True, "state": ended, "lastState": ended}
    starting = {**pod("dag-sync"), "status": {"phase": "Running", "initContainerStatuses": [first]}}
    (found,), _ = git_sync.ask(None, [starting])  # type: ignore[arg-type]

    assert found.state == "starting"


@pytest.mark.parametrize("state", ["current", "held", "starting"])
def test_what_needs_nobody_is_not_behind(state: str) -> None:
    assert not git_sync.is_behind(git_sync.read("w-0", json.dumps({**WRITTEN, "state": state})))
    assert git_sync.is_behind(git_sync.read("w-0", json.dumps({**WRITTEN, "state": "unreachable"})))


def test_a_page_of_an_error_is_cut() -> None:
    found = git_sync.read("w-0", json.dumps({**WRITTEN, "reason": "x" * 5000}))

    assert len(found.reason) == 1000


def test_only_a_living_pod_with_a_sync_is_asked_and_where_it_keeps_its_versions() -> None:
    elsewhere = [{"name": "DAGSHIP_SYNC_ROOT", "value": "/data"}]

    assert git_sync.root(pod("worker", "dag-sync")) == "/opt/airflow/dag-versions"
    assert git_sync.root(pod("dag-sync", env=elsewhere)) == "/data"
    assert git_sync.root(pod("worker")) == ""
    assert git_sync.root(pod("dag-sync", phase="Failed")) == ""
