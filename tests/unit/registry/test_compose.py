"""An image composed of one in a registry and a layer more."""

import gzip
import hashlib
import json
from typing import Any

import pytest

from dagship.registry import compose

OCI = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = b"a tar archive"
CONFIG = {
    "architecture": "amd64",
    "config": {"Env": ["PATH=/bin", "DAGS=/old=x"], "Labels": {"a": "1", "b": "2"}, "User": "50000"},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:1"]},
    "history": [{"created_by": "base"}],
}


def manifest(kind: str) -> dict[str, Any]:
    layers = [{"mediaType": "x", "digest": "sha256:2", "size": 5}]
    config = {"mediaType": "of the configuration", "digest": "sha256:3", "size": 1}
    return {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers}


def composed(kind: str = OCI, **changes: Any) -> compose.Composed:
    options = {"environment": {"DAGS": "/new"}, "labels": {"b": "3"}, "created": "2026-11-29T00:00:00Z"}
    return compose.compose(manifest(kind), CONFIG | changes, LAYER, **options)


@pytest.mark.parametrize(
    ("kind", "of_layer"),
    [
        (OCI, "application/vnd.oci.image.layer.v1.tar+gzip"),
        (DOCKER, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
    ],
)
def test_the_layer_comes_above_those_that_stay(kind: str, of_layer: str) -> None:
    made = composed(kind)
    document = json.loads(made.manifest)
    below, above = document["layers"]

    assert (document["mediaType"], made.kind) == (kind, kind)
    assert below == manifest(kind)["layers"][0]
    assert above == {"mediaType": of_layer, "digest": compose.digest(made.layer), "size": len(made.layer)}
    assert gzip.decompress(made.layer) == LAYER


def test_the_configuration_says_the_layer_and_takes_variables_and_labels_in_the_place_of_those_below() -> None:
    made = composed()
    config = json.loads(made.config)
    of_config = json.loads(made.manifest)["config"]

    assert of_config == {
        "mediaType": "of the configuration", "digest": compose.digest(made.config), "size": len(made.config),
    }  # fmt: skip
    assert config["rootfs"]["diff_ids"] == ["sha256:1", f"sha256:{hashlib.sha256(LAYER).hexdigest()}"]
    assert config["config"] == {
        "Env": ["PATH=/bin", "DAGS=/new"], "Labels": {"a": "1", "b": "3"}, "User": "50000",
    }  # fmt: skip
    assert len(config["history"]) == 2


def test_what_is_below_stays_as_it_was() -> None:
    composed()

    assert CONFIG["config"]["Env"] == ["PATH=/bin", "DAGS=/old=x"]  # type: ignore[index]
    assert len(CONFIG["history"]) == 1


def test_the_same_gives_the_same_bytes() -> None:
    assert composed() == composed()
    assert composed().digest == compose.digest(composed().manifest)


@pytest.mark.parametrize("kind", ["application/vnd.oci.image.index.v1+json", "text/html"])
def test_what_is_no_image_for_one_platform_is_refused(kind: str) -> None:
    with pytest.raises(compose.Odd, match="no image for one platform"):
        composed(kind)


@pytest.mark.parametrize("changes", [{"config": None}, {"rootfs": {}}, {"rootfs": None}])
def test_a_configuration_that_lacks_what_it_has_to_say_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(compose.Odd):
        composed(**changes)
