"""Composes an image of one that a registry has and a layer more: its manifest and its configuration. Pure.

All below stays as it is, by digest: nothing of it is fetched, or sent.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dagship.model.dag_versions import LABEL_DAGS

_OCI = "application/vnd.oci.image.manifest.v1+json"
_LAYERS = {
    _OCI: "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.docker.distribution.manifest.v2+json": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}


class Odd(Exception):  # noqa: N818 - what is raised is a sentence for people
    """An image that nothing can be put on; the text is a sentence."""


@dataclass(frozen=True, kw_only=True)
class Composed:
    """An image that is not in the registry yet.

    Attributes:
        manifest: Its manifest.
        kind: Media type of that.
        config: Its configuration.
        layer: The layer that it has more, compressed.

    """

    manifest: bytes
    kind: str
    config: bytes
    layer: bytes

    @property
    def digest(self) -> str:
        """Its digest, once it is there."""
        return digest(self.manifest)


def digest(content: bytes) -> str:
    """Returns the digest of a blob or a manifest."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def compose(
    manifest: Mapping[str, Any],
    config: Mapping[str, Any],
    layer: bytes,
    *,
    environment: Mapping[str, str],
    labels: Mapping[str, str],
    created: str,
) -> Composed:
    """Returns an image and a layer more.

    Args:
        manifest: The manifest of the image below.
        config: Its configuration.
        layer: The layer, a tar archive.
        environment: Variables, in the place of those below.
        labels: Labels, in the place of those below.
        created: When it is made, ISO 8601.

    Raises:
        Odd: That is no image for one platform.

    """
    kind = str(manifest.get("mediaType") or _OCI)
    added = f"ADD dags/{labels.get(LABEL_DAGS)}.tar /"
    try:
        of_layer = _LAYERS[kind]
        runs, below = dict(config["config"]), config["rootfs"]
        known = dict(entry.partition("=")[::2] for entry in runs.get("Env") or ())
        runs["Env"] = [f"{name}={value}" for name, value in {**known, **environment}.items()]
        runs["Labels"] = {**(runs.get("Labels") or {}), **labels}
        made = {
            **config,
            "config": runs,
            "created": created,
            "rootfs": {**below, "diff_ids": [*below["diff_ids"], digest(layer)]},
            "history": [
                *(config.get("history") or ()),
                {"created": created, "created_by": added},
            ],
        }
        layers = list(manifest["layers"])
    except (KeyError, TypeError, ValueError, AttributeError) as odd:
        raise Odd(f"What lies below is no image for one platform ({kind[:100]}).") from odd
    packed = gzip.compress(layer, mtime=0)
    written = json.dumps(made, separators=(",", ":")).encode()
    of_config = {**manifest["config"], "digest": digest(written), "size": len(written)}
    layers.append({"mediaType": of_layer, "digest": digest(packed), "size": len(packed)})
    whole = {**manifest, "config": of_config, "layers": layers}
    return Composed(manifest=json.dumps(whole).encode(), kind=kind, config=written, layer=packed)
