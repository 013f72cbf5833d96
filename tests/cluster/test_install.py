"""The chart's release by way of a real Helm 4: what fails before Airflow is there, and how things come and go.

Airflow is a few kilobytes here (images.py); a real one on this chart is in tests/e2e.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagship.record import config_map
from dagship.record.model import Record
from tests.builders.airflow import Object
from tests.cluster.conftest import Helm
from tests.cluster.images import REPOSITORY, image
from tests.cluster.rig import Rig

pytestmark = pytest.mark.usefixtures("with_helm")

# A node has room for several of them at once.
LITTLE = {"resources": {"requests": {"cpu": "1m", "memory": "4Mi"}}}
# With a database and a broker that are elsewhere.
VALUES: dict[str, Any] = {
    "airflowVersion": "3.3.2",
    "postgres": {"enabled": False},
    "redis": {"enabled": False},
    "database": {"secret": "db"},
    "broker": {"secret": "broker"},
    "workers": {"replicas": 1, "terminationGracePeriodSeconds": 5, **LITTLE},
    **dict.fromkeys(("scheduler", "dagProcessor", "triggerer", "apiServer"), LITTLE),
}
SOON = 50.0

Finished = subprocess.CompletedProcess[str]


@pytest.fixture
def with_helm(helm_program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Helm is in PATH, as users have it."""
    monkeypatch.setenv("PATH", f"{Path(helm_program).parent}:{os.environ['PATH']}")


@pytest.fixture
def air(rig: Rig) -> Rig:
    """A namespace with the Secrets that the values name."""
    rig.kubectl("create", "secret", "generic", "db", "--from-literal=connection=postgresql://u:p@db.example/airflow")
    rig.kubectl("create", "secret", "generic", "broker", "--from-literal=url=redis://r.example")
    return rig


def install(rig: Rig, *flags: str, **more: Any) -> Finished:
    """Installs with the values above and others, within the time that a failure may take."""
    path = rig.scratch / "values.yaml"
    path.write_text(yaml.safe_dump({**VALUES, **more}), "utf-8")
    began = time.monotonic()
    finished = rig.command("install", f"--values={path}", "--json", *flags)
    if finished.returncode:
        assert time.monotonic() - began < SOON
    return finished


def error(finished: Finished) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(finished.stdout)["error"]
    return found


def failure(finished: Finished) -> dict[str, Any]:
    assert finished.returncode == 1, finished.stderr
    found: dict[str, Any] = json.loads(finished.stdout)["failure"]
    return found


def claim(name: str, release: str = "airflow") -> Object:
    labels = {"app.kubernetes.io/name": "airflow", "app.kubernetes.io/instance": release}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}, "storageClassName": ""}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
    }


def announced(name: str) -> Object:
    """What a deploy announces DAG versions in; another Airflow's has another name."""
    metadata = {"name": name, "labels": {"app.kubernetes.io/managed-by": "dagship"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"current": "{}"}}


def test_without_helm_it_is_said_what_is_missing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    finished = install(rig, f"--image={REPOSITORY}@sha256:{'1' * 64}")

    assert finished.returncode == 3
    assert error(finished)["message"] == "The program helm is not installed."
    assert "Install Helm 3.8 or newer" in finished.stderr


def test_a_helm_that_is_too_old_is_not_tried(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "helm").write_text("#!/bin/sh\necho v3.7.2\n", "utf-8")
    (tmp_path / "helm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    assert "is Helm v3.7.2, which is too old" in error(install(rig))["message"]


def test_a_second_ctrl_c_lets_nobody_else_in_before_helm_is_gone(air: Rig, tmp_path: Path, helm_program: str) -> None:
    """A helm that takes no notice of being asked to end, and writes down who has the lease for as long as it lives."""
    lease = f"{air.kubectl.program} --kubeconfig={air.kubectl.kubeconfig} -n {air.kubectl.namespace} get lease dagship"
    (tmp_path / "helm").write_text(
        f"""#!/bin/sh
[ "$1" = upgrade ] || exec {helm_program} "$@"
trap "touch {tmp_path}/asked" TERM
while :; do {lease} -o 'jsonpath=[{{.spec.holderIdentity}}]' >>{tmp_path}/holders; touch {tmp_path}/writes; done
""",
        "utf-8",
    )
    (tmp_path / "helm").chmod(0o755)
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({**VALUES, "image": {"repository": REPOSITORY, "tag": "x"}}), "utf-8")
    argv = [sys.executable, "-m", "dagship.cli", "install", f"--namespace={air.kubectl.namespace}"]
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with subprocess.Popen([*argv, f"--values={values}"], cwd=tmp_path, env=env, stderr=subprocess.PIPE) as process:
        for name in ("writes", "asked"):
            _until((tmp_path / name).exists)
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=SOON)

    assert process.returncode == 130
    assert b"Interrupted while helm was at airflow; it may be half installed." in said
    assert "[]" not in (tmp_path / "holders").read_text()
    assert not air.cluster.get("Lease", "dagship")["spec"]["holderIdentity"]


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def test_wrong_values_are_a_sentence_each_and_nothing_is_there(air: Rig, helm: Helm) -> None:
    finished = install(
        air, image={"repository": REPOSITORY, "tag": "x"}, executor="SequentialExecutor", workers={"replicas": "many"},
        dags={"mode": "embedded", "brunch": "main"},
    )  # fmt: skip

    assert finished.returncode == 2
    assert error(finished)["message"].split(". ") == [
        "dags.brunch is not a value of the chart",
        "executor must be one of 'CeleryExecutor', 'KubernetesExecutor', 'LocalExecutor'",
        "workers.replicas must be an integer, and is a string.",
    ]
    assert helm("list", "--short").stdout == ""


