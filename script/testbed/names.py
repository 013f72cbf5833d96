"""Writes what cluster.local knows as files of hosts, for the testbed's dnsmasq: names.py KUBECONFIG DIRECTORY.

One file for each object. A Service has its cluster IP; one without (headless) has the addresses of its ready pods, and
a pod with a hostname has a name below its Service.
"""  # noqa: INP001 - a script

import base64
import json
import logging
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any

log = logging.getLogger("names")

HEADLESS = "service.kubernetes.io/headless"


class Server:
    """The API server of a kubeconfig that holds a CA and a token, as JSON."""

    def __init__(self, kubeconfig: Path) -> None:
        config = json.loads(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        self._address = cluster["server"].removeprefix("https://")
        self._headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._trust = ssl.create_default_context(cadata=authority)

    def lines(self, path: str) -> Iterator[dict[str, Any]]:
        """The JSON documents of an answer, as they come."""
        connection = HTTPSConnection(self._address, timeout=30, context=self._trust)
        try:
            connection.request("GET", path, headers=self._headers)
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                raise OSError(f"{path} is answered with {answer.status}")
            yield from map(json.loads, answer)
        finally:
            connection.close()


def hosts(kind: str, item: dict[str, Any]) -> str:
    """The file for one Service or Endpoints object."""
    metadata = item["metadata"]
    service = f"{metadata['name']}.{metadata['namespace']}.svc.cluster.local"
    if kind == "services":
        address = item["spec"].get("clusterIP", "None")
        return "" if address in {"", "None"} else f"{address} {service}\n"
    written = ""
    for subset in item.get("subsets") or []:
        for address in subset.get("addresses") or []:
            if HEADLESS in metadata.get("labels", {}):
                written += f"{address['ip']} {service}\n"
            if "hostname" in address:
                written += f"{address['ip']} {address['hostname']}.{service}\n"
    return written


def write(directory: Path, kind: str, item: dict[str, Any], *, deleted: bool = False) -> Path:
    """Brings an object's file up to date: whole, as dnsmasq reads it at once."""
    file = directory / f"{kind}.{item['metadata']['namespace']}.{item['metadata']['name']}"
    text = "" if deleted else hosts(kind, item)
    if not text:
        file.unlink(missing_ok=True)
    elif not file.exists() or file.read_text() != text:
        new = directory.with_name(f"{directory.name}.{kind}")
        new.write_text(text)
        new.replace(file)
    return file


def follow(server: Server, directory: Path, kind: str) -> None:
    """Lists once, then follows the changes until the server ends the watch: soon, so that what it misses comes."""
    (listed,) = server.lines(f"/api/v1/{kind}")
    files = {write(directory, kind, item) for item in listed["items"]}
    for file in set(directory.glob(f"{kind}.*")) - files:
        file.unlink()
    version = listed["metadata"]["resourceVersion"]
    for event in server.lines(f"/api/v1/{kind}?watch=1&timeoutSeconds=20&resourceVersion={version}"):
        if event["type"] == "ERROR":
            return
        write(directory, kind, event["object"], deleted=event["type"] == "DELETED")


def follow_for_ever(server: Server, directory: Path, kind: str) -> None:
    """Begins again whenever a watch ends, and asks each second while the server is away."""
    while True:
        try:
            follow(server, directory, kind)
        except (OSError, HTTPException, ValueError) as error:
            log.warning("%s: %s", kind, error)
            time.sleep(1)


if __name__ == "__main__":
    server, directory = Server(Path(sys.argv[1])), Path(sys.argv[2])
    for kind in ("services", "endpoints"):
        threading.Thread(target=follow_for_ever, args=(server, directory, kind)).start()
