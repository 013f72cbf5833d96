"""An admission webhook that rewrites images, as a mirror's operator or a policy engine runs one: a real one.

The API server calls it by address, over TLS with a certificate of its own. It reaches this machine wherever this
machine reaches it by an address that is not translated.
"""

import base64
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dagship.cluster.feed import Feed
from tests.builders.airflow import Object
from tests.cluster.gateways import until
from tests.cluster.rig import SECONDS, Rig


@contextmanager
def rewriting(rig: Rig, old: str, new: str, *, resources: dict[str, list[str]], probe: Object) -> Iterator[None]:
    """Has images that begin with `old` begin with `new`, in objects that are made or changed in the rig's namespace.

    Args:
        rig: The namespace.
        old: What images begin with.
        new: What they begin with then.
        resources: API group to resources that are rewritten.
        probe: An object of one of them with such an image: when that would be rewritten, the webhook is in effect.

    """
    name = rig.kubectl.namespace
    address = _own_address(rig.kubectl.kubeconfig)
    certificate, key = rig.scratch / "webhook.pem", rig.scratch / "webhook.key"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=webhook",
            "-addext", f"subjectAltName=IP:{address}",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with _serving(address, certificate, key, old, new) as port:
        rig.kubectl("label", "namespace", name, f"webhook={name}")
        rig.kubectl("create", "-f", "-", input=json.dumps(_configuration(name, address, port, certificate, resources)))
        try:
            with Feed(rig.cluster, ["ConfigMap"]) as feed:
                until(feed, lambda: new in _would_be(rig, probe), SECONDS)
            yield
        finally:
            rig.kubectl("delete", "mutatingwebhookconfiguration", name)


def _own_address(kubeconfig: str) -> str:
    """The address by which this machine reaches the API server."""
    from kubernetes.client import Configuration
    from kubernetes.config import load_kube_config

    found = Configuration()
    load_kube_config(kubeconfig, client_configuration=found)
    server = urlsplit(found.host)
    with socket.create_connection((server.hostname, server.port or 443), timeout=10) as connected:
        return str(connected.getsockname()[0])


def _configuration(
    name: str, address: str, port: int, certificate: Path, resources: dict[str, list[str]]
) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": "images.dagship.test",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "timeoutSeconds": 20,
                "namespaceSelector": {"matchLabels": {"webhook": name}},
                "clientConfig": {
                    "url": f"https://{address}:{port}/",
                    "caBundle": base64.b64encode(certificate.read_bytes()).decode(),
                },
                "rules": [
                    {
                        "apiGroups": [group],
                        "apiVersions": ["*"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": kinds,
                    }
                    for group, kinds in resources.items()
                ],
            }
        ],
    }


def _would_be(rig: Rig, probe: Object) -> str:
    return rig.kubectl.run("create", "--dry-run=server", "-o", "json", "-f", "-", input=json.dumps(probe)).stdout


@contextmanager
def _serving(address: str, certificate: Path, key: Path, old: str, new: str) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
            patch = [
                {"op": "replace", "path": path, "value": new + image.removeprefix(old)}
                for path, image in _images(asked["object"])
                if image.startswith(old)
            ]
            answer = {"uid": asked["uid"], "allowed": True}
            if patch:
                answer |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
            body = json.dumps(
                {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer((address, 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _images(raw: Object) -> Iterator[tuple[str, str]]:
    """JSON pointer and image of every container."""
    spec, where = raw["spec"], "/spec"
    if "template" in spec:
        spec, where = spec["template"]["spec"], "/spec/template/spec"
    for group in ("containers", "initContainers"):
        for number, container in enumerate(spec.get(group) or ()):
            yield f"{where}/{group}/{number}/image", container["image"]
