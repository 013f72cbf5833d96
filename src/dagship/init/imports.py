"""Finds what DAGs import from outside of their directory. Pure."""

import re
from collections.abc import Iterable, Mapping

from dagship.init.model import Listing

# Airflow itself, whatever a directory is called; and the DAGs, which a version has under this name.
_NOT_FROM_HERE = frozenset({"airflow", "dags"})


def outside(listing: Listing, dags: str) -> tuple[str, ...]:
    """Returns packages and modules, at the top or in src, that DAGs import; and what those import in their turn.

    Args:
        listing: The repository's files.
        dags: The directory of DAGs; what lies in it is found there.

    """
    if dags == ".":
        return ()
    own = _names(path.removeprefix(f"{dags}/") for path in listing.paths if path.startswith(f"{dags}/"))
    own |= {dags.rpartition("/")[2]}
    places = {name: path for name, path in _places(listing).items() if name not in own}
    found: list[str] = []
    ahead = [dags]
    while ahead:
        code = _code(listing, ahead.pop())
        new = [path for name, path in places.items() if path not in found and _imports(code, name)]
        found += new
        ahead += new
    return tuple(path for path in sorted(found) if not path.startswith("src/") or "src" not in found)


def _places(listing: Listing) -> Mapping[str, str]:
    """Names that could be imported, and where they lie; what is at the top comes before what is in src."""
    places: dict[str, str] = {}
    for path in listing.paths:
        if path.endswith(".py"):
            top, *below = path.split("/")
            places[top.removesuffix(".py")] = top
            if top == "src" and below:
                places.setdefault(below[0].removesuffix(".py"), f"src/{below[0]}")
    return {name: path for name, path in places.items() if name not in _NOT_FROM_HERE}


def _names(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(path.split("/")[0].removesuffix(".py") for path in paths)


def _code(listing: Listing, path: str) -> str:
    return "\n".join(text for each, text in listing.texts.items() if each == path or each.startswith(f"{path}/"))


def _imports(code: str, name: str) -> bool:
    return re.search(rf"^\s*(from|import)\s+{re.escape(name)}\b", code, re.MULTILINE) is not None
