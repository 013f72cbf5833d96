"""What is Airflow's of all that runs one repository: told as charts, mirrors and plain manifests have it."""

from typing import Any

import pytest

from dagship.workloads import selection
from dagship.workloads import spec as workload_spec
from tests.builders.airflow import cron_job, deployment, pod, stateful_set

REPOSITORY = "apache/airflow"
AIRFLOW = f"{REPOSITORY}:3.2.2"
BOUNCER = f"{REPOSITORY}:airflow-pgbouncer-2025.03.05-1.23.1"
EXPORTER = f"{REPOSITORY}:airflow-pgbouncer-exporter-2025.03.05-0.18.0"
STATSD = f"{REPOSITORY}:airflow-statsd-exporter-2021.04.28-v0.17.0"
DIGEST = f"{REPOSITORY}@sha256:{'d' * 64}"
PGBOUNCER = ("pgbouncer", "-u", "nobody", "/etc/pgbouncer/pgbouncer.ini")

Object = dict[str, Any]


def box(name: str, image: str, *command: str) -> Object:
    return {"name": name, "image": image, **({"command": list(command)} if command else {})}


def of_chart(name: str, *containers: Object, inits: tuple[Object, ...] = ()) -> Object:
    """A Deployment with the labels of Airflow's own chart."""
    labels = {"tier": "airflow", "component": name, "release": "prod"}
    spec = {"initContainers": list(inits)} if inits else {}
    return deployment(f"prod-{name}", pod(*containers, name=name, **spec), labels=labels)


def scheduler(image: str = AIRFLOW, *beside: Object) -> Object:
    return of_chart(
        "scheduler",
        box("scheduler", image, "bash", "-c", "exec airflow scheduler"),
        box("scheduler-log-groomer", image, "bash", "/clean-logs"),
        *beside,
        inits=(box("wait-for-airflow-migrations", image, "airflow", "db", "check-migrations"),),
    )


def one_off(name: str, *command: str) -> Object:
    """A CronJob of another image in the same repository."""
    return cron_job(name, pod(box("x", f"{REPOSITORY}:tools-1", *command), name=name))


def moves(*made: Object, **asked: Any) -> dict[str, list[str]]:
    read = [workload_spec.read(one["kind"], one) for one in made]
    selected = selection.select(read, repositories=[REPOSITORY], **asked)
    return {workload.key: [container.name for container in containers] for workload, containers in selected}


def others(*made: Object) -> list[str]:
    read = [workload_spec.read(one["kind"], one) for one in made]
    return [said.partition(",")[0] for said in selection.others(read, [REPOSITORY], {})]


SCHEDULER = ["scheduler", "scheduler-log-groomer", "wait-for-airflow-migrations"]


@pytest.mark.parametrize("airflow", [AIRFLOW, DIGEST])
@pytest.mark.parametrize(
    "other",
    [
        of_chart("pgbouncer", box("pgbouncer", BOUNCER, *PGBOUNCER), box("metrics-exporter", EXPORTER)),
        # A mirror has everything in one repository; by digest the tag says nothing.
        of_chart("pgbouncer", box("pgbouncer", f"{REPOSITORY}@sha256:{'e' * 64}", *PGBOUNCER)),
        of_chart("statsd", box("statsd", STATSD)),
        of_chart("redis", box("redis", f"{REPOSITORY}:redis-7.2", "sh", "-c", "redis-server")),
        of_chart("api-server-rollout-restart", box("kubectl", f"{REPOSITORY}:kubectl-1.35", "kubectl", "rollout")),
        deployment("reports", pod(box("web", f"{REPOSITORY}:reports-1", "gunicorn", "reports"), name="reports")),
        deployment("reports-worker", pod(box("w", f"{REPOSITORY}:reports-1", "python", "work.py"), name="reports")),
        cron_job("backup", pod(box("backup", f"{REPOSITORY}:backup-3", "bash", "/backup.sh"), name="backup")),
        # What is called airflow is a user, a database, a namespace, and a workload's name is no command.
        of_chart("pooler", box("pgbouncer", f"{REPOSITORY}:pgbouncer-1", "pgbouncer", "-u", "airflow", "/etc/p.ini")),
        of_chart("pooler-2", box("p", f"{REPOSITORY}:1", "sh", "-c", "exec /usr/bin/pgbouncer -u airflow /etc/p.ini")),
        one_off("dump", "pg_dump", "-U", "airflow", "airflow"),
        one_off("dump-2", "bash", "-ec", "set -o pipefail; pg_dump -U airflow airflow | gzip > /dump"),
        one_off("restart", "kubectl", "-n", "airflow", "delete", "pods", "--all"),
        one_off("restart-2", "kubectl", "rollout", "restart", "deployment/scheduler"),
        one_off("clean", "sh", "-c", "kubectl exec deployment/scheduler -- airflow db clean"),
        one_off("purge", "find", "/logs", "-user", "airflow", "-delete"),
    ],
    ids=lambda made: made["metadata"]["name"] if isinstance(made, dict) else made[-6:],
)
def test_what_runs_the_repository_and_is_not_airflows_stays_and_is_named(airflow: str, other: Object) -> None:
    name = f"{other['kind'].lower()}/{other['metadata']['name']}"

    assert moves(scheduler(airflow), other) == {"deployment/prod-scheduler": SCHEDULER}
    assert {said.partition(" ")[0] for said in others(scheduler(airflow), other)} == {name}
    assert others(scheduler(airflow)) == []


