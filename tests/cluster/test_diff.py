"""`diff` against what a namespace runs: by its record, from the registry, with what the cluster says beside."""

from dagship.model import snapshot as model
from dagship.model.reference import Reference
from dagship.model.release_document import ReleaseDocument
from dagship.pipeline.snapshots import KIND
from dagship.registry.attached import Attached
from tests.builders.airflow import container, deployment, pod
from tests.builders.snapshots import snapshot, text, to_task
from tests.cluster.images import image
from tests.cluster.rig import Rig


def keep(of: str, version: str, *, queue: str) -> None:
    """Puts a snapshot beside an image, as `push` does: one DAG, a task of which is sent to a queue."""
    dags = {"plain": text(edit=to_task("first", queue=queue))}
    reference = Reference.parse(of)
    Attached(reference).attach(reference.digest, model.pack(snapshot(dags, version=version)), KIND)


def test_what_runs_is_known_by_the_record_and_what_it_meets_by_the_cluster(rig: Rig) -> None:
    old, new = image("a"), image("b")
    keep(old, "a" * 12, queue="default")
    keep(new, "b" * 12, queue="nobody")
    first = image("c")
    worker = pod(container("worker", first, "celery", "worker", "-q", "default,gpu"), name="worker")
    scheduler = pod(container("scheduler", first, "scheduler"), name="scheduler")
    rig.kubectl.apply(deployment("worker", worker, replicas=0), deployment("scheduler", scheduler, replicas=0))
    unreleased = rig.command("diff", "--to", new)
    rig.rollout(old)
    finished = rig.command("diff", "--to", new, "--json")

    assert unreleased.returncode == 2
    assert "No release of dagship is on record" in unreleased.stderr
    assert finished.returncode == 0, finished.stderr
    found = ReleaseDocument.model_validate_json(finished.stdout)
    assert (found.was.image, found.now.image) == (old, new)
    assert [(one.dag_id, [field.name for task in one.tasks for field in task.fields]) for one in found.dags] == [
        ("plain", ["queue"])
    ]
    assert [(one.kind, one.name, one.is_new) for one in found.missing or ()] == [("queue", "nobody", True)]
    assert found.way is not None
    assert found.way.way == "rollout"
    assert found.pull is not None
    assert found.pull.bytes > 0
    assert found.pull.nodes == ()
    assert [one for one in found.unknown if "No pod of a scheduler is ready" in one]


def test_what_a_release_changed_is_kept_with_it_and_told_backwards(rig: Rig) -> None:
    """The first release of ours has nothing to be compared with, and one without a snapshot is said to have none."""
    old, new, untested = image("a"), image("b"), image("d")
    keep(old, "a" * 12, queue="gpu")
    keep(new, "b" * 12, queue="nobody")
    rig.kubectl.apply(deployment("worker", pod(container("worker", image("c"), "worker"), name="worker"), replicas=0))
    assert rig.rollout(old).changes is None

    second = rig.command("rollout", "--image", new)
    third = rig.command("rollout", "--image", untested)
    back = rig.command("rollback", "--to", "1", "--dry-run")

    assert second.returncode == third.returncode == back.returncode == 0, second.stderr + third.stderr + back.stderr
    assert "1 DAG changes." in second.stderr
    assert "not known: what the test of this image saw is not beside it in the registry" in third.stderr
    said = [line.strip() for line in back.stderr.splitlines()]
    assert "back from release 3: what it changed is not on record" in said
    assert "back from release 2: 1 DAG changes." in said
    assert "queue: nobody → gpu" in said
