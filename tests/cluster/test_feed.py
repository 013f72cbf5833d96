"""The feed on a real API server: what it sees, and what it lives through."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dagship.cluster.api import Cluster
from dagship.cluster.failures import Forbidden, Unreachable
from dagship.cluster.feed import Feed
from tests.cluster.gateways import config_map, edited, stands, token_of, until
from tests.cluster.kubectl import Kubectl
from tests.cluster.proxies import Proxy

Connect = Callable[..., Cluster]


@pytest.fixture(autouse=True)
def _threads_end() -> Iterator[None]:
    """Every test ends without a thread of a feed."""
    yield
    assert [each.name for each in threading.enumerate() if each.name.startswith("feed")] == []


def has(feed: Feed, name: str) -> Callable[[], bool]:
    return lambda: name in feed.objects("ConfigMap")


def test_it_has_what_there_is_and_sees_what_comes_changes_and_goes(cluster: Cluster) -> None:
    cluster.create("ConfigMap", config_map("before"))
    with Feed(cluster, ["ConfigMap", "Pod"]) as feed:
        assert feed.objects("ConfigMap")["before"]["kind"] == "ConfigMap"
        assert feed.objects("Pod") == {}
        count = feed.changed(-1, 0)

        made = cluster.create("ConfigMap", config_map("comes"))
        until(feed, has(feed, "comes"))
        assert feed.changed(count, 0) > count
        cluster.patch("ConfigMap", "comes", {"data": {"a": "1"}})
        until(feed, lambda: feed.objects("ConfigMap")["comes"].get("data") == {"a": "1"})
        cluster.delete("ConfigMap", "comes", uid=made["metadata"]["uid"])
        until(feed, lambda: not has(feed, "comes")())
        assert feed.objects("ConfigMap")["before"]["kind"] == "ConfigMap"


def test_nothing_is_asked_while_nothing_happens(cluster: Cluster) -> None:
    with Feed(cluster, ["StatefulSet", "Deployment", "Pod"]) as feed:
        stands(feed)
        before = sum(cluster.requests.values())
        count = feed.changed(-1, 0)

        assert feed.changed(count, 12) == count
        assert sum(cluster.requests.values()) == before == 6
        assert feed.age == 0.0


def test_an_answer_is_known_before_the_news_of_it(proxy: Proxy, through: Cluster, cluster: Cluster) -> None:
    with Feed(through, ["ConfigMap"]) as feed:
        stands(feed)
        proxy.answer(503, on="WATCH")
        proxy.cut_watches()
        made = cluster.create("ConfigMap", config_map("mine"))
        count = feed.changed(-1, 0)

        feed.put("ConfigMap", made)

        assert feed.objects("ConfigMap")["mine"] == made
        assert feed.changed(count, 0) == count + 1
        newer = cluster.patch("ConfigMap", "mine", {"data": {"a": "1"}})
        feed.put("ConfigMap", newer)
        feed.put("ConfigMap", made)
        assert feed.objects("ConfigMap")["mine"] == newer


def test_a_dropped_watch_is_taken_up_where_it_was(proxy: Proxy, through: Cluster, cluster: Cluster) -> None:
    with Feed(through, ["ConfigMap"]) as feed:
        stands(feed)
        for name in ("drop-1", "drop-2", "drop-3"):
            proxy.cut_watches()
            cluster.create("ConfigMap", config_map(name))
            until(feed, has(feed, name))
        assert proxy.count("GET") == 1


def test_what_happened_while_the_server_was_away_is_seen(proxy: Proxy, through: Cluster, cluster: Cluster) -> None:
    gone = cluster.create("ConfigMap", config_map("goes-unseen"))
    with Feed(through, ["ConfigMap"]) as feed:
        stands(feed)
        proxy.refuse()
        until(feed, lambda: feed.age > 0, 5)
        cluster.create("ConfigMap", config_map("comes-unseen"))
        cluster.delete("ConfigMap", "goes-unseen", uid=gone["metadata"]["uid"])
        back = threading.Timer(3, proxy.restore)
        back.start()

        until(feed, lambda: has(feed, "comes-unseen")() and not has(feed, "goes-unseen")())
        stands(feed)
        assert through.requests["LIST configmaps"] == 1
        back.join()


def test_what_the_server_no_longer_tells_is_listed_anew(proxy: Proxy, through: Cluster, cluster: Cluster) -> None:
    gone = cluster.create("ConfigMap", config_map("goes-untold"))
    with Feed(through, ["ConfigMap"]) as feed:
        stands(feed)
        proxy.answer(410, times=1, on="WATCH")
        proxy.answer(503, times=2, on="WATCH")
        proxy.cut_watches()
        cluster.create("ConfigMap", config_map("comes-untold"))
        cluster.delete("ConfigMap", "goes-untold", uid=gone["metadata"]["uid"])

        until(feed, lambda: has(feed, "comes-untold")() and not has(feed, "goes-untold")())
        assert through.requests["LIST configmaps"] == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_fails_for_a_while_is_asked_again_later_and_later(
    proxy: Proxy, through: Cluster, cluster: Cluster, status: int
) -> None:
    with Feed(through, ["ConfigMap"]) as feed:
        stands(feed)
        proxy.answer(status, times=4, on="WATCH")
        proxy.cut_watches()
        began = time.monotonic()
        cluster.create("ConfigMap", config_map(f"after-{status}"))

        until(feed, has(feed, f"after-{status}"))
        assert time.monotonic() - began > 1
        assert proxy.count("WATCH") == 6


def test_a_wait_that_the_server_asks_for_is_kept(proxy: Proxy, through: Cluster, cluster: Cluster) -> None:
    with Feed(through, ["ConfigMap"]) as feed:
        stands(feed)
        proxy.answer(429, times=1, on="WATCH", retry_after=2)
        proxy.cut_watches()
        began = time.monotonic()
        cluster.create("ConfigMap", config_map("asked-to-wait"))

        until(feed, has(feed, "asked-to-wait"))
        assert 2 <= time.monotonic() - began < 5


def test_a_server_that_is_away_for_longer_than_patience_is_told_and_found_again(
    proxy: Proxy, through: Cluster, cluster: Cluster
) -> None:
    with Feed(through.patient(2), ["ConfigMap", "Pod"]) as feed:
        stands(feed)
        proxy.refuse()
        began = time.monotonic()
        with pytest.raises(Unreachable, match="refuses the connection"):
            feed.changed(1_000_000, 60)
        assert 1.5 < time.monotonic() - began < 5
        assert feed.age > 1.5
        with pytest.raises(Unreachable):
            feed.objects("ConfigMap")

        proxy.restore()
        cluster.create("ConfigMap", config_map("found-again"))

        def found() -> bool:
            try:
                return has(feed, "found-again")()
            except Unreachable:
                return False

        deadline = time.monotonic() + 15
        while not found():
            assert time.monotonic() < deadline
            threading.Event().wait(0.1)


def test_without_a_server_it_does_not_begin(proxy: Proxy, through: Cluster) -> None:
    proxy.refuse()
    began = time.monotonic()

    with pytest.raises(Unreachable, match="refuses the connection"), Feed(through.patient(1), ["ConfigMap"]):
        pytest.fail("it began")
    assert time.monotonic() - began < 4


def test_a_server_that_comes_in_time_is_enough_to_begin(proxy: Proxy, through: Cluster) -> None:
    proxy.refuse()
    back = threading.Timer(2, proxy.restore)
    back.start()

    with Feed(through, ["ConfigMap"]) as feed:
        assert feed.objects("ConfigMap")
    back.join()


def test_a_kind_that_may_not_be_read_is_told_at_once(
    kubectl: Kubectl, kubeconfig: Path, connect: Connect, tmp_path: Path
) -> None:
    nobody = connect(kubectl.namespace, by=edited(kubeconfig, tmp_path, user={"token": token_of(kubectl, "nobody")}))
    began = time.monotonic()

    with pytest.raises(Forbidden, match="list configmaps"), Feed(nobody, ["ConfigMap"]):
        pytest.fail("it began")
    assert time.monotonic() - began < 3


def test_a_kind_that_may_be_listed_and_not_watched_is_told(
    kubectl: Kubectl, kubeconfig: Path, connect: Connect, tmp_path: Path
) -> None:
    token = token_of(kubectl, "lister")
    kubectl("create", "role", "lists", "--verb=list", "--resource=configmaps")
    kubectl("create", "rolebinding", "lists", "--role=lists", f"--serviceaccount={kubectl.namespace}:lister")
    lister = connect(kubectl.namespace, by=edited(kubeconfig, tmp_path, user={"token": token}))
    feed = Feed(lister, ["ConfigMap"])

    with pytest.raises(Forbidden, match="watch configmaps"), feed:
        feed.changed(1_000_000, 10)


def test_a_server_that_has_just_come_back_may_not_know_yet_who_may_watch(
    proxy: Proxy, through: Cluster, cluster: Cluster
) -> None:
    with Feed(through, ["ConfigMap"]) as feed:
        stands(feed)
        proxy.cut(on="WATCH")
        proxy.answer(403, times=3, on="WATCH")
        proxy.cut_watches()
        cluster.create("ConfigMap", config_map("after-the-start"))

        until(feed, has(feed, "after-the-start"))


@pytest.mark.parametrize("silent", [False, True])
def test_leaving_waits_for_nobody(proxy: Proxy, through: Cluster, cluster: Cluster, silent: bool) -> None:
    if silent:
        proxy.be_silent(on="WATCH")
    with Feed(through if silent else cluster, ["ConfigMap", "Pod", "Event"]) as feed:
        feed.changed(1_000_000, 0.5)
        began = time.monotonic()
    assert time.monotonic() - began < (3 if silent else 0.5)
    proxy.refuse()  # what is left of the silent ones ends with the connection
