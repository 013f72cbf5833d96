"""What is made of an engine's answers."""

import pytest

from dagship.engine import images

CONFIGURATION = {"architecture": "amd64", "os": "linux", "config": {"Labels": {"a": "b"}}}


@pytest.mark.parametrize("document", [CONFIGURATION, {"linux/amd64": CONFIGURATION, "linux/arm64": {}}])
def test_labels_are_read_of_an_image_and_of_an_index(document: object) -> None:
    assert images.labels_of(document) == {"a": "b"}


@pytest.mark.parametrize("document", [None, {}, [], {"config": None}, {"config": {}}, {"created": "2026-11-23"}])
def test_what_has_no_labels_has_none(document: object) -> None:
    assert images.labels_of(document) == {}