def test_a_values_file_that_is_none_is_a_sentence(air: Rig) -> None:
    (air.scratch / "broken.yaml").write_text("a: [", "utf-8")
    finished = air.command("install", "--values=broken.yaml,nowhere.yaml", "--json")

    assert finished.returncode == 2
    assert "broken.yaml is no YAML at line 1." in error(finished)["message"]


def test_without_an_image_nothing_is_done(air: Rig) -> None:
    finished = install(air)

    assert finished.returncode == 2
    assert error(finished)["message"] == "Nothing says which image to install."


def test_a_secret_that_the_values_name_is_missed_before_anything_starts(rig: Rig) -> None:
    finished = install(rig, f"--image={image('a', 'of-chart')}")

    assert finished.returncode == 2
    assert (
        error(finished)["message"]
        == f"The Secret db is not in the namespace {rig.kubectl.namespace}; database.secret names it."
    )
    assert rig.kubectl.get("pods")["items"] == []


def test_a_variable_that_stands_there_twice_is_named(air: Rig) -> None:
    twice = [{"name": "MAIL", "value": "a"}, {"name": "MAIL", "value": "b"}]
    finished = install(air, f"--image={image('a', 'of-chart')}", env=twice)

    assert finished.returncode == 2
    assert error(finished)["message"] == "env names MAIL twice; only one of them can be."
    assert air.kubectl.get("pods")["items"] == []


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"env": [{"name": "RETRIES", "value": 3}]}, "env.0.value must be a string, and is a number."),
        ({"volumes": [{"name": "a", "emptyDir": {}}], "volumeMounts": [{"name": "a", "mountPath": "/tmp"}]}, "volumeMounts has /tmp"),
        ({"volumes": [{"name": "a", "configMap": {"name": 3}}]}, "The API server would refuse"),
        ({"volumes": [{"name": "a", "hostPath": {"path": "../x"}}]}, "The API server would refuse"),
        ({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1000}]}}}, "would refuse"),
    ],
    ids=["number", "own place", "number in a volume", "path", "weight"],
)  # fmt: skip
def test_what_the_server_would_refuse_halfway_is_wrong_input_and_nothing_is_made(
    air: Rig, helm: Helm, values: dict[str, Any], said: str
) -> None:
    finished = install(air, f"--image={image('a', 'of-chart')}", **values)

    assert finished.returncode == 2, finished.stderr
    assert said in error(finished)["message"]
    assert helm("list", "--short", "--all-namespaces=false").stdout == ""
    assert air.kubectl.get("statefulsets,deployments,jobs")["items"] == []


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("version", "held", "missing"),
    [
        ("3.3.2", ["fernet-key", "webserver-secret-key"], "jwt-secret"),
        ("3.3.2", ["fernet-key", "webserver-secret-key", "jwt-secret"], "admin-password"),
        ("2.11.2", ["fernet-key", "webserver-secret-key"], "admin-password"),
    ],
)
def test_a_key_that_the_given_secret_lacks_is_named(air: Rig, version: str, held: list[str], missing: str) -> None:
    air.kubectl("create", "secret", "generic", "mine", *(f"--from-literal={key}=x" for key in held))
    finished = install(air, f"--image={image('a', 'of-chart')}", airflowVersion=version, keys={"secret": "mine"})

    assert finished.returncode == 2
    assert error(finished)["message"] == f"The Secret mine has no key {missing}; keys.secret names it."
    assert air.kubectl.get("pods")["items"] == []


