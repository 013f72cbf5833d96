"""An Airflow that is rolled out: what it was before, what it is after, and what was said of it."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from dagship.cluster.api import Cluster
from dagship.cluster.failures import NotFound
from dagship.cluster.feed import Feed
from dagship.model.artifacts import Target
from dagship.record import form
from dagship.record.model import Record
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.results import RolloutResult
from dagship.terminal.console import Console
from dagship.workloads.kinds import WATCHED
from tests.builders.airflow import Object
from tests.cluster.gateways import until
from tests.cluster.kubectl import Kubectl

# Written by Kubernetes, and not by whoever writes the spec.
_COUNTED = "deployment.kubernetes.io/revision"
_NOT_AIRFLOWS = {form.NAME, "kube-root-ca.crt"}
# For what takes 5 on an idle machine.
SECONDS = 120.0


def target(image: str) -> Target:
    """What is known of an image that is named by digest."""
    return Target(image=image, digest=image.partition("@")[2], airflow="3.3.2")


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A namespace with an Airflow in it."""

    kubectl: Kubectl
    cluster: Cluster
    console: Console
    output: io.StringIO
    scratch: Path

    @property
    def text(self) -> str:
        """What people would have read so far."""
        return self.output.getvalue()

    def start(self, *objects: Object) -> None:
        """Makes objects, and waits until they run."""
        self.kubectl.apply(*objects)
        wanted = {
            (one["kind"], one["metadata"]["name"]): one["spec"].get("replicas") for one in objects if "spec" in one
        }
        with Feed(self.cluster, ["StatefulSet", "Deployment"]) as feed:
            until(feed, lambda: all(_ready(feed, *key) == count for key, count in wanted.items() if count), SECONDS)

    def rollout(self, image: str, *, timeout: float = SECONDS, **asked: Any) -> RolloutResult:
        """Rolls an image out."""
        return actions.rollout(self.cluster, self.console, target(image), RolloutOptions(timeout=timeout, **asked))

    def rollback(self, to: int | None = None, *, timeout: float = SECONDS, **asked: Any) -> RolloutResult:
        """Rolls back to an earlier release."""
        return actions.rollback(self.cluster, self.console, to, RolloutOptions(timeout=timeout, **asked))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a task as people do."""
        task, *flags = arguments
        argv = [sys.executable, "-m", "dagship.cli", task, f"--namespace={self.kubectl.namespace}", *flags]
        return subprocess.run(argv, cwd=self.scratch, env=os.environ, capture_output=True, text=True)

    @property
    def record(self) -> Record:
        """What dagship wrote down."""
        try:
            return form.parse(self.cluster.get("ConfigMap", form.NAME))
        except NotFound:
            return Record()

    def written(self) -> dict[str, str]:
        """All that people write of an Airflow, byte for byte."""
        found = {}
        for item in self.kubectl.get("statefulsets,deployments,cronjobs,configmaps")["items"]:
            about = item["metadata"]
            annotations = {name: text for name, text in about.get("annotations", {}).items() if name != _COUNTED}
            said = [about.get("labels"), annotations, item.get("spec"), item.get("data")]
            found[f"{item['kind'].lower()}/{about['name']}"] = json.dumps(said)
        return {name: text for name, text in found.items() if name.partition("/")[2] not in _NOT_AIRFLOWS}

    def pods(self) -> list[tuple[str, tuple[str, ...], bool]]:
        """What runs: for each pod its workload, the images of its containers, and whether it is ready."""
        return sorted(
            (
                pod["metadata"]["labels"]["app"],
                tuple(one["image"] for one in (*pod["spec"]["containers"], *pod["spec"].get("initContainers", ()))),
                any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", ())),
            )
            for pod in self.kubectl.get("pods")["items"]
            if "app" in pod["metadata"].get("labels", {})
        )

    @contextmanager
    def meanwhile(self, workload: str, image: str, act: Callable[[], object]) -> Iterator[None]:
        """Does something as soon as a workload says an image, while the block runs."""
        lower, _, name = workload.partition("/")
        kind = next(kind for kind in WATCHED if kind.lower() == lower)
        failed: list[BaseException] = []

        def wait_and_act() -> None:
            try:
                with Feed(self.cluster, [kind]) as feed:
                    until(feed, lambda: image in json.dumps(feed.objects(kind)[name]["spec"]), SECONDS)
                act()
            except BaseException as why:  # noqa: BLE001 - raised again below
                failed.append(why)

        thread = Thread(target=wait_and_act)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if failed:
            raise failed[0]


def _ready(feed: Feed, kind: str, name: str) -> int:
    return int(feed.objects(kind).get(name, {}).get("status", {}).get("readyReplicas", 0))
