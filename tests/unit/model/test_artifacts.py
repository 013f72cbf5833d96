"""What is known of an image, from one artifact to the next."""

import pytest

from dagship.model.artifacts import BuiltImage, DagImage, PushedImage, Target
from dagship.model.thin import Thin
from dagship.record.model import Journal, Release
from dagship.rollout.results import RolloutResult

OLD, NEW = "a" * 12, "b" * 12
PUSHED = PushedImage(
    reference="r:1", digest="sha256:0", tested=True, dag_version=NEW, dag_versions=(NEW, OLD),
    dag_digests=("b" * 64, "a" * 64), dag_changes={OLD: ("x.py",)}, dags={"etl": "x.py"}, airflow="3.3.2",
    platforms=("linux/amd64",), thin=Thin(onto="r@sha256:1", base=OLD, tree="b" * 64, foundation="c" * 64),
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (BuiltImage, ["dag_version", "dag_versions", "dag_digests", "dag_changes", "airflow", "platforms", "thin"]),
        (Target, ["dag_version", "dag_versions", "dag_digests", "dag_changes", "dags", "airflow", "platforms", "thin"]),
        (Journal, ["dag_version", "dag_versions", "dag_digests", "airflow", "thin"]),
        (Release, ["dag_version", "dag_versions", "dag_digests", "airflow", "thin"]),
        (RolloutResult, ["dag_version", "airflow"]),
    ],
)
def test_an_artifact_takes_over_what_it_has_fields_for(kind: type[DagImage], names: list[str]) -> None:
    assert {name: getattr(PUSHED, name) for name in names} == PUSHED.facts(kind)


def test_what_an_artifact_does_not_know_is_not_said_of_the_next() -> None:
    release = Release(number=1, kind="rollout", image="r@sha256:0", when="", dag_version=NEW, airflow="3.3.2")

    assert {
        "dag_version": NEW, "dag_versions": (), "dag_digests": (), "airflow": "3.3.2", "thin": None,
    } == release.facts(Target)  # fmt: skip


def test_the_keys_of_documents_stand_in_their_order() -> None:
    assert [
        "reference", "digest", "dag_version", "dag_versions", "dag_digests", "dag_changes", "dags", "tested", "airflow",
        "platforms", "thin",
    ] == list(PUSHED.model_dump())  # fmt: skip
    assert [
        "reference", "id", "digest", "content", "dag_version", "dag_versions", "dag_digests", "dag_changes", "airflow",
        "base", "moved", "platforms", "size", "layers", "seconds", "reused", "thin",
    ] == list(BuiltImage.model_fields)  # fmt: skip
