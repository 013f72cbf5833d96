"""Runs a local Airflow until Ctrl-C: its log is shown, and once it answers, where and with which password."""

import http.client
import socket
import time
from collections import deque
from collections.abc import Callable

from dagship.dev import ended
from dagship.dev.environment import USER, address, health, password, password_file
from dagship.engine import serving
from dagship.engine.serving import Service, Serving
from dagship.errors import OutsideError
from dagship.terminal.console import Console

_PAUSE = 0.5
_LOOKS_EVERY = 1.0
_ANSWERS_WITHIN = 5.0


def free_port() -> int:
    """Returns a port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def run(console: Console, service: Service, *, airflow: str, mask: Callable[[str], str]) -> None:
    """Runs it until Ctrl-C; one that comes before it answers interrupts as in every task.

    Args:
        console: Shows the log.
        service: The container.
        airflow: The version of Airflow in it.
        mask: Takes secrets out of a text.

    Raises:
        Refused: Airflow ended by itself.
        UsageError: The port is taken, or the data that are kept are in use.
        OutsideError: The engine failed.

    """
    last: deque[str] = deque(maxlen=ended.KEPT)
    looks_next, up = 0.0, False
    try:
        with serving.running(service) as running:
            for line in running.lines(_PAUSE):
                if line is not None:
                    last.append(mask(line))
                    console.say(last[-1])
                if not up and time.monotonic() >= looks_next:
                    looks_next = time.monotonic() + _LOOKS_EVERY
                    if _answers(service.port, health(airflow)):
                        up = True
                        _welcome(console, running, service, airflow)
            if running.is_running():
                raise OutsideError(
                    "The engine ended the log of Airflow, which ran on and was stopped.",
                    "The engine may have been restarted: run dev again.",
                )
            raise ended.of(last)
    except KeyboardInterrupt:
        if not up:
            raise


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWERS_WITHIN)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _welcome(console: Console, running: Serving, service: Service, airflow: str) -> None:
    found = password(airflow, running.file(password_file(airflow)) or b"")
    console.summary(
        {
            "address": address(service.port),
            "user": USER,
            "password": found or "see the log above",
            "data": f"kept in the volume {service.volume}"
            if service.volume
            else "gone with the end; --keep keeps them",
            "end": "Ctrl-C",
        }
    )
    console.say("")
