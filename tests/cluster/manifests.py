"""Manifests in the registry: tags that come to stand for something else, and one image by two manifests."""

import hashlib
import itertools
import json
import urllib.request

from tests.cluster.images import REGISTRY

_TYPES = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


def stand_for(tag: str, image: str) -> None:
    """Makes a tag stand for an image of the same repository."""
    assert _push(tag, _manifest(image)) == image


def again(image: str, *, first: bool) -> str:
    """Pushes an image by another manifest, which comes before its own by the alphabet or after, and returns that."""
    manifest = json.loads(_manifest(image))
    others = (json.dumps({**manifest, "annotations": {"number": str(number)}}) for number in itertools.count())
    name, _, digest = image.partition("@")
    return _push(f"{name}:again", next(one for one in others if (_digest(one) < digest) is first))


def _manifest(image: str) -> str:
    name, _, digest = image.partition("@")
    with urllib.request.urlopen(urllib.request.Request(_url(name, digest), headers={"Accept": _TYPES})) as answer:
        return str(answer.read().decode())


def _push(tagged: str, manifest: str) -> str:
    """Pushes a manifest under a tag, and returns the image by digest."""
    name, _, tag = tagged.rpartition(":")
    kind = {"Content-Type": json.loads(manifest)["mediaType"]}
    with urllib.request.urlopen(
        urllib.request.Request(_url(name, tag), manifest.encode(), kind, method="PUT")
    ) as answer:
        assert answer.headers["Docker-Content-Digest"] == _digest(manifest)
    return f"{name}@{_digest(manifest)}"


def _url(name: str, reference: str) -> str:
    return f"http://{REGISTRY}/v2/{name.removeprefix(f'{REGISTRY}/')}/manifests/{reference}"


def _digest(manifest: str) -> str:
    return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
