"""Files of the image's packages that another version takes the place of: what goes before that one comes.

A layer above adds files and takes none away: modules that the other version lacks would stay importable, and the image
would have two `.dist-info` of one package. They are known by the lists that installers leave (RECORD), in whichever
directory of the path the package lies.
"""

import csv
import os
from collections.abc import Collection, Iterator, Sequence
from importlib import metadata
from typing import Optional

from ..shared import installed

_SITES = ("site-packages", "dist-packages")


def files(names: Collection[str], path: Sequence[str]) -> "list[str]":
    """Returns the files of packages that no other package has as well, absolute and without links.

    Args:
        names: Canonical names of the packages.
        path: Where Airflow's Python looks for packages; one may be in several places.

    Raises:
        SystemExit: Which files are of a package is written nowhere.

    """
    going: set[str] = set()
    staying: set[str] = set()
    for distribution in metadata.distributions(path=list(dict.fromkeys(map(os.path.realpath, path)))):
        name = installed.canonical(distribution.metadata["Name"] or "")
        record = distribution.read_text("RECORD")
        if name in names and not record:
            raise SystemExit(f"{name} of the image cannot be taken out: it does not say which files are its own.")
        site = os.path.realpath(str(distribution.locate_file("")))
        (going if name in names else staying).update(_recorded(record, site))
    own = going - staying
    return sorted(place for place in own | (set(_beside(own)) - staying) if os.path.lexists(place))


def _recorded(record: Optional[str], site: str) -> "Iterator[str]":
    """What a package says that it installed, below the environment whose packages lie in `site`."""
    environment = site if os.path.basename(site) not in _SITES else os.path.join(site, "..", "..", "..")
    within = os.path.normpath(environment).rstrip(os.sep) + os.sep
    for row in csv.reader((record or "").splitlines()):
        place = os.path.normpath(os.path.join(site, row[0])) if row else ""
        if place.startswith(within):
            yield place


def _beside(places: Collection[str]) -> "Iterator[str]":
    """What came later and no list has: bytecode, and what was put into a package's own `.dist-info`."""
    listed = {os.path.dirname(place) for place in places}
    for directory in sorted(listed):
        if directory.endswith(".dist-info"):
            yield from (os.path.join(at, name) for at, _, names in os.walk(directory) for name in names)
        cache = os.path.join(directory, "__pycache__")
        for name in sorted(os.listdir(cache)) if os.path.isdir(cache) else ():
            source = os.path.join(directory, name.split(".")[0] + ".py")
            if name.endswith(".pyc") and source in places:
                yield os.path.join(cache, name)
