"""Findings and results of `prune`: frozen values."""

from typing import Literal

from pydantic import Field

from dagship.model.frozen import Artifact


class Place(Artifact):
    """A namespace that may run images of the repository.

    Attributes:
        context: Context of the kubeconfig, or empty for the current one.
        namespace: Kubernetes namespace.

    """

    context: str
    namespace: str

    def __str__(self) -> str:
        """As people write it: `CONTEXT/NAMESPACE`."""
        return f"{self.context}/{self.namespace}" if self.context else self.namespace


class Seen(Artifact):
    """The mentions of one place.

    Attributes:
        place: The place.
        mentions: Digests, and words that may be tags, to where they stand: `statefulset/worker`, `release 7`.
        pinned: DAG version to the number of unfinished runs that are pinned to it.
        unasked: Why Airflow could not be asked for those, or empty.

    """

    place: Place
    mentions: dict[str, tuple[str, ...]]
    pinned: dict[str, int] = Field(default_factory=dict)
    unasked: str = ""


class Image(Artifact):
    """An image in the registry, under one or more tags.

    Attributes:
        digest: `sha256:…`.
        tags: Its tags, sorted.
        own_tag: The tag that `build` gave it; empty when dagship did not make it.
        dag_versions: The DAG versions it holds, the current one first; of a thin image that one alone.
        created: When it was built, ISO 8601, or empty.
        parts: Digests of the images of an index.
        blobs: Digest to size, bytes, of what it is made of.

    """

    digest: str
    tags: tuple[str, ...]
    own_tag: str = ""
    dag_versions: tuple[str, ...] = ()
    created: str = ""
    parts: tuple[str, ...] = ()
    blobs: dict[str, int] = Field(default_factory=dict)


class Verdict(Artifact):
    """The decision on an image that dagship made.

    Attributes:
        digest: `sha256:…`.
        tags: Its tags.
        dag_version: Its current DAG version.
        created: When it was built, or empty.
        kept_for: What refers to it; nothing does when this is empty.
        deleted: Whether it was deleted.

    """

    digest: str
    tags: tuple[str, ...]
    dag_version: str
    created: str
    kept_for: tuple[str, ...]
    deleted: bool = False


class PruneReport(Artifact):
    """The result of `prune`.

    Attributes:
        passed: Whether it did what it was asked to.
        outcome: `planned` when nothing was to be deleted, else `deleted`.
        repository: The repository.
        places: Every namespace that was looked at.
        images: Images that dagship made, newest first.
        untouched: Tags that are not dagship's.
        bytes: What only the images that nothing refers to are made of; the registry frees it in its own time.
        warnings: What was noticed.

    """

    passed: bool = True
    outcome: Literal["planned", "deleted"]
    repository: str
    places: tuple[Place, ...]
    images: tuple[Verdict, ...]
    untouched: tuple[str, ...]
    bytes: int
    warnings: tuple[str, ...] = ()
