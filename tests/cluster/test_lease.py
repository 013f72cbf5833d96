"""The lease on a real API server: who gets it, how it is kept and lost, and what an API server that is away does to it.

The time a lease lasts is short here, and real: a holder is taken for dead only after it.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from dagship.cluster.api import Cluster
from dagship.errors import OutsideError, Refused
from dagship.record.lease import Lease
from tests.cluster.kubectl import Kubectl
from tests.cluster.proxies import Proxy

DURATION = 3.0

# A process of its own that can be killed or stopped: it takes the lease, and checks it for every line it reads.
HOLDER = """
import sys
from dagship.cluster.connection import connect
from dagship.errors import DagshipError
from dagship.record.lease import Lease

with Lease(connect(context="", namespace=sys.argv[1]), holder="ci 4711", duration=float(sys.argv[2])) as lease:
    lease.acquire(wait=False, say=print)
    print("held", flush=True)
    for _ in sys.stdin:
        try:
            lease.check()
            print("still held", flush=True)
        except DagshipError as lost:
            print(type(lost).__name__, lost.message, flush=True)
"""


@pytest.fixture
def proxied(connect: Callable[..., Cluster], proxy: Proxy, kubectl: Kubectl) -> Cluster:
    """The cluster behind it."""
    return connect(kubectl.namespace, proxy.kubeconfig).patient(60)


@contextmanager
def holder(kubectl: Kubectl) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, kubectl.namespace, str(DURATION)],
        env={**os.environ, "KUBECONFIG": kubectl.kubeconfig},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def silent(_: str) -> None:
    """Says nothing."""


def lease_of(cluster: Cluster, name: str) -> Lease:
    return Lease(cluster, holder=name, duration=DURATION)


def spec(cluster: Cluster) -> dict[str, object]:
    return cluster.get("Lease", "dagship")["spec"]


def until(true: Callable[[], bool], seconds: float = 4 * DURATION) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.05)


def raised(act: Callable[[], None]) -> Exception | None:
    try:
        act()
    except (OutsideError, Refused) as error:
        return error
    return None


def test_who_comes_first_has_it_until_the_end(cluster: Cluster) -> None:
    with lease_of(cluster, "ci 1") as lease:
        lease.acquire(wait=False, say=pytest.fail)
        lease.check()
        held = spec(cluster)
    given_back = spec(cluster)

    assert str(held["holderIdentity"]).startswith("ci 1#")
    assert (held["leaseDurationSeconds"], held["leaseTransitions"]) == (3, 1)
    assert given_back["holderIdentity"] == ""
    assert given_back["leaseTransitions"] == 1


def test_what_was_given_back_is_there_at_once_for_the_next(cluster: Cluster) -> None:
    with lease_of(cluster, "ci 1") as lease:
        lease.acquire(wait=False, say=pytest.fail)
    began = time.monotonic()
    with lease_of(cluster, "ci 2") as lease:
        lease.acquire(wait=False, say=pytest.fail)
        took = time.monotonic() - began

        assert spec(cluster)["leaseTransitions"] == 2
    assert took < DURATION / 3


def test_it_is_given_back_whatever_happens(cluster: Cluster) -> None:
    def fail() -> None:
        with lease_of(cluster, "ci 1") as lease:
            lease.acquire(wait=False, say=pytest.fail)
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()

    assert spec(cluster)["holderIdentity"] == ""


def test_it_is_given_back_on_ctrl_c(cluster: Cluster, kubectl: Kubectl) -> None:
    with holder(kubectl) as process:
        process.send_signal(signal.SIGINT)
        process.wait(10)

    assert spec(cluster)["holderIdentity"] == ""


def test_of_many_who_want_it_at_once_one_has_it_at_a_time(cluster: Cluster) -> None:
    """Nobody has made it yet: they meet at its creation, and then at every change of hands."""
    inside, most, had, start = [], [], [], threading.Barrier(6)

    def want(name: str) -> None:
        with lease_of(cluster, name) as lease:
            start.wait()
            lease.acquire(wait=True, say=silent)
            inside.append(name)
            lease.check()
            most.append(len(inside))
            inside.remove(name)
            had.append(name)

    threads = [threading.Thread(target=want, args=(f"ci {number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(had) == [f"ci {number}" for number in range(6)]
    assert most == [1] * 6
    assert spec(cluster)["leaseTransitions"] == 6


def test_another_is_refused_as_soon_as_the_holder_shows_that_it_lives(cluster: Cluster) -> None:
    with lease_of(cluster, "ci 1") as first, lease_of(cluster, "ci 2") as second:
        first.acquire(wait=False, say=pytest.fail)
        began = time.monotonic()
        with pytest.raises(Refused, match=r"ci 1 \(since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)") as refused:
            second.acquire(wait=False, say=silent)
        took = time.monotonic() - began
        first.check()

    assert cluster.namespace in refused.value.message
    assert "--no-wait" in refused.value.hint
    assert took < DURATION * 2 / 3


def test_one_who_was_refused_takes_nothing_with_it(cluster: Cluster) -> None:
    with lease_of(cluster, "ci 1") as first:
        first.acquire(wait=False, say=pytest.fail)
        with pytest.raises(Refused), lease_of(cluster, "ci 2") as second:
            second.acquire(wait=False, say=silent)

        assert str(spec(cluster)["holderIdentity"]).startswith("ci 1#")


def test_one_who_waits_hears_who_has_it_once_and_gets_it_next(cluster: Cluster) -> None:
    said: list[str] = []
    with lease_of(cluster, "ci 1") as first, lease_of(cluster, "ci 2") as second:
        first.acquire(wait=False, say=pytest.fail)
        waiting = threading.Thread(target=second.acquire, kwargs={"wait": True, "say": said.append})
        waiting.start()
        renewed = spec(cluster)["renewTime"]
        until(lambda: bool(said) and spec(cluster)["renewTime"] != renewed)
        first.release()
        waiting.join(DURATION)

        assert str(spec(cluster)["holderIdentity"]).startswith("ci 2#")
    assert len(said) == 1
    assert "ci 1 (since " in said[0]


def test_two_of_the_same_name_are_not_the_same(cluster: Cluster) -> None:
    with lease_of(cluster, "ci") as first, lease_of(cluster, "ci") as second:
        first.acquire(wait=False, say=pytest.fail)
        with pytest.raises(Refused):
            second.acquire(wait=False, say=silent)


def test_it_is_kept_for_longer_than_it_lasts_by_itself(cluster: Cluster) -> None:
    with lease_of(cluster, "ci 1") as lease:
        lease.acquire(wait=False, say=pytest.fail)
        seen = {spec(cluster)["renewTime"]}
        until(lambda: seen.add(spec(cluster)["renewTime"]) or len(seen) > 4)
        lease.check()

        assert spec(cluster)["acquireTime"] == min(map(str, seen))


def test_the_next_takes_over_from_one_that_was_killed(cluster: Cluster, kubectl: Kubectl) -> None:
    said: list[str] = []
    with holder(kubectl) as process:
        process.kill()
        process.wait()
        began = time.monotonic()
        with lease_of(cluster, "ci 4712") as lease:
            lease.acquire(wait=False, say=said.append)
            took = time.monotonic() - began
            lease.check()

    assert DURATION <= took < DURATION * 2
    assert "took the lease dagship over from ci 4711 (since " in said[-1]


def test_one_that_was_stopped_and_goes_on_knows_that_it_lost_it(cluster: Cluster, kubectl: Kubectl) -> None:
    with holder(kubectl) as process:
        process.send_signal(signal.SIGSTOP)
        with lease_of(cluster, "ci 4712") as lease:
            lease.acquire(wait=True, say=silent)
            process.send_signal(signal.SIGCONT)
            process.stdin.write("go on\n")
            process.stdin.flush()
            said = process.stdout.readline()
            process.stdin.close()
            process.wait(10)

            assert "Refused The lease dagship was taken by ci 4712 (since " in said
            assert str(spec(cluster)["holderIdentity"]).startswith("ci 4712#")
            lease.check()


def test_an_api_server_that_was_away_is_no_loss(proxied: Cluster, proxy: Proxy) -> None:
    with lease_of(proxied, "ci 1") as lease:
        lease.acquire(wait=False, say=pytest.fail)
        proxy.refuse()
        away = time.monotonic()
        until(lambda: time.monotonic() - away > DURATION)
        threading.Timer(1.0, proxy.restore).start()
        lease.check()

        assert str(spec(proxied)["holderIdentity"]).startswith("ci 1#")
        assert spec(proxied)["leaseTransitions"] == 1


def test_without_an_answer_nobody_can_be_sure_to_hold_it(proxied: Cluster, proxy: Proxy) -> None:
    impatient = proxied.patient(0.3)
    with lease_of(impatient, "ci 1") as lease:
        lease.acquire(wait=False, say=pytest.fail)
        proxy.refuse()
        until(lambda: isinstance(raised(lease.check), OutsideError))
        proxy.restore()
        lease.check()


def test_one_who_waits_takes_over_from_nobody_because_the_api_server_was_away(proxied: Cluster, proxy: Proxy) -> None:
    said: list[str] = []
    with lease_of(proxied, "ci 1") as first, lease_of(proxied, "ci 2") as second:
        first.acquire(wait=False, say=pytest.fail)
        waiting = threading.Thread(target=second.acquire, kwargs={"wait": True, "say": said.append})
        waiting.start()
        until(lambda: bool(said))
        proxy.refuse()
        away = time.monotonic()
        until(lambda: time.monotonic() - away > 1.5 * DURATION)
        proxy.restore()
        first.check()
        renewed = spec(proxied)["renewTime"]
        until(lambda: spec(proxied)["renewTime"] != renewed)

        assert waiting.is_alive()
        first.release()
        waiting.join(DURATION)
    assert len(said) == 1


def test_who_lost_it_while_cut_off_is_told_by_whom_and_leaves_it_alone(
    proxied: Cluster, proxy: Proxy, cluster: Cluster
) -> None:
    with lease_of(proxied, "ci 1") as first, lease_of(cluster, "ci 2") as second:
        first.acquire(wait=False, say=pytest.fail)
        proxy.refuse()
        second.acquire(wait=False, say=silent)
        proxy.restore()
        with pytest.raises(Refused, match="was taken by ci 2 "):
            first.check()
        with pytest.raises(Refused, match="was taken by ci 2 "):
            first.check()
        first.release()

        assert str(spec(cluster)["holderIdentity"]).startswith("ci 2#")
        second.check()


def test_who_lost_it_to_one_that_has_ended_is_told_too(proxied: Cluster, proxy: Proxy, cluster: Cluster) -> None:
    with lease_of(proxied, "ci 1") as first:
        first.acquire(wait=False, say=pytest.fail)
        proxy.refuse()
        with lease_of(cluster, "ci 2") as second:
            second.acquire(wait=False, say=silent)
        proxy.restore()
        with pytest.raises(Refused, match="another, who has ended since"):
            first.check()


def test_a_lease_that_somebody_deletes_is_lost(cluster: Cluster) -> None:
    with lease_of(cluster, "ci 1") as lease:
        lease.acquire(wait=False, say=pytest.fail)
        assert cluster.delete("Lease", "dagship", uid=cluster.get("Lease", "dagship")["metadata"]["uid"])
        until(lambda: raised(lease.check) is not None)

        assert "was deleted" in str(raised(lease.check))
        assert isinstance(raised(lease.check), Refused)


def test_a_label_that_somebody_sets_is_no_loss(cluster: Cluster) -> None:
    with lease_of(cluster, "ci 1") as lease:
        lease.acquire(wait=False, say=pytest.fail)
        renewed = spec(cluster)["renewTime"]
        cluster.patch("Lease", "dagship", {"metadata": {"labels": {"seen": "yes"}}})
        until(lambda: spec(cluster)["renewTime"] != renewed)
        lease.check()

    left = cluster.get("Lease", "dagship")
    assert left["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "dagship", "seen": "yes"}
    assert left["spec"]["holderIdentity"] == ""


@pytest.mark.parametrize("verb", ["POST", "PUT"])
def test_an_answer_that_was_lost_does_not_make_it_another_s(proxied: Cluster, proxy: Proxy, verb: str) -> None:
    proxy.lose_answers(times=1, on=verb)
    with lease_of(proxied, "ci 1") as lease:
        lease.acquire(wait=False, say=pytest.fail)
        lease.check()
        proxy.lose_answers(times=1, on="PUT")
        renewed = spec(proxied)["renewTime"]
        until(lambda: spec(proxied)["renewTime"] != renewed)
        renewed = spec(proxied)["renewTime"]
        until(lambda: spec(proxied)["renewTime"] != renewed)
        lease.check()

        assert spec(proxied)["leaseTransitions"] == 1
        proxy.lose_answers(times=1, on="PUT")
    assert spec(proxied)["holderIdentity"] == ""


def test_giving_it_back_to_a_server_that_is_away_hides_no_other_error(proxied: Cluster, proxy: Proxy) -> None:
    def fail() -> None:
        with lease_of(proxied.patient(0.3), "ci 1") as lease:
            lease.acquire(wait=False, say=pytest.fail)
            proxy.refuse()
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    proxy.restore()

    assert str(spec(proxied)["holderIdentity"]).startswith("ci 1#")


def test_a_lease_that_was_not_taken_is_not_held(cluster: Cluster) -> None:
    lease = lease_of(cluster, "ci 1")
    with pytest.raises(Refused, match="was not taken"):
        lease.check()
    lease.acquire(wait=False, say=pytest.fail)
    lease.release()
    with pytest.raises(Refused, match="was given back"):
        lease.check()
