"""Calls of the `helm` program, each with an error in words where it fails."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagship import process
from dagship.errors import OutsideError
from dagship.helm import calls, errors

_OLDEST = (3, 8)
_GET_IT = "Install Helm 3.8 or newer and see that it is in PATH; install and uninstall stand on it, rollout does not."


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release as Helm lists it.

    Attributes:
        name: Its name.
        revision: Counts its installs and upgrades.
        status: `deployed`, `failed`, `pending-install`…
        chart: Chart and version, as `airflow-0.1.0`.

    """

    name: str
    revision: int
    status: str
    chart: str


class Helm:
    """Helm in one namespace.

    Args:
        namespace: The namespace.
        context: Context of the kubeconfig; empty inside a pod.
        kubeconfig: Its path, or several as in KUBECONFIG.

    """

    def __init__(self, *, namespace: str, context: str, kubeconfig: str) -> None:
        self._program = ""
        self._namespace = namespace
        self._where = calls.where(namespace=namespace, context=context)
        self._env = calls.environment(kubeconfig)

    def check(self) -> None:
        """Finds the program.

        Raises:
            OutsideError: It is not in PATH, or too old.

        """
        found = shutil.which("helm")
        if found is None:
            raise OutsideError("The program helm is not installed.", _GET_IT)
        said = process.run([found, *calls.version()], env=self._env)
        number = calls.number(said.stdout)
        if said.code != 0 or number is None:
            raise OutsideError(f"{found} does not say its version as Helm does.", _GET_IT, said.stderr)
        if number < _OLDEST:
            raise OutsideError(f"{found} is Helm {said.stdout.strip()}, which is too old.", _GET_IT)
        self._program = found

    def releases(self) -> tuple[Release, ...]:
        """Lists the releases of the namespace.

        Raises:
            OutsideError: Helm cannot ask the cluster.

        """
        listed = self._json(calls.releases(), "list the releases") or ()
        return tuple(
            Release(
                name=str(one["name"]), revision=int(one["revision"]), status=str(one["status"]), chart=str(one["chart"])
            )
            for one in listed
        )

    def values(self, release: str) -> dict[str, Any]:
        """Reads the values of a release, the chart's defaults included; they may hold secrets.

        Raises:
            OutsideError: There is no such release, or Helm cannot ask the cluster.

        """
        found = self._json(calls.values(release), f"read the values of {release}")
        return found if isinstance(found, dict) else {}

    def descriptions(self, release: str) -> tuple[str, ...]:
        """Reads what was written of the revisions of a release, the newest first.

        Raises:
            OutsideError: There is no such release, or Helm cannot ask the cluster.

        """
        listed = self._json(calls.history(release), f"read the history of {release}") or ()
        return tuple(str(one.get("description") or "") for one in reversed(listed))

    def upgrade(
        self, release: str, chart: Path, files: Iterable[Path], *, description: str, create_namespace: bool
    ) -> None:
        """Installs or upgrades a release, and does not wait for its pods.

        Raises:
            UsageError: The values are wrong; nothing was changed.
            Refused: Another helm is at it, or another tool owns what the chart sets.
            OutsideError: The cluster does not answer, or refuses.

        """
        argv = calls.upgrade(release, chart, files, description=description, create_namespace=create_namespace)
        self._run(argv, f"install {release}")

    def template(self, release: str, chart: Path, files: Iterable[Path]) -> str:
        """Returns what a release would be made of, as YAML: the chart's own answer to the values.

        Raises:
            UsageError: The values are wrong; nothing was changed.

        """
        return self._run(calls.template(release, chart, files), f"install {release}")

    def uninstall(self, release: str) -> None:
        """Takes a release away, and does not wait for its pods.

        Raises:
            OutsideError: The cluster does not answer, or refuses.

        """
        self._run(calls.uninstall(release), f"uninstall {release}")

    def _json(self, argv: tuple[str, ...], what: str) -> Any:  # noqa: ANN401 - whatever Helm printed
        text = self._run(argv, what)
        try:
            return json.loads(text)
        except ValueError as unread:
            raise OutsideError(f"helm cannot {what}: what it printed is no JSON.") from unread

    def _run(self, argv: tuple[str, ...], what: str) -> str:
        if not self._program:
            self.check()
        finished = process.run([self._program, *argv, *self._where], env=self._env)
        if finished.code != 0:
            raise errors.error(finished.stderr, what, self._namespace)
        return finished.stdout
