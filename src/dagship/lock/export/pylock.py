"""Exact versions of an image with the files of the index, as a lock that pip and uv install outside (PEP 751). Pure."""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from dagship.errors import OutsideError
from dagship.lock.export.exported import header
from dagship.lock.pip_lines import without_credentials
from dagship.model.artifacts import BaseImage

if TYPE_CHECKING:
    from packaging.pylock import Package, PackageSdist, PackageWheel

    File = TypeVar("File", PackageWheel, PackageSdist)


def compose(
    documents: Iterable[str], versions: Mapping[str, str], hashes: Mapping[str, Collection[str]], base: BaseImage
) -> tuple[str, tuple[str, ...]]:
    """Returns the text of the lock, and the packages that the index has no file of.

    Args:
        documents: What the index has, as uv wrote it in the base image: it may be anybody's.
        versions: Package to version, of all that the image has.
        hashes: `sha256:…` of the files that the lock takes, by package; of those that the base brings there are none.
        base: The base image.

    Raises:
        OutsideError: The documents are none.

    """
    import tomli_w
    from packaging.pylock import Pylock, PylockValidationError
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    found: dict[str, Package] = {}
    try:
        for document in documents:
            read = Pylock.from_dict(tomllib.loads(document)).packages
            found |= {one.name: one for one in _with_files(read, versions, hashes)}
    except (tomllib.TOMLDecodeError, RecursionError, PylockValidationError) as broken:
        raise OutsideError("The resolver left no result.", "", str(broken)) from broken
    python = ".".join(base.python_version.split(".")[:2])
    lock = Pylock(
        lock_version=Version("1.0"),
        requires_python=SpecifierSet(f"=={python}.*"),
        created_by="dagship",
        packages=[found[name] for name in sorted(found)],
    )
    return header("pylock", base.reference) + tomli_w.dumps(lock.to_dict()), tuple(sorted(versions.keys() - found))


def _with_files(
    packages: "Iterable[Package]", versions: Mapping[str, str], hashes: Mapping[str, Collection[str]]
) -> "Iterator[Package]":
    for one in packages:
        taken = hashes.get(one.name, ())
        wheels = [file for wheel in one.wheels or () if (file := _file(wheel, taken))]
        sdist = _file(one.sdist, taken) if one.sdist else None
        if one.name in versions and (wheels or sdist):
            yield replace(one, wheels=wheels or None, sdist=sdist, index=None, marker=None, dependencies=None)


def _file(file: "File", taken: Collection[str]) -> "File | None":
    """A file as it can be had outside: by its address, without the password of whoever asked; None for any other."""
    address = file.url or ""
    if not address.startswith(("https://", "http://")):  # a directory of the base image
        return None
    if taken and f"sha256:{file.hashes.get('sha256', '')}" not in taken:
        return None
    return replace(file, url=without_credentials(address))
