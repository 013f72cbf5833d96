"""dagship: what the soak is for."""

import json
import os
import subprocess
import sys
import time
from typing import Any

from tests.e2e.conftest import repository
from tests.e2e.releases import Release
from tests.e2e.soak.dagfiles import files
from tests.e2e.soak.deliveries import Delivery, Project
from tests.e2e.soak.evidence import Delivered


class Dagship(Delivery):
    """dagship: build, test-image, push, rollout."""

    what = "dagship"

    def __init__(self, release: Release, project: Project, *how: str) -> None:
        super().__init__(release, project)
        self._how = how

    def install(self) -> None:
        """Installs with the image that push left here."""
        repository(self.project.directory, self.project.base, **files(1, self.project.shapes))
        self.image(1)
        self._installed({})

    def image(self, number: int) -> str:
        """Builds, tests and pushes a version, as an image that replaces pods; returns it by digest."""
        self.project.write(number)
        self.call("build", "--full")
        self.call("test-image")
        pushed = self.call("push")
        self.numbers[pushed["dag_version"]] = number
        return f"{pushed['reference'].rpartition(':')[0]}@{pushed['digest']}"

    def deliver(self, number: int) -> Delivered:
        """Everything but the image's making counts as the rollout."""
        self.image(number)
        return self.roll(number)

    def roll(self, number: int, what: str = "rollout") -> Delivered:
        """Rolls out what was pushed."""
        began = time.time()
        result = self.call("rollout", *self._how)
        return self.delivered(number, began, result, what)

    def back(self, number: int) -> Delivered:
        """Goes back to the release before, which delivered this version."""
        began = time.time()
        return self.delivered(number, began, self.call("rollback"), "rollback")

    @staticmethod
    def delivered(number: int, began: float, result: dict[str, Any], what: str) -> Delivered:
        """What a rollout's document says of it."""
        tasks = result.get("tasks") or {}
        return Delivered(number=number, began=began, ended=time.time(), draining=tasks.get("draining"), what=what)

    def pods(self) -> frozenset[str]:
        """The pods of Airflow that there are now, by their ids; not those that are a task's."""
        return frozenset(
            one["metadata"]["uid"]
            for one in self.release.kubectl.get("pods")["items"]
            if "kubernetes_executor" not in one["metadata"]["labels"]
        )

    def start(self, task: str, *arguments: str) -> subprocess.Popen[str]:
        """Starts a task of dagship, as a CI job does that knows the cluster."""
        kubectl = self.release.kubectl
        return subprocess.Popen(
            [sys.executable, "-m", "dagship.cli", task, *arguments, "--json"],
            cwd=self.project.directory,
            env=os.environ | {"KUBECONFIG": kubectl.kubeconfig, "DAGSHIP_NAMESPACE": kubectl.namespace},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, task: str, *arguments: str) -> dict[str, Any]:
        """Runs a task of dagship to its end, which is to be a good one; returns its document."""
        child = self.start(task, *arguments)
        said, told = child.communicate()
        assert child.returncode == 0, f"{task}: {told}"
        document: dict[str, Any] = json.loads(said)
        return document
