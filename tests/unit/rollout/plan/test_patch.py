"""What fields say, the patches that change them, and texts of pods of which nothing but the images changes."""

import textwrap
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dagship.errors import UsageError
from dagship.record.model import Change
from dagship.rollout.plan import patch as patches
from dagship.rollout.plan import pod_template_file
from tests.builders.airflow import container, cron_job, deployment, pod, stateful_set

HEX = "0123456789abcdef" * 4
OLD, NEW = "localhost:5000/team/airflow:1", f"localhost:5000/team/airflow@sha256:{HEX}"
MIGRATIONS = "wait-for-airflow-migrations"


def image(name: str = "scheduler", *, init: bool = False, after: str | None = NEW) -> Change:
    return Change(field="image", container=name, init=init, before=OLD, after=after)


def env(name: str, after: str | None, *, container: str = "scheduler") -> Change:
    return Change(field="env", container=container, name=name, after=after)


def template(name: str = "base", *, init: bool = False, key: str = "pod.yaml", after: str = NEW) -> Change:
    return Change(field="template", container=name, init=init, name=key, before=OLD, after=after)


def raw(made: dict[str, Any], version: str = "7") -> dict[str, Any]:
    return {**made, "metadata": {**made["metadata"], "resourceVersion": version}}


def scheduler(**more: Any) -> dict[str, Any]:
    main = container("scheduler", OLD, "scheduler", probe=False, **more)
    waits = container(MIGRATIONS, OLD, "db", "check-migrations", probe=False)
    return raw(deployment("scheduler", pod(main, name="scheduler", initContainers=[waits])))


def config_map(**data: str) -> dict[str, Any]:
    return raw({"kind": "ConfigMap", "metadata": {"name": "airflow-config"}, "data": data})


def test_an_image_is_found_by_its_container_and_sort() -> None:
    one = scheduler()

    assert patches.present("Deployment", one, image()) == OLD
    assert patches.present("Deployment", one, image(MIGRATIONS, init=True)) == OLD
    assert patches.present("Deployment", one, image(MIGRATIONS)) is None
    assert patches.present("Deployment", one, image("scheduler", init=True)) is None


def test_a_cron_job_has_its_pods_further_in() -> None:
    cleanup = raw(cron_job("cleanup", pod(container("cleanup", OLD, probe=False), name="cleanup")))

    assert patches.present("CronJob", cleanup, image("cleanup")) == OLD
    assert patches.patch("CronJob", cleanup, [image("cleanup")]) == {
        "metadata": {"resourceVersion": "7"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "cleanup", "image": NEW}]}}}}},
    }


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"name": "A", "value": "1"}, "1"),
        ({"name": "A"}, ""),
        ({"name": "A", "value": ""}, ""),
        ({"name": "B", "value": "1"}, None),
    ],
)
def test_a_variable_that_is_empty_is_there(entry: dict[str, str], says: str | None) -> None:
    assert patches.present("Deployment", scheduler(env=[entry]), env("A", "2")) == says


def test_a_variable_of_a_container_that_is_gone_is_not_there() -> None:
    assert patches.present("Deployment", scheduler(), env("A", "2", container="gone")) is None


def test_a_container_cannot_be_made_and_a_variable_can() -> None:
    assert patches.there("Deployment", scheduler(), image())
    assert patches.there("Deployment", scheduler(), env("NOT_THERE_YET", "1"))
    assert not patches.there("Deployment", scheduler(), image("gone"))
    assert not patches.there("Deployment", scheduler(), env("A", "1", container="gone"))
    assert not patches.there("Deployment", scheduler(), env("A", "1", container=MIGRATIONS))
    assert not patches.there("ConfigMap", config_map(), template())


def test_one_patch_makes_all_changes_of_an_object_and_names_nothing_else() -> None:
    changes = [image(), image(MIGRATIONS, init=True), env("A", "1"), env("B", None)]

    assert patches.patch("Deployment", scheduler(), changes) == {
        "metadata": {"resourceVersion": "7"},
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "scheduler",
                            "image": NEW,
                            "env": [{"name": "A", "value": "1"}, {"name": "B", "$patch": "delete"}],
                        }
                    ],
                    "initContainers": [{"name": MIGRATIONS, "image": NEW}],
                }
            }
        },
    }


