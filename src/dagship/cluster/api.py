"""Calls to the Kubernetes API, each asked again while there is patience and hope."""

import builtins
import copy
import json
from collections import Counter
from collections.abc import Sequence

from dagship.cluster import calls, command, failures, kinds
from dagship.cluster.calls import Call, Object
from dagship.cluster.kinds import Resource
from dagship.cluster.retry import insist
from dagship.cluster.transport import Transport
from dagship.cluster.watch import Watch

_POD = kinds.RESOURCES["Pod"]


class Cluster:
    """One namespace of a cluster; safe for threads.

    Every call asks again, with pauses of 0.2 to 5 seconds, when there was no answer, or 429, 500, 502, 503 or 504; it
    raises `Unreachable` when patience ends, `Forbidden` where permission is missing, and else an `OutsideError`.

    Attributes:
        namespace: The namespace.
        context: Context of the kubeconfig, `in-cluster` inside a pod.
        patience: Seconds to go on asking.

    """

    def __init__(self, transport: Transport, *, namespace: str, context: str, patience: float = 10.0) -> None:
        self.namespace = namespace
        self.context = context
        self.patience = patience
        self._transport = transport
        self._found: dict[str, Resource] = {}

    @property
    def server(self) -> str:
        """The server's address."""
        return self._transport.server

    @property
    def requests(self) -> Counter[str]:
        """HTTP requests so far, `GET pods`, `LIST pods`, `WATCH pods` and the like; siblings count together."""
        return self._transport.requests

    def clock(self) -> float:
        """Epoch seconds by the server's clock: what pods say of their times is not by this machine's."""
        return self._transport.clock()

    def patient(self, seconds: float) -> "Cluster":
        """Returns a sibling with another patience that shares the connections and the count."""
        sibling = copy.copy(self)
        sibling.patience = seconds
        return sibling

    def beside(self, namespace: str) -> "Cluster":
        """Returns a sibling for another namespace that shares the connections and the count."""
        sibling = copy.copy(self)
        sibling.namespace = namespace
        return sibling

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        self._transport.close()

    def get(self, kind: str, name: str) -> Object:
        """Reads an object.

        Raises:
            NotFound: There is none of that name.

        """
        return self._json(calls.read(self._resource(kind), self.namespace, name))

    def about(self, kind: str, name: str) -> Object:
        """Reads an object's metadata alone, for what must not be read.

        Raises:
            NotFound: There is none of that name.

        """
        return self._json(calls.about(self._resource(kind), self.namespace, name))

    def list(self, kind: str, *, selector: str = "", fields: str = "") -> list[Object]:
        """Reads all objects of a kind, by label selector and field selector."""
        return self.listing(kind, selector=selector, fields=fields)[0]

    def listing(self, kind: str, *, selector: str = "", fields: str = "") -> tuple[builtins.list[Object], str]:
        """Reads all objects of a kind, and the resourceVersion from which a watch goes on."""
        resource = self._resource(kind)
        found: builtins.list[Object] = []
        token = ""
        while True:
            try:
                page = self._json(calls.page(resource, self.namespace, selector=selector, fields=fields, token=token))
            except failures.Expired:
                if not token:
                    raise
                found, token = [], ""  # the pages took longer than the server keeps what they are of
                continue
            # Members of a list do not say what they are; objects of a watch do.
            found += [{"apiVersion": resource.version, "kind": kind, **item} for item in page.get("items") or ()]
            token = page["metadata"].get("continue") or ""
            if not token:
                return found, str(page["metadata"].get("resourceVersion") or "")

    def watch(self, kind: str, version: str) -> Watch:
        """Watches all objects of a kind from a resourceVersion on.

        Raises:
            Expired: The server no longer has what came since.

        """
        call = calls.watch(self._resource(kind), self.namespace, version)
        response = insist(lambda: self._transport.send(call, stream=True), self.patience)
        return Watch(response, self.server, call.what)

    def create(self, kind: str, body: Object, *, dry_run: bool = False) -> Object:
        """Creates an object; with `dry_run` the server only says what would become of it.

        Raises:
            Conflict: The name is taken, perhaps by this very call when its first answer was lost: callers look.

        """
        return self._json(calls.create(self._resource(kind), self.namespace, body, dry_run=dry_run))

    def replace(self, kind: str, name: str, body: Object) -> Object:
        """Replaces an object.

        Raises:
            Conflict: The body's resourceVersion is not the object's any more.
            NotFound: It is gone.

        """
        return self._json(calls.replace(self._resource(kind), self.namespace, name, body))

    def patch(self, kind: str, name: str, body: Object, *, dry_run: bool = False) -> Object:
        """Changes an object by strategic merge; with `dry_run` the server only says what would become of it.

        Raises:
            Conflict: The body names a resourceVersion that is not the object's any more.
            NotFound: It is gone.

        """
        return self._json(calls.patch(self._resource(kind), self.namespace, name, body, dry_run=dry_run))

    def delete(self, kind: str, name: str, *, uid: str, grace: int | None = None) -> bool:
        """Deletes exactly the object with that uid; False when that one is not there any more.

        Raises:
            Conflict: It could not be deleted, and is still there.

        """
        try:
            self._json(calls.delete(self._resource(kind), self.namespace, name, uid=uid, grace=grace))
        except failures.NotFound:
            return False
        except failures.Conflict:
            if any(each["metadata"]["uid"] == uid for each in self.list(kind, fields=f"metadata.name={name}")):
                raise
            return False
        return True

    def logs(self, pod: str, container: str, *, previous: bool = False, lines: int = 40) -> str:
        """Reads the last lines of a container's log; empty when there is none, or no such container."""
        call = calls.logs(_POD, self.namespace, pod, container, previous=previous, lines=lines)
        try:
            return self._send(call).decode("utf-8", "replace")
        except (failures.NotFound, failures.BadRequest):
            return ""

    def exec(
        self, pod: str, container: str, argv: Sequence[str], *, timeout: float = 20, stdin: bytes = b""
    ) -> tuple[int, str]:
        """Runs a command in a container and returns its exit code and standard output.

        It is asked for again only as long as it was not started.

        Args:
            pod: Name of the pod.
            container: Name of the container.
            argv: The command, without a shell; not for secrets.
            timeout: Seconds it may take.
            stdin: What it reads; it has to know the end of that itself.

        """
        call = calls.execute(_POD, self.namespace, pod, container, argv, stdin=bool(stdin))
        return insist(lambda: command.run(self._transport, call, timeout, stdin), self.patience)

    def can(self, verb: str, resource: str, *, group: str = "", subresource: str = "", name: str = "") -> bool:
        """Whether the one who asks may do this in the namespace; `resource` is a plural, as `statefulsets`."""
        asked = {"verb": verb, "resource": resource, "group": group, "subresource": subresource, "name": name}
        answer = self._json(calls.review(self.namespace, **asked))
        return bool(answer.get("status", {}).get("allowed"))

    def version(self) -> str:
        """Returns the server's version, as `v1.20.2`."""
        return str(self._json(calls.document("/version", "version", "ask for the version"))["gitVersion"])

    def _resource(self, kind: str) -> Resource:
        if kind == "CronJob" and kind not in self._found:  # the dictionary is shared by siblings
            call = calls.document("/apis/batch/v1", "batch", "ask for the version of CronJobs")
            self._found[kind] = kinds.cron_jobs(self._json(call))
        return self._found.get(kind) or kinds.RESOURCES[kind]

    def _send(self, call: Call) -> bytes:
        return insist(lambda: self._transport.send(call), self.patience).data

    def _json(self, call: Call) -> Object:
        body = self._send(call)
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise failures.of_nonsense(self.server, call.what)
        return document
