"""A DAG version is announced to an Airflow that runs, on a real cluster: one write, and no pod starts anew for it.

Whether it is served is answered by a stand-in, which looks into the mount of its container; packages are bytes that
nobody unpacks. The real ones are in tests/e2e.
"""

import base64
import itertools
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from dagship.cluster.api import Cluster
from dagship.cluster.feed import Feed
from dagship.errors import OutsideError
from dagship.model.artifacts import Target
from dagship.model.thin import MOST
from dagship.record import announced
from dagship.record.model import Record
from dagship.rollout import actions
from dagship.rollout import status as status_stage
from dagship.rollout.execute import annotate
from dagship.rollout.options import RolloutOptions
from dagship.rollout.results import RolloutResult, StatusReport
from tests.builders import thin
from tests.builders.airflow import Object
from tests.cluster import killer
from tests.cluster.gateways import until
from tests.cluster.history import history
from tests.cluster.images import REPOSITORY, image
from tests.cluster.proxies import Proxy
from tests.cluster.rig import SECONDS, Rig

BASE, FORMER, FOUNDATION = thin.BASE, "1" * 12, thin.FOUNDATION
V5, V6, V7 = thin.V5, thin.V6, "7" * 12
T5, T6, T7 = (f"{REPOSITORY}@sha256:{digit * 64}" for digit in "567")
# A dag-processor in which one version has a file that cannot be imported.
BROKEN = f"""[ $version != {V6} ] || echo '{{"served": false, "done": true, "new": {{"a.py": "KeyError: 1"}}}}'"""


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

    def status(self) -> StatusReport:
        return status_stage.status(self.rig.cluster, repositories=[REPOSITORY], dag_versions={}, selector="", names=())

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


def start(rig: Rig, *, wait: str = "", runs: dict[str, int] | None = None, drains: int = 0) -> Announced:
    """Starts an Airflow that says of itself what a real one would say; its worker takes so many seconds to end."""
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
        if name == "worker" and drains:
            container["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", str(drains)]}}}
            one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = drains
        if name == "dag-processor":  # what outlives its container
            one["spec"]["template"]["spec"]["volumes"].append({"name": "state", "emptyDir": {}})
            container["volumeMounts"].append({"name": "state", "mountPath": "/state"})
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
    assert result.failure.message == "Airflow cannot import a.py: KeyError: 1"
    assert result.state == "Everything runs again what it ran before; nothing of the new image is left."
    assert airflow.version == former
    assert airflow.pods() == before
    assert airflow.rig.record.journal is None
    assert airflow.rollout(V7, T7).outcome == "moved"


def test_what_is_not_served_in_time_is_taken_back(rig: Rig) -> None:
    airflow = start(rig, wait=f'[ $version != {V6} ] || echo \'{{"served": false, "version": "{V5}"}}\'')
    airflow.rollout(V5, T5)
    result = airflow.rollout(V6, T6, served_timeout=3.0)

    assert (result.outcome, airflow.version) == ("undone", V5)
    assert result.failure is not None
    assert result.failure.reason == "NotServed"
    assert result.failure.message.endswith(f"it serves {V5}")


def test_with_no_undo_it_is_left_and_undo_takes_it_back_later(rig: Rig) -> None:
    airflow = start(rig, wait=BROKEN)
    airflow.rollout(V5, T5)
    left = airflow.rollout(V6, T6, undo=False)

    assert (left.outcome, airflow.version) == ("left", V6)
    assert airflow.rig.record.journal is not None
    assert airflow.rig.record.journal.state == "left"
    assert airflow.undo().outcome == "undone"
    assert airflow.version == V5
    assert airflow.rig.record.journal is None


def test_back_and_forth_in_seconds_and_no_pod_is_replaced(airflow: Announced) -> None:
    """Release 0 is what was found: nothing was announced then."""
    before = airflow.pods()
    airflow.rollout(V5, T5)
    airflow.rollout(V6, T6)
    to_package = airflow.rollback()
    again = airflow.rollback()
    to_image = airflow.rollback(0)
    forth = airflow.rollout(V6, T6)

    assert [(one.outcome, one.dag_version, one.image) for one in (to_package, again, forth)] == [
        ("moved", V5, T5), ("moved", V6, T6), ("moved", V6, T6),
    ]  # fmt: skip
    assert to_image.outcome == "moved"
    assert all(one.served is not None for one in (to_package, again, to_image, forth))
    assert airflow.version == V6
    assert airflow.pods() == before