def test_a_program_beside_a_component_stays_and_the_component_moves() -> None:
    beside = (box("statsd", STATSD), box("report", f"{REPOSITORY}:reports-1", "python", "serve.py"))

    assert moves(scheduler(AIRFLOW, *beside)) == {"deployment/prod-scheduler": SCHEDULER}
    assert others(scheduler(AIRFLOW, *beside)) == [
        f"deployment/prod-scheduler runs {STATSD} in its container statsd",
        f"deployment/prod-scheduler runs {REPOSITORY}:reports-1 in its container report",
    ]


@pytest.mark.parametrize(
    "own",
    [
        # Half-way between two images, as someone left it.
        of_chart("flower", box("flower", f"{REPOSITORY}:3.2.1", "bash", "-c", "exec airflow celery flower")),
        of_chart("worker", box("worker", DIGEST, "/opt/start.sh", "worker")),
        deployment("sync-users", pod(box("sync", AIRFLOW, "python", "-u", "sync_users.py"), name="sync")),
        cron_job("cleanup", pod(box("cleanup", f"{REPOSITORY}:3.2.1", "airflow", "db", "clean"), name="cleanup")),
        cron_job("own", pod(box("own", AIRFLOW, "python", "own.py"), name="own")),
        stateful_set("worker", pod(box("main", f"{REPOSITORY}:3.2.1-postgres"), name="worker")),
        deployment("web", pod(box("x", f"{REPOSITORY}:x", "dumb-init", "--", "/entrypoint", "webserver"), name="web")),
        one_off("path", "/home/airflow/.local/bin/airflow", "db", "clean"),
        one_off("entrypoint", "/usr/bin/dumb-init", "--", "/entrypoint", "airflow", "db", "clean"),
        one_off("module", "python", "-m", "airflow", "db", "clean"),
        one_off("second", "bash", "-c", "pg_dump -U airflow airflow > /dump && exec airflow db clean"),
        one_off("continued", "bash", "-c", "exec \\\nairflow db clean"),
        one_off("guarded", "bash", "-c", "if airflow db check; then echo; fi"),
        one_off("variable", "env", "A=1", "timeout", "60", "airflow", "db", "clean"),
        one_off("wrapper", "chamber", "exec", "prod", "--", "airflow", "db", "clean"),
        one_off("wrapper-2", "ddtrace-run", "airflow", "celery", "worker"),
    ],
    ids=lambda made: made["metadata"]["name"],
)
def test_what_is_airflows_moves_by_its_command_its_role_or_its_image(own: Object) -> None:
    assert len(moves(scheduler(), own)) == 2
    assert others(scheduler(), own) == []


def test_pgbouncer_that_was_given_the_image_of_airflow_is_told_all_the_same() -> None:
    bouncer = of_chart("pgbouncer", box("pgbouncer", DIGEST, *PGBOUNCER), box("metrics-exporter", DIGEST))
    known = {"deployment/prod-pgbouncer": frozenset({("pgbouncer", False), ("metrics-exporter", False)})}

    assert moves(scheduler(DIGEST), bouncer, known=known) == {"deployment/prod-scheduler": SCHEDULER}


def test_where_nothing_tells_the_repository_decides() -> None:
    one = deployment("a", pod(box("x", f"{REPOSITORY}:1", "run"), name="a"))
    two = deployment("b", pod(box("x", f"{REPOSITORY}:2", "run"), name="b"))
    bouncer = of_chart("pgbouncer", box("pgbouncer", BOUNCER, *PGBOUNCER))

    assert moves(one, two, bouncer) == {"deployment/a": ["x"], "deployment/b": ["x"]}


def test_who_names_a_workload_moves_it() -> None:
    reports = deployment("reports", pod(box("web", f"{REPOSITORY}:reports-1", "gunicorn"), name="reports"))

    assert moves(scheduler(), reports, names=["deployment/reports"]) == {"deployment/reports": ["web"]}
