"""What thin delivery takes at rest: queries of the dag-processor, and requests to the API server."""

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.project import Project
from bench.real import Air, installed
from bench.table import Row
from dagship.errors import OutsideError
from dagship.model import thin
from tests.builders.airflow import Object
from tests.cluster.kubectl import Kubectl
from tests.e2e import dags
from tests.e2e.api import until
from tests.e2e.releases import NAME

_VALUES = {"workers": {"replicas": 1}}
_PROCESSOR = f"deployment/{NAME}-dag-processor"
_POSTGRES = f"{NAME}-postgres-0"
_SETTLE, _MEASURE = 60, 180
# That the log was followed to its end.
_LAST = "dagship has measured"
_QUERIES = 60
# psycopg says a statement; what has been prepared is executed. The brackets of a transaction are none.
_SAID = re.compile(r"LOG: +(?:statement|execute [^:]*): (?!BEGIN|COMMIT|ROLLBACK)")
# How often a dag-processor asks its database about bundles, seconds: images of dagship say 2, and Airflow 5.
_INTERVAL = {"name": "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL", "value": "5"}
_REQUESTS = re.compile(
    r'^apiserver_request_total\{.*resource="(?:configmaps|pods)".*verb="(?!WATCH).*\} (\S+)$', re.MULTILINE
)


def rows(project: Project, _rounds: int) -> list[Row]:
    """Both where a version is announced, then without what is there for thin deliveries."""
    with installed(project, "rest", _VALUES) as air:
        air.document("deploy", "--full")  # the first also moves to another repository
        air.write(hello=dags.hello("announced"))
        air.document("deploy")
        return _measured(air)


def _measured(air: Air) -> list[Row]:
    for setting in ("log_statement = 'all'", "log_line_prefix = '%h '"):
        _sql(air, f"ALTER SYSTEM SET {setting}")
    _sql(air, "SELECT pg_reload_conf()")
    having = _minute(air)
    mounting = _mounting(air)
    if not any("dag-processor" in one for one in mounting) or not any("worker" in one for one in mounting):
        raise OutsideError(f"Of what reads DAGs, {', '.join(mounting) or 'nothing'} has the mount.")
    for workload, spec in mounting.items():
        _unmount(air, workload, spec)
    _settled(air, mounting)
    lacking = _minute(air)
    return [
        Row(
            what=f"{what} a minute, at rest",
            against="the same where nothing has the mount, and with Airflow's own interval",
            ours=f"{with_it:.0f}",
            theirs=f"{without:.0f}",
            result=f"{with_it - without:+.0f}",
            bound=f"≤ +{bound}",
            met=round(with_it - without) <= bound,
            remark=remark,
        )
        for what, with_it, without, bound, remark in (
            ("queries of the dag-processor", having[0], lacking[0], _QUERIES, "as Postgres logs them"),
            (
                "requests to the API server about pods and ConfigMaps", having[1], lacking[1], 0,
                "of everything in the cluster, watches left out",
            ),
        )
    ]  # fmt: skip


def _mounting(air: Air) -> dict[str, Object]:
    """The pod templates that have the mount, by workload."""
    there = air.kubectl.get("deployments,statefulsets")["items"]
    specs = {f"{one['kind'].lower()}/{one['metadata']['name']}": one["spec"]["template"]["spec"] for one in there}
    return {what: spec for what, spec in specs.items() if any(_is_mount(one) for one in spec.get("volumes") or ())}


def _is_mount(named: Object) -> bool:
    return bool(named["name"] == thin.VOLUME)


def _unmount(air: Air, workload: str, spec: Object) -> None:
    """Takes the volume and its mounts out of the pods of a workload, and gives the dag-processor Airflow's interval."""
    parts = {"volumes": spec["volumes"]}
    for group in ("initContainers", "containers"):
        for number, container in enumerate(spec.get(group) or ()):
            parts[f"{group}/{number}/volumeMounts"] = container.get("volumeMounts") or []
    parts = {where: [one for one in named if not _is_mount(one)] for where, named in parts.items()}
    if workload == _PROCESSOR:
        parts["containers/0/env"] = [*spec["containers"][0]["env"], _INTERVAL]
    patch = [{"op": "add", "path": f"/spec/template/spec/{where}", "value": value} for where, value in parts.items()]
    air.kubectl("patch", workload, "--type=json", f"--patch={json.dumps(patch)}")


def _settled(air: Air, workloads: Collection[str]) -> None:
    """Waits until no pod of before is there: until it has ended, a kubelet keeps its mount."""
    air.kubectl.wait_ready(*workloads, seconds=300)
    until(
        lambda: not any("deletionTimestamp" in one["metadata"] for one in air.kubectl.get("pods")["items"]),
        "the pods of before have ended",
    )


def _minute(air: Air) -> tuple[float, float]:
    """Queries and requests of a minute, once nothing happens any more."""
    time.sleep(_SETTLE)
    (address,) = (
        one["status"]["podIP"]
        for one in air.kubectl.get("pods")["items"]
        if one["metadata"]["labels"].get("app.kubernetes.io/component") == "dag-processor"
    )
    with _followed(air.kubectl, _POSTGRES) as log:
        before = _requests(air)
        time.sleep(_MEASURE)
        asked = _requests(air) - before
        _sql(air, f"SELECT '{_LAST}'")
        until(lambda: _LAST in log.read_text("utf-8", "replace"), "the log has what was asked last")
        lines = log.read_text("utf-8", "replace").splitlines()
    said = sum(line.startswith(f"{address} ") and bool(_SAID.search(line)) for line in lines)
    return said * 60 / _MEASURE, asked * 60 / _MEASURE


@contextmanager
def _followed(kubectl: Kubectl, pod: str) -> Iterator[Path]:
    """Has a file with the lines that a pod logs meanwhile."""
    told = [f"--kubeconfig={kubectl.kubeconfig}", f"--namespace={kubectl.namespace}"]
    with tempfile.NamedTemporaryFile() as file:
        child = subprocess.Popen([kubectl.program, *told, "logs", pod, "--follow", "--tail=0"], stdout=file)
        try:
            yield Path(file.name)
        finally:
            child.terminate()
            child.wait()


def _requests(air: Air) -> float:
    return sum(float(count) for count in _REQUESTS.findall(air.kubectl("get", "--raw", "/metrics")))


def _sql(air: Air, statement: str) -> None:
    air.kubectl("exec", _POSTGRES, "--", "psql", "-h", "/var/run/postgresql", "-U", "airflow", "-c", statement)