def test_containers_that_do_not_change_are_not_in_the_patch() -> None:
    worker = raw(stateful_set("w", pod(container("w", OLD), container("statsd", "statsd:1"), name="w")))
    spec = patches.patch("StatefulSet", worker, [image("w")])["spec"]["template"]["spec"]

    assert spec == {"containers": [{"name": "w", "image": NEW}]}


TEMPLATE = textwrap.dedent("""\
    ---
    # Pods of the KubernetesExecutor; ask #platform before you touch it.
    apiVersion: v1
    kind: Pod
    metadata:
      name: placeholder   # the executor sets it
    spec:
      initContainers:
        - name: wait
          image: localhost:5000/team/airflow:1
        - name: git-sync-init
          image: registry.k8s.io/git-sync/git-sync:v4.2.3
      containers:
        - image: "localhost:5000/team/airflow:1"   # moved by CI
          name: base
          env:
            - {name: IMAGE, value: 'localhost:5000/team/airflow:1'}
    # image: localhost:5000/team/airflow:1
    """)


def test_nothing_but_images_changes_in_the_text_of_a_pod() -> None:
    changed = pod_template_file.with_images(TEMPLATE, {("base", False): NEW, ("wait", True): NEW})
    lines, before = (changed or "").splitlines(), TEMPLATE.splitlines()

    assert [line for line in lines if line not in before] == [
        f"      image: {NEW}",
        f'    - image: "{NEW}"   # moved by CI',
    ]
    assert len(lines) == len(before)
    assert pod_template_file.with_images(changed or "", {("base", False): OLD, ("wait", True): OLD}) == TEMPLATE


def test_one_of_two_containers_with_the_same_image_can_move_alone() -> None:
    changed = pod_template_file.with_images(TEMPLATE, {("wait", True): NEW}) or ""

    assert pod_template_file.images(changed)["wait", True] == NEW
    assert pod_template_file.images(changed)["base", False] == OLD


@pytest.mark.parametrize(
    "text",
    [
        f"{{kind: Pod, spec: {{containers: [{{name: base, image: {OLD}}}]}}}}",
        f'{{"kind": "Pod", "spec": {{"containers": [{{"image": "{OLD}", "name": "base"}}]}}}}',
        f"kind: Pod\nspec:\n  containers:\n  - 'image' : '{OLD}'\n    name: 'base'\n",
        f"kind: Pod\r\nspec:\r\n  containers:\r\n    - name: base\r\n      image: {OLD}\r\n",
        f"kind: Pod\nspec:\n  containers:\n  - name: base\n    image:\n      {OLD}\n",
        f"kind: Pod\nspec:\n  containers:\n  - name: base\n    image: !!str {OLD}\n",
        f"\ufeffkind: Pod\nspec:\n  containers:\n  - name: base\n    image: {OLD}\n",
        f"kind: Pod\nmetadata: {{name: größe-\U0001f6a2}}\nspec:\n  containers:\n  - name: base\n    image: {OLD}",
        f"spec:\n  containers:\n  - name: base\n    image: {OLD}\n",
        f"kind: 'Pod'\nspec:\n  containers:\n  - image: wrong\n    name: base\n    image: {OLD}\n",
    ],
    ids=[
        "flow", "json", "quoted key", "carriage returns", "on the next line", "tagged", "byte order mark", "beyond ascii",
        "no kind", "key twice",
    ],
)  # fmt: skip
def test_an_image_is_found_however_the_pod_is_written(text: str) -> None:
    assert pod_template_file.images(text) == {("base", False): OLD}

    changed = pod_template_file.with_images(text, {("base", False): NEW})

    assert changed == text.replace(OLD, NEW)


def test_an_anchor_moves_with_all_that_refer_to_it() -> None:
    text = textwrap.dedent(f"""\
        kind: Pod
        spec:
          initContainers:
          - name: wait
            image: &airflow {OLD}
          containers:
          - name: base
            image: *airflow
        """)
    both = {("base", False): NEW, ("wait", True): NEW}

    assert pod_template_file.with_images(text, both) == text.replace(OLD, NEW)
    assert pod_template_file.with_images(text, {("base", False): NEW}) is None


