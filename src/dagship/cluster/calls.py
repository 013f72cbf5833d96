"""The requests of the gateway, as plain data. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from dagship.cluster.kinds import Resource

MANAGER = "dagship"
WATCH_SECONDS = 290

_PAGE = "500"
_LOG_BYTES = str(256 * 1024)
_JSON = "application/json"
_STRATEGIC_MERGE = "application/strategic-merge-patch+json"
_MANAGED = (("fieldManager", MANAGER),)

Query = tuple[tuple[str, str], ...]
Object = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request.

    Attributes:
        verb: What it is counted as: `GET`, `LIST`, `WATCH`, `POST`, `PUT`, `PATCH`, `DELETE`, `EXEC`.
        resource: Plural name of what it is about, for the count.
        path: Path on the server.
        what: What is asked, for people, as `read Pod airflow-worker-0`.
        query: Parameters.
        body: JSON to send, None for none.
        content_type: Of the body.
        accept: What the answer may be.

    """

    verb: str
    resource: str
    path: str
    what: str
    query: Query = ()
    body: Object | None = None
    content_type: str = _JSON
    accept: str = _JSON

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "GET" if self.verb in ("LIST", "WATCH", "EXEC") else self.verb

    @property
    def target(self) -> str:
        """Path and parameters."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    @property
    def content(self) -> bytes | None:
        """The body as it is sent."""
        return None if self.body is None else json.dumps(self.body).encode()


def _call(verb: str, word: str, resource: Resource, path: str, name: str = "", **more: Any) -> Call:  # noqa: ANN401 - fields of Call
    what = f"{word} {resource.kind} {name}" if name else f"{word} {resource.plural}"
    return Call(verb=verb, resource=resource.plural, path=path, what=what, **more)


def read(resource: Resource, namespace: str, name: str) -> Call:
    """Reads an object."""
    return _call("GET", "read", resource, resource.path(namespace, name), name)


def about(resource: Resource, namespace: str, name: str) -> Call:
    """Reads an object's metadata and nothing of what is in it."""
    accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    return _call("GET", "read", resource, resource.path(namespace, name), name, accept=accept)


def page(resource: Resource, namespace: str, *, selector: str, fields: str, token: str) -> Call:
    """Reads some of the objects of a kind, going on at `token`."""
    query = (("labelSelector", selector), ("fieldSelector", fields), ("limit", _PAGE), ("continue", token))
    return _call("LIST", "list", resource, resource.path(namespace), query=_given(query))


def watch(resource: Resource, namespace: str, version: str) -> Call:
    """Watches all objects of a kind from a resourceVersion on."""
    query = (
        ("watch", "true"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", version),
        ("timeoutSeconds", str(WATCH_SECONDS)),
    )
    return _call("WATCH", "watch", resource, resource.path(namespace), query=query)


def create(resource: Resource, namespace: str, body: Object, *, dry_run: bool = False) -> Call:
    """Creates an object."""
    name = str(body.get("metadata", {}).get("name", ""))
    path = resource.path(namespace)
    query = _given((*_MANAGED, ("dryRun", "All" if dry_run else "")))
    return _call("POST", "create", resource, path, name, query=query, body=_typed(resource, body))


def replace(resource: Resource, namespace: str, name: str, body: Object) -> Call:
    """Replaces an object."""
    path = resource.path(namespace, name)
    return _call("PUT", "replace", resource, path, name, query=_MANAGED, body=_typed(resource, body))


def patch(resource: Resource, namespace: str, name: str, body: Object, *, dry_run: bool) -> Call:
    """Changes an object by strategic merge."""
    query = _given((*_MANAGED, ("dryRun", "All" if dry_run else "")))
    path = resource.path(namespace, name)
    return _call("PATCH", "patch", resource, path, name, query=query, body=body, content_type=_STRATEGIC_MERGE)


def delete(resource: Resource, namespace: str, name: str, *, uid: str, grace: int | None) -> Call:
    """Deletes exactly the object with that uid."""
    body: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
    if resource.kind == "Job":  # whose pods would stay otherwise, for history's sake
        body["propagationPolicy"] = "Background"
    if grace is not None:
        body["gracePeriodSeconds"] = grace
    return _call("DELETE", "delete", resource, resource.path(namespace, name), name, body=body)


def logs(pod: Resource, namespace: str, name: str, container: str, *, previous: bool, lines: int) -> Call:
    """Reads the last lines of a container's log."""
    query = (
        ("container", container),
        ("previous", "true" if previous else ""),
        ("tailLines", str(lines)),
        ("limitBytes", _LOG_BYTES),
    )
    path = pod.path(namespace, name, "log")
    return Call(verb="GET", resource="pods/log", path=path, what=f"read the log of Pod {name}", query=_given(query))


def execute(
    pod: Resource, namespace: str, name: str, container: str, argv: Sequence[str], *, stdin: bool = False
) -> Call:
    """Runs a command in a container."""
    flags = (("stdin", "true" if stdin else "false"), ("stdout", "true"), ("stderr", "true"), ("tty", "false"))
    query = (("container", container), *(("command", each) for each in argv), *flags)
    path = pod.path(namespace, name, "exec")
    return Call(verb="EXEC", resource="pods/exec", path=path, what=f"run {argv[0]} in Pod {name}", query=query)


def review(namespace: str, *, verb: str, resource: str, group: str, subresource: str, name: str) -> Call:
    """Asks whether the one who asks may do something."""
    version, plural = "authorization.k8s.io/v1", "selfsubjectaccessreviews"
    asked = {"verb": verb, "resource": resource, "group": group, "subresource": subresource, "name": name}
    body = {
        "apiVersion": version,
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"namespace": namespace, **asked}},
    }
    return Call(verb="POST", resource=plural, path=f"/apis/{version}/{plural}", what="ask for permissions", body=body)


def document(path: str, resource: str, what: str) -> Call:
    """Reads what the server says of itself."""
    return Call(verb="GET", resource=resource, path=path, what=what)


def _given(query: Query) -> Query:
    return tuple((name, value) for name, value in query if value)


def _typed(resource: Resource, body: Object) -> Object:
    """Gives a body the version that this server has of the kind."""
    return {**body, "apiVersion": resource.version, "kind": resource.kind}
