"""Rollouts through an API server, or a network before it, that fails: away, slow, overloaded, forgetful.

The faults are a proxy's; the pods, and whoever waits for them, are on the real cluster behind it all the while.
"""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from dagship.cluster.api import Cluster
from dagship.errors import OutsideError
from dagship.record import lease
from dagship.record.lease import Lease
from tests.builders.airflow import Object, container, pod, stateful_set
from tests.cluster.conftest import TESTBED, namespace
from tests.cluster.images import image
from tests.cluster.kubectl import Kubectl
from tests.cluster.proxies import Proxy
from tests.cluster.rig import Rig
from tests.machine import ROOT

CHANGES = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def far(rig: Rig, proxy: Proxy, connect: Callable[..., Cluster]) -> Iterator[Rig]:
    """The rig behind it."""
    cluster = connect(rig.kubectl.namespace, proxy.kubeconfig)
    yield replace(rig, cluster=cluster)
    cluster.close()


OLD, NEW = "outage-old", "outage-new"


def worker(image: str, *, replicas: int = 1, **spec: object) -> Object:
    return stateful_set(
        "worker", pod(container("worker", image, "celery", "worker"), name="worker"), replicas=replicas, **spec
    )


def in_order(rig: Rig, image: str) -> bool:
    """Whether an image runs, is recorded once, and nothing is unfinished."""
    record = rig.record
    return (
        set(rig.kubectl.running().values()) == {image}
        and [one.image for one in record.releases] == ["", image]
        and record.journal is None
        and rig.cluster.get("Lease", "dagship")["spec"]["holderIdentity"] == ""
    )


@contextmanager
def again_and_again(act: Callable[[], object], pause: float) -> Iterator[None]:
    """Does something all the time while the block runs."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(pause):
            act()

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(go_on)
        try:
            yield
        finally:
            over.set()
        going.result()


def test_an_api_server_that_is_away_for_longer_than_a_lease_lasts_only_delays_a_rollout(
    rig: Rig, far: Rig, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "Lease", partial(Lease, duration=6.0))
    rig.start(worker(image(OLD)))
    back = threading.Timer(15, proxy.restore)

    def go_away() -> None:
        # The write was answered by then: what is waited for are pods.
        deadline = time.monotonic() + 20
        while image(OLD) in rig.kubectl.running().values():
            assert time.monotonic() < deadline
        proxy.refuse()
        back.start()

    with rig.meanwhile("statefulset/worker", image(NEW), go_away):
        result = far.rollout(image(NEW))

    assert result.outcome == "moved"
    assert result.seconds["workers"] >= 15
    away, again = (
        rig.text.index(f"\n  the API server {said}\n") for said in ("does not answer; waiting for it", "answers again")
    )
    assert away < again
    assert in_order(rig, image(NEW))


def test_one_that_is_away_for_too_long_ends_a_rollout_and_the_next_one_finishes_it(
    rig: Rig, far: Rig, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "PATIENCE", 3.0)
    monkeypatch.setattr(lease, "Lease", partial(Lease, duration=6.0))
    rig.start(worker(image(OLD)))
    gone: list[float] = []
    with (
        rig.meanwhile("statefulset/worker", image(NEW), lambda: (proxy.refuse(), gone.append(time.monotonic()))),
        pytest.raises(OutsideError, match="cannot be reached, it refuses the connection") as failed,
    ):
        far.rollout(image(NEW))
    took = time.monotonic() - gone[0]

    assert 3 <= took < 10
    assert failed.value.exit_code == 3
    assert failed.value.hint == (
        "The rollout is unfinished. When the server is back: the same command again finishes it, rollout --undo takes it back."
    )
    assert rig.record.journal.state == "moving"
    proxy.restore()
    assert far.rollout(image(NEW)).outcome == "moved"
    assert in_order(rig, image(NEW))


def test_one_that_is_away_from_the_start_ends_a_rollout_that_changed_nothing(rig: Rig, far: Rig, proxy: Proxy) -> None:
    rig.kubectl.apply(worker(image(OLD), replicas=0))
    before = rig.written()
    proxy.refuse()
    began = time.monotonic()
    refused = far.command("rollout", f"--image={image(NEW)}")

    assert time.monotonic() - began < 25  # 12 on a machine with nothing else to do
    assert refused.returncode == 3
    assert "error: Cannot ask for permissions: http://127.0.0.1:" in refused.stderr
    assert "it refuses the connection" in refused.stderr
    assert rig.written() == before


def test_ctrl_c_while_it_is_away_ends_a_rollout_soon(rig: Rig, far: Rig, proxy: Proxy) -> None:
    rig.start(worker(image(OLD)))
    with subprocess.Popen(
        [sys.executable, "-m", "dagship.cli", "rollout", f"--image={image(NEW)}"],
        cwd=rig.scratch,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said = iter(process.stderr.readline, "")
        assert any(line.startswith("  statefulset/worker  0/1") for line in said)
        proxy.refuse()
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, last = process.communicate(timeout=30)

    assert time.monotonic() - began < 8
    assert process.returncode == 130
    assert "error: Interrupted in the middle of a rollout; what moved stays moved." in last


@pytest.mark.wide
def test_watches_that_are_cut_all_the_time_only_make_requests(rig: Rig, far: Rig, proxy: Proxy) -> None:
    rig.start(worker(image(OLD), replicas=2))
    with again_and_again(proxy.cut_watches, 0.3):
        result = far.rollout(image(NEW))

    assert result.outcome == "moved"
    assert in_order(rig, image(NEW))
    assert far.cluster.requests["WATCH statefulsets"] > 5
    # What came since is asked for from where the last watch was.
    assert far.cluster.requests["LIST statefulsets"] <= 3


def test_someone_who_writes_to_a_workload_all_the_time_is_no_reason_to_fail(rig: Rig, far: Rig, proxy: Proxy) -> None:
    rig.start(worker(image(OLD)))
    numbers = iter(range(10**6))

    def annotate() -> None:
        said = {"metadata": {"annotations": {"example.test/number": str(next(numbers))}}}
        rig.cluster.patch("StatefulSet", "worker", said)

    # Some conflicts for sure, and as many more as there are.
    proxy.answer(409, times=5, on="PATCH", path="/statefulsets/worker")
    with again_and_again(annotate, 0.01):
        result = far.rollout(image(NEW))

    assert result.outcome == "moved"
    assert proxy.unused() == []
    assert next(numbers) > 20
    assert in_order(rig, image(NEW))


def test_conflicts_without_end_end_a_rollout_that_goes_back(rig: Rig, far: Rig, proxy: Proxy) -> None:
    rig.kubectl.apply(worker(image(OLD), replicas=0))
    before = rig.written()
    proxy.answer(409, on="PATCH", path="/statefulsets/worker")
    result = far.rollout(image(NEW))

    assert (result.passed, result.outcome) == (False, "undone")
    assert result.failure.workload == "statefulset/worker"
    assert "statefulset/worker was changed by someone else 20 times in a row." in result.failure.message
    assert rig.written() == before
    assert (rig.record.releases, rig.record.journal) == ((), None)


@pytest.mark.sampled
@pytest.mark.parametrize(("status", "retry_after"), [(429, 1), (500, None), (503, None)])
def test_a_server_that_has_too_much_to_do_is_asked_again_whatever_it_was_asked(
    rig: Rig, far: Rig, proxy: Proxy, status: int, retry_after: int | None
) -> None:
    rig.start(worker(image(OLD), updateStrategy={"type": "OnDelete"}))
    for verb in ("GET", "WATCH", *CHANGES):
        proxy.answer(status, times=2, on=verb, retry_after=retry_after)
    result = far.rollout(image(NEW))

    assert result.outcome == "moved"
    assert proxy.unused() == []
    assert in_order(rig, image(NEW))


def test_an_answer_that_is_lost_was_a_change_all_the_same(rig: Rig, far: Rig, proxy: Proxy) -> None:
    """The server did what it was asked: asking again must not do it twice, nor take that for someone else's doing."""
    rig.start(worker(image(OLD), updateStrategy={"type": "OnDelete"}))
    for verb, path in (
        ("POST", "/leases"), ("PUT", "/leases"), ("POST", "/configmaps"), ("PATCH", "/statefulsets"), ("DELETE", ""),
        ("PATCH", "/configmaps"),
    ):  # fmt: skip
        proxy.lose_answers(times=1, on=verb, path=path)
    result = far.rollout(image(NEW))

    assert result.outcome == "moved"
    assert proxy.unused() == []
    assert in_order(rig, image(NEW))


