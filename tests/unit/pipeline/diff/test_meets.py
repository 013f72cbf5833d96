"""What a release meets, as a cluster and a registry say it."""

import io
from pathlib import Path
from typing import Any

from dagship.airflow.activity import Activity, DagRuns
from dagship.model.reference import Reference
from dagship.model.release_document import Pull, Side, UnfinishedRuns, Way
from dagship.model.thin import Receiver, Thin
from dagship.pipeline.diff import meets
from dagship.pipeline.diff.sides import Found
from dagship.pipeline.project import Project
from dagship.registry.repository import RegistryLayer
from dagship.rollout.survey import read_namespace
from dagship.settings import Settings
from dagship.terminal.console import Console
from tests.builders import thin
from tests.builders.airflow import container, deployment, pod
from tests.builders.namespace import Namespace
from tests.builders.snapshots import snapshot

DIGEST = "sha256:" + "1" * 64


def test_nodes_pull_what_the_old_image_has_not_the_largest_first() -> None:
    base = RegistryLayer(digest="sha256:0", size=900, step="ADD base")
    small = RegistryLayer(digest="sha256:1", size=5, step="ADD dags/0123456789ab.tar /")
    large = RegistryLayer(digest="sha256:2", size=50, step="RUN /bin/sh -c  pip   install # buildkit")
    found = meets.pull([base], [base, small, large])

    assert found.bytes == 55
    assert [(layer.what, layer.bytes) for layer in found.layers] == [
        ("pip install # buildkit", 50),
        ("DAG version 0123456789ab", 5),
    ]


def test_runs_are_counted_by_dag_and_keep_their_code_where_all_are_pinned_to_a_version_of_the_image() -> None:
    pinned = DagRuns(dag_id="a", version="0123456789ab", runs=3, queued=1)
    activity = Activity(baked=True, dags=(pinned, DagRuns(dag_id="b"), pinned.model_copy(update={"version": ""})))

    assert meets.unfinished(activity) == {
        "a": UnfinishedRuns(running=4, queued=2),
        "b": UnfinishedRuns(running=1, queued=0),
    }
    assert meets.unfinished(activity.model_copy(update={"dags": (pinned,)}))["a"].keep_code
    assert not meets.unfinished(Activity(baked=False, dags=(pinned,)))["a"].keep_code


def test_nodes_are_those_of_pods_with_the_image() -> None:
    def pod(node: str, image: str) -> dict[str, object]:
        return {"spec": {"nodeName": node}, "status": {"containerStatuses": [{"imageID": image}]}}

    pods = [
        pod("b", f"r/x@{DIGEST}"),
        pod("a", f"docker-pullable://r/x@{DIGEST}"),
        pod("c", "r/x@sha256:2"),
        {"spec": {}},
    ]

    assert meets.nodes(pods, DIGEST) == ("a", "b")


def test_what_a_namespace_says_is_told_with_why_airflow_was_not_asked(tmp_path: Path) -> None:
    image = f"r.example/dags@{DIGEST}"
    worker = pod(container("worker", image, "celery", "worker", "-q", "gpu"), name="worker")
    scheduler = pod(container("scheduler", image, "scheduler"), name="scheduler")
    cluster: Any = Namespace(deployment("worker", worker), deployment("scheduler", scheduler))
    survey = read_namespace(cluster, selector="")
    found = Found(Side(given="x"), snapshot({}), None)
    settings = Settings(repository="r.example/dags")
    project = Project(root=tmp_path, settings=settings, console=Console(stderr=io.StringIO()))
    known = meets.in_cluster(project, cluster, survey, (found, found), [])

    assert known.queues == {"gpu"}
    assert known.way is not None
    assert known.way.way == "rollout"
    assert (known.pools, known.unfinished, known.last, known.pull) == (None, None, None, None)
    assert known.unknown == ("Airflow was not asked for everything: No pod of a scheduler is ready.",)


def test_a_thin_image_goes_without_new_pods_where_what_it_is_put_onto_runs() -> None:
    onto = Thin(onto=f"r.example/dags@{DIGEST}", base="a", tree="b", foundation="c")
    was, now = (Found(Side(given="x"), snapshot({}), None, each) for each in (None, onto))
    other = f"r.example/dags@sha256:{'2' * 64}"

    def way(**said: str) -> str:
        found = meets.way(was, now, Receiver(**said))
        return found.way

    assert way(onto=onto.onto) == "thin"
    assert way(onto=other) == "rollout"
    assert way(onto=onto.onto, why_not="a rollout is unfinished there") == "rollout"


def test_what_is_announced_is_pulled_by_no_node(tmp_path: Path) -> None:
    cluster: Any = Namespace(*thin.airflow())
    survey = read_namespace(cluster, selector="")
    target = thin.target()
    was = Found(Side(given="x"), snapshot({}), Reference.parse(thin.RUNS))
    now = Found(Side(given="y", dag_version=thin.V6), snapshot({}), None, target.thin)
    settings = Settings(repository=thin.REPOSITORY)
    project = Project(root=tmp_path, settings=settings, console=Console(stderr=io.StringIO()))
    known = meets.in_cluster(project, cluster, survey, (was, now), [])

    assert known.way == Way(
        way="thin", why="DAG version 666666666666 is announced to what runs, and no pod is replaced."
    )
    assert known.pull == Pull(layers=(), bytes=0)


def test_nodes_have_the_image_of_their_pods_and_not_what_was_announced_to_them() -> None:
    served = Found(Side(given="x"), snapshot({}), Reference.parse(thin.T5))

    assert meets.of_pods(served, Receiver(onto=thin.RUNS)).pinned == Reference.parse(thin.RUNS)
    assert meets.of_pods(served, Receiver(onto="r.example/dags:of-a-tag")) == served
    assert meets.of_pods(served._replace(pinned=None), Receiver(onto=thin.RUNS)).pinned is None


def test_the_image_that_runs_goes_no_way() -> None:
    same = Found(Side(given="x"), snapshot({}), Reference.parse(f"r.example/dags@{DIGEST}"))

    assert meets.way(same, same, Receiver()).way == "none"