def test_a_package_that_is_gone_comes_from_its_image_again_in_a_rollback(airflow: Announced) -> None:
    airflow.rollout(V5, T5)
    airflow.rollout(V6, T6)
    airflow.rig.kubectl("delete", "configmap", "dagship-dags")
    result = airflow.rollback()

    assert (result.outcome, airflow.version) == ("moved", V5)
    assert airflow.packages == {V5: package(T5), V6: package(T6)}


def test_a_config_map_that_was_deleted_is_written_again_with_what_runs_may_need_and_airflow_is_not_asked(
    rig: Rig,
) -> None:
    airflow = start(rig, runs={V5: 2})
    airflow.rollout(V5, T5)
    airflow.rollout(V6, T6)
    airflow.rig.kubectl("delete", "configmap", "dagship-dags")
    status = airflow.status()

    assert not status.passed
    assert status.announced is not None
    assert status.announced.lost == V6
    again = airflow.rollout(V7, T7)
    assert (again.outcome, again.live) == ("moved", None)
    assert airflow.packages == {V5: package(T5), V6: package(T6), V7: package(T7)}
    status = airflow.status()
    assert status.announced is not None
    assert (status.passed, status.announced.serves, status.announced.why_not) == (True, V7, "")


def test_without_the_registry_nothing_is_begun(airflow: Announced) -> None:
    with pytest.raises(OutsideError, match="does not answer"):
        airflow.rollout(V5, T5, fetch=no_package)

    assert airflow.config_map is None
    assert airflow.rig.record == Record()


def test_where_there_is_no_room_packages_that_no_run_needs_go_and_then_every_pod_moves(rig: Rig) -> None:
    airflow = start(rig, runs={V6: 1})
    third = MOST // 3 + 1

    def large(of: str) -> bytes:
        return (of[-1] * third).encode()

    airflow.rollout(V5, T5, fetch=large)
    airflow.rollout(V6, T6, fetch=large)
    airflow.rollout(V7, T7, fetch=large)
    assert airflow.packages == {V6: large(T6), V7: large(T7)}
    # As one that was built for it would be: it has what is served and what runs began on.
    target = airflow.target(V5, T5).model_copy(update={"dag_versions": (V5, V7, V6, BASE)})
    result = actions.rollout(rig.cluster, rig.console, target, RolloutOptions(dry_run=True), large)

    assert (result.outcome, len(result.moves)) == ("planned", 6)
    assert "way: every pod moves to the image, since what differs takes 171 KiB beside the 342 KiB" in airflow.rig.text


def test_what_another_wrote_meanwhile_is_not_overwritten(airflow: Announced) -> None:
    """Somebody who holds no lock of ours, between a look and the write after it."""
    airflow.rollout(V5, T5)
    calls = itertools.count(1)

    def meanwhile(of: str) -> bytes:
        if next(calls) == 3:
            there = announced.read(airflow.config_map).announcement
            assert there is not None
            said = there.model_copy(update={"version": "9" * 12}).model_dump_json()
            airflow.rig.kubectl("patch", "configmap", "dagship-dags", "-p", json.dumps({"data": {"current": said}}))
        return package(of)

    result = airflow.rollout(V6, T6, fetch=meanwhile)

    assert (result.outcome, airflow.version) == ("undone", "9" * 12)
    assert result.failure is not None
    assert result.failure.message.startswith("configmap/dagship-dags was changed by someone else meanwhile")
    assert "configmap/dagship-dags says what someone else wrote there" in result.state


def test_two_at_once_come_one_after_the_other(airflow: Announced) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(airflow.rollout, (V5, V6), (T5, T6)))
    releases = airflow.rig.record.releases[1:]

    assert [one.outcome for one in results] == ["moved", "moved"]
    assert sorted(one.dag_version for one in releases) == [V5, V6]
    assert airflow.version == releases[-1].dag_version
    assert airflow.packages.keys() == {V5, V6}


@pytest.mark.wide
def test_without_the_right_to_annotate_pods_the_kubelets_take_their_time_and_it_is_said(
    airflow: Announced, least: Rig, role: Object
) -> None:
    """A kubelet looks within 90 s; here somebody else has it look."""
    for rule in role["rules"]:
        if rule["resources"] == ["pods"]:
            rule["verbs"].remove("patch")
    least.kubectl("replace", "-f", "-", input=json.dumps(role))
    deadline = time.monotonic() + 10
    while least.cluster.can("patch", "pods"):  # who decides learns of it by a watch
        assert time.monotonic() < deadline
    before = airflow.pods()
    with ThreadPoolExecutor(1) as pool:
        rolling = pool.submit(replace(airflow, rig=least).rollout, V5, T5)
        while "pods learn of it in their own time" not in least.text:
            assert not rolling.done(), rolling.result()
        airflow.rig.kubectl("annotate", "pods", "--all", "look=now")
        result = rolling.result()

    assert result.outcome == "moved"
    assert any("cannot patch resource" in one for one in result.warnings)
    assert airflow.pods() == before


