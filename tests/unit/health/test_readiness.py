"""A pod that is as it is to be: its containers have settled, and each runs the right image."""

from tests.builders import pods as o
from tests.builders.verdicts import of_set, workers


def test_a_container_without_a_probe_counts_after_it_ran_for_a_while() -> None:
    young = o.pod("worker-1", statuses=[o.running(since=o.NOW - 9)])

    assert of_set(o.stateful_set(), workers(young)).waiting == "worker-1 to have run for 10 s"
    assert of_set(o.stateful_set(), workers(young), now=o.NOW + 1).done


def test_a_container_with_a_probe_counts_at_once() -> None:
    young = o.pod("worker-1", containers=[o.container(readinessProbe=o.PROBE)], statuses=[o.running(since=o.NOW - 1)])

    assert of_set(o.stateful_set(), workers(young)).done


def test_a_sidecar_without_a_probe_has_to_settle_too() -> None:
    young = o.pod(
        "worker-1",
        containers=[o.container(readinessProbe=o.PROBE), o.container("log-groomer")],
        statuses=[o.running(), o.running("log-groomer", since=o.NOW - 1)],
    )

    assert of_set(o.stateful_set(), workers(young)).waiting == "worker-1 to have run for 10 s"


def test_every_container_that_is_to_run_the_image_must() -> None:
    inits, done = [o.container("wait", o.V1)], {**o.running("wait", o.V1), "state": o.ended(0, "Completed")}
    raw = o.stateful_set(template={"spec": {"initContainers": [o.container("wait")], "containers": [o.container()]}})
    wrong = o.pod("worker-0", inits=inits, init_statuses=[done])

    verdict = of_set(raw, workers(wrong), target={"worker": o.V2, "wait": o.V2})

    assert verdict.waiting == f"worker-0 to run the right image, wait has {o.V1}"


def test_an_image_by_the_name_of_a_mirror_is_right_when_the_digest_is() -> None:
    mirrored = "mirror.example/team/airflow@" + o.digest(o.V2)

    assert of_set(o.stateful_set(), workers(o.pod("worker-1", image=mirrored))).done


def test_an_image_that_was_asked_for_by_digest_is_right_whatever_the_node_calls_it() -> None:
    """A node that has an image by two manifests names it by either."""
    renamed = o.pod("worker-1", statuses=[o.running(image=o.V1)])
    verdict = of_set(o.stateful_set(), workers(renamed))

    assert verdict.done
    assert verdict.warnings == (
        f"worker-1 runs worker by another manifest of the same image, {o.running(image=o.V1)['imageID']}.",
    )


def test_an_image_by_tag_is_right_when_the_node_reports_its_digest() -> None:
    tag = "registry:5000/team/airflow:3f9c"
    raw = o.stateful_set(image=tag)
    pods = workers(*(o.pod(f"worker-{number}", image=tag, statuses=[o.running(image=o.V2)]) for number in range(3)))
    other = workers(*(o.pod(f"worker-{number}", image=tag, statuses=[o.running(image=o.V1)]) for number in range(3)))

    assert of_set(raw, pods, target={"worker": tag}).done
    assert not of_set(raw, other, target={"worker": tag}).done


def test_without_digests_the_asked_image_is_what_counts() -> None:
    elsewhere = o.pod("worker-1", statuses=[o.running(image=o.V1)])

    assert of_set(o.stateful_set(), workers(elsewhere), ids=frozenset()).done


def test_a_pod_whose_image_a_webhook_gave_a_mirrors_registry_is_right() -> None:
    target = {"worker": "registry:5000/team/airflow:1"}
    raw = o.stateful_set(image=target["worker"])
    pods = [o.pod(f"worker-{number}", image="mirror:5000/hub/team/airflow:1") for number in (2, 1, 0)]

    assert of_set(raw, pods, target=target, ids=frozenset()).done
