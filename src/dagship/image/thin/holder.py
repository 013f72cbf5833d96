"""Where an image that runs is looked into: an engine, or a registry alone."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dagship.errors import OutsideError
from dagship.image import earlier, kept
from dagship.image.tree import archive
from dagship.image.tree.model import Tree
from dagship.model import dag_versions
from dagship.model.reference import Reference
from dagship.registry.repository import Repository
from dagship.terminal.console import Console


class Holder(NamedTuple):
    """What an image by digest is asked of. Both raise `OutsideError` where it cannot be had.

    Attributes:
        labels: Returns its labels.
        current: Returns the DAG version that is current in it, by its whole digest; None where it is another.

    """

    labels: Callable[[str], Mapping[str, str]]
    current: Callable[[Console, str, str], Tree | None]


def _out_of_engine(console: Console, image: str, digest: str) -> Tree | None:
    return kept.out_of(console, image, dag_versions.version_id(digest), digest, "")


def _labels_in_registry(image: str) -> Mapping[str, str]:
    named = Reference.parse(image)
    facts = Repository(named).facts(named.digest)
    if facts is None:
        raise OutsideError(f"The registry does not have {image}.", "It may have been deleted there.")
    return facts.labels


def _out_of_registry(console: Console, image: str, digest: str) -> Tree | None:
    """The version that is current is the uppermost layer."""
    named, version = Reference.parse(image), dag_versions.version_id(digest)
    with console.step(f"Taking the DAG version {version} out of {image}"):
        layer = Repository(named).top_layer(named.digest, most=archive.MOST)
    return archive.of_layer(layer, dag_versions.ROOT, version, digest) if layer is not None else None


IN_ENGINE = Holder(earlier.labels_of, _out_of_engine)
"""It pulls what it lacks."""
IN_REGISTRY = Holder(_labels_in_registry, _out_of_registry)
