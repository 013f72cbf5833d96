"""One repository of a registry: lists its tags, reads what an image has, deletes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dagship.errors import OutsideError
from dagship.model.reference import Reference
from dagship.model.thin import MOST, PACKAGE
from dagship.registry import layers
from dagship.registry.answers import Answer
from dagship.registry.distribution import Distribution
from dagship.registry.manifests import Config, Manifest, Part, TagList, is_digest

OK, _CREATED, _ACCEPTED, _NOT_FOUND, _NOT_ALLOWED = 200, 201, 202, 404, 405
_DENIED = (401, 403)
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
ACCEPT = ", ".join((*_INDEXES, *_MANIFESTS))
_PAGE = 1000
# Bytes of a layer that hold a package, with the directories before it, and what they unpack to.
_PACKED, _UNPACKED = MOST + 1024**2, 8 * 1024**2
_MOST_TAGS, _MOST_PARTS = 100_000, 1000

_Said = TypeVar("_Said", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class RegistryFacts:
    """The facts of an image under a tag or a digest.

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


@dataclass(frozen=True, kw_only=True)
class RegistryLayer:
    """A layer of an image.

    Attributes:
        digest: Of the compressed layer.
        size: Of the compressed layer, bytes.
        step: The instruction that made it, as the builder wrote it, or empty.

    """

    digest: str
    size: int
    step: str


