"""Containers that live as long as a `with` block, through testcontainers.

A container here only sleeps; what is to run is executed in it. Files go in and out through anonymous volumes, by the
engine's archive calls, so that all of this works on an engine elsewhere, where no path of ours exists.

What runs may be anybody's code. It has no network, no capability, and a measure of all that it could use up.
"""

import io
import logging
import os
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from dagship.engine import archives, diagnosis, isolation, removal
from dagship.engine.isolation import WORK
from dagship.errors import OutsideError
from dagship.redaction import CUT

log = logging.getLogger(__name__)

LIFETIME = 3600.0
"""How long a container lives unless it is told otherwise, seconds."""

KILLED = 137
_NOT_STARTED = 126

# Later than this process would, the engine ends and removes what this process cannot any more, seconds.
_MARGIN = 60
_LONGEST_OUTPUT = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Executed:
    """A process that ran in a container.

    Attributes:
        code: Exit status; `KILLED` as well where the container ended with it.
        output: Standard output and standard error as they came; of very much, the end.

    """

    code: int
    output: str


class Container:
    """A running container; made by `running`.

    Attributes:
        overdue: Whether its time was up, and it was ended.

    """

    def __init__(self, wrapped: Any) -> None:  # noqa: ANN401 - docker-py has no types
        self.overdue = False
        self._wrapped = wrapped

    def put(self, files: Mapping[str, bytes]) -> None:
        """Writes files, named relative to `WORK`."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(content), 0o644
                archive.addfile(member, io.BytesIO(content))
        self._wrapped.put_archive(WORK, buffer.getvalue())

    def get(self, name: str, *, limit: int) -> bytes | None:
        """Reads a file, named relative to `WORK`; None when there is none, or it has more than `limit` bytes."""
        import docker.errors

        try:
            stream, _ = self._wrapped.get_archive(f"{WORK}/{name}")
            with closing(stream):
                return archives.one_file(stream, limit)
        except docker.errors.APIError as failed:
            if isinstance(failed, docker.errors.NotFound) or self._is_over():
                return None
            raise

    def execute(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        on_output: Callable[[str], None] | None = None,
        user: str = "",
    ) -> Executed:
        """Runs a process to its end, or to that of the container.

        Args:
            argv: Program and arguments.
            environment: Variables added to the container's; they are sent by the API and are in no argument list.
            on_output: Called with each piece of output as it comes.
            user: `uid[:gid]`, empty for the container's.

        """
        import docker.errors
        from docker.utils.socket import frames_iter

        api = self._wrapped.client.api
        output = ""
        try:
            call = api.exec_create(self._wrapped.id, list(argv), environment=dict(environment or {}), user=user)
            # Asked for as a socket, because docker-py leaves the one behind its plain stream open.
            connection = api.exec_start(call["Id"], socket=True)
            try:
                for _, piece in frames_iter(connection, tty=False):  # type: ignore[no-untyped-call]
                    text = piece.decode("utf-8", "replace")
                    output += text
                    if len(output) > 2 * _LONGEST_OUTPUT:
                        output = _end(output)
                    if on_output is not None:
                        on_output(text)
            finally:
                connection._response.close()  # noqa: SLF001 - nothing else closes it
            code = api.exec_inspect(call["Id"])["ExitCode"]
            if code == _NOT_STARTED and self._is_over():  # and the words are the engine's
                code, output = None, ""
        except docker.errors.APIError:
            if not self._is_over():
                raise
            code = None
        return Executed(code=KILLED if code is None else code, output=_end(output))

    def _is_over(self) -> bool:
        """Whether it has ended; the engine then removes it, and has many words for what is half removed."""
        import docker.errors

        try:
            return self._wrapped.client.api.inspect_container(self._wrapped.id)["State"]["Running"] is False
        except docker.errors.NotFound:
            return True

    def end_overdue(self) -> None:
        """Ends it because its time is up, from another thread than the one that waits for what runs in it."""
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        self.overdue = True
        try:
            self._wrapped.kill()
        except (DockerException, RequestException) as failed:
            log.warning("the container %s could not be ended: %s", self._wrapped.name, failed)


def _end(output: str) -> str:
    return output if len(output) <= _LONGEST_OUTPUT else CUT + output[1 - _LONGEST_OUTPUT :]


@contextmanager
def running(
    image: str,
    *,
    user: str | None = None,
    platform: str | None = None,
    capabilities: Sequence[str] = (),
    memory: int = 0,
    seconds: float = LIFETIME,
) -> Iterator[Container]:
    """Starts a container that sleeps, and ends it whatever happens; the engine then removes it with its volumes.

    Args:
        image: Reference or id.
        user: `uid[:gid]`, None for the image's own.
        platform: `os/architecture`, None for the engine's own.
        capabilities: Those that root has in it; nobody else has any.
        memory: What all in it may take together, bytes; 0 for three quarters of what the engine has.
        seconds: How long it lives.

    Raises:
        OutsideError: The engine does not answer, or the container does not start, or not as it was to.

    """
    # The reaper is an image of its own that many places cannot pull; the block below removes what it starts.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    from docker.errors import DockerException
    from requests.exceptions import RequestException
    from testcontainers.core.container import DockerContainer

    name = removal.name()
    try:
        wrapper = DockerContainer(image, name=name)
        client = wrapper.get_docker_client().client
    except (DockerException, RequestException) as failed:
        raise diagnosis.of_engine(str(failed)) from failed
    try:
        removal.left_behind(client)
        wrapper.image = image  # testcontainers puts a registry of its own before it where it is told of one
        wrapper.with_kwargs(
            **isolation.options(client.info(), memory, capabilities),
            **({} if user is None else {"user": user}),
            **({} if platform is None else {"platform": platform}),
        )
        wrapper.with_command([str(int(seconds) + _MARGIN)]).with_tmpfs_mount(*isolation.TMP)
        started = Container(wrapper.start().get_wrapped_container())
        isolation.check(client.api.inspect_container(name))
        with _deadline(seconds, started.end_overdue):
            yield started
    except (DockerException, RequestException) as failed:
        raise OutsideError(f"The engine could not run a container of {image}.", "", str(failed)[-2000:]) from failed
    finally:
        removal.end(client, name)


@contextmanager
def _deadline(seconds: float, end: Callable[[], None]) -> Iterator[None]:
    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