def test_an_annotation_that_is_lost_is_made_again(
    airflow: Announced, proxy: Proxy, connect: Callable[..., Cluster]
) -> None:
    """Without it the kubelets would look later than a version may take to be served."""
    proxy.answer(200, times=2, on="PATCH", path="/pods/", body=b"{}")
    through = connect(airflow.rig.kubectl.namespace, proxy.kubeconfig)
    try:
        result = replace(airflow, rig=replace(airflow.rig, cluster=through)).rollout(V5, T5)
    finally:
        through.close()

    assert (result.outcome, result.warnings) == ("moved", ())
    assert proxy.unused() == []


def test_a_worker_that_is_ending_its_tasks_is_left_alone(rig: Rig) -> None:
    """Its kubelet looks at its mounts no more; it takes no new task."""
    airflow = start(rig, drains=25)
    rig.kubectl("delete", "pod", "worker-0", "--wait=false")
    result = airflow.rollout(V5, T5)
    annotations = {
        pod["metadata"]["labels"]["app"]: pod["metadata"].get("annotations", {}).get(annotate.ANNOTATION)
        for pod in rig.kubectl.get("pods")["items"]
    }

    assert (result.outcome, result.warnings) == ("moved", ())
    assert annotations["dag-processor"] is not None
    assert annotations["worker"] is None


def test_a_dag_processor_that_starts_anew_meanwhile_is_asked_when_it_is_there(rig: Rig) -> None:
    airflow = start(rig, wait="[ -e /state/again ] || { touch /state/again; kill 1; sleep 5; }")
    result = airflow.rollout(V5, T5)

    assert result.outcome == "moved"
    with Feed(rig.cluster, ["Pod"]) as feed:  # it answers before its kubelet reports that it was started again
        until(feed, lambda: max(restarts for _, restarts in airflow.pods()) == 1)


def test_every_pod_that_moves_takes_back_what_was_announced_last_of_all(rig: Rig) -> None:
    airflow = start(rig)
    airflow.rollout(V5, T5)
    airflow.rollout(V6, T6)
    whole = image("thin-whole")
    target = Target(
        image=whole, digest=whole.partition("@")[2], dag_version=V7, dag_versions=(V7, V6, V5, BASE), airflow="3.3.2"
    )
    with history(rig.kubectl) as told:
        result = actions.rollout(rig.cluster, rig.console, target, RolloutOptions(timeout=SECONDS))

    assert result.outcome == "moved"
    assert result.served is not None
    assert [move.key for move in result.moves][-2:] == ["deployment/dag-processor", "configmap/dagship-dags"]
    assert told.moved(whole)[-1] == "deployment/dag-processor"
    assert (airflow.version, airflow.packages) == ("", {})


def test_a_rollout_of_the_image_that_runs_takes_back_what_was_announced_and_no_pod_moves(airflow: Announced) -> None:
    airflow.rollout(V5, T5)
    before = airflow.pods()
    target = Target(
        image=airflow.runs, digest=airflow.runs.partition("@")[2], dag_version=BASE, dag_versions=(BASE, FORMER)
    )
    result = actions.rollout(airflow.rig.cluster, airflow.rig.console, target, RolloutOptions(timeout=SECONDS))

    assert result.outcome == "moved"
    assert result.served is not None
    assert (airflow.version, airflow.packages) == ("", {V5: package(T5)})
    assert airflow.pods() == before


def test_a_way_back_of_every_pod_announces_again_what_was_announced(rig: Rig) -> None:
    airflow = start(rig)
    airflow.rollout(V6, T6)
    broken = image("thin-broken", "crashes-as-dag-processor")
    target = Target(image=broken, digest=broken.partition("@")[2], dag_versions=(V6, BASE), airflow="3.3.2")
    result = actions.rollout(rig.cluster, rig.console, target, RolloutOptions(timeout=SECONDS))

    assert result.outcome == "undone"
    assert (airflow.version, airflow.packages) == (V6, {V6: package(T6)})


