"""What is attached to an image in its registry: an artifact of the OCI image specification, by a tag of its own.

The tag is the image's digest with `.dagship` behind it, as other tools attach signatures (`sha256-….sig`): that works
in every registry, those that do not list referrers included. The manifest names the image as its subject besides.
"""

import json
import re
from typing import Any

from dagship.registry import compose
from dagship.registry.manifests import Manifest
from dagship.registry.putting import Putting
from dagship.registry.repository import ACCEPT, OK

TAG = re.compile(r"sha256-([0-9a-f]{64})\.dagship")
"""Tags of what dagship attaches; the group is the digest of the image."""

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_EMPTY = "application/vnd.oci.empty.v1+json"
_NOTHING = b"{}"
_NOT_FOUND = 404
_MOST = 15_000_000  # a registry's answer is read up to a little more


def tag(digest: str) -> str:
    """Returns the tag of what is attached to an image."""
    return f"{digest.replace(':', '-')}.dagship"


class Attached(Putting):
    """One repository of a registry, with what is attached to its images."""

    def attach(self, digest: str, content: bytes, kind: str) -> None:
        """Attaches a document to an image, in the place of one that is.

        Args:
            digest: The image's.
            content: The document.
            kind: Its media type.

        Raises:
            OutsideError: The registry does not take it, does not answer, or refuses.

        """
        for blob in (_NOTHING, content):
            self._put_blob(blob)
        answer = self._at.ask(
            "PUT", f"manifests/{tag(digest)}", body=self._manifest_of(digest, content, kind), kind=_MANIFEST
        )
        self._check(answer, f"write {tag(digest)}")

    def attached(self, digest: str, kind: str) -> bytes | None:
        """Returns the document that is attached to an image; None where there is none of that kind.

        Raises:
            OutsideError: The registry does not answer, or refuses.

        """
        answer = self._at.ask("GET", f"manifests/{tag(digest)}", accept=ACCEPT)
        if answer.status == _NOT_FOUND:
            return None
        manifest = self._read(Manifest, answer, f"read {tag(digest)}")
        layer = next((one for one in manifest.layers or () if one.mediaType == kind and one.size <= _MOST), None)
        if layer is None:
            return None
        blob = self._at.ask("GET", f"blobs/{layer.digest}")
        self._check(blob, f"read {layer.digest}")
        return blob.body if blob.status == OK and compose.digest(blob.body) == layer.digest else None

    def _manifest_of(self, digest: str, content: bytes, kind: str) -> bytes:
        subject = self._at.ask("HEAD", f"manifests/{digest}", accept=ACCEPT)
        self._check(subject, f"read {digest}")
        said = subject.headers
        of_subject: dict[str, Any] = {
            "mediaType": said.get("Content-Type", _MANIFEST),
            "digest": digest,
            "size": int(said.get("Content-Length", "0")),
        }
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "artifactType": kind,
                "config": {"mediaType": _EMPTY, "digest": compose.digest(_NOTHING), "size": len(_NOTHING)},
                "layers": [{"mediaType": kind, "digest": compose.digest(content), "size": len(content)}],
                "subject": of_subject,
            }
        ).encode()
