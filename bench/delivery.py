"""How DAGs reach a real Airflow on the chart: by `deploy` and from git; and what the release takes at rest."""

import json
import statistics
import tempfile
import time
from pathlib import Path

from bench.project import Project
from bench.real import Air, installed, must
from bench.table import Row
from bench.timing import spread
from tests.e2e import dags
from tests.e2e.api import until
from tests.e2e.git_server import GitServer
from tests.e2e.releases import BRIDGE, NAME

_WORKERS = 2
_INTERVAL = 10
# What git delivery promises besides its interval, seconds.
_BESIDES = 15
# Each of them takes minutes.
_MOST_ROUNDS = 3
_MIB = 2**20

_SCHEDULED = """import pendulum
from airflow.sdk import dag, task


@dag(schedule="@once", start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), is_paused_upon_creation=False)
def {name}():
    @task
    def nothing():
        pass

    nothing()


{name}()
"""


def rows(project: Project, rounds: int) -> list[Row]:
    """Memory, `deploy` by stage, and a push to git until the scheduler has made a run of it."""
    with installed(project, "delivery", {"workers": {"replicas": _WORKERS}}) as air:
        rounds = min(rounds, _MOST_ROUNDS)
        air.document("deploy")  # the first also moves to another repository
        return [_deploy(air, rounds), _memory(air), _git(air, rounds)]


def _deploy(air: Air, rounds: int) -> Row:
    whole: list[float] = []
    stages: dict[str, list[float]] = {}
    for turn in range(rounds):
        tag = f"edit-{turn}"
        air.write(hello=dags.hello(tag))
        began = time.monotonic()
        done = air.document("deploy", "--full")
        deployed = time.monotonic()
        with air.release.api() as api:
            until(lambda: tag in api.tags("hello"), f"{tag} is served")  # noqa: B023 - called before the next turn
        for stage, seconds in {**done["seconds"], "until Airflow shows it": time.monotonic() - deployed}.items():
            stages.setdefault(stage, []).append(seconds)
        whole.append(time.monotonic() - began)
    parts = ", ".join(f"{stage} {statistics.median(seconds):.1f} s" for stage, seconds in stages.items())
    return Row(
        what="embedded: from an edited DAG to all components serving it, all pods replaced",
        against="",
        ours=spread(tuple(whole)),
        theirs="",
        result=f"{statistics.median(whole):.0f} s",
        bound="none",
        met=True,
        remark=f"`deploy --full` to {_WORKERS} workers, one after the other, and four Deployments: {parts}",
    )


def _memory(air: Air) -> Row:
    """What the kubelet says of the pods once nothing happens any more: the median of a minute."""
    node = air.kubectl("get", "nodes", "--output=jsonpath={.items[0].metadata.name}")
    seen: dict[str, list[float]] = {}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        summary = json.loads(air.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
        for pod in summary["pods"]:
            # A pod that has only begun is not counted yet.
            used = pod.get("memory", {}).get("workingSetBytes", 0) / _MIB
            if pod["podRef"]["namespace"] == air.kubectl.namespace and used >= 1:
                seen.setdefault(pod["podRef"]["name"], []).append(used)
        time.sleep(5)
    alive = {one["metadata"]["name"]: one for one in air.kubectl.get("pods")["items"]}
    parts = {
        name: statistics.median(used)
        for name, used in sorted(seen.items())
        if name in alive and alive[name]["status"]["phase"] == "Running"
    }
    whole = sum(parts.values())
    listed = ", ".join(
        f"{alive[name]['metadata']['labels']['app.kubernetes.io/component']} {used:.0f}" for name, used in parts.items()
    )
    return Row(
        what="memory of the whole release at rest",
        against="",
        ours=f"{whole:.0f} MiB",
        theirs="",
        result=f"{whole:.0f} MiB",
        bound="none",
        met=True,
        remark=f"working sets as the kubelet counts them, MiB: {listed}",
    )


def _git(air: Air, rounds: int) -> Row:
    took: list[float] = []
    with tempfile.TemporaryDirectory(prefix="dagship-bench-") as scratch:
        server = GitServer(Path(scratch), BRIDGE)
        server.commit(hello=dags.hello("git"), words=dags.words("git"))
        server.push()
        server.start()
        try:
            values = {"workers": {"replicas": _WORKERS}, "dags": server.delivers("git", _INTERVAL)}
            must(air.release.install(air.directory, values=values))
            with air.release.api() as api:
                until(lambda: "git" in api.tags("hello"), "the first commit is served")
                for turn in range(rounds):
                    name = f"scheduled_{turn}"
                    server.commit(**{name: _SCHEDULED.format(name=name)})
                    began = time.monotonic()
                    server.push()
                    until(lambda: api.runs(name), f"a run of {name}")  # noqa: B023 - called before the next turn
                    took.append(time.monotonic() - began)
        finally:
            server.stop()
    return Row(
        what="git: from `git push` of a new DAG to its first run, made by the scheduler",
        against=f"the interval of {_INTERVAL} s",
        ours=spread(tuple(took)),
        theirs=f"{_INTERVAL} s",
        result=f"{max(took):.0f} s at most",
        bound=f"≤ {_INTERVAL} + {_BESIDES} s",
        met=max(took) <= _INTERVAL + _BESIDES,
        remark=f"{NAME} with {_WORKERS} workers; each component with DAGs fetches the commit and checks it by itself",
    )
