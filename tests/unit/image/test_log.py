"""How the engine's log of a build is read: layers by their names, seconds by stage."""

from pathlib import Path

from dagship.image import log as buildlog
from dagship.image import plan as planning
from dagship.image.tree.model import Tree
from dagship.model.artifacts import Layer, Moved
from tests.builders.plans import LOCK, NO_LOCK, OWN, base, settings


def test_layers_are_named_and_the_bases_are_added_up(tmp_path: Path, tree: Tree) -> None:
    plan = planning.plan(settings(tmp_path, system_packages="git"), base(), LOCK, tree)
    history = (
        ("USER 50000", 0),
        (f"ADD dags/{tree.version}.tar / # buildkit", 2),
        ("ENV AIRFLOW__CORE__DAGS_FOLDER=/x", 0),
        ("COPY /opt/dagship/prefix/ /home/airflow/.local/ # buildkit", 30),
        ("RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends git", 400),
        ("USER 0", 0),
        ("CMD []", 0),
        ("RUN /bin/sh -c apt-get update && apt-get install airflow", 5000),
        ("", 60000),
    )

    assert (
        Layer(what="base", bytes=65000),
        Layer(what="system packages", bytes=400),
        Layer(what="requirements", bytes=30),
        Layer(what="DAGs", bytes=2),
    ) == buildlog.layers(history, plan.recipe)


def test_a_layer_of_the_package_is_named_where_there_is_one(tmp_path: Path, tree: Tree) -> None:
    plan = planning.plan(settings(tmp_path), base(), NO_LOCK, tree)
    history = (
        (f"ADD dags/{tree.version}.tar /", 2),
        ("ADD dags/a81e07c455f2.tar / # buildkit", 1),
        ("ADD versions.tar / # buildkit", 3),
        ("CMD []", 0),
    )

    assert Layer(what="DAG bundles and sync", bytes=3) == buildlog.layers(history, plan.recipe)[1]


def test_packages_of_the_project_are_a_layer_above_the_requirements(tmp_path: Path, tree: Tree) -> None:
    plan = planning.plan(settings(tmp_path), base(), LOCK.model_copy(update={"own": OWN.own}), tree)
    history = (
        (f"ADD dags/{tree.version}.tar /", 2),
        ("COPY /opt/dagship/own-prefix/ /home/airflow/.local/ # buildkit", 4),
        ("COPY /opt/dagship/prefix/ /home/airflow/.local/ # buildkit", 30),
        ("CMD []", 100),
    )

    assert [
        ("base", 100), ("requirements", 30), ("packages of the project", 4), ("DAGs", 2),
    ] == [(layer.what, layer.bytes) for layer in buildlog.layers(history, plan.recipe)]  # fmt: skip


def test_what_was_taken_out_of_the_base_is_a_layer_of_its_own(tmp_path: Path, tree: Tree) -> None:
    moved = Moved(name="six", was="1.17.0", now="1.16.0", by="dags.in:1")
    plan = planning.plan(settings(tmp_path), base(), LOCK.model_copy(update={"moved": (moved,)}), tree)
    history = (
        (f"ADD dags/{tree.version}.tar /", 2),
        ("COPY /opt/dagship/prefix/ /home/airflow/.local/ # buildkit", 30),
        ("RUN /bin/sh -c python -I -S /mnt/install/remove.py /mnt/leaving/files.json # buildkit", 4),
        ("CMD []", 100),
    )

    assert [
        ("base", 100), ("former versions, taken out", 4), ("requirements", 30), ("DAGs", 2),
    ] == [(layer.what, layer.bytes) for layer in buildlog.layers(history, plan.recipe)]  # fmt: skip
    assert planning.labels(plan, {})["io.dagship.moved"].startswith('[{"name":"six"')


def test_seconds_are_added_up_by_stage() -> None:
    log = """#0 building with "default" instance using docker driver
#1 [internal] load build definition from Dockerfile
#1 DONE 0.1s
#5 [base 1/1] FROM docker.io/library/x@sha256:1
#5 CACHED
#6 [deps 1/2] COPY dags.txt /opt/dagship/dags.txt
#6 DONE 0.2s
#7 [deps 2/2] RUN install
#7 1.234 #7 DONE 9.9s is text of the step
#7 DONE 12.3s
#8 [runtime 3/4] ADD --link dags/a81e07c455f2.tar /
#8 DONE 0.0s
#9 exporting to image
#9 exporting layers 0.1s done
#9 DONE 0.4s
"""

    assert buildlog.seconds_by_stage(log) == {"context": 0.1, "deps": 12.5, "runtime": 0.0, "export": 0.4}