@pytest.mark.wide
def test_a_secret_that_only_a_pod_names_is_named_and_made_up_for(air: Rig) -> None:
    """What failed before gets a new start: it is not the answer the second time."""
    variable = {"name": "MAIL", "valueFrom": {"secretKeyRef": {"name": "mail", "key": "password"}}}
    found = failure(install(air, f"--image={image('a', 'of-chart')}", env=[variable]))
    air.kubectl("create", "secret", "generic", "mail", "--from-literal=password=x")
    again = install(air, env=[variable])

    assert found["reason"] == "CreateContainerConfigError"
    assert found["meaning"] == "There is no secret 'mail', which the pod refers to."
    assert again.returncode == 0, again.stderr


@pytest.mark.wide
def test_a_volume_that_is_not_there_is_named(air: Rig) -> None:
    volumes = [{"name": "extra", "secret": {"secretName": "nowhere"}}]
    mounts = [{"name": "extra", "mountPath": "/extra"}]
    found = failure(install(air, f"--image={image('a', 'of-chart')}", volumes=volumes, volumeMounts=mounts))

    assert found["reason"] == "FailedMount"
    assert found["meaning"] == "There is no secret 'nowhere', which the pod refers to."


def test_a_database_that_cannot_be_reached_is_named(air: Rig) -> None:
    found = failure(install(air, f"--image={image('a', 'of-chart-without-database')}"))

    assert found["workload"].startswith("job/airflow-migrate-")
    assert found["meaning"] == "The database at db.example:5432 cannot be reached: Name or service not known."


def test_an_image_that_the_registry_does_not_have_is_named(air: Rig) -> None:
    found = failure(install(air, image={"repository": REPOSITORY, "tag": "no-such-tag"}))

    assert found["meaning"] == f"The registry has no image {REPOSITORY}:no-such-tag."


def test_a_component_that_crashes_is_named_with_its_last_words(air: Rig) -> None:
    found = failure(install(air, f"--image={image('a', 'crashes-of-chart')}"))

    assert found["reason"] == "CrashLoopBackOff"
    assert found["meaning"].startswith("The image has no Python module 'acme_policies'")
    assert "ModuleNotFoundError: No module named 'acme_policies'" in found["log"]


@pytest.mark.wide
def test_an_image_that_was_rolled_out_stays_and_status_needs_no_push(air: Rig) -> None:
    old, new = image("a", "of-chart"), image("b", "of-chart")
    first = install(air, f"--image={old}")
    moved = air.command("rollout", f"--image={new}", "--json")
    again = install(air, config={"core": {"parallelism": 5}})
    seen = air.command("status", "--json")

    assert first.returncode == 0, first.stderr
    assert (json.loads(first.stdout)["image"], json.loads(first.stdout)["image_from"]) == (old, "--image")
    assert moved.returncode == 0, moved.stderr
    assert moved.stderr.count("keeps the image") == 1
    assert again.returncode == 0, again.stderr
    document = json.loads(again.stdout)
    assert (document["image"], document["runs"], document["image_from"]) == (old, [new], "the release")
    assert {one for found in air.kubectl.images().values() for one in found} == {new}
    assert seen.returncode == 0, seen.stderr
    assert json.loads(seen.stdout)["installed"].startswith("airflow (airflow-")


@pytest.mark.wide
def test_a_commit_with_broken_dags_is_in_the_status(air: Rig) -> None:
    git = {"mode": "git", "git": {"url": "https://git.example/dags", "branch": "main", **LITTLE}}
    done = install(air, f"--image={image('a', 'of-chart')}", dags=git)
    seen = air.command("status", "--json")

    assert done.returncode == 0, done.stderr
    assert seen.returncode == 1
    found = json.loads(seen.stdout)["git"]
    assert {(one["state"], one["current"], one["candidate"]) for one in found} == {("refused", "1" * 40, "2" * 40)}
    assert [one["findings"] for one in found] == [[{"file": "broken.py", "error": "ModuleNotFoundError: acme"}]] * 2
    assert "2 of 2 pods do NOT SERVE what git has" in seen.stderr


