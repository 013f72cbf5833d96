"""The manifests of a registry, as far as dagship reads them: the OCI image and distribution specifications. Pure.

Names are theirs. A field of another kind than the specification says is refused: somebody may have put it there.
"""

import re
from typing import Annotated, Any

from pydantic import BaseModel, Field, NonNegativeInt

# Digests and tags become parts of an address, and lines for people.
_DIGEST = r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{1,256}"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"


def is_digest(text: str) -> bool:
    """Whether a text has the form of a digest."""
    return re.fullmatch(_DIGEST, text) is not None


class TagList(BaseModel):
    """A page of the list of tags."""

    tags: list[Annotated[str, Field(pattern=f"^{_TAG}$")]] | None = None


class Part(BaseModel):
    """A descriptor in a manifest: of an image, a configuration or a layer."""

    mediaType: str = ""  # noqa: N815
    digest: str = Field(pattern=f"^{_DIGEST}$")
    size: NonNegativeInt = 0
    platform: dict[str, Any] | None = None


class Manifest(BaseModel):
    """An image, or an index of images."""

    manifests: list[Part] | None = None
    config: Part | None = None
    layers: list[Part] | None = None


class Labelled(BaseModel):
    """The part of an image's configuration that its containers begin with."""

    Labels: dict[str, str] | None = None


class Step(BaseModel):
    """A step of an image's history."""

    created_by: str = ""
    empty_layer: bool = False


class Config(BaseModel):
    """An image's configuration."""

    created: str | None = None
    config: Labelled | None = None
    history: list[Step] | None = None