class Repository:
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
        found: dict[str, None] = {}
        path = f"tags/list?n={_PAGE}"
        while path:
            answer = self._at.ask("GET", path, accept="application/json")
            if answer.status == _NOT_FOUND:
                return ()
            page = self._read(TagList, answer, "list the tags").tags or ()
            # A page that brings nothing new and names another one would do so for ever.
            path = answer.following if any(tag not in found for tag in page) else ""
            found |= dict.fromkeys(page)
            if len(found) > _MOST_TAGS:
                raise OutsideError(
                    f"{self._name} has more than {_MOST_TAGS} tags.", "Use the registry's own rules to delete images."
                )
        return tuple(found)

    def digest(self, tag: str) -> str:
        """Returns the digest that a tag or digest stands for; empty when it is gone.

        Raises:
            OutsideError: The registry does not answer, or refuses.

        """
        answer = self._at.ask("HEAD", f"manifests/{tag}", accept=ACCEPT)
        if answer.status == _NOT_FOUND:
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
        listed = [part for part in manifest.manifests or () if part.mediaType in _MANIFESTS]
        if len(listed) > _MOST_PARTS:
            raise self._odd(f"{tag} has {len(listed)} parts")
        images = [manifest]
        if manifest.manifests is not None:
            # What builders attest stands in the index as well, for a platform that is none.
            real = [part for part in listed if (part.platform or {}).get("os") != "unknown"]
            read = (self._manifest(part.digest)[0] for part in real)
            images = [image for image in read if image is not None]
        config = self._config(images[0].config) if images and images[0].config else Config()
        return RegistryFacts(
            digest=digest,
            labels=(config.config and config.config.Labels) or {},
            created=config.created or "",
            parts=tuple(part.digest for part in listed),
            blobs={
                blob.digest: blob.size
                for image in images
                for blob in (*([image.config] if image.config else ()), *(image.layers or ()))
            },
        )

    def layers(self, tag: str) -> tuple[RegistryLayer, ...] | None:
        """Returns the layers of an image, lowest first; of an index those of the first image. None where it is gone.

        Raises:
            OutsideError: The registry does not answer, or refuses.

        """
        image = self._first(tag)
        if image is None or image.layers is None:
            return None
        history = (self._config(image.config).history if image.config else None) or []
        steps = [step.created_by for step in history if not step.empty_layer]
        steps = steps if len(steps) == len(image.layers) else [""] * len(image.layers)
        return tuple(
            RegistryLayer(digest=layer.digest, size=layer.size, step=step)
            for layer, step in zip(image.layers, steps, strict=True)
        )

    def package(self, tag: str) -> bytes:
        """Returns the package of a thin image: what a running image takes to assemble its DAG version.

        Of a layer no more than its beginning is asked for, and of an index the first image.

        Raises:
            OutsideError: It is gone, or has none; the registry does not answer, or refuses.

        """
        archive = self.top_layer(tag, enough=_PACKED, most=_UNPACKED)
        found = layers.file(archive, PACKAGE) if archive is not None else None
        if not found:
            raise OutsideError(
                f"{self._name}@{tag} is not there, or is no image that brings a DAG version to one that runs.",
                "Build and push it again, or move to a whole image: build --full.",
            )
        return found

    def top_layer(self, tag: str, *, most: int, enough: int = 0) -> bytes | None:
        """Returns the archive of an image's uppermost layer; None where it is gone, or packed in an unknown way.

        Args:
            tag: Tag or digest; of an index the first image counts.
            most: Bytes that it may unpack to; what is above is left.
            enough: Bytes of the layer that are asked for; 0 for all of it.

        Raises:
            OutsideError: The registry does not answer, or refuses.

        """
        image = self._first(tag)
        if image is None or not image.layers:
            return None
        top = image.layers[-1]
        answer = self._at.ask("GET", f"blobs/{top.digest}", enough=enough)
        self._check(answer, f"read {top.digest}")
        return layers.unpacked(answer.body, top.mediaType, most=most)

    def delete(self, digest: str) -> bool:
        """Deletes what has a digest, and every tag of it; False when it was gone.

        Raises:
            OutsideError: The registry does not answer, or refuses.

        """
        answer = self._at.ask("DELETE", f"manifests/{digest}")
        if answer.status == _NOT_FOUND and not self.digest(digest):
            return False
        # Some registries say that there is no such thing where they mean that nobody may.
        if answer.status in (_NOT_ALLOWED, _NOT_FOUND):
            raise OutsideError(
                f"The registry of {self._name} lets nobody delete images.",
                "Switch deletion on there (the distribution registry: storage.delete.enabled), or use the registry's "
                "own rules for it; prune --json lists what they may take.",
                answer.said,
            )
        self._check(answer, f"delete {digest}")
        return True

    def _first(self, tag: str) -> Manifest | None:
        """The image under a tag; of an index the first one."""
        image, _ = self._manifest(tag)
        if image is not None and image.manifests is not None:
            real = (part for part in image.manifests if (part.platform or {}).get("os") != "unknown")
            first = next(real, None)
            image, _ = self._manifest(first.digest) if first is not None else (None, "")
        return image

    def _manifest(self, tag: str) -> tuple[Manifest | None, str]:
        answer = self._at.ask("GET", f"manifests/{tag}", accept=ACCEPT)
        if answer.status == _NOT_FOUND:
            return None, ""
        digest = str(answer.headers.get("Docker-Content-Digest") or (tag if tag.startswith("sha256:") else ""))
        # An image of the first kind of manifest has no digest that means anything here.
        if self._document(answer, f"read {tag}").get("schemaVersion") != 2 or not is_digest(digest):  # noqa: PLR2004
            return None, ""
        return self._read(Manifest, answer, f"read {tag}"), digest

    def _config(self, config: Part) -> Config:
        """Reads an image's configuration; nothing for what has another kind, as caches and charts have."""
        if "image" not in config.mediaType:
            return Config()
        answer = self._at.ask("GET", f"blobs/{config.digest}")
        return Config() if answer.status == _NOT_FOUND else self._read(Config, answer, f"read {config.digest}")

    def _read(self, kind: type[_Said], answer: Answer, what: str) -> _Said:
        document = self._document(answer, what)
        try:
            return kind.model_validate(document)
        except ValidationError as wrong:
            first = wrong.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise self._odd(f"to {what}, it says in {where[:100]}: {first['msg']}") from wrong

    def _document(self, answer: Answer, what: str) -> dict[str, Any]:
        self._check(answer, what)
        document = answer.document()
        if document is None:
            raise OutsideError(
                f"What answers for {self._name} is not a registry.",
                "Check the registry's host and port, and any proxy between.",
                answer.said,
            )
        return document

    def _odd(self, what: str) -> OutsideError:
        return OutsideError(
            f"What the registry of {self._name} says is not what registries say: {what}.",
            "See what is stored there; nothing was deleted for it.",
        )

    def _check(self, answer: Answer, what: str) -> None:
        if answer.status in _DENIED:
            raise OutsideError(
                f"The registry does not let you {what} in {self._name}.",
                "docker login to it with an account that may.",
                answer.said,
            )
        if answer.status not in (OK, _CREATED, _ACCEPTED):
            raise OutsideError(
                f"The registry of {self._name} could not {what}: it answered {answer.status}.",
                "",
                answer.said,
            )
