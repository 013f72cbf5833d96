"""How SIGTERM reaches a worker: by its command, its variables, and what its process 1 is."""

from typing import Any

import pytest

from dagship.rollout.preflight import sigterm
from tests.builders.workers import found, task


@pytest.mark.parametrize(
    "command",
    [["airflow"], ["/usr/bin/tini", "--"], ["/usr/bin/dumb-init", "--single-child", "--"], ["dumb-init", "-c", "--"]],
)
def test_without_dumb_init_its_variable_says_nothing(command: list[str]) -> None:
    assert () == found({"command": command}, task(), setsid=None)


@pytest.mark.parametrize(
    ("process", "kills"),
    [
        ("\0/usr/bin/tini\0--\0/entrypoint\0celery\0worker", False),
        ("\0/sbin/docker-init\0--\0airflow\0celery\0worker", False),
        ("\0python\0/usr/local/bin/airflow\0celery\0worker", False),
        # The variable is the image's own.
        ("0\0/usr/bin/dumb-init\0--\0/entrypoint\0celery\0worker", False),
        ("1\0/usr/bin/dumb-init\0--\0/entrypoint\0celery\0worker", True),
        ("\0dumb-init\0airflow", True),
        ("\0tini\0-g\0--\0airflow", True),
        ("\0tini\0-vg\0airflow", True),
        ("\0tini\0airflow\0-g", False),
        # Nothing that was printed, nothing known: Airflow's images begin with dumb-init.
        ("", True),
        ("\0", True),
    ],
)
def test_what_the_image_begins_with_is_what_process_1_is(process: str, kills: bool) -> None:
    one = found(None, task(), setsid=None, looked=sigterm.seen(process))

    assert ([True] if kills else []) == [each.kills for each in one]


def test_a_tini_that_signals_its_group_is_refused_wherever_it_is_told_to() -> None:
    env = [{"name": "TINI_KILL_PROCESS_GROUP", "value": ""}, {"name": "DUMB_INIT_SETSID", "value": "0"}]

    for container in ({"command": ["tini", "-g", "--"]}, {"command": ["tini", "--"], "env": env}):
        one = found(container, task())
        assert [(True, ("worker-0",))] == [(each.kills, each.careless) for each in one]
    assert () == found({"command": ["tini", "--", "-g"]}, task())


def test_an_image_that_begins_with_a_shell_is_a_warning() -> None:
    one = found(None, task(), setsid=None, looked=sigterm.seen("\0/bin/bash\0/start.sh\0celery"))

    assert [(False, True)] == [(each.kills, "from a shell" in each.said) for each in one]


@pytest.mark.parametrize(
    ("container", "kills"),
    [
        ({"env": [{"name": "DUMB_INIT_SETSID", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}, False),
        ({"env": [], "envFrom": [{"secretRef": {"name": "s"}}]}, False),
        ({"env": [], "envFrom": [{"configMapRef": {"name": "other"}}]}, True),
        (
            {"env": [{"name": "DUMB_INIT_SETSID", "valueFrom": {"configMapKeyRef": {"name": "none", "key": "k"}}}]},
            False,
        ),
    ],
)
def test_what_cannot_be_known_is_a_warning(container: dict[str, Any], kills: bool) -> None:
    config_maps = {"other": {"data": {"X": "y"}}}

    assert [kills] == [each.kills for each in found(container, task(), config_maps=config_maps)]


@pytest.mark.parametrize(
    "container",
    [
        {"env": [], "envFrom": [{"configMapRef": {"name": "settings"}}]},
        {"env": [], "envFrom": [{"secretRef": {"name": "s"}}, {"configMapRef": {"name": "settings"}}]},
        {"env": [{"name": "DUMB_INIT_SETSID", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "own"}}}]},
    ],
)
def test_a_config_map_may_say_it(container: dict[str, Any]) -> None:
    config_maps = {"settings": {"data": {"DUMB_INIT_SETSID": "0", "own": "0"}}}

    assert () == found(container, task(), config_maps=config_maps)


@pytest.mark.parametrize(
    ("words", "keeps"),
    [
        (["bash", "-c", "airflow celery worker"], True),
        (["/bin/sh", "-ec", "prepare; airflow celery worker"], True),
        (["bash", "-c", "prepare && exec airflow celery worker"], False),
        (["bash", "-c", "exec airflow celery worker"], False),
        (["bash", "/start.sh"], False),
        (["celery", "worker"], False),
    ],
)
def test_a_shell_in_front_is_a_warning_unless_it_replaces_itself(words: list[str], keeps: bool) -> None:
    for container in ({"args": words}, {"command": words, "args": []}):
        assert ([False] if keeps else []) == [each.kills for each in found(container, task())]
