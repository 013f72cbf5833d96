"""What happened to the objects of a namespace, in order: told by the server's own watch, not by what is tested."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from tests.cluster.kubectl import Kubectl

_PATHS = {"StatefulSet": "apis/apps/v1", "Deployment": "apis/apps/v1", "Pod": "api/v1"}


@dataclass(frozen=True, kw_only=True)
class Event:
    """An object as it was at one time.

    Attributes:
        version: The server counts all changes of all objects with it.
        type: `ADDED`, `MODIFIED` or `DELETED`.
        object: The object.

    """

    version: int
    type: str
    object: dict[str, Any]

    @property
    def name(self) -> str:
        """`deployment/scheduler`."""
        return f"{self.object['kind'].lower()}/{self.object['metadata']['name']}"

    @property
    def image(self) -> str:
        """The image of the first container."""
        spec = self.object["spec"].get("template", self.object)["spec"]
        return str(spec["containers"][0]["image"])

    @property
    def ready(self) -> bool:
        """Whether it is a pod that is ready and stays."""
        conditions = self.object.get("status", {}).get("conditions", ())
        ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
        return ready and self.type != "DELETED" and "deletionTimestamp" not in self.object["metadata"]


@dataclass(kw_only=True)
class History:
    """What happened while it was watched, in the server's order; there when the watching has ended."""

    events: list[Event] = field(default_factory=list)

    def moved(self, image: str) -> list[str]:
        """The workloads in the order in which they first said `image`."""
        found = (event for event in self.events if event.object["kind"] != "Pod" and event.image == image)
        return list(dict.fromkeys(event.name for event in found))

    def when_moved(self, name: str, image: str) -> int:
        """The version at which a workload first said `image`."""
        return next(event.version for event in self.events if event.name == name and event.image == image)

    def when_right(self, prefix: str, image: str, pods: int) -> int:
        """The version since which so many pods are ready on `image`, counting those of the name."""
        right: dict[str, bool] = {}
        for event in self.events:
            if event.name.startswith(f"pod/{prefix}"):
                right[event.name] = event.ready and event.image == image
                if sum(right.values()) == pods:
                    return event.version
        raise AssertionError(f"{prefix} never was {pods} ready pods on {image}")

    def fewest_ready(self, prefix: str, begin: int) -> int:
        """The least number of pods of the name that were ready at a time, of `begin` at first."""
        ready = {f"pod/{prefix}-{number}": True for number in range(begin)}
        fewest = begin
        for event in self.events:
            if event.name.startswith(f"pod/{prefix}"):
                ready[event.name] = event.ready
                fewest = min(fewest, sum(ready.values()))
        return fewest


@contextmanager
def history(kubectl: Kubectl, *kinds: str) -> Iterator[History]:
    """Watches kinds from now on until the block ends."""
    told = History()
    with ExitStack() as stack:
        streams = {kind: _stream(stack, kubectl, kind) for kind in kinds or tuple(_PATHS)}
        yield told
        for kind, (stream, began) in streams.items():
            told.events += _until(stream, began, max(_versions(kubectl, kind)))
    told.events.sort(key=lambda event: event.version)


def _stream(stack: ExitStack, kubectl: Kubectl, kind: str) -> tuple[IO[bytes], int]:
    path = f"/{_PATHS[kind]}/namespaces/{kubectl.namespace}/{kind.lower()}s"
    version = int(json.loads(kubectl("get", "--raw", path))["metadata"]["resourceVersion"])
    stream = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it is one
    argv = [kubectl.program, f"--kubeconfig={kubectl.kubeconfig}", "get", "--raw"]
    watch = f"{path}?watch=1&resourceVersion={version}&timeoutSeconds=280"
    process = stack.enter_context(subprocess.Popen([*argv, watch], stdout=stream, stderr=subprocess.DEVNULL))
    stack.callback(process.kill)
    return stream, version


def _versions(kubectl: Kubectl, kind: str) -> list[int]:
    return [int(one["metadata"]["resourceVersion"]) for one in kubectl.get(f"{kind.lower()}s")["items"]] or [0]


def _until(stream: IO[bytes], began: int, version: int) -> list[Event]:
    """Reads all events once the one of `version` is among them; there are none of what was before the watch."""
    deadline = time.monotonic() + 20
    events: list[Event] = []
    while True:
        stream.seek(0)
        lines = stream.read().split(b"\n")[:-1]
        documents = [json.loads(line) for line in lines[len(events) :]]
        events += [
            Event(version=int(one["object"]["metadata"]["resourceVersion"]), type=one["type"], object=one["object"])
            for one in documents
        ]
        if max((event.version for event in events), default=began) >= version:
            return events
        assert time.monotonic() < deadline, f"the watch never came to version {version}"
        time.sleep(0.05)
