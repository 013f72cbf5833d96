"""Wheels without content for what the base image has: the resolvers read from them what each package needs.

The base's packages are not installed again, so the index need not have them. Some are there only as sources, which
would have to be built to be asked; some, a company's own, are nowhere. And what is in the image is what counts.
"""

import hashlib
import os
import zipfile
from html import escape
from typing import Any

PAGE = "packages.html"
# Above every build number in use, so that both resolvers take the stub where the index has the same version.
_BUILD = "9999999"


def write(distributions: "list[dict[str, Any]]", tag: str, directory: str) -> "dict[str, str]":
    """Writes the wheels and a page that lists them.

    Args:
        distributions: As `installed` describes them.
        tag: The first wheel tag of the image's Python.
        directory: Where to write; made if need be.

    Returns:
        The SHA-256 of each wheel, by name.

    """
    os.makedirs(directory, exist_ok=True)
    hashes, links = {}, []
    for one in distributions:
        stem = "{}-{}".format(one["name"].replace("-", "_"), one["version"])
        file = f"{stem}-{_BUILD}-{tag}.whl"
        _write_wheel(os.path.join(directory, file), stem, tag, _metadata(one))
        with open(os.path.join(directory, file), "rb") as wheel:
            hashes[one["name"]] = hashlib.sha256(wheel.read()).hexdigest()
        # pip holds a file without a hash here for worse than one on the index whose hash is wanted.
        links.append('<a href="{0}#sha256={1}">{0}</a>'.format(escape(file), hashes[one["name"]]))
    with open(os.path.join(directory, PAGE), "w", encoding="utf-8") as page:
        page.write("<!DOCTYPE html>\n<html><body>\n{}\n</body></html>\n".format("\n".join(links)))
    return hashes


def _metadata(one: "dict[str, Any]") -> str:
    lines = ["Metadata-Version: 2.1", "Name: " + one["name"], "Version: " + one["version"]]
    lines += ["Requires-Python: " + one["requires_python"]] if one["requires_python"] else []
    lines += ["Provides-Extra: " + extra for extra in one["extras"]]
    lines += ["Requires-Dist: " + requirement for requirement in one["requires"]]
    return "\n".join(lines) + "\n"


def _write_wheel(path: str, stem: str, tag: str, metadata: str) -> None:
    wheel = f"Wheel-Version: 1.0\nGenerator: dagship\nRoot-Is-Purelib: false\nTag: {tag}\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (("METADATA", metadata), ("WHEEL", wheel), ("RECORD", "")):
            # ZipInfo's own date, 1980: the same content has the same hash.
            archive.writestr(zipfile.ZipInfo(f"{stem}.dist-info/{name}"), text)
