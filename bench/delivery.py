"""How DAGs reach a real Airflow on the chart: by `deploy` and from git; and what the release takes at rest."""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.airflow import namespace
from bench.project import REGISTRY, Project
from bench.table import Row
from bench.timing import run, spread
from dagship.errors import OutsideError
from tests.cluster.kubectl import Kubectl
from tests.e2e import dags
from tests.e2e.api import Api, until
from tests.e2e.git_server import GitServer
from tests.e2e.releases import BRIDGE, NAME, Release
from tests.machine import ROOT

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


@dataclass(frozen=True, kw_only=True)
class _Air:
    release: Release
    kubectl: Kubectl
    directory: Path


@contextmanager
def _installed(project: Project) -> Iterator[_Air]:
    """Installs Airflow with embedded DAGs, and removes all of it at the end."""
    helm = run([str(ROOT / "script/helm")]).stdout.strip()
    directory = project.directory / "delivery"
    (directory / "dags").mkdir(parents=True)
    (directory / "dags/hello.py").write_text(dags.hello("first"), "utf-8")
    (directory / "dags/words.py").write_text(dags.words("first"), "utf-8")
    settings = {
        "repository": f"{REGISTRY}/bench/delivery",
        "base": project.base,
        "from_image": f"{REGISTRY}/dagship/airflow-base",
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (directory / "dagship.toml").write_text("".join(lines), "utf-8")
    values = directory / "values.yaml"
    values.write_text(run([str(ROOT / "script/airflow"), "values", project.base]).stdout, "utf-8")
    kubectl = namespace()
    release = Release(kubectl, helm, values, major=3)
    try:
        _must(release.install(directory, values={"workers": {"replicas": _WORKERS}}))
        yield _Air(release=release, kubectl=kubectl, directory=directory)
    finally:
        kubectl("delete", "namespace", kubectl.namespace)


def _must(done: object) -> str:
    if getattr(done, "returncode", 1) != 0:
        raise OutsideError(str(getattr(done, "stderr", done)))
    return str(getattr(done, "stdout", ""))


def rows(project: Project, rounds: int) -> list[Row]:
    """Memory, `deploy` by stage, and a push to git until the scheduler has made a run of it."""
    with _installed(project) as air:
        rounds = min(rounds, _MOST_ROUNDS)
        _must(air.release.dagship(air.directory, "deploy", "--json"))  # the first also moves to another repository
        return [_deploy(air, rounds), _memory(air), _git(air, rounds)]


def _deploy(air: _Air, rounds: int) -> Row:
    whole: list[float] = []
    stages: dict[str, list[float]] = {}
    for turn in range(rounds):
        tag = f"edit-{turn}"
        (air.directory / "dags/hello.py").write_text(dags.hello(tag), "utf-8")
        began = time.monotonic()
        done = json.loads(_must(air.release.dagship(air.directory, "deploy", "--json")))
        deployed = time.monotonic()
        with air.release.api() as api:
            until(lambda: _has(api, tag), f"{tag} is served")  # noqa: B023 - called before the next turn
        for stage, seconds in {**done["seconds"], "until Airflow shows it": time.monotonic() - deployed}.items():
            stages.setdefault(stage, []).append(seconds)
        whole.append(time.monotonic() - began)
    parts = ", ".join(f"{stage} {statistics.median(seconds):.1f} s" for stage, seconds in stages.items())
    return Row(
        what="embedded: from an edited DAG to all components serving it",
        against="",
        ours=spread(tuple(whole)),
        theirs="",
        result=f"{statistics.median(whole):.0f} s",
        bound="none",
        met=True,
        remark=f"`deploy` to {_WORKERS} workers, one after the other, and four Deployments: {parts}",
    )


def _has(api: Api, tag: str) -> bool:
    return tag in [one["name"] for one in (api.dag("hello") or {"tags": []})["tags"]]


def _memory(air: _Air) -> Row:
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


def _git(air: _Air, rounds: int) -> Row:
    took: list[float] = []
    with tempfile.TemporaryDirectory(prefix="dagship-bench-") as scratch:
        server = GitServer(Path(scratch), BRIDGE)
        server.commit(hello=dags.hello("git"), words=dags.words("git"))
        server.push()
        server.start()
        try:
            source = {"url": server.url, "branch": "main", "subdirectory": "dags", "interval": _INTERVAL}
            values = {"workers": {"replicas": _WORKERS}, "dags": {"mode": "git", "git": source}}
            _must(air.release.install(air.directory, values=values))
            with air.release.api() as api:
                until(lambda: _has(api, "git"), "the first commit is served")
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
