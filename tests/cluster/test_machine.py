"""script/cluster on a machine of its own: what `up` brings, `down` takes back, after a crash as well."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.machine import ROOT, on_a_machine_of_its_own

from .conftest import TESTBED

CLUSTER = ROOT / "script" / "cluster"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dagship"
KEPT = ["kubernetes-1.20.2", "busybox"]

# All that a Kubernetes changes on a machine: rules, devices, routes, mounts, switches, control groups, files, processes.
WORDS = r"""
found() {
    for family in iptables ip6tables; do $family-save | grep -E '^-|^:.* DROP' || true; done
    ip -o link | cut -d: -f2; ip -4 route show table all
    cut -d' ' -f2,3 /proc/mounts | sort
    grep -s '' /proc/sys/{kernel/panic*,kernel/keys/*max*,vm/overcommit_memory,vm/panic_on_oom} \
        /proc/sys/net/{ipv4/ip_forward,ipv4/conf/all/*,bridge/*,netfilter/nf_conntrack_tcp_*}
    find /sys/fs/cgroup -type d
    find /run /var/log /var/lib/cni /var/lib/kubelet /usr/libexec/kubernetes -maxdepth 2 2>/dev/null |
        grep -vE '^/run/(work|var|dagship/docker|dagship/cluster.lock)|\.log$' | sort
    for each in $(pgrep .); do tr '\0' ' ' <"/proc/$each/cmdline" | grep -oE '[^ ]*/run/dagship/[^ ]*' || true; done | sort
}
kubectl() { "$XDG_CACHE_HOME/dagship/kubernetes-1.20.2/kubectl" --kubeconfig /run/dagship/cluster/kubeconfig "$@"; }
run_a_pod() {
    kubectl run pod --image=localhost:5000/dagship/pause:1 >/dev/null
    kubectl wait --for=condition=Ready pod/pod --timeout=60s
}
kill_all() { cat /run/dagship/cluster/*.pid | xargs kill -KILL; }
kill_helpers() { pgrep -f "^[^ ]*containerd-shim.*/run/dagship/cluster/" | xargs kill -KILL; }
"""
pytestmark = [
    pytest.mark.wide,
    pytest.mark.skipif(
        os.geteuid() != 0 or not all((CACHE / name).exists() for name in KEPT) or not TESTBED.exists(),
        reason="namespaces need root, and without a network nothing can be installed or built",
    ),
]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with what cannot be had without a network."""
    (tmp_path / "dagship").mkdir()
    for name in KEPT:
        (tmp_path / "dagship" / name).symlink_to(CACHE / name)
    return tmp_path


def test_two_start_one_cluster_and_down_gives_the_machine_back(cache: Path):
    seen = on_a_machine_of_its_own(
        cache,
        f"""{WORDS}
        script/engine up; found; echo ==
        script/cluster up 2>&1 & script/cluster up 2>&1; wait; echo ==
        run_a_pod; found; echo ==
        script/cluster down; found; echo ==
        script/cluster down; script/cluster status || echo "status $?"; docker version >/dev/null
        """,
    )

    before, starting, running, after, end = seen.split("==\n")
    assert starting.count("starting kubelet") == 1
    assert starting.count("is Ready") == 2
    assert {" dagship0", "pod/pod condition met", "10.96.0.0/24 dev dagship0 scope link "} <= set(running.splitlines())
    assert "/dagship/kubepods/" in running
    assert before == after
    assert end == "status 1\n"


def test_a_cluster_that_was_killed_leaves_nothing(cache: Path):
    seen = on_a_machine_of_its_own(
        cache,
        f"""{WORDS}
        script/engine up; found; echo ==
        script/cluster up; run_a_pod >/dev/null; kill_all; kill_helpers
        script/cluster down; found
        """,
    )

    before, after = seen.split("==\n")
    assert before == after


def test_a_cluster_that_was_killed_is_followed_by_an_empty_one(cache: Path):
    seen = on_a_machine_of_its_own(
        cache,
        f"""{WORDS}
        script/engine up; found; echo ==
        script/cluster up; run_a_pod >/dev/null; kill_all
        script/cluster up; run_a_pod; kubectl get pods --all-namespaces -o name; echo ==
        script/cluster down; found
        """,
    )

    before, running, after = seen.split("==\n")
    assert running == "pod/pod condition met\npod/pod\n"
    assert before == after


def test_the_api_server_goes_and_comes_back_and_the_rest_goes_on(cache: Path):
    seen = on_a_machine_of_its_own(
        cache,
        f"""{WORDS}
        script/cluster up; run_a_pod
        script/cluster stop-api; kubectl get pods >/dev/null 2>&1 || echo "status $?"
        script/cluster status >/dev/null 2>&1 || echo "status $?"
        script/cluster start-api; kubectl get pods -o 'jsonpath={{.items[*].status.phase}}{{"\\n"}}'
        script/cluster stop-api; script/cluster up 2>&1 | grep -o 'starting .*'
        kubectl delete pod pod --grace-period=1 >/dev/null; run_a_pod; script/cluster status
        """,
    )

    assert seen.splitlines() == [
        "pod/pod condition met",
        *("status 1", "status 1", "Running"),
        *("starting kube-apiserver", "pod/pod condition met"),
    ]


def test_with_passes_a_kubeconfig_and_the_exit_status_on_and_leaves_nothing(cache: Path):
    seen = on_a_machine_of_its_own(
        cache,
        f"""{WORDS}
        found; echo ==
        script/cluster with bash -c 'echo $KUBECONFIG $DAGSHIP_TEST_KUBECONFIG; script/cluster up; exit 7' || echo "status $?"
        echo ==; found
        """,
    )

    before, inside, after = seen.split("==\n")
    assert inside == f"{TESTBED} {TESTBED}\nstatus 7\n"
    # Of the engine, that ran no longer than it had to, a lock and empty directories are left below /run.
    assert [line for line in before.splitlines() if "/run/" not in line] == [
        line for line in after.splitlines() if "/run/" not in line
    ]


@pytest.mark.parametrize(
    "taken",
    [
        "iptables -t nat -N KUBE-SERVICES",
        "ip link add other type bridge; ip addr add 10.88.3.1/24 dev other; ip link set other up",
    ],
)
def test_a_machine_that_runs_another_cluster_is_left_alone(cache: Path, taken: str):
    seen = on_a_machine_of_its_own(
        cache,
        f"""{WORDS}
        script/engine up; {taken}; found; echo ==
        script/cluster up 2>&1 || echo "status $?"; echo ==
        found; script/cluster down; echo ==; found
        """,
    )

    before, said, after, end = seen.split("==\n")
    assert "starting" not in said
    assert "DAGSHIP_TEST_KUBECONFIG" in said
    assert said.endswith("status 3\n")
    assert set(after.splitlines()) - set(before.splitlines()) <= {"/run/dagship/cluster"}
    assert before == end


def test_a_cluster_that_is_given_is_used_and_nothing_started(tmp_path: Path):
    given = tmp_path / "kubeconfig"
    given.write_text(TESTBED.read_text())
    environment = os.environ | {"DAGSHIP_TEST_KUBECONFIG": str(given)}
    up = subprocess.run([CLUSTER, "up"], env=environment, capture_output=True, text=True)
    with_it = subprocess.run(
        [CLUSTER, "with", "printenv", "KUBECONFIG"], env=environment, capture_output=True, text=True
    )

    assert up.returncode == 0
    assert up.stderr == f"cluster: using the cluster of DAGSHIP_TEST_KUBECONFIG={given}\n"
    assert with_it.stdout == f"{given}\n"


def test_a_cluster_that_is_given_must_answer(tmp_path: Path):
    given = tmp_path / "kubeconfig"
    given.write_text(TESTBED.read_text().replace(":6443", ":1"))
    environment = os.environ | {"DAGSHIP_TEST_KUBECONFIG": str(given)}
    up = subprocess.run([CLUSTER, "up"], env=environment, capture_output=True, text=True)

    assert up.returncode == 3
    assert up.stderr.startswith(f"cluster: the cluster of DAGSHIP_TEST_KUBECONFIG={given} does not answer: ")
    assert up.stderr.count("\n") == 1


def test_who_may_not_start_one_is_told_how_to_name_one():
    environment = {name: value for name, value in os.environ.items() if name != "DAGSHIP_TEST_KUBECONFIG"}
    up = subprocess.run([CLUSTER, "up"], env=environment, user=65534, capture_output=True, text=True)

    assert up.returncode == 3
    assert "DAGSHIP_TEST_KUBECONFIG" in up.stderr


@pytest.mark.parametrize("arguments", [[], ["start"], ["up", "now"], ["with"]])
def test_wrong_usage_is_said_in_one_line(arguments: list[str]):
    finished = subprocess.run([CLUSTER, *arguments], capture_output=True, text=True)

    assert finished.returncode == 2
    assert finished.stderr.startswith("cluster: usage:")
    assert finished.stderr.count("\n") == 1
