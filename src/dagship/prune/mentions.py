"""Collects the mentions of images in a namespace: every digest, and every word that may be a tag. Pure.

It errs on the side of keeping: an image that is mentioned anywhere, in whatever form, is one that something refers to.
So it need not know every way to write an image down: whole, in parts, in a variable, in a template of a pod.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dagship.record.model import Record

# A digest may be in two parts: the KubernetesExecutor takes a repository, which ends in @sha256, and a tag.
_DIGITS = re.compile(r"(?<![0-9a-zA-Z])[0-9a-f]{64}(?![0-9a-zA-Z])")
# What may be a tag, whole: letters, digits, _ . -
_WORD = re.compile(r"\w[\w.-]*", re.ASCII)
# What was there, and not what is: who wrote a field, and what `kubectl apply` was told.
_HISTORY = ("managedFields", "kubectl.kubernetes.io/last-applied-configuration")


def mentions(objects: Iterable[Mapping[str, Any]], record: Record) -> dict[str, tuple[str, ...]]:
    """Returns digest or word to where it stands.

    Args:
        objects: Objects as the server sent them; dagship's own record is not among them.
        record: That record.

    """
    found: dict[str, dict[str, None]] = {}
    for where, texts in (*_of_objects(objects), *_of_record(record)):
        for text in texts:
            digests = (f"sha256:{digits}" for digits in _DIGITS.findall(text))
            for word in (*digests, *(word.rstrip(".") for word in _WORD.findall(text))):
                found.setdefault(word, {})[where] = None
    return {word: tuple(places) for word, places in found.items()}


def _of_objects(objects: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Iterator[str]]]:
    for raw in objects:
        # A ReplicaSet without pods is a Deployment's memory.
        if raw["kind"] == "ReplicaSet" and not (raw.get("spec") or {}).get("replicas"):
            continue
        yield f"{raw['kind'].lower()}/{raw['metadata']['name']}", _texts(raw)


def _of_record(record: Record) -> Iterator[tuple[str, Iterator[str]]]:
    for release in record.releases:
        yield f"release {release.number}", _texts(release.model_dump(mode="json"))
    if record.journal is not None:
        yield "unfinished rollout", _texts(record.journal.model_dump(mode="json"))


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if name not in _HISTORY:
                yield str(name)
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
