"""DAG versions of an image: what its labels say of them."""

import json

import pytest

from dagship.image import sidebyside
from dagship.inside.versions import finder, settings
from dagship.model import dag_versions

NOW, A, B = "000000000000", "aaaaaaaaaaaa", "bbbbbbbbbbbb"


def digests(*versions: str) -> tuple[str, ...]:
    return tuple(version + "0" * 52 for version in versions)


def test_the_code_in_the_image_has_the_versions_in_the_same_place() -> None:
    assert settings.ROOT == dag_versions.ROOT
    assert finder.version_of(dag_versions.dags_folder("3f9c2a71d0b4")) == f"{dag_versions.ROOT}/3f9c2a71d0b4"


def test_labels_can_be_read_again() -> None:
    changed: dag_versions.Changes = {A: ("ü\n.py",), B: None}
    labels = sidebyside.labels(digests(NOW, A, B), changed)

    assert labels["io.dagship.dag.versions"] == f"{NOW},{A},{B}"
    assert labels["io.dagship.dag.changes"].isascii()
    assert dag_versions.versions_of(labels) == (NOW, A, B)
    assert dag_versions.digests_of(labels) == digests(NOW, A, B)
    assert dag_versions.changes_of(labels) == changed


@pytest.mark.parametrize("said", ["", "nonsense", NOW, ",".join(digests(A, B)), ",".join(digests(NOW, A, B))])
def test_digests_that_are_not_those_of_the_versions_are_none(said: str) -> None:
    labels = {"io.dagship.dag.versions": f"{NOW},{A}", "io.dagship.dag.digests": said}

    assert dag_versions.digests_of(labels) == ()


def test_an_image_of_before_holds_the_one_version_that_it_names() -> None:
    assert dag_versions.versions_of({"io.dagship.dag.version": A}) == (A,)


@pytest.mark.parametrize("labels", [{}, {"io.dagship.dag.versions": "../etc,x y,"}, {"io.dagship.dag.version": "v1"}])
def test_what_is_no_version_is_none(labels: dict[str, str]) -> None:
    assert dag_versions.versions_of(labels) == ()


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "7"])
def test_changes_that_cannot_be_read_are_none(text: str) -> None:
    assert dag_versions.changes_of({"io.dagship.dag.version": A, "io.dagship.dag.changes": text}) == {}


def test_changes_that_a_base_hands_down_are_of_no_version_here() -> None:
    handed_down = {"io.dagship.dag.changes": json.dumps({A: ["a.py"]})}

    assert dag_versions.changes_of(sidebyside.labels(digests(NOW), {}) | handed_down) == {}
