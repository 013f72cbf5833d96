"""Why a container that serves does not start, in the words of the engine and of Docker Desktop."""

import pytest

from dagship.engine import starting
from dagship.errors import OutsideError, UsageError


@pytest.mark.parametrize(
    "said",
    [
        "driver failed: Bind for 127.0.0.1:8080 failed: port is already allocated",
        "Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already in use",
        "failed to bind host port for 127.0.0.1:8080:172.17.0.2:8080/tcp: address already in use",
        "ports are not available: exposing port TCP 127.0.0.1:8080 -> 127.0.0.1:0: listen tcp 127.0.0.1:8080",
    ],
)
def test_a_port_that_is_taken_is_a_matter_of_the_call(said: str) -> None:
    found = starting.of(said, 8080)

    assert isinstance(found, UsageError)
    assert "The port 8080 of this machine cannot be had" in found.message
    assert "--port" in found.hint


@pytest.mark.parametrize(
    "said",
    [
        'invalid mount config for type "bind": bind source path does not exist: /home/me/shop/dags',
        "Mounts denied: The path /srv/shop/dags is not shared from the host and is not known to Docker.",
    ],
)
def test_an_engine_elsewhere_does_not_see_the_project(said: str) -> None:
    found = starting.of(said, 8080)

    assert isinstance(found, OutsideError)
    assert "does not see the project's directories" in found.message


def test_anything_else_is_a_failure_of_the_engine() -> None:
    found = starting.of("no space left on device", 8080)

    assert isinstance(found, OutsideError)
    assert "disk is full" in found.message
