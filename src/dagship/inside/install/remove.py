"""Removes files, and the directories that are empty then: `remove.py LIST`, a JSON array of absolute paths.

Runs by itself in the image that ships, on its Python, and imports nothing but the standard library.
"""

import json
import os
import sys
from collections.abc import Sequence

_EPOCH = 315532800  # 1980, as in the layer of the packages
_KEPT = ("site-packages", "dist-packages", "bin")


def main(places: Sequence[str]) -> None:
    """Removes them; nothing that is left says when."""
    for place in places:
        os.remove(place)
    for directory in sorted({os.path.dirname(place) for place in places}, key=len, reverse=True):
        _settle(directory)


def _settle(directory: str) -> None:
    while os.path.basename(directory) not in _KEPT and os.path.isdir(directory) and not os.listdir(directory):
        os.rmdir(directory)
        directory = os.path.dirname(directory)
    if os.path.isdir(directory):
        os.utime(directory, (_EPOCH, _EPOCH))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        main(json.load(file))