def test_an_image_that_is_merged_in_is_found_where_it_stands() -> None:
    text = textwrap.dedent(f"""\
        defaults: &defaults
          image: {OLD}
        kind: Pod
        spec:
          containers:
          - <<: *defaults
            name: base
          - <<: [{{image: "{OLD}", tty: true}}, *defaults]
            name: sidecar
        """)
    both = {("base", False): NEW, ("sidecar", False): NEW}
    changed = pod_template_file.with_images(text, both)

    # The text under `defaults` is no part of the pod, but would change with it.
    assert changed is None
    assert pod_template_file.images(text) == {("base", False): OLD, ("sidecar", False): OLD}
    assert pod_template_file.with_images(text, {("sidecar", False): NEW}) == text.replace(f'"{OLD}"', f'"{NEW}"')


def test_an_image_in_a_block_of_text_is_refused_by_name() -> None:
    text = f"kind: Pod\nspec:\n  containers:\n  - name: base\n    image: >-\n      {OLD}\n"

    with pytest.raises(UsageError, match=r"The image of base in pod\.yaml of the ConfigMap airflow-config") as refused:
        patches.patch("ConfigMap", config_map(**{"pod.yaml": text}), [template()])

    assert "on one line" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "containers",
        "containers: [",
        "- containers",
        "kind: Deployment\nspec: {containers: [{name: a, image: b}]}",
        "kind: Pod\nspec: {template: {containers: [{name: a, image: b}]}}",
        "kind: Pod\nspec: containers",
        "kind: Pod\nspec: {containers: {name: a, image: b}}",
        "kind: Pod\nspec: {containers: [a, 1, {name: 1, image: b}, {name: a, image: 1}, {name: a}, {image: a}]}",
        "a: {containers: 2024-99-99}",
        "a: containers\n---\nb: 1",
        "containers: !!python/object/apply:os.system [true]",
        "containers: *nothing",
        "containers: " + "[" * 1_000,  # more than Python recurses; reading takes the square of it
    ],
    ids=range(14),
)
def test_a_text_that_is_no_pod_has_no_images(text: str) -> None:
    assert pod_template_file.images(text) == {}


IMAGE = st.from_regex(r"[a-z0-9]{1,8}(\.[a-z]{2,3}(:[0-9]{2,5})?)?(/[a-z0-9]{1,6}){0,2}(:[\w][\w.-]{0,9}|@sha256:[0-9a-f]{64})?", fullmatch=True)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(before=IMAGE, other=IMAGE, after=IMAGE, quote=st.sampled_from(["", "'", '"']), flow=st.booleans())
def test_any_image_can_take_the_place_of_any(before: str, other: str, after: str, quote: str, *, flow: bool) -> None:
    made = {"kind": "Pod", "spec": {"containers": [{"name": "base", "image": before}, {"name": "b", "image": other}]}}
    text = "# one\n" + yaml.safe_dump(made, default_flow_style=flow, default_style=quote or None) + "# two\n"
    changed = pod_template_file.with_images(text, {("base", False): after})

    if changed is None:  # a text like 12:30 is a number without quotes
        assert yaml.safe_load(f"image: {after}") != {"image": after}
    else:
        assert pod_template_file.images(changed) == {("base", False): after, ("b", False): other}
        assert (changed[:6], changed[-6:]) == ("# one\n", "# two\n")


def test_a_patch_of_a_config_map_holds_the_keys_that_change_and_no_other() -> None:
    raw = config_map(**{"pod.yaml": TEMPLATE, "airflow.cfg": "[core]\n", "other.yaml": TEMPLATE})
    patch = patches.patch("ConfigMap", raw, [template(), template("wait", init=True)])

    assert patch == {"metadata": {"resourceVersion": "7"}, "data": {"pod.yaml": TEMPLATE.replace(f'"{OLD}"', f'"{NEW}"').replace(f"  image: {OLD}\n    -", f"  image: {NEW}\n    -")}}  # fmt: skip


def test_two_pods_in_one_config_map_move_each_in_its_own_text() -> None:
    raw = config_map(a=TEMPLATE, b=TEMPLATE)
    data = patches.patch("ConfigMap", raw, [template(key="a"), template("wait", init=True, key="b")])["data"]

    assert {key: pod_template_file.images(text)["base", False] for key, text in data.items()} == {"a": NEW, "b": OLD}
    assert {key: pod_template_file.images(text)["wait", True] for key, text in data.items()} == {"a": OLD, "b": NEW}
    assert patches.present("ConfigMap", raw, template(key="a")) == OLD
    assert patches.present("ConfigMap", raw, template("gone", key="a")) is None
    assert patches.present("ConfigMap", raw, template(key="gone")) is None
