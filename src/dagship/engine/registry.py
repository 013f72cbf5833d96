"""The registry as the engine reaches it, with docker-py: credentials are those that `docker login` left."""

import importlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dagship.engine import diagnosis, refusing
from dagship.model.reference import Reference

# One answer may take long (a large layer being checked); a registry that says nothing for this long is gone. Seconds.
_PATIENCE = 300

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


_preparing: list[threading.Thread] = []


def prepare() -> None:
    """Imports docker-py in the background: a tenth of a second that a push after a build need not wait for.

    Nothing else may import it meanwhile, since its modules import one another in circles; what is here waits.
    """
    _preparing.append(threading.Thread(target=importlib.import_module, args=("docker",), daemon=True))
    _preparing[-1].start()


def _prepared() -> None:
    while _preparing:
        _preparing.pop().join()


@contextmanager
def _client() -> Iterator[Any]:
    import docker
    from requests.exceptions import RequestException

    try:
        client = docker.from_env(timeout=_PATIENCE)
    except docker.errors.DockerException as failed:
        raise diagnosis.of_engine(str(failed)) from failed
    try:
        yield client
    except (docker.errors.DockerException, RequestException) as failed:
        raise diagnosis.of_engine(str(failed)) from failed
    finally:
        client.close()


def push(reference: Reference, on_progress: Callable[[int, int], None]) -> str:
    """Pushes a tag and returns the digest that the engine says it pushed, empty when it says none.

    docker-py does not raise when the registry refuses (docker/docker-py#3277): every line of the stream is read.

    Args:
        reference: Repository and tag.
        on_progress: Called with bytes sent and bytes to send as they become known.

    Raises:
        Transient: The registry did not take it and another try may succeed.
        OutsideError: The registry refused it, or the engine does not answer.

    """
    _prepared()
    import docker.errors

    sent: dict[str, tuple[int, int]] = {}
    digest = ""
    with _client() as client:
        try:
            for line in client.api.push(reference.name, tag=reference.tag, stream=True, decode=True):
                if "error" in line:
                    raise refusing.of_push(str(reference), str(line["error"]))
                detail = line.get("progressDetail") or {}
                if "id" in line and detail.get("total"):
                    sent[line["id"]] = (int(detail.get("current", 0)), int(detail["total"]))
                    on_progress(sum(now for now, _ in sent.values()), sum(total for _, total in sent.values()))
                # Docker's own image store says it apart, containerd's in words alone.
                if said := _DIGEST.search((line.get("aux") or {}).get("Digest", "") or line.get("status", "")):
                    digest = said[0]
        except docker.errors.APIError as refused:
            raise refusing.of_push(str(reference), str(refused)) from refused
    return digest


def digest(reference: Reference) -> str | None:
    """Asks the registry for the digest of a reference; None when the registry answers that it has none.

    Raises:
        OutsideError: The registry cannot be asked.

    """
    _prepared()
    import docker.errors

    with _client() as client:
        try:
            found: str = client.images.get_registry_data(str(reference)).id
        except docker.errors.NotFound:
            return None
        except docker.errors.APIError as failed:
            if refusing.says_not_in_registry(str(failed)):
                return None
            raise refusing.of_asking(str(reference), str(failed)) from failed
    return found
