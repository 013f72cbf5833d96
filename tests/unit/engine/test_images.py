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


def test_the_platforms_of_an_index_are_read_and_what_is_none_has_none() -> None:
    arm = '{"digest": "sha256:a", "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}}'
    attested = '{"digest": "sha256:b", "platform": {"os": "unknown", "architecture": "unknown"}}'

    assert images.platforms_of(f'{{"manifests": [{arm}, {attested}]}}') == {"linux/arm64/v8": "sha256:a"}
    for odd in (
        "",
        "[]",
        "7",
        '{"manifests": 7}',
        '{"manifests": [7]}',
        arm.join(('{"manifests": [{"platform": 1}, ', "]}")),
    ):
        assert images.platforms_of(odd) == {}
    assert images.platforms_of('{"manifests": [{"platform": {"os": "linux"}}]}') == {}