@pytest.mark.sampled
@pytest.mark.parametrize("way", ["rollout", "undo"])
@pytest.mark.parametrize(
    "at", ["patch ConfigMap/dagship", "patch ConfigMap/dagship-dags", "end of Waiting until Airflow serves it"]
)
def test_wherever_a_deployer_is_killed_the_next_one_finishes_it_or_takes_it_back(
    rig: Rig, kubeconfig: Path, at: str, way: Any
) -> None:
    airflow = start(rig)
    airflow.rollout(V5, T5)
    job = killer.Job(namespace=rig.kubectl.namespace, image=T6, onto=airflow.runs, version=V6, at=at, lease=3.0)
    (killed,) = killer.run(job, kubeconfig=str(kubeconfig))
    there = airflow.version
    (after,) = killer.run(replace(job, at="", way=way), kubeconfig=str(kubeconfig))

    assert killed.killed
    assert there == (V5 if at == "patch ConfigMap/dagship" else V6)
    assert after.status == 0, after.said
    assert after.result["outcome"] == ("moved" if way == "rollout" else "undone")
    assert airflow.version == (V6 if way == "rollout" else V5)
    assert airflow.rig.record.journal is None
    assert [one.dag_version for one in airflow.rig.record.releases[1:]] == ([V5, V6] if way == "rollout" else [V5])


@pytest.mark.sampled
@pytest.mark.parametrize("way", ["undo", "rollout"])
@pytest.mark.parametrize("at", ["patch ConfigMap/dagship-dags (2)", "patch ConfigMap/dagship (2)"])
def test_killed_while_a_version_goes_back_it_is_taken_back_or_another_one_takes_its_place(
    rig: Rig, kubeconfig: Path, at: str, way: Any
) -> None:
    """After the write that takes it back, and before it, when the journal alone says that it is to go back."""
    airflow = start(rig, wait=BROKEN)
    airflow.rollout(V5, T5)
    before = airflow.pods()
    job = killer.Job(namespace=rig.kubectl.namespace, image=T6, onto=airflow.runs, version=V6, at=at, lease=3.0)
    (killed,) = killer.run(job, kubeconfig=str(kubeconfig))
    there = airflow.version
    (after,) = killer.run(replace(job, at="", way=way, image=T7, version=V7), kubeconfig=str(kubeconfig))

    assert killed.killed, killed
    assert there == (V6 if at == "patch ConfigMap/dagship (2)" else V5)
    assert after.status == 0, after.said
    assert after.result.get("outcome") == ("moved" if way == "rollout" else "undone"), after
    assert airflow.version == (V7 if way == "rollout" else V5)
    assert airflow.rig.record.journal is None
    assert [one.dag_version for one in airflow.rig.record.releases[1:]] == ([V5, V7] if way == "rollout" else [V5])
    assert airflow.pods() == before


@pytest.mark.sampled
@pytest.mark.parametrize("way", ["undo", "rollout"])
@pytest.mark.parametrize("at", ["patch ConfigMap/dagship-dags", "patch Deployment/dag-processor"])
def test_killed_while_every_pod_moves_what_was_announced_comes_back_with_them_or_goes(
    rig: Rig, kubeconfig: Path, at: str, way: Any
) -> None:
    """After the write that takes back what was announced, the last move of all, and before it."""
    airflow = start(rig)
    airflow.rollout(V6, T6)
    before, whole = _specs(rig), image("thin-killed")
    job = killer.Job(namespace=rig.kubectl.namespace, image=whole, version=V7, at=at, lease=3.0)
    (killed,) = killer.run(job, kubeconfig=str(kubeconfig))
    there = airflow.version
    (after,) = killer.run(replace(job, at="", way=way), kubeconfig=str(kubeconfig))

    assert killed.killed, killed
    assert there == ("" if at == "patch ConfigMap/dagship-dags" else V6)
    assert after.status == 0, after.said
    assert after.result.get("outcome") == ("moved" if way == "rollout" else "undone"), after
    assert airflow.rig.record.journal is None
    assert set(rig.kubectl.running().values()) == {whole if way == "rollout" else airflow.runs}
    if way == "undo":
        assert (airflow.version, airflow.packages) == (V6, {V6: package(T6)})
        assert _specs(rig) == before
    else:
        assert (airflow.version, airflow.packages) == ("", {})


def _specs(rig: Rig) -> dict[str, str]:
    """All that people write of the workloads."""
    return {name: text for name, text in rig.written().items() if not name.startswith("configmap/")}
