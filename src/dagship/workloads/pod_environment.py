"""Finds the source of a container's variable, as far as its pod says: the pod goes before the image. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dagship.workloads.objects import Raw


class Source(NamedTuple):
    """A source of a variable.

    Attributes:
        where: `its env`, `ConfigMap settings`, `Secret settings`.
        value: What it says; None where that is not looked into.
        sure: Whether it is there: all of a Secret may be taken without a word on what it holds.

    """

    where: str
    value: str | None
    sure: bool = True


def sources(container: Raw, name: str, config_maps: Mapping[str, Raw]) -> tuple[Source, ...]:
    """Returns the sources of a variable, the one that counts first; the first that is sure ends them."""
    found: list[Source] = []
    for source in (*_own(container, name, config_maps), *_taken(container, name, config_maps)):
        found.append(source)
        if source.sure:
            break
    return tuple(found)


def _own(container: Raw, name: str, config_maps: Mapping[str, Raw]) -> Iterator[Source]:
    for entry in reversed(container.get("env") or ()):
        if entry["name"] != name:
            continue
        given = entry.get("valueFrom") or {}
        if key := given.get("configMapKeyRef"):
            value = (config_maps.get(key["name"], {}).get("data") or {}).get(key["key"])
            if value is not None or not key.get("optional", False):
                yield Source(f"ConfigMap {key['name']}", value)
        elif key := given.get("secretKeyRef"):
            yield Source(f"Secret {key['name']}", None, sure=not key.get("optional", False))
        else:
            yield Source("its env", None if given else str(entry.get("value", "")))


def _taken(container: Raw, name: str, config_maps: Mapping[str, Raw]) -> Iterator[Source]:
    for source in reversed(container.get("envFrom") or ()):
        prefix = source.get("prefix") or ""
        if not name.startswith(prefix):
            continue
        taken = (source.get("configMapRef") or {}).get("name", "")
        value = (config_maps.get(taken, {}).get("data") or {}).get(name.removeprefix(prefix))
        if value is not None:
            yield Source(f"ConfigMap {taken}", value)
        elif secret := source.get("secretRef"):
            yield Source(f"Secret {secret['name']}", None, sure=False)
