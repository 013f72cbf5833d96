"""Every call of the gateway to a real API server, and through a proxy that fails on the way there."""

import hashlib
import logging
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import certifi
import pytest
import yaml

from dagship.cluster.api import Cluster
from dagship.cluster.failures import BadRequest, Conflict, Forbidden, NotFound, Unreachable
from dagship.cluster.feed import Feed
from dagship.errors import OutsideError
from tests.cluster.gateways import config_map, edited, token_of, until, written
from tests.cluster.images import image
from tests.cluster.kubectl import Kubectl
from tests.cluster.proxies import Proxy

Connect = Callable[..., Cluster]


def pod(name: str, script: str, **container: Any) -> dict[str, Any]:
    main = {"name": "main", "image": image("gateway"), "command": ["sh", "-c", script], **container}
    spec = {"containers": [main], "terminationGracePeriodSeconds": 0, "volumes": [{"name": "scratch", "emptyDir": {}}]}
    return {"metadata": {"name": name}, "spec": spec}


@pytest.fixture
def runner(kubectl: Kubectl) -> str:
    """A pod that runs, and has said something."""
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", **pod("runner", "echo one; echo zwölf; echo three; sleep 3600")})
    kubectl("wait", "--for=condition=Ready", "pod/runner", "--timeout=60s")
    return "runner"


def test_an_object_is_made_read_changed_and_deleted(cluster: Cluster) -> None:
    made = cluster.create("ConfigMap", config_map("life", a="1"))
    assert made["metadata"]["managedFields"][0]["manager"] == "dagship"

    assert cluster.patch("ConfigMap", "life", {"data": {"b": "2"}}, dry_run=True)["data"] == {"a": "1", "b": "2"}
    assert cluster.get("ConfigMap", "life")["data"] == {"a": "1"}
    assert cluster.patch("ConfigMap", "life", {"data": {"b": "2"}})["data"] == {"a": "1", "b": "2"}
    now = cluster.get("ConfigMap", "life")
    assert cluster.replace("ConfigMap", "life", {**now, "data": {"c": "3"}})["data"] == {"c": "3"}

    assert cluster.delete("ConfigMap", "life", uid=made["metadata"]["uid"])
    with pytest.raises(NotFound, match="Cannot read ConfigMap life"):
        cluster.get("ConfigMap", "life")


@pytest.mark.parametrize(
    "kind", ["ConfigMap", "CronJob", "Deployment", "Event", "Lease", "Node", "Pod", "ReplicaSet", "StatefulSet"]
)
def test_every_kind_is_listed(cluster: Cluster, kind: str) -> None:
    assert all(each["kind"] == kind and each["apiVersion"] for each in cluster.list(kind))


def test_containers_are_merged_by_name(cluster: Cluster) -> None:
    containers = [{"name": "one", "image": "x.invalid/a:1"}, {"name": "two", "image": "x.invalid/b:1"}]
    cluster.create(
        "Deployment",
        {
            "metadata": {"name": "merged"},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": "merged"}},
                "template": {"metadata": {"labels": {"app": "merged"}}, "spec": {"containers": containers}},
            },
        },
    )
    change = {"spec": {"template": {"spec": {"containers": [{"name": "two", "image": "x.invalid/b:2"}]}}}}

    changed = cluster.patch("Deployment", "merged", change)["spec"]["template"]["spec"]["containers"]

    assert {each["name"]: each["image"] for each in changed} == {"one": "x.invalid/a:1", "two": "x.invalid/b:2"}


