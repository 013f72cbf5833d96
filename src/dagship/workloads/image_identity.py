"""Whether two names are of one image. Pure.

Admission webhooks change names: a mirror's registry comes in the place of the one that was asked for, with or without a
path of its own before the image's, and a tag gets the digest that it stands for. What was asked for is then never what
an object says.
"""

import re

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}$")


def same_image(image: str, wanted: str) -> bool:
    """Whether two references are of one image: by digest; where not both have one, by tag and path without registry."""
    if image == wanted:
        return True
    one, other = digest(image), digest(wanted)
    if one and other:
        return one == other
    (path, tag), (wanted_path, wanted_tag) = _parts(image), _parts(wanted)
    # One by digest alone has no tag that could be the other's.
    if not path or not wanted_path or not tag or tag != wanted_tag:
        return False
    shorter = min(len(path), len(wanted_path))
    return path[-shorter:] == wanted_path[-shorter:]


def is_mirrors(image: str, wanted: str) -> bool:
    """Whether an image may be what a webhook made of one that was asked for: a mirror keeps its whole path."""
    by_digest = digest(image) != "" and digest(wanted) != ""
    return same_image(image, wanted) and (by_digest or len(_parts(image)[0]) >= len(_parts(wanted)[0]))


def spelled_out(image: str) -> str:
    """Returns the one form that the spellings of a name share: `airflow` and `docker.io/library/airflow:latest`."""
    name = image.removeprefix("index.").removeprefix("docker.io/").removeprefix("library/")
    return name if "@" in name or ":" in name.rpartition("/")[2] else f"{name}:latest"


def digest(reference: str) -> str:
    """Returns the digest that a reference or an imageID ends in, or empty."""
    found = _DIGEST.search(reference)
    return found[0] if found else ""


def _parts(reference: str) -> tuple[list[str], str]:
    """The components of the path without the registry, and the tag; that of one by digest alone is empty."""
    name, at, _ = reference.partition("@")
    first, slash, rest = name.partition("/")
    if slash and (not first.islower() or set(first) & set(".:") or first == "localhost"):
        name = rest
    path, _, tag = name.partition(":")
    return path.split("/") if path else [], tag or ("" if at else "latest")
