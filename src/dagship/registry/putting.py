"""Puts an image into a repository that has all but its uppermost layer."""

from typing import Any
from urllib.parse import urlsplit

from dagship.registry import compose
from dagship.registry.compose import Composed
from dagship.registry.manifests import Manifest
from dagship.registry.repository import ACCEPT, OK, Repository


class Putting(Repository):
    """One repository of a registry, with what it takes to put an image there."""

    def documents(self, digest: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Returns the manifest and the configuration of an image as they are, once they are what their digests say.

        Raises:
            OutsideError: They are not; the registry does not answer, or refuses.

        """
        manifest = self._whole(f"manifests/{digest}", digest)
        of_config = Manifest.model_validate(manifest).config
        return manifest, self._whole(f"blobs/{of_config.digest}", of_config.digest) if of_config is not None else {}

    def _whole(self, path: str, digest: str) -> dict[str, Any]:
        answer = self._at.ask("GET", path, accept=ACCEPT if path.startswith("manifests/") else "")
        document = self._document(answer, f"read {digest}")
        if compose.digest(answer.body) != digest:
            raise self._odd(f"what it sends for {digest} has another digest")
        return document

    def put(self, tag: str, image: Composed) -> None:
        """Puts an image there whose other layers are there.

        Raises:
            OutsideError: The registry does not take it, does not answer, or refuses.

        """
        for blob in (image.layer, image.config):
            self._put_blob(blob)
        answer = self._at.ask("PUT", f"manifests/{tag}", body=image.manifest, kind=image.kind)
        self._check(answer, f"write {tag}")

    def _put_blob(self, blob: bytes) -> None:
        digest = compose.digest(blob)
        if self._at.ask("HEAD", f"blobs/{digest}").status == OK:
            return
        begun = self._at.ask("POST", "blobs/uploads/")
        self._check(begun, "write")
        # Relative or absolute; only its path and query count: the login is not for another host.
        to = urlsplit(begun.headers.get("Location", ""))
        query = f"{to.query}&" if to.query else ""
        where = f"{to.path}?{query}digest={digest}"
        self._check(self._at.ask("PUT", where, body=blob, kind="application/octet-stream"), f"write {digest}")