def test_cron_jobs_are_found_in_the_version_that_the_server_has(cluster: Cluster) -> None:
    spec = {"containers": [{"name": "main", "image": "x.invalid/a:1"}], "restartPolicy": "Never"}
    template = {"spec": {"template": {"spec": spec}}}
    body = {"metadata": {"name": "c"}, "spec": {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": template}}
    minor = int("".join(filter(str.isdigit, cluster.version().split(".")[1])))

    made = cluster.create("CronJob", {"apiVersion": "batch/v1", "kind": "CronJob", **body})

    assert made["apiVersion"] == ("batch/v1" if minor >= 21 else "batch/v1beta1")
    assert cluster.patch("CronJob", "c", {"metadata": {"labels": {"a": "b"}}})["metadata"]["labels"] == {"a": "b"}
    assert [each["apiVersion"] for each in cluster.patient(5).list("CronJob")] == [made["apiVersion"]]
    assert cluster.requests["GET batch"] == 1


def test_long_lists_come_in_pages_and_anew_when_those_have_expired(proxy: Proxy, through: Cluster) -> None:
    for number in range(510):
        labels = {"of": "many"}
        through.create("ConfigMap", {"metadata": {"name": f"many-{number}", "labels": labels}})
    before = through.requests["LIST configmaps"]

    def names() -> set[str]:
        return {each["metadata"]["name"] for each in through.list("ConfigMap", selector="of=many")}

    assert names() == {f"many-{number}" for number in range(510)}
    assert through.requests["LIST configmaps"] - before == 2
    proxy.answer(410, times=1, path="continue=")
    assert names() == {f"many-{number}" for number in range(510)}
    assert through.requests["LIST configmaps"] - before == 6
    assert len(through.list("ConfigMap", selector="of=many", fields="metadata.name=many-7")) == 1


def test_a_name_that_is_taken_is_a_conflict(cluster: Cluster) -> None:
    cluster.create("ConfigMap", config_map("taken"))

    with pytest.raises(Conflict, match="already exists"):
        cluster.create("ConfigMap", config_map("taken"))


def test_an_object_that_changed_meanwhile_is_a_conflict(cluster: Cluster) -> None:
    made = cluster.create("ConfigMap", config_map("raced"))
    cluster.patch("ConfigMap", "raced", {"data": {"a": "1"}})

    with pytest.raises(Conflict, match="modified"):
        cluster.replace("ConfigMap", "raced", made)
    version = made["metadata"]["resourceVersion"]
    with pytest.raises(Conflict, match="modified"):
        cluster.patch("ConfigMap", "raced", {"metadata": {"resourceVersion": version}, "data": {"b": "1"}})


def test_only_the_object_that_was_meant_is_deleted(cluster: Cluster) -> None:
    first = cluster.create("ConfigMap", config_map("again"))["metadata"]["uid"]
    assert cluster.delete("ConfigMap", "again", uid=first)
    cluster.create("ConfigMap", config_map("again"))

    assert not cluster.delete("ConfigMap", "again", uid=first)
    assert cluster.get("ConfigMap", "again")
    assert not cluster.delete("ConfigMap", "never-was", uid=first)


def test_a_body_that_makes_no_sense_is_refused_with_the_reason(cluster: Cluster) -> None:
    with pytest.raises(OutsideError, match=r"spec\.selector") as refused:
        cluster.create("Deployment", {"metadata": {"name": "d"}, "spec": {"template": {}}})
    assert not isinstance(refused.value, Unreachable)


def test_the_last_lines_of_a_log_are_read(cluster: Cluster, runner: str) -> None:
    assert written(lambda: cluster.logs(runner, "main")) == "one\nzwölf\nthree\n"
    assert cluster.logs(runner, "main", lines=1) == "three\n"


def test_the_log_of_the_run_before_is_read(cluster: Cluster) -> None:
    mounts = [{"name": "scratch", "mountPath": "/scratch"}]
    # The first run ends once its word was read: what a container says in its last moment can be lost.
    first = "echo first run; until [ -e /scratch/go ]; do sleep 0.1; done; touch /scratch/was"
    script = f"[ -e /scratch/was ] && {{ echo second run; sleep 3600; }}; {first}"
    with Feed(cluster, ["Pod"]) as feed:
        cluster.create("Pod", pod("restarted", script, volumeMounts=mounts))

        def status() -> dict[str, Any]:
            (found,) = feed.objects("Pod")["restarted"]["status"].get("containerStatuses") or [{}]
            return found

        until(feed, lambda: "restarted" in feed.objects("Pod"))
        until(feed, lambda: "running" in status().get("state", {}), 60)
        assert written(lambda: cluster.logs("restarted", "main")) == "first run\n"
        cluster.exec("restarted", "main", ["touch", "/scratch/go"])
        until(feed, lambda: status().get("restartCount", 0) > 0 and "running" in status()["state"], 60)
    assert written(lambda: cluster.logs("restarted", "main", previous=True)) == "first run\n"
    assert written(lambda: cluster.logs("restarted", "main")) == "second run\n"


def test_where_there_is_no_log_it_is_empty(cluster: Cluster, runner: str) -> None:
    cluster.create(
        "Pod",
        {"metadata": {"name": "waiting"}, "spec": {"containers": [{"name": "main", "image": "x.invalid/none:1"}]}},
    )

    assert cluster.logs("waiting", "main") == ""
    assert cluster.logs("never-was", "main") == ""
    assert cluster.logs(runner, "no-such-container") == ""
    assert cluster.logs(runner, "main", previous=True) == ""


@pytest.mark.parametrize("way", ["cluster", "through"])
def test_a_command_runs_in_a_container(way: str, runner: str, request: pytest.FixtureRequest) -> None:
    cluster: Cluster = request.getfixturevalue(way)

    assert cluster.exec(runner, "main", ["sh", "-c", "echo 'zwölf  $HOME'; echo aside >&2"]) == (0, "zwölf  $HOME\n")
    assert cluster.exec(runner, "main", ["sh", "-c", "echo -n out; exit 7", "", "x"]) == (7, "out")
    code, output = cluster.exec(runner, "main", ["sh", "-c", "yes ä | head -c 999999"])
    assert (code, len(output.encode())) == (0, 999999)
    assert "�" not in output


@pytest.mark.parametrize("way", ["cluster", "through"])
def test_a_command_reads_what_it_is_given(way: str, runner: str, request: pytest.FixtureRequest) -> None:
    cluster: Cluster = request.getfixturevalue(way)
    given = bytes(range(256)) * 2_000
    argv = ["sh", "-c", f"head -c {len(given)} | sha256sum"]

    assert cluster.exec(runner, "main", argv, stdin=given) == (0, f"{hashlib.sha256(given).hexdigest()}  -\n")


def test_a_command_that_does_not_end_is_left(cluster: Cluster, runner: str) -> None:
    began = time.monotonic()

    with pytest.raises(OutsideError, match="did not end within 1 s"):
        cluster.exec(runner, "main", ["sleep", "60"], timeout=1)
    assert time.monotonic() - began < 5


def test_a_command_that_cannot_run_says_why(cluster: Cluster, runner: str) -> None:
    with pytest.raises(OutsideError, match="no-such-program"):
        cluster.exec(runner, "main", ["no-such-program"])
    with pytest.raises(BadRequest, match="no-such-container"):
        cluster.exec(runner, "no-such-container", ["true"])
    with pytest.raises(NotFound, match="never-was"):
        cluster.exec("never-was", "main", ["true"])


def test_a_command_that_was_not_started_is_started_when_the_server_is_back(
    proxy: Proxy, through: Cluster, runner: str
) -> None:
    proxy.answer(503, times=1, path="/exec")
    proxy.cut(times=1, path="/exec")

    assert through.exec(runner, "main", ["echo", "there"]) == (0, "there\n")
    assert through.requests["EXEC pods/exec"] == 3


def test_permissions_are_asked_for(
    cluster: Cluster, kubectl: Kubectl, kubeconfig: Path, connect: Connect, tmp_path: Path
) -> None:
    nobody = connect(kubectl.namespace, by=edited(kubeconfig, tmp_path, user={"token": token_of(kubectl, "nobody")}))

    assert cluster.can("patch", "statefulsets", group="apps")
    assert cluster.can("create", "pods", subresource="exec", name="w-0")
    assert not nobody.can("patch", "statefulsets", group="apps")
    with pytest.raises(Forbidden, match='"configmaps"') as refused:
        nobody.list("ConfigMap")
    assert "k8s/rbac/" in refused.value.hint


def test_the_version_is_told(cluster: Cluster) -> None:
    assert cluster.version().startswith("v1.")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_failure_that_passes_is_waited_for(proxy: Proxy, through: Cluster, status: int) -> None:
    proxy.answer(status, times=2, on="GET")

    assert through.list("Pod") == []
    assert proxy.count() == 3


def test_a_server_that_asks_to_wait_is_given_time(proxy: Proxy, through: Cluster) -> None:
    through.create("ConfigMap", config_map("busy"))
    proxy.answer(429, times=2, on="PATCH", retry_after=1)
    began = time.monotonic()

    through.patch("ConfigMap", "busy", {"data": {"a": "1"}})

    assert proxy.count("PATCH") == 3
    assert 2 <= time.monotonic() - began < 4


def test_a_wait_beyond_patience_is_not_begun(proxy: Proxy, through: Cluster) -> None:
    proxy.answer(429, retry_after=60)
    began = time.monotonic()

    with pytest.raises(Unreachable, match="429"):
        through.version()
    assert time.monotonic() - began < 1


def test_a_server_that_comes_back_in_time_is_found(proxy: Proxy, through: Cluster) -> None:
    proxy.refuse()
    back = threading.Timer(2, proxy.restore)
    back.start()

    assert through.version()
    back.join()


def test_a_server_that_stays_away_ends_patience(proxy: Proxy, through: Cluster) -> None:
    proxy.refuse()
    began = time.monotonic()

    with pytest.raises(Unreachable, match="refuses the connection") as away:
        through.patient(1).version()
    assert 1 <= time.monotonic() - began < 3
    assert away.value.hint
    with pytest.raises(Unreachable):
        through.patient(0).version()


def test_a_sibling_has_its_own_patience_and_counts_along(through: Cluster) -> None:
    sibling = through.patient(3)
    sibling.version()

    assert (through.patience, sibling.patience) == (10, 3)
    assert sibling.requests is through.requests


def test_a_server_that_has_just_come_back_may_not_know_yet_who_may_do_what(proxy: Proxy, through: Cluster) -> None:
    for status in (401, 403):
        proxy.cut(on="GET")
        proxy.answer(status, times=3, on="GET")

        assert through.version()


def test_connections_that_are_cut_are_made_again(proxy: Proxy, through: Cluster) -> None:
    proxy.cut(times=3, on="GET")

    assert through.version()


def test_an_object_whose_making_was_not_heard_of_is_a_conflict_and_there(proxy: Proxy, through: Cluster) -> None:
    proxy.lose_answers(on="POST")

    with pytest.raises(Conflict):
        through.create("ConfigMap", config_map("unheard"))
    assert through.get("ConfigMap", "unheard")


def test_an_object_whose_deletion_was_not_heard_of_is_not_there_any_more(proxy: Proxy, through: Cluster) -> None:
    uid = through.create("ConfigMap", config_map("dropped"))["metadata"]["uid"]
    proxy.lose_answers(on="DELETE")

    assert not through.delete("ConfigMap", "dropped", uid=uid)
    with pytest.raises(NotFound):
        through.get("ConfigMap", "dropped")


def test_a_change_whose_answer_was_lost_is_made_again(proxy: Proxy, through: Cluster) -> None:
    through.create("ConfigMap", config_map("twice"))
    proxy.lose_answers(on="PATCH")

    assert through.patch("ConfigMap", "twice", {"data": {"a": "1"}})["data"] == {"a": "1"}


def test_a_login_page_is_no_api_server(proxy: Proxy, through: Cluster) -> None:
    proxy.answer(200, body=b"<html>Please log in</html>")

    with pytest.raises(OutsideError, match="something else than an API server"):
        through.version()


def test_a_login_that_is_not_accepted_is_refused_at_once(connect: Connect, kubeconfig: Path, tmp_path: Path) -> None:
    cluster = connect("default", by=edited(kubeconfig, tmp_path, user={"token": "no-such-token"}))

    with pytest.raises(OutsideError, match="does not accept this login") as refused:
        cluster.list("Pod")
    assert "Log in" in refused.value.hint
    assert "no-such-token" not in str(refused.value)


def test_a_login_that_was_renewed_meanwhile_is_taken_up(connect: Connect, kubeconfig: Path, tmp_path: Path) -> None:
    path = edited(kubeconfig, tmp_path, user={"token": "has-run-out"})
    cluster = connect("default", by=path)
    path.write_text(kubeconfig.read_text("utf-8"), "utf-8")

    cluster.list("Lease")
    cluster.list("Lease")
    assert cluster.requests["LIST leases"] == 3


def test_a_certificate_of_another_authority_is_refused_at_once(
    connect: Connect, kubeconfig: Path, tmp_path: Path
) -> None:
    another = ssl.create_default_context(cafile=certifi.where())
    authority = tmp_path / "ca.pem"
    authority.write_text(ssl.DER_cert_to_PEM_cert(another.get_ca_certs(binary_form=True)[0]), "utf-8")
    changed = {"certificate-authority-data": None, "certificate-authority": str(authority)}
    cluster = connect("default", by=edited(kubeconfig, tmp_path, cluster=changed))
    began = time.monotonic()

    with pytest.raises(OutsideError, match="is not trusted") as refused:
        cluster.version()
    assert not isinstance(refused.value, Unreachable)
    assert time.monotonic() - began < 3


def test_a_certificate_is_not_looked_at_where_the_kubeconfig_says_so(
    connect: Connect, kubeconfig: Path, tmp_path: Path
) -> None:
    changed = {"certificate-authority-data": None, "insecure-skip-tls-verify": True}

    assert connect("default", by=edited(kubeconfig, tmp_path, cluster=changed)).version()  # a warning is an error here


def test_a_server_whose_name_is_not_known_is_named(connect: Connect, kubeconfig: Path, tmp_path: Path) -> None:
    cluster = connect("default", by=edited(kubeconfig, tmp_path, cluster={"server": "https://nowhere.invalid:6443"}))

    with pytest.raises(Unreachable, match=r"nowhere\.invalid:6443 cannot be reached, its name is not known"):
        cluster.patient(0).version()


def test_the_login_is_in_no_log(
    cluster: Cluster, kubeconfig: Path, runner: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    token = yaml.safe_load(kubeconfig.read_text("utf-8"))["users"][0]["user"].get("token", "no token in it")
    with caplog.at_level(logging.DEBUG):
        cluster.list("Pod")
        cluster.exec(runner, "main", ["true"])

    assert f"GET /api/v1/namespaces/{cluster.namespace}/pods" in caplog.text
    assert token not in caplog.text + "".join(capfd.readouterr())
