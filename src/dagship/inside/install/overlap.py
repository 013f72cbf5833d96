"""Files that packages to be installed share with packages of the image, or with one another.

Installers let the later package win without a word: `jwt` over `PyJWT` breaks what imports it, and neither a resolver
nor `pip check` sees it. What counts is a file that Python or a shell finds by name; what packages ship beside, licences
at the top and tests, is read by nobody. A file that is the same to Python, and the declarations of a namespace that
several packages share, take nothing from anybody. A module that gives way to the package of its name (pytest's `py.py`
to `py`) is told apart: it is there for where that package is not.
"""

import ast
import csv
import os
import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, Optional

_SITES = ("site-packages", "dist-packages")
_UNREAD = ("tests", "test", "docs", "doc", "examples", "example", "benchmarks")
_MODULE = re.compile(r"\.(py|so|pyd|pth)$")
_NAMESPACE = re.compile(rb"declare_namespace|extend_path")
_ENTRY = re.compile(rb"^from (\S+) import (\S+)$", re.MULTILINE)


class Overlap(NamedTuple):
    """A file that two packages have.

    Attributes:
        new: The package to be installed.
        other: The one that has the file too; empty when no package of the image claims it.
        file: It, relative to the packages' directory, or `bin/…`.

    """

    new: str
    other: str
    file: str


def with_image(
    prefix: str, final: str, path: Sequence[str], going: Collection[str] = ()
) -> "tuple[list[Overlap], list[Overlap]]":
    """Returns files that would be written over, or hidden, in the image; apart from them those that give way.

    Args:
        prefix: Where the new packages are, with the layout of Airflow's environment.
        final: Airflow's environment.
        path: Where Airflow's Python looks for packages.
        going: Files of the image that are taken out before, without links.

    """
    sites = [one for one in path if os.path.basename(one) in _SITES and os.path.isdir(one)]
    owners: Optional[dict[str, str]] = None
    lost: list[Overlap] = []
    giving_way: list[Overlap] = []
    new = sorted(_installed(prefix))
    for package, name, there in new:
        places = (
            [os.path.join(final, name)] if name.startswith("bin/") else [os.path.join(site, name) for site in sites]
        )
        for place in filter(os.path.exists, (other for one in places for other in (one, _twin(one)))):
            if os.path.realpath(place) in going:
                continue
            if not os.path.isfile(place) or not _same(name, there, place):
                owners = _owners(sites, final, {_name(one) for one, *_ in new}) if owners is None else owners
                met = Overlap(package, owners.get(os.path.realpath(place), ""), name)
                beside = place == _twin(os.path.join(final, os.path.relpath(there, prefix)))
                (giving_way if beside and _gives_way(met) else lost).append(met)
                break
    return lost, giving_way


def _gives_way(met: Overlap) -> bool:
    """Whether, of `a.py` beside `a/__init__.py`, the package that Python takes is `a`, and the other is not."""
    module, _, below = met.file.partition("/")
    taken, other = (met.new, met.other) if below else (met.other, met.new)
    if below not in ("", "__init__.py") or not other:
        return False
    module = module if below else module[: -len(".py")]
    return _named(taken, module) and not _named(other, module)


def _named(package: str, module: str) -> bool:
    return _name(package) == module.lower()


def _name(package: str) -> str:
    return re.sub(r"[-_.]+", "_", package.partition(" ")[0]).lower()


def among(prefix: str) -> "list[Overlap]":
    """Returns files that more than one of the new packages brings; one of them is in `prefix`, which one is chance."""
    first: dict[str, tuple[str, str]] = {}
    found = []
    for site in directories(prefix):
        for package, name, digest in sorted(_records(site, prefix)):
            other, its_digest = first.setdefault(name, (package, digest))
            if other != package and its_digest != digest and not _declares(os.path.join(site, name)):
                found.append(Overlap(package, other, name))
    return found


def _installed(prefix: str) -> "Iterator[tuple[str, str, str]]":
    """Package, name and place of each file that is found by name."""
    for site in directories(prefix):
        for package, name, _ in _records(site, prefix):
            place = os.path.join(prefix if name.startswith("bin/") else site, name)
            if os.path.isfile(place):
                yield package, name, place


def directories(prefix: str) -> "list[str]":
    """Returns the directories of packages below a prefix."""
    found = []
    for directory, names, _ in os.walk(prefix):
        if os.path.basename(directory) in _SITES:
            found.append(directory)
            names.clear()
    return found


def _records(site: str, prefix: str) -> "Iterator[tuple[str, str, str]]":
    """Package, name and hash of what the packages in a directory say that they installed and that counts."""
    for directory in sorted(os.listdir(site)):
        record = os.path.join(site, directory, "RECORD")
        if not directory.endswith(".dist-info") or not os.path.exists(record):
            continue
        name, _, version = directory[: -len(".dist-info")].rpartition("-")
        package = "{} {}".format(name.replace("_", "-"), version)
        with open(record, encoding="utf-8", newline="") as file:
            for path, digest, *_ in (row for row in csv.reader(file) if len(row) > 1):
                place = os.path.normpath(os.path.join(site, path))
                within = place.startswith(site + os.sep)
                name = os.path.relpath(place, site if within else prefix)
                if _counts(name) if within else name.startswith("bin/"):
                    yield package, name, digest


def _counts(name: str) -> bool:
    top, _, below = name.partition("/")
    if top.endswith((".dist-info", ".egg-info", ".data")) or "__pycache__" in name:
        return False
    return top not in _UNREAD if below else _MODULE.search(name) is not None


def _owners(sites: Sequence[str], final: str, renewed: Collection[str]) -> "dict[str, str]":
    """File to package of the image; of several it is one that stays, and not one of which another version comes."""
    found = [
        (os.path.realpath(os.path.join(final if name.startswith("bin/") else site, name)), package)
        for site in sites
        for package, name, _ in _records(site, final)
    ]
    return dict(sorted(found, key=lambda one: _name(one[1]) not in renewed))


def _twin(place: str) -> str:
    """The other file that Python imports by the same name: of `a.py` it is `a/__init__.py`, and the other way round."""
    directory, file = os.path.split(place)
    if file == "__init__.py":
        return directory + ".py"
    return os.path.join(place[: -len(".py")], "__init__.py") if file.endswith(".py") else ""


def _same(name: str, one: str, other: str) -> bool:
    texts = []
    for path in (one, other):
        with open(path, "rb") as file:
            texts.append(file.read())
    if texts[0] == texts[1]:
        return True
    if name.startswith("bin/"):  # tools write the same script in ways of their own
        return len({tuple(_ENTRY.findall(text)) or text for text in texts}) == 1
    if not name.endswith(".py"):
        return False
    if name.endswith("__init__.py") and all(map(_NAMESPACE.search, texts)):
        return True
    try:
        return len({ast.dump(ast.parse(text)) for text in texts}) == 1
    except (SyntaxError, ValueError, RecursionError):
        return False


def _declares(path: str) -> bool:
    """Whether a file is what packages that share a namespace all bring: nothing, or its declaration."""
    if not path.endswith("__init__.py"):
        return False
    with open(path, "rb") as file:
        text = file.read()
    try:
        return _NAMESPACE.search(text) is not None or not ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return False
