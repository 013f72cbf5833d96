"""Exact versions of an image, as constraints for pip. Pure."""

from collections.abc import Mapping

from dagship.lock.export.exported import header


def constraints(kind: str, versions: Mapping[str, str], base: str) -> str:
    """Returns the text of a constraints file.

    Args:
        kind: What it is of, one of `exported.KINDS`.
        versions: Package to version.
        base: The base image.

    """
    return header(kind, base) + "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))