def test_uninstall_leaves_data_and_names_it_and_deletes_it_when_told(air: Rig, helm: Helm) -> None:
    done = install(air, f"--image={image('a', 'of-chart')}")
    config_map.store(air.cluster, Record(), None)
    air.kubectl.apply(claim("data-airflow-postgres-0"), claim("other", "another"))
    air.kubectl.apply(*map(announced, ("airflow-dags", "dagship-dags")))
    gone = air.command("uninstall", "--json")
    left = air.kubectl("get", "all,configmap,lease,pvc,secret", "--output=name").split()
    told = air.command("uninstall", "--delete-data", "--yes", "--json")

    assert done.returncode == 0, done.stderr
    assert gone.returncode == 0, gone.stderr
    kept = ["persistentvolumeclaim/data-airflow-postgres-0", "secret/airflow-keys"]
    assert (json.loads(gone.stdout)["kept"], json.loads(gone.stdout)["record"]) == (kept, True)
    assert json.loads(gone.stdout)["deleted"] == ["configmap/airflow-dags"]
    ours = {name for name in left if "token" not in name and "kube-root-ca" not in name}
    assert ours == {*kept, "persistentvolumeclaim/other", "configmap/dagship-dags", "secret/db", "secret/broker"}
    assert helm("list", "--short").stdout == ""
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["deleted"] == kept
    assert air.kubectl("get", "pvc", "--output=name").split() == ["persistentvolumeclaim/other"]


def test_what_is_not_installed_cannot_be_taken_away(air: Rig, helm: Helm, tmp_path: Path) -> None:
    chart = another_chart(tmp_path)
    helm("install", "mail", chart)
    finished = air.command("uninstall", "--json")
    foreign = air.command("uninstall", "--release=mail", "--json")
    over = install(air, "--release=mail", f"--image={image('a', 'of-chart')}")

    assert finished.returncode == 2
    said = f"There is no release airflow in the namespace {air.kubectl.namespace}. There are: mail (mail-1.0.0)."
    assert error(finished)["message"] == said
    for refused in (foreign, over):
        assert refused.returncode == 2
        assert "is of another chart (mail-1.0.0)" in error(refused)["message"]
    assert helm("list", "--short").stdout == "mail\n"


def test_data_is_not_deleted_where_nobody_can_be_asked(air: Rig) -> None:
    air.kubectl.apply(claim("data-airflow-postgres-0"))
    finished = air.command("uninstall", "--delete-data", "--json")

    assert finished.returncode == 2
    assert "Nobody is here to be asked" in error(finished)["message"]
    assert "persistentvolumeclaim/data-airflow-postgres-0" in error(finished)["detail"]
    assert len(air.kubectl.get("pvc")["items"]) == 1


@pytest.mark.parametrize(("answer", "code", "left"), [("airflow", 0, 0), ("yes", 2, 1)])
def test_data_is_deleted_when_the_releases_name_is_typed(air: Rig, answer: str, code: int, left: int) -> None:
    air.kubectl.apply(claim("data-airflow-postgres-0"))
    script = shutil.which("script")
    assert script, "util-linux has it"
    command = f"{sys.executable} -m dagship.cli uninstall --delete-data --namespace={air.kubectl.namespace}"
    finished = subprocess.run(
        [script, "--quiet", "--return", "--command", command, "/dev/null"],
        cwd=air.scratch, input=f"{answer}\n", capture_output=True, text=True,
    )  # fmt: skip

    assert finished.returncode == code, finished.stdout
    assert "Type airflow to go on:" in finished.stdout
    assert len(air.kubectl.get("pvc")["items"]) == left


def test_a_namespace_that_is_not_there_is_made(rig: Rig) -> None:
    """There the chart cannot look for Secrets first."""
    name = f"{rig.kubectl.namespace}-new"
    values = rig.scratch / "values.yaml"
    values.write_text(yaml.safe_dump(VALUES), "utf-8")
    argv = ["install", f"--namespace={name}", f"--values={values}", f"--image={image('a', 'of-chart')}", "--json"]
    finished = subprocess.run(
        [sys.executable, "-m", "dagship.cli", *argv], cwd=rig.scratch, capture_output=True, text=True
    )
    rig.kubectl("delete", "namespace", name, "--wait=false")

    assert failure(finished)["meaning"] == "There is no secret 'db', which the pod refers to."


def another_chart(where: Path) -> str:
    """A chart of something else."""
    (where / "mail/templates").mkdir(parents=True)
    (where / "mail/Chart.yaml").write_text("apiVersion: v2\nname: mail\nversion: 1.0.0\n", "utf-8")
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mail"}, "data": {}}
    (where / "mail/templates/config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    return str(where / "mail")
