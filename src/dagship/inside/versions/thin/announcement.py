"""What the ConfigMap announces, as it is read in a pod. Pure."""

import json
import re
from dataclasses import dataclass
from typing import Any

FORM = 1

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ID_DIGITS = 12


class Wrong(Exception):  # noqa: N818 - what is raised is a sentence for people
    """An announcement that cannot be read; the text is a sentence."""


@dataclass(frozen=True)
class Announcement:
    """The DAG version that new runs are to get.

    Attributes:
        serial: Counts up with each announcement.
        version: The id of the DAG version.
        tree: Its whole digest.
        foundation: The foundation of the image that it is for.
        base: The DAG version that is current in that image.

    """

    serial: int
    version: str
    tree: str
    foundation: str
    base: str


def read(text: bytes) -> Announcement:
    """Reads an announcement.

    Raises:
        Wrong: It is none, or of another form.

    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as no_json:
        raise Wrong("What is announced is no JSON.") from no_json
    if not isinstance(found, dict):
        raise Wrong("What is announced is no JSON object.")
    if found.get("form") != FORM:
        raise Wrong(f"What is announced has the form {found.get('form')!r}, and this image knows {FORM}.")
    named: dict[str, Any] = {name: found.get(name) for name in ("serial", "version", "tree", "foundation", "base")}
    texts = [value for name, value in named.items() if name != "serial"]
    if type(named["serial"]) is not int or not all(isinstance(text, str) for text in texts):
        raise Wrong("What is announced lacks what it has to say.")
    announced = Announcement(**named)
    hexes = _DIGEST.fullmatch(announced.tree) and _DIGEST.fullmatch(announced.foundation)
    if not hexes or announced.version != announced.tree[:_ID_DIGITS]:
        raise Wrong("What is announced names no DAG version.")
    return announced


def why_not(announced: Announcement, *, foundation: str, current: str) -> str:
    """Returns why an announcement is none for an image, a sentence; empty where it is.

    Args:
        announced: The announcement.
        foundation: The foundation of the image.
        current: The DAG version that is current in the image.

    """
    if announced.foundation != foundation:
        return "What is announced is for an image that is built on something else than this one."
    if announced.base != current:
        return f"What is announced is for an image whose own version is {announced.base}, and here it is {current}."
    return ""
