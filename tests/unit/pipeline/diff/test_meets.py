"""What a release meets, as a cluster and a registry say it."""

from dagship.airflow.activity import Activity, DagRuns
from dagship.model.release_document import UnfinishedRuns
from dagship.pipeline.diff import meets
from dagship.registry.repository import RegistryLayer

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
