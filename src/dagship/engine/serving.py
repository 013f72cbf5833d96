"""A container that serves a port of this machine, with directories of this machine in it, for a `with` block.

Unlike those of `containers` it has a network: it runs for whoever started it, as their own programs do.
"""

import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagship.engine import archives, diagnosis, owner, removal, starting
from dagship.errors import OutsideError, UsageError

# Seconds that what is kept is given to be written.
_GRACE = 20
_LARGEST = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Service:
    """A container that serves.

    Attributes:
        image: Reference or id.
        platform: `os/architecture` of the image.
        user: `uid[:gid]`.
        command: What its entrypoint is given.
        environment: Variables; they are sent by the API and are in no argument list.
        port: Port in it, and on this machine's loopback.
        shown: Path in it to the directory of this machine that is there, read-only.
        hidden: Directories below those that are empty in it.
        links: Path in it to the target of the link that is there.
        data: The directory of the volume.
        writable: A directory in that, which is anyone's.
        volume: Name of the volume that is kept; empty for one that goes with the container.

    """

    image: str
    platform: str
    user: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int
    shown: Mapping[str, Path]
    hidden: tuple[str, ...]
    links: Mapping[str, str]
    data: str
    writable: str
    volume: str


class Serving:
    """A container that runs; made by `running`."""

    def __init__(self, api: Any, name: str, output: Any) -> None:  # noqa: ANN401 - docker-py has no types
        self._api, self._name, self._output = api, name, output
        self._said: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def lines(self, pause: float) -> Iterator[str | None]:
        """Yields each line of the log as it comes, and None when there was none for `pause` seconds; ends with it."""
        while True:
            try:
                line = self._said.get(timeout=pause)
            except queue.Empty:
                yield None
                continue
            if line is None:
                return
            yield line

    def file(self, path: str) -> bytes | None:
        """Reads a small file; None when there is none."""
        import docker.errors

        try:
            stream, _ = self._api.get_archive(self._name, path)
        except docker.errors.NotFound:
            return None
        with closing(stream):
            return archives.one_file(stream, _LARGEST)

    def is_running(self) -> bool:
        """Whether it still runs.

        Raises:
            OutsideError: The engine does not say.

        """
        import docker.errors
        from requests.exceptions import RequestException

        try:
            return bool(self._api.inspect_container(self._name)["State"]["Running"])
        except docker.errors.NotFound:
            return False
        except (docker.errors.DockerException, RequestException) as failed:
            raise OutsideError(
                "The container engine went away.",
                "Start it again; what it left it removes then, or the next dev does.", str(failed)[-2000:],
            ) from failed  # fmt: skip

    def end_reading(self) -> None:
        """Waits for the end of the log, which comes with the container's, and closes it."""
        self._reader.join(timeout=_GRACE)
        self._output._response.close()  # noqa: SLF001 - nothing else closes it

    def _read(self) -> None:
        from docker.utils.socket import frames_iter

        rest = b""
        # What is read from may be closed, or the engine gone: the log ends all the same.
        with suppress(OSError, ValueError):
            for _, piece in frames_iter(self._output, tty=False):  # type: ignore[no-untyped-call]
                *lines, rest = (rest + piece)[-_LARGEST:].split(b"\n")
                for line in lines:
                    self._said.put(line.decode("utf-8", "replace"))
        if rest:
            self._said.put(rest.decode("utf-8", "replace"))
        self._said.put(None)


@contextmanager
def running(service: Service) -> Iterator[Serving]:
    """Starts a container, and removes it whatever happens, with its volume unless that is kept.

    Raises:
        UsageError: The port is taken, or the volume that is kept is in use.
        OutsideError: The engine does not answer, does not see the directories, or does not start it.

    """
    import docker
    import docker.errors
    from requests.exceptions import RequestException

    name = removal.name()
    try:
        client = docker.from_env()
    except docker.errors.DockerException as failed:
        raise diagnosis.of_engine(str(failed)) from failed
    serving = None
    try:
        removal.left_behind(client)
        _check_unused(client, service.volume)
        _create(client.api, name, service)
        serving = Serving(client.api, name, _attached(client.api, name))
        client.api.start(name)
        yield serving
    except (docker.errors.DockerException, RequestException) as failed:
        raise starting.of(str(failed), service.port) from failed
    finally:
        if service.volume:
            with suppress(docker.errors.DockerException, RequestException):
                client.api.stop(name, timeout=_GRACE)
        removal.remove(client, name)
        if serving is not None:
            serving.end_reading()


def _check_unused(client: Any, volume: str) -> None:  # noqa: ANN401 - docker-py has no types
    if volume and client.api.containers(filters={"volume": volume}):
        raise UsageError(
            f"The volume {volume} is in use: another dev --keep of this project runs.",
            "End that one first, or leave --keep out.",
        )


def _create(api: Any, name: str, service: Service) -> None:  # noqa: ANN401 - docker-py has no types
    from docker.types import Mount

    mounts = [
        Mount(target=service.data, source=service.volume or None, type="volume"),
        *(Mount(target=path, source=str(shown), type="bind", read_only=True) for path, shown in service.shown.items()),
        *(Mount(target=path, source=None, type="tmpfs", tmpfs_mode=0o555) for path in service.hidden),
    ]
    api.create_container(
        service.image,
        command=list(service.command),
        name=name,
        user=service.user,
        environment=dict(service.environment),
        ports=[service.port],
        labels=owner.of_this(),
        platform=service.platform,
        stop_signal="SIGINT",  # by which Airflow's standalone ends in order
        host_config=api.create_host_config(
            mounts=mounts,
            port_bindings={service.port: ("127.0.0.1", service.port)},
            # The engine removes what ends: also after this process was killed.
            auto_remove=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
        ),
    )
    api.put_archive(name, "/", archives.laid_out({service.writable: 0o777}, service.links))


def _attached(api: Any, name: str) -> Any:  # noqa: ANN401 - docker-py has no types
    """The log from its beginning on. As a socket, because docker-py leaves the one behind its plain stream open."""
    return api.attach_socket(name, params={"stdout": 1, "stderr": 1, "stream": 1, "logs": 1})