def test_a_server_that_is_slow_makes_a_rollout_slow(rig: Rig, far: Rig, proxy: Proxy) -> None:
    rig.start(worker(image(OLD)))
    proxy.be_slow(0.5)
    result = far.rollout(image(NEW))

    assert result.outcome == "moved"
    # Dozens of questions before anything moves, of which many do not wait for each other.
    assert 3 < result.seconds["preflight"] < 12
    assert in_order(rig, image(NEW))


@pytest.mark.wide
def test_requests_do_not_grow_with_the_seconds_that_pods_take(
    rig: Rig, kubeconfig: Path, connect: Callable[..., Cluster]
) -> None:
    """But for the lease, which says every ten seconds that its holder lives."""
    other = namespace(kubeconfig)

    def count(kubectl: Kubectl, seconds: int) -> Counter[str]:
        here = replace(rig, kubectl=kubectl, cluster=connect(kubectl.namespace))
        here.start(worker(image(OLD)))
        counted = replace(here, cluster=connect(kubectl.namespace))
        result = counted.rollout(image(NEW, f"ready-after-{seconds}"))
        assert result.outcome == "moved"
        assert result.seconds["workers"] > seconds
        assert result.requests == counted.cluster.requests.total() - 1  # but for giving the lease back
        return counted.cluster.requests

    try:
        with ThreadPoolExecutor(2) as pool:
            short, long = pool.map(count, (rig.kubectl, other), (10, 40))
    finally:
        other.delete_namespace()

    leases = (short.pop("PUT leases"), long.pop("PUT leases"))
    assert leases[0] <= 5
    assert leases[1] <= 8
    assert abs(long.total() - short.total()) <= 6, (short, long)


@pytest.mark.alone
# Of a handshake that the server's end cut short, ssl leaves the socket to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_the_api_server_itself_is_stopped_for_longer_than_a_lease_lasts(rig: Rig, kubeconfig: Path) -> None:
    if kubeconfig != TESTBED:
        pytest.skip("this API server is somebody else's")
    rig.start(worker(image(OLD)))
    api = partial(subprocess.run, check=True, capture_output=True)
    back = threading.Timer(35, api, [[ROOT / "script" / "cluster", "start-api"]])
    try:
        with rig.meanwhile(
            "statefulset/worker", image(NEW), lambda: (api([ROOT / "script" / "cluster", "stop-api"]), back.start())
        ):
            result = rig.rollout(image(NEW))
    finally:
        back.join()

    assert result.outcome == "moved"
    assert result.seconds["workers"] >= 35
    assert in_order(rig, image(NEW))
