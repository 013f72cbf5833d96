"""What thin delivery takes at rest: queries of the dag-processor, and requests to the API server."""

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.real import Air
from bench.table import Row
from dagship.model import thin
from tests.builders.airflow import Object
from tests.cluster.kubectl import Kubectl
from tests.e2e.releases import NAME

_PROCESSOR = f"deployment/{NAME}-dag-processor"
_POSTGRES = f"{NAME}-postgres-0"
_SETTLE, _MEASURE = 60, 180
_QUERIES = 60
# psycopg says a statement; what has been prepared is executed. The brackets of a transaction are none.
_SAID = re.compile(r"LOG: +(?:statement|execute [^:]*): (?!BEGIN|COMMIT|ROLLBACK)")
# How often a dag-processor asks its database about bundles, seconds: images of dagship say 2, and Airflow 5.
_INTERVAL = {"name": "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL", "value": "5"}
_REQUESTS = re.compile(
    r'^apiserver_request_total\{.*resource="(?:configmaps|pods)".*verb="(?!WATCH).*\} (\S+)$', re.MULTILINE
)


def rows(air: Air) -> list[Row]:
    """Both as they are, then without what is there for thin deliveries; the dag-processor has it again afterwards."""
    for setting in ("log_statement = 'all'", "log_line_prefix = '%h '"):
        _sql(air, f"ALTER SYSTEM SET {setting}")
    _sql(air, "SELECT pg_reload_conf()")
    having = _minute(air)
    spec = _spec(air)
    volumes = [one for one in spec["volumes"] if one["name"] != thin.VOLUME]
    container = spec["containers"][0]
    mounts = [one for one in container["volumeMounts"] if one["name"] != thin.VOLUME]
    _change(air, volumes=volumes, mounts=mounts, env=[*container["env"], _INTERVAL])
    lacking = _minute(air)
    _change(air, volumes=spec["volumes"], mounts=container["volumeMounts"], env=container["env"])
    _sql(air, "ALTER SYSTEM RESET ALL")
    _sql(air, "SELECT pg_reload_conf()")
    return [
        Row(
            what=f"{what} a minute, at rest",
            against="the same without the mount, and with Airflow's own interval",
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


def _spec(air: Air) -> Object:
    found: Object = air.kubectl.get(_PROCESSOR)["spec"]["template"]["spec"]
    return found


def _change(air: Air, *, volumes: Sequence[Object], mounts: Sequence[Object], env: Sequence[Object]) -> None:
    """Gives the dag-processor other volumes and variables."""
    container = "containers/0"
    parts = {"volumes": volumes, f"{container}/volumeMounts": mounts, f"{container}/env": env}
    patch = [
        {"op": "replace", "path": f"/spec/template/spec/{where}", "value": value} for where, value in parts.items()
    ]
    air.kubectl("patch", _PROCESSOR, "--type=json", f"--patch={json.dumps(patch)}")
    air.kubectl.wait_ready(_PROCESSOR, seconds=300)


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
    said = sum(line.startswith(f"{address} ") and bool(_SAID.search(line)) for line in log)
    return said * 60 / _MEASURE, asked * 60 / _MEASURE


@contextmanager
def _followed(kubectl: Kubectl, pod: str) -> Iterator[list[str]]:
    """Has the lines that a pod logs meanwhile, at the end; a kubelet keeps the last 10 MB, and they may be more."""
    lines: list[str] = []
    told = [f"--kubeconfig={kubectl.kubeconfig}", f"--namespace={kubectl.namespace}"]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as file:
        child = subprocess.Popen([kubectl.program, *told, "logs", pod, "--follow", "--tail=0"], stdout=file)
        try:
            yield lines
        finally:
            child.terminate()
            child.wait()
        file.seek(0)
        lines.extend(file.read().splitlines())


def _requests(air: Air) -> float:
    return sum(float(count) for count in _REQUESTS.findall(air.kubectl("get", "--raw", "/metrics")))


def _sql(air: Air, statement: str) -> None:
    air.kubectl("exec", _POSTGRES, "--", "psql", "-h", "/var/run/postgresql", "-U", "airflow", "-c", statement)
