"""A DAG version is announced to an Airflow that runs, on a real cluster: one write, and no pod starts anew for it.

Whether it is served is answered by a stand-in, which looks into the mount of its container; packages are bytes that
nobody unpacks. The real ones are in tests/e2e.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest

from dagship.errors import OutsideError
from dagship.model.artifacts import Target
from dagship.record import announced
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.results import RolloutResult
from tests.builders import thin
from tests.builders.airflow import Object
from tests.cluster.images import REPOSITORY, image
from tests.cluster.rig import SECONDS, Rig

BASE, FORMER, FOUNDATION = thin.BASE, "1" * 12, thin.FOUNDATION
V5, V6, V7 = thin.V5, thin.V6, "7" * 12
T5, T6, T7 = (f"{REPOSITORY}@sha256:{digit * 64}" for digit in "567")
# A dag-processor in which one version has a file that cannot be imported.
BROKEN = (
    f"""[ $version != {V6} ] || {{ echo '{{"served": false, "import_errors": {{"a.py": "KeyError: 1"}}}}'; exit 1; }}"""
)


def package(of: str) -> bytes:
    return f"package of {of}".encode()


def no_package(of: str) -> bytes:
    raise OutsideError(f"The registry of {of} does not answer.")


@dataclass(frozen=True, kw_only=True)
class Announced:
    """An Airflow with what is announced to it."""

    rig: Rig
    runs: str

    def target(self, version: str, of: str) -> Target:
        return thin.target(version, of, onto=self.runs)

    def rollout(self, version: str, of: str, *, fetch: Any = package, **asked: Any) -> RolloutResult:
        options = RolloutOptions(**{"timeout": SECONDS, **asked})
        return actions.rollout(self.rig.cluster, self.rig.console, self.target(version, of), options, fetch)

    def rollback(self, to: int | None = None, **asked: Any) -> RolloutResult:
        return actions.rollback(
            self.rig.cluster, self.rig.console, to, RolloutOptions(timeout=SECONDS, **asked), package
        )

    def undo(self) -> RolloutResult:
        return actions.undo(self.rig.cluster, self.rig.console, RolloutOptions(timeout=SECONDS), package)

    @property
    def config_map(self) -> Object | None:
        found = [
            one for one in self.rig.kubectl.get("configmaps")["items"] if one["metadata"]["name"] == "dagship-dags"
        ]
        return found[0] if found else None

    @property
    def version(self) -> str:
        there = announced.read(self.config_map).announcement
        return there.version if there else ""

    @property
    def packages(self) -> dict[str, bytes]:
        found = (self.config_map or {}).get("binaryData") or {}
        return {name.removesuffix(".tgz"): base64.b64decode(text) for name, text in found.items()}

    def pods(self) -> set[tuple[str, int]]:
        """Every pod by its uid, and how often its container was started."""
        return {
            (pod["metadata"]["uid"], pod["status"]["containerStatuses"][0]["restartCount"])
            for pod in self.rig.kubectl.get("pods")["items"]
        }

    def in_worker(self, file: str) -> str:
        return self.rig.kubectl("exec", "worker-0", "--", "cat", f"/opt/airflow/dag-announced/{file}")


def start(rig: Rig, *, wait: str = "", runs: dict[str, int] | None = None) -> Announced:
    """Starts an Airflow that says of itself what a real one would say."""
    of = image("thin")
    said = {
        "airflow": "3.3.2", "baked": True, "held": [BASE, FORMER], "current": BASE, "foundation": FOUNDATION,
        "runs": [{"version": version, "state": "running", "runs": count} for version, count in (runs or {}).items()],
    }  # fmt: skip
    objects = thin.airflow(of)
    for one in objects:
        name, (container,) = one["metadata"]["name"], one["spec"]["template"]["spec"]["containers"]
        env = {"scheduler": ("FAKE_ANSWER", f"echo '{json.dumps(said)}'"), "dag-processor": ("FAKE_WAIT", wait)}
        if name in env:
            container["env"] = [dict(zip(("name", "value"), env[name], strict=True))]
    rig.start(*objects)
    return Announced(rig=rig, runs=of)


@pytest.fixture
def airflow(rig: Rig) -> Announced:
    return start(rig)


def test_a_version_is_served_by_the_pods_that_run(airflow: Announced) -> None:
    before = airflow.pods()
    first = airflow.rollout(V5, T5)
    second = airflow.rollout(V6, T6)
    releases = airflow.rig.record.releases

    assert (first.outcome, first.release, second.outcome, second.release) == ("moved", 1, "moved", 2)
    assert (second.image, second.dag_version, second.failure) == (T6, V6, None)
    assert second.served is not None
    assert airflow.pods() == before
    assert airflow.packages == {V5: package(T5), V6: package(T6)}
    assert json.loads(airflow.in_worker("current"))["version"] == airflow.version == V6
    assert airflow.in_worker(f"{V6}.tgz").encode() == package(T6)
    assert [(one.kind, one.image, one.dag_version) for one in releases[1:]] == [
        ("rollout", T5, V5), ("rollout", T6, V6),
    ]  # fmt: skip
    assert airflow.rig.record.journal is None
    assert f"way: DAG version {V6} is announced to what runs" in airflow.rig.text


def test_the_same_again_changes_nothing_and_is_seen_to_be_served(airflow: Announced) -> None:
    airflow.rollout(V5, T5)
    before = airflow.config_map
    result = airflow.rollout(V5, T5)

    assert (result.outcome, result.release) == ("unchanged", 1)
    assert result.served is not None
    assert airflow.config_map == before


def test_a_dry_run_says_the_way_and_changes_nothing(airflow: Announced) -> None:
    result = airflow.rollout(V5, T5, dry_run=True)

    assert (result.outcome, [move.key for move in result.moves]) == ("planned", ["configmap/dagship-dags"])
    assert f"the image's own DAGs → DAG version {V5}" in airflow.rig.text
    assert airflow.config_map is None
    assert airflow.rig.record.releases == ()


@pytest.mark.parametrize("former", ["", V5])
def test_what_cannot_be_imported_there_is_taken_back_by_the_same_way(rig: Rig, former: str) -> None:
    airflow = start(rig, wait=BROKEN)
    if former:
        airflow.rollout(former, T5)
    before = airflow.pods()
    result = airflow.rollout(V6, T6)

    assert (result.outcome, result.passed) == ("undone", False)
    assert result.failure is not None
    assert (result.failure.workload, result.failure.reason) == ("deployment/dag-processor", "ImportError")
    assert result.failure.message == "a.py cannot be imported there: KeyError: 1"
    assert result.state == "Everything runs again what it ran before; nothing of the new image is left."
    assert airflow.version == former
    assert airflow.pods() == before
    assert airflow.rig.record.journal is None
    assert airflow.rollout(V7, T7).outcome == "moved"
