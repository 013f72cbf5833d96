"""What fields say, and the patches that change them."""

from typing import Any

import pytest

from dagship.errors import UsageError
from dagship.record.model import Change
from dagship.rollout.plan import patch as patches
from dagship.rollout.plan import pod_template_file
from tests.builders.airflow import container, cron_job, deployment, pod, stateful_set
from tests.builders.templates import NEW, OLD, TEMPLATE

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


def test_an_image_in_a_block_of_text_is_refused_by_name() -> None:
    text = f"kind: Pod\nspec:\n  containers:\n  - name: base\n    image: >-\n      {OLD}\n"

    with pytest.raises(UsageError, match=r"The image of base in pod\.yaml of the ConfigMap airflow-config") as refused:
        patches.patch("ConfigMap", config_map(**{"pod.yaml": text}), [template()])

    assert "on one line" in refused.value.hint


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
