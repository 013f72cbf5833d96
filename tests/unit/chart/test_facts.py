"""What the values of a release say of it."""

from typing import Any

import pytest

from dagship.chart import facts

VALUES: dict[str, Any] = {
    "airflowVersion": "3.3.2",
    "dags": {"mode": "embedded", "git": {"url": "", "branch": "", "tag": ""}, "persistent": {"claim": ""}},
    "admin": {"create": True, "username": "admin"},
    "keys": {"secret": ""},
}


def with_dags(**more: Any) -> dict[str, Any]:
    return {**VALUES, "dags": {**VALUES["dags"], **more}}


def test_only_this_charts_values_have_a_mode() -> None:
    official = {"airflowVersion": "3.2.2", "dags": {"persistence": {}, "gitSync": {"enabled": False}}}

    assert facts.is_ours(VALUES)
    assert not facts.is_ours(official)
    assert not facts.is_ours({})


@pytest.mark.parametrize(
    ("dags", "said"),
    [
        ({}, "embedded in the image"),
        (
            {"mode": "git", "git": {"url": "https://me:secret@git.example/x", "branch": "main"}},
            "git, from https://git.example/x, branch main",
        ),
        ({"mode": "git", "git": {"url": "git@git.example:x", "tag": "v1"}}, "git, from git@git.example:x, tag v1"),
        ({"mode": "persistent", "git": {"url": "ssh://git@h/x"}}, "persistent, from ssh://h/x"),
        ({"mode": "persistent"}, "persistent, from the claim air-dags"),
        ({"mode": "persistent", "persistent": {"claim": "mine"}}, "persistent, from the claim mine"),
    ],
)
def test_where_dags_come_from_is_said_without_a_password(dags: dict[str, Any], said: str) -> None:
    assert facts.dags(with_dags(**dags), "air") == said


def test_the_commands_name_the_service_and_the_secret() -> None:
    assert facts.ui(VALUES, "air", "prod") == "kubectl --namespace prod port-forward service/air-api-server 8080"
    assert "service/air-webserver" in facts.ui({**VALUES, "airflowVersion": "2.11.2"}, "air", "prod")
    assert "get secret air-keys" in facts.password(VALUES, "air", "prod")
    assert "get secret own " in facts.password({**VALUES, "keys": {"secret": "own"}}, "air", "prod")
    assert facts.user(VALUES) == "admin"


def test_where_the_chart_makes_no_user_there_is_no_password() -> None:
    none = {**VALUES, "admin": {"create": False, "username": "admin"}}

    assert (facts.password(none, "air", "prod"), facts.user(none)) == ("", "")
