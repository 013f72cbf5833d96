"""kubectl in one namespace, as the tests use it: whatever it makes belongs to nobody else.

What is made and read most is asked of the API by this process, as kubectl would: a kubectl of its own for each of some
thousand questions took a tenth of all processors.
"""

import json
import subprocess
import time
from functools import cached_property
from typing import Any

from kubernetes import config
from kubernetes.client import ApiClient, CoreV1Api, V1Namespace, VersionApi

from tests.builders.airflow import Object

_BY_PREFIX = {
    "/api/v1": ("pods", "configmaps", "secrets", "services", "serviceaccounts"),
    "/apis/apps/v1": ("statefulsets", "deployments"),
    "/apis/batch/v1": ("jobs",),
    "/apis/batch/v1beta1": ("cronjobs",),
    "/apis/coordination.k8s.io/v1": ("leases",),
}
_PREFIXES = {plural: prefix for prefix, plurals in _BY_PREFIX.items() for plural in plurals}


class Kubectl:
    """kubectl in one namespace.

    Args:
        program: Path of kubectl.
        kubeconfig: Of the cluster.
        namespace: The namespace.

    """

    def __init__(self, program: str, kubeconfig: str, namespace: str) -> None:
        self.program = program
        self.kubeconfig = kubeconfig
        self.namespace = namespace

    def __call__(self, *arguments: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002
        finished = self.run(*arguments, input=input)
        assert finished.returncode == 0 or not check, finished.stderr
        return finished.stdout

    def run(self, *arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:  # noqa: A002
        return subprocess.run(
            [self.program, f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}", *arguments],
            input=input,
            capture_output=True,
            text=True,
        )

    def apply(self, *objects: Object) -> None:
        """Makes objects as `kubectl create` does: nobody but kubectl is their owner."""
        if any(one["kind"] == "Pod" for one in objects):
            self._wait_for_account()
        for one in objects:
            version, kind = one["apiVersion"], one["kind"]
            prefix = f"/apis/{version}" if "/" in version else f"/api/{version}"
            within = "" if kind == "PersistentVolume" else f"/namespaces/{self.namespace}"
            self._ask("POST", f"{prefix}{within}/{kind.lower()}s?fieldManager=kubectl-create", one)

    def get(self, what: str) -> Object:
        """Reads an object as KIND/NAME, or a list of one kind or several as KINDS,KINDS."""
        kind, _, name = what.partition("/")
        if name:
            plural = kind if kind in _PREFIXES else f"{kind}s"
            return self._read(plural, name) if plural in _PREFIXES else self._by_program(what)
        if not set(kind.split(",")) <= _PREFIXES.keys():
            return self._by_program(what)
        return {"items": [one for plural in kind.split(",") for one in self._read(plural)["items"]]}

    def make_namespace(self) -> None:
        """Makes the namespace."""
        CoreV1Api(self._api).create_namespace(V1Namespace(metadata={"name": self.namespace}))

    def delete_namespace(self) -> None:
        """Deletes the namespace, and does not wait until it is gone."""
        CoreV1Api(self._api).delete_namespace(self.namespace)

    def images(self) -> dict[str, set[str]]:
        """What every workload says in its containers and initContainers."""
        found = {}
        for item in self.get("statefulsets,deployments,cronjobs")["items"]:
            spec = item["spec"].get("jobTemplate", item)["spec"]["template"]["spec"]
            containers = [*spec["containers"], *spec.get("initContainers", [])]
            found[f"{item['kind'].lower()}/{item['metadata']['name']}"] = {one["image"] for one in containers}
        return found

    def running(self) -> dict[str, str]:
        """The image that each living pod runs in its first container, by pod."""
        return {
            item["metadata"]["name"]: item["spec"]["containers"][0]["image"]
            for item in self.get("pods")["items"]
            if "deletionTimestamp" not in item["metadata"]
        }

    def _wait_for_account(self) -> None:
        """Waits until the API server takes pods in a namespace that is new: until its account has a token before 1.24."""
        deadline, minor = time.monotonic() + 30, int(VersionApi(self._api).get_code().minor.rstrip("+"))
        while not any("secrets" in one or minor >= 24 for one in self.get("serviceaccounts")["items"]):
            assert time.monotonic() < deadline, f"{self.namespace} has no account for pods"
            time.sleep(0.1)

    @cached_property
    def _api(self) -> ApiClient:
        return config.new_client_from_config(self.kubeconfig)

    def _read(self, plural: str, name: str = "") -> Object:
        answer: Object = self._ask(
            "GET", f"{_PREFIXES[plural]}/namespaces/{self.namespace}/{plural}{name and '/'}{name}"
        )
        # As a single object has them, which a list leaves out; kubectl adds them as well.
        about = {"kind": str(answer["kind"]).removesuffix("List"), "apiVersion": answer["apiVersion"]}
        return answer if name else answer | {"items": [about | one for one in answer["items"]]}

    def _ask(self, method: str, path: str, body: Object | None = None) -> Any:
        given = {"Content-Type": "application/json"}
        asked = self._api.param_serialize(method, path, header_params=given, body=body, auth_settings=["BearerToken"])
        said = self._api.call_api(*asked)
        text = said.read()
        assert said.status in {200, 201}, f"{method} {path}: {said.status} {text.decode(errors='replace')}"
        return json.loads(text)

    def _by_program(self, what: str) -> Object:
        found: Object = json.loads(self("get", what, "--output=json"))
        return found

    def wait_ready(self, *workloads: str, seconds: int = 60) -> None:
        """Waits until workloads are what they say."""
        for workload in workloads:
            self("rollout", "status", workload, f"--timeout={seconds}s")
