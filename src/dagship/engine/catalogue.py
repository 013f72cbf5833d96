"""What a repository of a registry holds: its tags, what an image there says of itself, and the end of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from dagship.engine.distribution import Distribution
from dagship.errors import OutsideError
from dagship.reference import Reference

_OK, _ACCEPTED, _NOT_FOUND, _NOT_ALLOWED = 200, 202, 404, 405
_DENIED = (401, 403)
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_ACCEPT = ", ".join((*_INDEXES, *_MANIFESTS))
_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class RegistryFacts:
    """What a registry has under a tag or a digest.

    Attributes:
        digest: Its digest.
        labels: Labels of the image; of the first platform's where there are several.
        created: When it says it was made, ISO 8601, or empty.
        parts: Digests of the images of an index; none where it is an image itself.
        blobs: Digest to size, bytes: configuration and compressed layers of all its images.

    """

    digest: str
    labels: Mapping[str, str]
    created: str
    parts: tuple[str, ...]
    blobs: Mapping[str, int]


class Catalogue:
    """One repository of a registry; safe for threads.

    Args:
        repository: Its reference; tag and digest do not count.

    """

    def __init__(self, repository: Reference) -> None:
        self._at = Distribution(repository)
        self._name = repository.name

    def tags(self) -> tuple[str, ...]:
        """Returns the tags of the repository; none where the registry has no such repository.

        Raises:
            OutsideError: The registry does not answer, or refuses.

        """
        found: list[str] = []
        path = f"tags/list?n={_PAGE}"
        while path:
            answer = self._at.ask("GET", path, accept="application/json")
            if answer.status_code == _NOT_FOUND:
                return ()
            found += self._json(answer, "list the tags").get("tags") or ()
            following = answer.links.get("next", {}).get("url", "")
            # Relative or absolute; only its path and query are followed: the login is not for another host.
            parts = urlsplit(urljoin(answer.url, following)) if following else None
            path = f"{parts.path}?{parts.query}" if parts else ""
        return tuple(found)

    def digest(self, tag: str) -> str:
        """Returns the digest that a tag or digest stands for; empty when it is gone.

        Raises:
            OutsideError: The registry does not answer, or refuses.

        """
        answer = self._at.ask("HEAD", f"manifests/{tag}", accept=_ACCEPT)
        if answer.status_code == _NOT_FOUND:
            return ""
        self._check(answer, f"read {tag}")
        return str(answer.headers.get("Docker-Content-Digest", ""))

    def facts(self, tag: str) -> RegistryFacts | None:
        """Returns what is known of a tag or digest; None when it is gone, or is no image.

        Raises:
            OutsideError: The registry does not answer, or refuses.

        """
        manifest, digest = self._manifest(tag)
        if manifest is None:
            return None
        # BuildKit's caches are an index as well, of layers.
        listed = [part for part in manifest.get("manifests") or () if part.get("mediaType") in _MANIFESTS]
        parts = tuple(str(part["digest"]) for part in listed)
        # What builders attest stands in the index as well, for a platform that is none.
        images = [manifest]
        if "manifests" in manifest:
            real = [part for part in listed if (part.get("platform") or {}).get("os") != "unknown"]
            read = (self._manifest(str(part["digest"]))[0] for part in real)
            images = [image for image in read if image is not None]
        config = (images[0].get("config") or {}) if images else {}
        document = self._config(config)
        blobs = {
            str(blob["digest"]): int(blob.get("size", 0))
            for image in images
            for blob in (image.get("config") or {}, *(image.get("layers") or ()))
            if blob.get("digest")
        }
        said = document.get("config")
        labels = (said.get("Labels") if isinstance(said, dict) else None) or {}
        return RegistryFacts(
            digest=digest,
            labels={str(name): str(value) for name, value in labels.items()},
            created=str(document.get("created") or ""),
            parts=parts,
            blobs=blobs,
        )

    def delete(self, digest: str) -> bool:
        """Deletes what has a digest, and every tag of it; False when it was gone.

        Raises:
            OutsideError: The registry does not answer, or refuses.

        """
        answer = self._at.ask("DELETE", f"manifests/{digest}")
        if answer.status_code == _NOT_FOUND and not self.digest(digest):
            return False
        # Some registries say that there is no such thing where they mean that nobody may.
        if answer.status_code in (_NOT_ALLOWED, _NOT_FOUND):
            raise OutsideError(
                f"The registry of {self._name} lets nobody delete images.",
                "Switch deletion on there (the distribution registry: storage.delete.enabled), or use the registry's "
                "own rules for it; prune --json lists what they may take.",
                answer.text[:300],
            )
        self._check(answer, f"delete {digest}")
        return True

    def _manifest(self, tag: str) -> tuple[dict[str, Any] | None, str]:
        answer = self._at.ask("GET", f"manifests/{tag}", accept=_ACCEPT)
        if answer.status_code == _NOT_FOUND:
            return None, ""
        digest = str(answer.headers.get("Docker-Content-Digest") or (tag if tag.startswith("sha256:") else ""))
        document = self._json(answer, f"read {tag}")
        # An image of the first kind of manifest has no digest that means anything here.
        return (document, digest) if document.get("schemaVersion") == 2 and digest else (None, "")  # noqa: PLR2004

    def _config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Reads an image's configuration; nothing for what has another kind, as caches and charts have."""
        if "image" not in str(config.get("mediaType", "")) or not config.get("digest"):
            return {}
        answer = self._at.ask("GET", f"blobs/{config['digest']}")
        return {} if answer.status_code == _NOT_FOUND else self._json(answer, f"read {config['digest']}")

    def _json(self, answer: Any, what: str) -> dict[str, Any]:  # noqa: ANN401 - requests' response
        self._check(answer, what)
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise OutsideError(
                f"What answers for {self._name} is not a registry.",
                "Check the registry's host and port, and any proxy between.",
                answer.text[:300],
            )
        return document

    def _check(self, answer: Any, what: str) -> None:  # noqa: ANN401 - as above
        if answer.status_code in _DENIED:
            raise OutsideError(
                f"The registry does not let you {what} in {self._name}.",
                "docker login to it with an account that may.",
                answer.text[:300],
            )
        if answer.status_code not in (_OK, _ACCEPTED):
            raise OutsideError(
                f"The registry of {self._name} could not {what}: it answered {answer.status_code}.",
                "",
                answer.text[:300],
            )
