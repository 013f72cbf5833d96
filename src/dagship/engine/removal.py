"""Removes containers: those of this process, and those of processes that ended without doing so."""

import logging
import os
import uuid
from http import HTTPStatus
from typing import Any

from dagship.engine import owner

log = logging.getLogger(__name__)

# Seconds for the engine to end what it began.
_PATIENCE = 60


def name() -> str:
    """Returns a name of its own, so that a container can be removed even if the call that made it was interrupted."""
    return f"dagship-{os.getpid()}-{uuid.uuid4().hex[:12]}"


def left_behind(client: Any) -> None:  # noqa: ANN401 - docker-py has no types
    """Removes the containers of processes that have ended without removing them."""
    sight = owner.in_sight()
    if sight:
        for each in client.api.containers(all=True, filters={"label": sight}):
            if owner.is_gone(each["Labels"] or {}):
                _force_away(client, each["Id"])


def remove(client: Any, name: str) -> None:  # noqa: ANN401 - docker-py has no types
    """Removes a container with its volumes, whether or not it came to be, and closes the client."""
    try:
        _force_away(client, name)
    finally:
        client.close()


def end(client: Any, name: str) -> None:  # noqa: ANN401 - docker-py has no types
    """Ends a container that the engine removes by itself then, for which nobody waits, and closes the client."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        client.api.kill(name)
    except (DockerException, RequestException):  # it has ended, or never began: then it is not the engine's to remove
        _force_away(client, name)
    finally:
        client.close()


def _force_away(client: Any, name: str) -> None:  # noqa: ANN401 - docker-py has no types
    import docker.errors
    from requests.exceptions import RequestException

    try:
        client.api.remove_container(name, v=True, force=True)
    except docker.errors.NotFound:
        pass
    except docker.errors.APIError as failed:
        if (failed.status_code or 0) >= HTTPStatus.CONFLICT:
            _await_removal(client, name)  # the engine is at it: the container ended, or takes long to be killed
        else:
            _told(name, failed)
    except (docker.errors.DockerException, RequestException) as failed:
        _told(name, failed)


def _await_removal(client: Any, name: str) -> None:  # noqa: ANN401 - docker-py has no types
    import docker.errors
    from requests.exceptions import RequestException

    try:
        client.api.wait(name, condition="removed", timeout=_PATIENCE)
    except docker.errors.NotFound:
        pass
    except (docker.errors.DockerException, RequestException) as failed:
        _told(name, failed)


def _told(name: str, failed: Exception) -> None:
    # Not the news: what the container was for has its result, or a failure of its own. It ends by itself.
    log.warning("the container %s could not be removed: %s", name, failed)
