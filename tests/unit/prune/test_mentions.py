"""What the objects of a namespace mention."""

from dagship.model.thin import Announcement, Packaged
from dagship.prune.mentions import mentions
from dagship.record.model import Change, Move, Record, Release

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
TAG = "fedd27897060-13fe3e1df025"


def _object(kind, name, **parts):
    return {"kind": kind, "metadata": {"name": name}, **parts}


def _said(*objects, record=None):
    return mentions(objects, record or Record())


def test_an_image_by_digest_and_one_by_tag_are_mentioned_by_their_workload():
    found = _said(
        _object("StatefulSet", "worker", spec={"containers": [{"image": f"reg.example:5000/a/b@{DIGEST}"}]}),
        _object("CronJob", "clean", spec={"image": f"reg.example:5000/a/b:{TAG}"}),
    )

    assert ("statefulset/worker",) == found[DIGEST]
    assert ("cronjob/clean",) == found[TAG]


def test_a_template_of_a_pod_in_a_config_map_and_a_tag_alone_in_a_variable_are_seen():
    text = f"spec:\n  containers:\n  - name: base\n    image: reg.example/a/b:{TAG}\n"
    env = [{"name": "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_TAG", "value": "other-tag."}]

    found = _said(
        _object("ConfigMap", "template", data={"pod.yaml": text}), _object("Deployment", "scheduler", spec=env)
    )

    assert ("configmap/template",) == found[TAG]
    assert ("deployment/scheduler",) == found["other-tag"]


def test_what_is_announced_and_what_has_a_package_mentions_its_image():
    said = {
        "current": Announcement(serial=1, version="a" * 12, tree="", foundation="", base="", image=f"a/b@{DIGEST}"),
        "packages": Packaged(tree="", base="", foundation="", image=f"a/b@{OTHER}", bytes=1),
    }
    data = {key: one.model_dump_json() for key, one in said.items()}

    found = _said(_object("ConfigMap", "air-dags", data=data, binaryData={"aaaaaaaaaaaa.tgz": "AAAA"}))

    assert ("configmap/air-dags",) == found[DIGEST]
    assert ("configmap/air-dags",) == found[OTHER]


def test_a_digest_in_two_parts_is_seen():
    env = [
        {"name": "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_REPOSITORY", "value": "reg.example/a/b@sha256"},
        {"name": "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_TAG", "value": "a" * 64},
    ]

    assert ("deployment/scheduler",) == _said(_object("Deployment", "scheduler", spec=env))[DIGEST]


def test_the_releases_and_the_unfinished_rollout_mention_their_images_before_and_after():
    change = Change(field="image", container="worker", before=f"a@{OTHER}", after=f"a@{DIGEST}")
    release = Release(
        number=7, kind="rollout", image=f"a@{DIGEST}", when="2026-11-23T00:00:00Z",
        moves=(Move(kind="StatefulSet", name="worker", changes=(change,)),),
    )  # fmt: skip

    found = _said(record=Record(releases=(release,)))

    assert ("release 7",) == found[DIGEST]
    assert ("release 7",) == found[OTHER]


def test_a_replica_set_counts_only_while_it_is_to_have_pods():
    spec = {"template": {"image": f"a@{DIGEST}"}}

    assert DIGEST not in _said(_object("ReplicaSet", "old", spec={**spec, "replicas": 0}))
    assert ("replicaset/new",) == _said(_object("ReplicaSet", "new", spec={**spec, "replicas": 1}))[DIGEST]


def test_what_kubectl_was_told_once_is_no_mention():
    raw = _object("Deployment", "web")
    raw["metadata"] |= {
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": f'{{"image": "a@{DIGEST}"}}'},
        "managedFields": [{"fieldsV1": {f"f:{TAG}": {}}}],
    }

    found = _said(raw)

    assert DIGEST not in found
    assert TAG not in found
