"""An Airflow to roll out: real objects and pods in a namespace of its own, with an `airflow` that starts at once."""

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.timing import Timed, Told, run, run_until
from dagship.model.artifacts import PushedImage
from dagship.model.reference import Reference
from dagship.workspace import Workspace
from tests.builders.airflow import Object
from tests.cluster import images
from tests.cluster.kubectl import Kubectl

_TESTBED = "/run/dagship/cluster/kubeconfig"
_BUILT = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "dagship/kubernetes-1.20.2/kubectl"
_FAILED = "✗ "
_NO_ENGINE = "unix:///run/dagship/there-is-none.sock"


def kubeconfig() -> str:
    """How the cluster is reached."""
    return os.environ.get("DAGSHIP_TEST_KUBECONFIG") or _TESTBED


@dataclass(frozen=True, kw_only=True)
class Airflow:
    """A running Airflow, and the directory of the project that rolls it out.

    Attributes:
        kubectl: kubectl in its namespace.
        directory: Holds `.dagship/push.json`, as `push` leaves it to the next CI job.

    """

    kubectl: Kubectl
    directory: Path

    def rollout(self, image: str, *flags: str) -> Timed:
        """Runs the task to its end, as a CI job would."""
        return run(self._task(image, *flags), cwd=self.directory, env=self._env)

    def rollout_that_fails(self, image: str) -> Told:
        """Runs the task; told is when it names what is wrong, the end is when everything is back.

        It has no engine to ask the registry through, and so learns of a missing image as the cluster does.
        """
        return run_until(self._task(image), _FAILED, cwd=self.directory, env={**self._env, "DOCKER_HOST": _NO_ENGINE})

    @property
    def _env(self) -> dict[str, str]:
        return {"KUBECONFIG": kubeconfig()}

    def _task(self, image: str, *flags: str) -> list[str]:
        Workspace(self.directory).write("push", pushed(image))
        return [sys.executable, "-m", "dagship.cli", "rollout", "--namespace", self.kubectl.namespace, *flags]


def namespace() -> Kubectl:
    """Makes a namespace; whoever asks for it deletes it."""
    program = str(_BUILT) if _BUILT.exists() else shutil.which("kubectl")
    if program is None:
        sys.exit("bench: kubectl is not there")
    kubectl = Kubectl(program, kubeconfig(), f"bench-{secrets.token_hex(4)}")
    kubectl.make_namespace()
    return kubectl


@contextmanager
def running(directory: Path, *objects: Object) -> Iterator[Airflow]:
    """Makes objects in a new namespace, waits until they are what they say, and removes all of it at the end."""
    kubectl = namespace()
    project = directory / kubectl.namespace
    project.mkdir()
    try:
        kubectl.apply(*objects)
        kubectl.wait_ready(*(f"{one['kind'].lower()}/{one['metadata']['name']}" for one in objects), seconds=300)
        yield Airflow(kubectl=kubectl, directory=project)
    finally:
        kubectl("delete", "namespace", kubectl.namespace)


def pushed(image: str) -> PushedImage:
    """What `push` would have recorded of an image."""
    parsed = Reference.parse(image)
    reference = f"{parsed.name}:bench"
    platform = run(["docker", "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"]).stdout.strip()
    return PushedImage(
        reference=reference, digest=parsed.digest, dag_version="", tested=True, airflow="3.3.2", platforms=(platform,)
    )


def never_pushed() -> str:
    """An image by a digest that the registry does not have."""
    return f"{images.REPOSITORY}@sha256:{secrets.token_hex(32)}"
