"""The chart against a real API server: every object that it can make, and what Helm's own linter says."""

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from dagship.model import thin
from tests.builders.airflow import container, pod
from tests.cluster.conftest import namespace
from tests.cluster.images import image
from tests.cluster.kubectl import Kubectl
from tests.machine import ROOT

CHART = str(ROOT / "k8s/chart")
GIT = {"url": "https://git.example/dags.git", "branch": "main", "subdirectory": "dags", "secret": "deploy-key"}
MODES: dict[str, dict[str, Any]] = {
    "embedded": {"mode": "embedded"},
    "git": {"mode": "git", "git": GIT},
    "persistent, filled by a sync": {"mode": "persistent", "git": GIT},
    "persistent, filled by the user": {"mode": "persistent", "persistent": {"claim": "mine"}},
}
# Everything that is off by default.
ALL_ON: dict[str, Any] = {
    "image": {"repository": "registry.example/dags", "digest": f"sha256:{'0' * 64}", "pullSecrets": ["pull"]},
    "logs": {"persistence": True, "storageClass": "fast"},
    "ingress": {"enabled": True, "className": "web", "host": "airflow.example", "tlsSecret": "tls", "annotations": {"a": "b"}},
    "scheduler": {"replicas": 2},
    "triggerer": {"replicas": 2},
    "apiServer": {"replicas": 2},
    "workers": {"queues": "default,big"},
    "config": {
        "core": {"parallelism": 8, "dags_are_paused_at_creation": False},
        "common.io": {"xcom_objectstorage_threshold": 1048576},
    },
    "env": [
        {"name": "A", "value": "b"},
        {"name": "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "value": ""},
        {"name": "DUMB_INIT_SETSID", "value": "0"},
    ],
    "envFrom": [{"secretRef": {"name": "more"}}],
    "volumes": [{"name": "more", "emptyDir": {}}, {"name": "bare"}],
    "volumeMounts": [{"name": "more", "mountPath": "/more"}, {"name": "bare", "mountPath": "/bare"}],
    "podAnnotations": {"a": "b"},
    "serviceAccountAnnotations": {"a": "b"},
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "airflow", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
}  # fmt: skip
EXTERNAL: dict[str, Any] = {
    "postgres": {"enabled": False},
    "redis": {"enabled": False},
    "database": {"secret": "database"},
    "broker": {"secret": "broker"},
    "keys": {"secret": "keys"},
}
# Every executor with every way to deliver DAGs; every release of Airflow with every executor and every way.
COMBINATIONS = [
    (("3.3.2", "2.11.2")[(number + another) % 2], executor, mode)
    for number, executor in enumerate(("CeleryExecutor", "KubernetesExecutor", "LocalExecutor"))
    for another, mode in enumerate(MODES)
]


def written(where: Path, **values: Any) -> str:
    path = where / "values.yaml"
    path.write_text(json.dumps(values), encoding="utf-8")
    return f"--values={path}"


def adopt(kubectl: Kubectl, what: str, release: str) -> None:
    """Marks an object as a release's."""
    marks = (f"meta.helm.sh/release-name={release}", f"meta.helm.sh/release-namespace={kubectl.namespace}")
    kubectl("label", what, "app.kubernetes.io/managed-by=Helm")
    kubectl("annotate", what, *marks)


@pytest.fixture(scope="module")
def stage(kubeconfig: Path) -> Iterator[Kubectl]:
    """A namespace with what the values name; nothing is made in it but that."""
    kubectl = namespace(kubeconfig)
    for name in ("deploy-key", "pull", "more"):
        kubectl("create", "secret", "generic", name)
    kubectl("create", "secret", "generic", "database", "--from-literal=connection=postgresql://u:p@h/d")
    kubectl("create", "secret", "generic", "broker", "--from-literal=url=redis://h")
    keys = ("fernet-key", "jwt-secret", "webserver-secret-key", "admin-password")
    kubectl("create", "secret", "generic", "keys", *(f"--from-literal={key}=x" for key in keys))
    kubectl("create", "serviceaccount", "air")  # a pod is refused without; it is the release's
    adopt(kubectl, "serviceaccount/air", "air")
    yield kubectl
    kubectl.delete_namespace()


@pytest.mark.parametrize("combination", COMBINATIONS, ids=", ".join)
def test_the_api_server_takes_every_object(
    combination: tuple[str, str, str], helm_program: str, stage: Kubectl, tmp_path: Path
) -> None:
    version, executor, mode = combination
    # With the services of the chart by turns with those of others.
    others = EXTERNAL if COMBINATIONS.index(combination) % 2 else {}
    values = written(
        tmp_path, **{**ALL_ON, **others, "airflowVersion": version, "executor": executor, "dags": MODES[mode]}
    )
    where = [f"--kubeconfig={stage.kubeconfig}", f"--namespace={stage.namespace}"]
    rendered = subprocess.run(
        [helm_program, "template", "air", CHART, values, "--dry-run=server", *where], capture_output=True, text=True
    )
    assert rendered.returncode == 0, rendered.stderr
    objects = [one for one in yaml.safe_load_all(rendered.stdout) if one]
    assert [] == [names for names in map(variables, containers(objects)) if len(set(names)) < len(names)]
    assert "'1048576'" in str(next(one for one in objects if one["metadata"]["name"] == "air-config"))
    new = [one for one in objects if (one["kind"], one["metadata"]["name"]) != ("ServiceAccount", "air")]

    taken = stage.run(
        "create", "--dry-run=server", "--validate=true", "--filename=-",
        input=json.dumps({"apiVersion": "v1", "kind": "List", "items": new}),
    )  # fmt: skip

    assert taken.returncode == 0, taken.stderr
    assert taken.stdout.count("(server dry run)") == len(new) > 10


def template(
    helm_program: str, tmp_path: Path, release: str = "air", **values: Any
) -> "subprocess.CompletedProcess[str]":
    """Renders the chart, without a cluster."""
    given = written(tmp_path, **{"image": ALL_ON["image"], **values})
    return subprocess.run([helm_program, "template", release, CHART, given], capture_output=True, text=True)


def rendered(helm_program: str, tmp_path: Path, **values: Any) -> list[dict[str, Any]]:
    done = template(helm_program, tmp_path, **values)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


# Each executor and each way to deliver DAGs once or more; one of them by each release of Kubernetes, all by the first and
# the last: reading schemas is what takes long.
@pytest.mark.parametrize("combination", COMBINATIONS[::3], ids=", ".join)
def test_every_object_is_one_that_newer_kubernetes_knows(
    combination: tuple[str, str, str], helm_program: str, tmp_path: Path
) -> None:
    """By the schemas of those servers, which know every field; the cluster of the tests is older."""
    airflow, executor, mode = combination
    given = written(tmp_path, **{**ALL_ON, "airflowVersion": airflow, "executor": executor, "dags": MODES[mode]})
    argv = [helm_program, "template", "air", CHART, given, "--kube-version=1.29"]
    done = subprocess.run(argv, capture_output=True, text=True)
    objects = [one for one in yaml.safe_load_all(done.stdout) if one]
    templates = [text for one in objects for name, text in (one.get("data") or {}).items() if "pod_template" in name]

    assert len(objects) > 10
    for minor in range(29, 38) if combination == COMBINATIONS[0] else (29, 37):
        for one in (*objects, *map(yaml.safe_load, templates)):
            kubernetes_validate.validate(one, f"1.{minor}", strict=True)


def pods(objects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The specification of every pod, that of the KubernetesExecutor's template included."""
    for one in objects:
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield one["spec"]["template"]["spec"]
        elif one["kind"] == "Pod":
            yield one["spec"]
        elif "pod_template_file.yaml" in (one.get("data") or {}):
            yield yaml.safe_load(one["data"]["pod_template_file.yaml"])["spec"]


@pytest.mark.parametrize("executor", ["CeleryExecutor", "KubernetesExecutor", "LocalExecutor"])
def test_every_pod_has_limits_on_what_it_writes_and_no_variables_of_services(
    executor: str, helm_program: str, tmp_path: Path
) -> None:
    dags, stores = {"mode": "git", "git": GIT}, {"persistence": False}
    seen = list(pods(rendered(helm_program, tmp_path, executor=executor, dags=dags, postgres=stores)))
    empty = [volume for pod in seen for volume in pod["volumes"] if "emptyDir" in volume]

    assert len(seen) > 6
    assert [pod.get("enableServiceLinks") for pod in seen] == [False] * len(seen)
    assert len(empty) > len(seen)
    assert [volume["name"] for volume in empty if not volume["emptyDir"].get("sizeLimit")] == []


def give_accounts(kubectl: Kubectl, objects: list[dict[str, Any]]) -> None:
    """Makes the accounts of a release that was rendered, and what they may, in the namespace."""
    for one in objects:
        if one["kind"] in {"ServiceAccount", "Role", "RoleBinding"}:
            for subject in one.get("subjects", ()):
                subject["namespace"] = kubectl.namespace
            kubectl.apply(one)


def test_what_an_ingress_shows_cannot_start_pods_and_stores_have_no_account_of_airflow(
    helm_program: str, tmp_path: Path, kubectl: Kubectl
) -> None:
    cloud = {"iam.example/role": "airflow"}
    seen = rendered(helm_program, tmp_path, executor="KubernetesExecutor", serviceAccountAnnotations=cloud)
    named = {(one["kind"], one["metadata"]["name"]): one for one in seen}
    accounts = {
        name: named[kind, f"air-{name}"]["spec"]["template"]["spec"]["serviceAccountName"]
        for kind, name in (("Deployment", "api-server"), ("Deployment", "scheduler"), ("StatefulSet", "postgres"))
    }
    give_accounts(kubectl, seen)

    def may(component: str, verb: str, what: str) -> bool:
        account = f"system:serviceaccount:{kubectl.namespace}:{accounts[component]}"
        return kubectl.run("auth", "can-i", verb, what, f"--as={account}").stdout.strip() == "yes"

    assert [may("api-server", *what) for what in (("list", "pods"), ("get", "pods/log"))] == [True, True]
    assert [may("api-server", *what) for what in (("create", "pods"), ("delete", "pods"))] == [False, False]
    assert [may("scheduler", *what) for what in (("create", "pods"), ("get", "pods/log"))] == [True, True]
    stores = named["ServiceAccount", accounts["postgres"]]
    assert (stores["metadata"].get("annotations"), stores["automountServiceAccountToken"]) == (None, False)


@pytest.mark.parametrize(
    ("version", "component"), [("3.4.0b2", "api-server"), ("3.3.2", "api-server"), ("2.11.2", "webserver")]
)
def test_what_an_ingress_shows_reads_the_log_of_a_running_task_as_the_executor_does_and_cannot_touch_its_pod(
    version: str, component: str, helm_program: str, tmp_path: Path, kubectl: Kubectl
) -> None:
    from kubernetes import client, config

    seen = rendered(helm_program, tmp_path, airflowVersion=version, executor="KubernetesExecutor")
    give_accounts(kubectl, seen)
    web = next(one for one in seen if one["kind"] == "Deployment" and one["metadata"]["name"].endswith(f"-{component}"))
    account = web["spec"]["template"]["spec"]["serviceAccountName"]
    user = f"system:serviceaccount:{kubectl.namespace}:{account}"
    task = pod(container("base", image("task"), "tasks", "run"), name="task")
    task["metadata"] = {"name": "task", "labels": {"dag_id": "a", "task_id": "b", "kubernetes_executor": "True"}}
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", **task})
    kubectl("wait", "--for=condition=Ready", "pod/task", "--timeout=120s")

    # What KubernetesExecutor.get_task_log calls.
    pods = client.CoreV1Api(config.new_client_from_config(kubectl.kubeconfig))
    pods.api_client.set_default_header("Impersonate-User", user)
    found = pods.list_namespaced_pod(kubectl.namespace, label_selector="dag_id=a,kubernetes_executor=True,task_id=b")
    assert [one.metadata.name for one in found.items] == ["task"]
    log = pods.read_namespaced_pod_log("task", kubectl.namespace, container="base", follow=False, tail_lines=100)
    assert "running tasks run" in log

    another = json.dumps({"apiVersion": "v1", "kind": "Pod", **task, "metadata": {"name": "another"}})
    for denied in (
        kubectl.run("create", "--filename=-", f"--as={user}", input=another),
        kubectl.run("delete", "pod/task", "--wait=false", f"--as={user}"),
        kubectl.run("exec", "task", f"--as={user}", "--", "true"),
        kubectl.run("label", "pod/task", "a=b", f"--as={user}"),
        kubectl.run("get", "secrets", f"--as={user}"),
    ):
        assert denied.returncode != 0
        assert "(Forbidden)" in denied.stderr
        assert f'User "{user}" cannot' in denied.stderr
    assert [one["metadata"]["name"] for one in kubectl.get("pods")["items"]] == ["task"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a number as a variable": ({"env": [{"name": "A", "value": 1}]}, "got number, want string"),
    "a value and where it comes from": (
        {"env": [{"name": "A", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
        "env gives A both a value and valueFrom",
    ),
    "a variable's source without a kind": ({"envFrom": [{"name": "x"}]}, "additional properties 'name' not allowed"),
    "a mount in the chart's place": (
        {"volumes": [{"name": "a", "emptyDir": {}}], "volumeMounts": [{"name": "a", "mountPath": "/opt/airflow/logs/"}]},
        "volumeMounts has /opt/airflow/logs/, where the chart has a volume of its own",
    ),
    "two mounts in one place": (
        {"volumes": [{"name": "a", "emptyDir": {}}], "volumeMounts": [{"name": "a", "mountPath": "/a"}] * 2},
        "volumeMounts has /a twice",
    ),
    "a mount in the place of the pod template": (
        {"executor": "KubernetesExecutor", "volumeMounts": [{"name": "tmp", "mountPath": "/opt/dagship/pod-template"}]},
        "volumeMounts has /opt/dagship/pod-template, where",
    ),
    "a mount in the place of git's key": (
        {"dags": MODES["git"], "volumeMounts": [{"name": "tmp", "mountPath": "/etc/dagship/git"}]},
        "volumeMounts has /etc/dagship/git, where",
    ),
    "a mount in the place of the user's own claim": (
        {
            "dags": MODES["persistent, filled by the user"],
            "volumeMounts": [{"name": "tmp", "mountPath": "/opt/airflow/dags"}],
        },
        "volumeMounts has /opt/airflow/dags, where",
    ),
    "a mount that the sync's pod has no volume for": (
        {"dags": MODES["persistent, filled by a sync"], "volumeMounts": [{"name": "files", "mountPath": "/again"}]},
        "names the volume files, which is not in volumes, and not in every pod of the chart",
    ),
    "a mount that pods with the logs' claim have no volume for": (
        {"logs": {"persistence": True}, "volumeMounts": [{"name": "logs-pod", "mountPath": "/again"}]},
        "names the volume logs-pod, which is not in volumes, and not in every pod of the chart",
    ),
    "a mount where DAG versions are announced": (
        {"volumeMounts": [{"name": "tmp", "mountPath": "/opt/airflow/dag-announced/"}]},
        "volumeMounts has /opt/airflow/dag-announced/, where",
    ),
    "a volume of the name of the announced": (
        {"volumes": [{"name": "dag-announced", "emptyDir": {}}]}, "the name dag-announced, which the chart has",
    ),
    "two volumes of one name": ({"volumes": [{"name": "a"}, {"name": "a", "emptyDir": {}}]}, "volumes names a twice"),
    "a variable twice": ({"env": [{"name": "A", "value": "b"}, {"name": "A", "value": "c"}]}, "env names A twice"),
    "a mount of no volume": ({"volumeMounts": [{"name": "a", "mountPath": "/a"}]}, "which is not in volumes"),
    "a volume of the chart's name": ({"volumes": [{"name": "tmp", "emptyDir": {}}]}, "the name tmp, which the chart has"),
    "an unknown resource group": ({"scheduler": {"resources": {"limit": {}}}}, "'limit' not allowed"),
    "a tag in the repository": ({"image": {"repository": "localhost:5000/a:1", "tag": "1"}}, "belongs into image.tag"),
    "a digest in the repository": ({"image": {"repository": "a@sha256:0", "tag": "1"}}, "belongs into image.digest"),
    "a directory above": ({"dags": {"mode": "git", "git": {**GIT, "subdirectory": "a/../.."}}}, "below the top"),
    "a password in git's address": (
        {"dags": {"mode": "git", "git": {**GIT, "url": "https://me:s3cret@git.example/d.git"}}},
        "Write url: https://git.example/d.git, and secret: NAME",
    ),
    "a token in git's address": (
        {"dags": {"mode": "git", "git": {**GIT, "url": "https://s3cret@git.example/d.git"}}},
        "Write url: https://git.example/d.git, and secret: NAME",
    ),
    "a password of SSH in git's address": (
        {"dags": {"mode": "git", "git": {**GIT, "url": "ssh://git:s3cret@git.example/d.git"}}},
        "Write url: ssh://git@git.example/d.git, and secret: NAME",
    ),
    "a password in a setting": (
        {"config": {"celery": {"broker_url": "redis://:s3cret@broker/0"}}},
        "Write it as env: [{name: AIRFLOW__CELERY__BROKER_URL, valueFrom:",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_the_server_would_refuse_halfway_or_show_to_others_is_refused_at_once(
    wrong: str, helm_program: str, tmp_path: Path
) -> None:
    values, said = REFUSED[wrong]
    done = template(helm_program, tmp_path, **values)

    assert done.returncode != 0
    assert said in done.stderr
    assert "s3cret" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("mode", "executor", "name"),
    [
        ("embedded", "KubernetesExecutor", "logs-pod"),
        ("git", "CeleryExecutor", "files"),
        ("persistent, filled by the user", "LocalExecutor", "files"),
        ("persistent, filled by a sync", "CeleryExecutor", "tmp"),
    ],
)
def test_a_volume_of_the_chart_is_mounted_again_where_every_pod_has_it(
    mode: str, executor: str, name: str, helm_program: str, tmp_path: Path
) -> None:
    again = {"name": name, "mountPath": "/again"}
    seen = list(pods(rendered(helm_program, tmp_path, executor=executor, dags=MODES[mode], volumeMounts=[again])))
    mounting = [pod for pod in seen if any(again in one.get("volumeMounts", ()) for one in containers(pod))]

    assert len(mounting) > 4
    assert [pod for pod in mounting if name not in {volume["name"] for volume in pod["volumes"]}] == []


READERS = {
    "CeleryExecutor": {"worker", "dag-processor"},
    "KubernetesExecutor": {"base", "dag-processor"},
    "LocalExecutor": {"scheduler", "dag-processor"},
}


@pytest.mark.parametrize("executor", READERS)
def test_what_reads_dags_has_the_announced_versions_mounted_and_nothing_else_has(
    executor: str, helm_program: str, tmp_path: Path
) -> None:
    seen = list(pods(rendered(helm_program, tmp_path, executor=executor)))
    volume = {"name": thin.VOLUME, "configMap": {"name": "air-dags", "optional": True}}
    mount = {"name": thin.VOLUME, "mountPath": thin.MOUNT, "readOnly": True}
    with_volume = [pod for pod in seen if volume in pod["volumes"]]
    mounting = [one["name"] for pod in seen for one in containers(pod) if mount in one.get("volumeMounts", ())]

    assert set(mounting) == READERS[executor]
    assert len(with_volume) == len(mounting) == 2 < len(seen)


@pytest.mark.parametrize(
    ("version", "mode"), [("2.11.2", "embedded"), *(("3.3.2", mode) for mode in MODES if mode != "embedded")]
)
def test_where_nothing_is_announced_nothing_is_mounted_for_it(
    version: str, mode: str, helm_program: str, tmp_path: Path
) -> None:
    done = template(helm_program, tmp_path, airflowVersion=version, dags=MODES[mode])

    assert done.returncode == 0, done.stderr
    assert thin.VOLUME not in done.stdout


@pytest.mark.parametrize("release", ["1air", "my.air"])
def test_a_release_whose_name_no_service_can_have_is_refused(release: str, helm_program: str, tmp_path: Path) -> None:
    assert f"The release's name {release} cannot begin" in template(helm_program, tmp_path, release).stderr


def test_addresses_without_a_password_are_taken(helm_program: str, tmp_path: Path) -> None:
    for url in ("https://h:8443/a@b.git", "ssh://git@h:22/x.git", "git@h:x.git", "file:///srv/x.git"):
        assert rendered(helm_program, tmp_path, dags={"mode": "git", "git": {**GIT, "url": url}})


def containers(value: Any) -> Iterator[dict[str, Any]]:
    """Every container, in whatever it is, a pod's template in a ConfigMap included."""
    if isinstance(value, str) and "\n  containers:" in value:
        value = yaml.safe_load(value)
    if isinstance(value, dict):
        for name, part in value.items():
            if name in {"containers", "initContainers"}:
                yield from part or ()
            yield from containers(part)
    elif isinstance(value, list):
        for part in value:
            yield from containers(part)


def variables(container: dict[str, Any]) -> list[str]:
    return [one["name"] for one in container.get("env", ())]


def test_keys_that_the_values_do_not_ask_for_any_more_are_kept(
    helm_program: str, stage: Kubectl, tmp_path: Path
) -> None:
    """They may again; and what they opened, a database and what is encrypted in it, is still there."""
    had = {"fernet-key": "f", "admin-password": "a", "postgres-password": "p", "redis-password": "r"}
    stage("create", "secret", "generic", "kept-keys", *(f"--from-literal={key}={text}" for key, text in had.items()))
    adopt(stage, "secret/kept-keys", "kept")
    where = [f"--kubeconfig={stage.kubeconfig}", f"--namespace={stage.namespace}", "--dry-run=server"]
    values = written(tmp_path, **{**ALL_ON, **EXTERNAL, "redis": {"enabled": True}, "admin": {"create": False}})

    done = subprocess.run([helm_program, "template", "kept", CHART, values, *where], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    (secret,) = (one for one in yaml.safe_load_all(done.stdout) if one and one["kind"] == "Secret")
    held = {key: base64.b64decode(text).decode() for key, text in secret["data"].items()}
    assert had.items() <= held.items()
    assert held["broker"] == "redis://:r@kept-redis:6379/0"


@pytest.mark.parametrize("executor", ["CeleryExecutor", "KubernetesExecutor", "LocalExecutor"])
def test_helms_linter_has_nothing_to_say(executor: str, helm_program: str, tmp_path: Path) -> None:
    values = written(tmp_path, **{**ALL_ON, "executor": executor})

    done = subprocess.run([helm_program, "lint", "--strict", CHART, values], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout
