"""Containers that live as long as a `with` block, through testcontainers.

A container here only sleeps; what is to run is executed in it. Files go in and out through an anonymous volume, by the
engine's archive calls, so that all of this works on an engine elsewhere, where no path of ours exists.
"""

import io
import logging
import os
import tarfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dagship.engine import diagnosis
from dagship.errors import OutsideError

log = logging.getLogger(__name__)

WORK = "/dagship"
"""The volume: files put there are root's and read-only; `out` below it may be written by anyone."""

# A process killed without notice leaves no container for longer than this, seconds.
_LIFETIME = 3600


@dataclass(frozen=True, kw_only=True)
class Executed:
    """A process that ran in a container.

    Attributes:
        code: Exit status.
        output: Standard output and standard error as they came.

    """

    code: int
    output: str


class Container:
    """A running container; made by `running`."""

    def __init__(self, wrapped: Any) -> None:  # noqa: ANN401 - docker-py has no types
        self._wrapped = wrapped

    def put(self, files: Mapping[str, bytes]) -> None:
        """Writes files, named relative to `WORK`."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            out = tarfile.TarInfo("out")
            out.type, out.mode = tarfile.DIRTYPE, 0o777
            archive.addfile(out)
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(content), 0o644
                archive.addfile(member, io.BytesIO(content))
        self._wrapped.put_archive(WORK, buffer.getvalue())

    def get(self, name: str, *, limit: int | None = None) -> bytes | None:
        """Reads a file, named relative to `WORK`; None when there is none, or it has more than `limit` bytes."""
        import docker.errors

        try:
            stream, status = self._wrapped.get_archive(f"{WORK}/{name}")
        except docker.errors.NotFound:
            return None
        if limit is not None and status["size"] > limit:
            return None
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            file = archive.extractfile(archive.getmembers()[0])
            return file.read() if file is not None else None

    def execute(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        on_output: Callable[[str], None] | None = None,
    ) -> Executed:
        """Runs a process to its end.

        Args:
            argv: Program and arguments.
            environment: Variables added to the container's; they are sent by the API and are in no argument list.
            on_output: Called with each piece of output as it comes.

        """
        from docker.utils.socket import frames_iter

        api = self._wrapped.client.api
        call = api.exec_create(self._wrapped.id, list(argv), environment=dict(environment or {}))
        pieces: list[str] = []
        # Asked for as a socket, because docker-py leaves the one behind its plain stream open.
        connection = api.exec_start(call["Id"], socket=True)
        try:
            for _, piece in frames_iter(connection, tty=False):  # type: ignore[no-untyped-call]
                text = piece.decode("utf-8", "replace")
                pieces.append(text)
                if on_output is not None:
                    on_output(text)
        finally:
            connection._response.close()  # noqa: SLF001 - nothing else closes it
        code = api.exec_inspect(call["Id"])["ExitCode"]
        return Executed(code=-1 if code is None else code, output="".join(pieces))


@contextmanager
def running(
    image: str,
    *,
    user: str | None = None,
    network: bool = False,
    read_only: bool = True,
    environment: Mapping[str, str] | None = None,
    platform: str | None = None,
) -> Iterator[Container]:
    """Starts a container that sleeps, and removes it with its volume whatever happens.

    Args:
        image: Reference or id.
        user: `uid[:gid]`, None for the image's own.
        network: Whether it gets the engine's default network; otherwise none but loopback.
        read_only: Whether its root is read-only; `/tmp` can be written all the same.
        environment: Variables.
        platform: `os/architecture`, None for the engine's own.

    Raises:
        OutsideError: The engine does not answer, or the container does not start.

    """
    # The reaper is an image of its own that many places cannot pull; the block below removes what it starts.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    from docker.errors import DockerException
    from docker.types import Mount
    from requests.exceptions import RequestException
    from testcontainers.core.container import DockerContainer

    name = _name()
    options: dict[str, Any] = {
        "read_only": read_only,
        "entrypoint": ["sleep"],
        "mounts": [Mount(target=WORK, source=None, type="volume")],
        **({} if network else {"network_mode": "none"}),
        **({} if user is None else {"user": user}),
        **({} if platform is None else {"platform": platform}),
    }
    try:
        wrapper = DockerContainer(image, name=name, env=dict(environment or {}), **options)
    except (DockerException, RequestException) as failed:
        raise diagnosis.of_engine(str(failed)) from failed
    wrapper.with_command([str(_LIFETIME)]).with_tmpfs_mount("/tmp", "size=1g,mode=1777,exec")  # noqa: S108 - in there
    try:
        yield Container(wrapper.start().get_wrapped_container())
    except (DockerException, RequestException) as failed:
        raise OutsideError(f"The engine could not run a container of {image}.", "", str(failed)[-2000:]) from failed
    finally:
        _remove(wrapper.get_docker_client().client, name)


def directory(image: str, path: str) -> bytes | None:
    """Reads a directory of an image as a tar archive, from a container that never starts; None when it has none there.

    Raises:
        OutsideError: The engine does not answer, or does not have the image.

    """
    import docker.errors

    with _created(image) as (api, name):
        try:
            stream, _ = api.get_archive(name, path)
        except docker.errors.NotFound:
            return None
        return b"".join(stream)


def unpack(image: str) -> None:
    """Has the engine unpack the layers of an image, as it does for whoever makes a container of it.

    Raises:
        OutsideError: The engine does not answer, or does not have the image.

    """
    with _created(image):
        pass


@contextmanager
def _created(image: str) -> Iterator[tuple[Any, str]]:
    """Makes a container that never starts, gives the engine's API and its name, and removes it whatever happens."""
    import docker
    import docker.errors
    from requests.exceptions import RequestException

    name = _name()
    try:
        client = docker.from_env()
    except docker.errors.DockerException as failed:
        raise diagnosis.of_engine(str(failed)) from failed
    try:
        client.api.create_container(image, command=["true"], name=name, network_disabled=True)
        yield client.api, name
    except (docker.errors.DockerException, RequestException) as failed:
        raise diagnosis.of_engine(str(failed)) from failed
    finally:
        _remove(client, name)


def _name() -> str:
    """A name of its own, so that a container can be removed even if the call that made it was interrupted.

    It tells whose it is: one whose process is gone was left behind.
    """
    return f"dagship-{os.getpid()}-{uuid.uuid4().hex[:12]}"


def _remove(client: Any, name: str) -> None:  # noqa: ANN401 - docker-py has no types
    import docker.errors
    from requests.exceptions import RequestException

    try:
        client.api.remove_container(name, v=True, force=True)
    except docker.errors.NotFound:
        pass
    except (docker.errors.DockerException, RequestException) as failed:
        # Not the news: what the container was for has its result, or a failure of its own. It ends by itself.
        log.warning("the container %s could not be removed: %s", name, failed)
    finally:
        client.close()
