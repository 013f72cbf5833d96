"""Containers that are created and never start: what an image holds is read from them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagship.engine import diagnosis, owner, removal
from dagship.errors import OutsideError


def directory(image: str, path: str, *, platform: str, limit: int) -> bytes | None:
    """Reads a directory of an image as a tar archive, from a container that never starts; None when it has none there.

    Args:
        image: Reference or id.
        path: The directory.
        platform: `os/architecture` of the image.
        limit: Most bytes of the archive.

    Raises:
        OutsideError: The engine does not answer or does not have the image, or the archive exceeds `limit` bytes.

    """
    import docker.errors

    with _created(image, platform) as (api, name):
        try:
            stream, _ = api.get_archive(name, path)
        except docker.errors.NotFound:
            return None
        archive = bytearray()
        for piece in stream:
            archive += piece
            if len(archive) > limit:
                raise OutsideError(f"{path} in {image} has more than {limit} bytes.")
        return bytes(archive)


def unpack(image: str, platform: str) -> None:
    """Has the engine unpack the layers of an image, as it does for whoever makes a container of it.

    Raises:
        OutsideError: The engine does not answer, or does not have the image.

    """
    with _created(image, platform):
        pass


@contextmanager
def _created(image: str, platform: str) -> Iterator[tuple[Any, str]]:
    """Makes a container that never starts, gives the engine's API and its name, and removes it whatever happens."""
    import docker
    import docker.errors
    from requests.exceptions import RequestException

    name = removal.name()
    try:
        client = docker.from_env()
    except docker.errors.DockerException as failed:
        raise diagnosis.of_engine(str(failed)) from failed
    try:
        removal.left_behind(client)
        # Without its platform the containerd store does not find an image that is for several others.
        client.api.create_container(
            image,
            command=["true"],
            name=name,
            network_disabled=True,
            labels=owner.of_this(),
            platform=platform,
        )
        yield client.api, name
    except (docker.errors.DockerException, RequestException) as failed:
        raise diagnosis.of_engine(str(failed)) from failed
    finally:
        removal.remove(client, name)
