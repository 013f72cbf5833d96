"""Finds which Airflow a repository is for: from its Dockerfile, its compose file, its locks, its requirements. Pure."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from dagship.init import dockerfile
from dagship.init.model import Listing

_OFFICIAL = re.compile(r"(?:^|/)apache/airflow:(?:slim-)?([\w.]+)")
ASTRO = re.compile(r"astronomer/astro-runtime:|astrocrpublic\.azurecr\.io/runtime:|astronomer(?:inc)?/ap-airflow:")
_COMPOSE = re.compile(r"apache/airflow:(?:slim-)?([\w.]+)")
_EXACT = re.compile(r"^\s*apache-airflow(?:-core)?\s*(?:\[[^\]]*\])?\s*==\s*([\w.]+)")
_CONSTRAINTS = re.compile(r"/constraints-(\d[\w.]*)/constraints")
_WHOLE = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}((a|b|rc)\d{1,4})?", re.ASCII)
_LOCKS = ("uv.lock", "poetry.lock", "pylock.toml", "pdm.lock")


@dataclass(frozen=True, kw_only=True)
class Named:
    """A version of Airflow that a file names.

    Attributes:
        version: As it stands there; it may be none that is whole, as `latest`.
        where: File and line.

    """

    version: str
    where: str

    @property
    def whole(self) -> bool:
        """Whether it names one release."""
        return _WHOLE.fullmatch(self.version) is not None


def named(listing: Listing) -> tuple[Named, ...]:
    """Returns what the files name, what comes closest to what runs first."""
    return (*_in_dockerfiles(listing), *_in_compose(listing), *_in_locks(listing), *_in_requirements(listing))


def _in_dockerfiles(listing: Listing) -> Iterator[Named]:
    for path in _files(listing, r"(?:.*/)?Dockerfile"):
        base = dockerfile.base(dockerfile.read(listing.texts[path]))
        found = _OFFICIAL.search(base.rest) if base else None
        if base and found:
            yield Named(version=found[1].partition("-")[0], where=f"{path}:{base.line}")


def _in_compose(listing: Listing) -> Iterator[Named]:
    for path in _files(listing, r"(docker-)?compose[\w.-]*\.ya?ml"):
        yield from _by_line(listing.texts[path], path, _COMPOSE)


def _in_locks(listing: Listing) -> Iterator[Named]:
    for path in _files(listing, "|".join(map(re.escape, _LOCKS))):
        try:
            document = tomllib.loads(listing.texts[path])
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
        packages = document.get("package", document.get("packages", []))
        for package in packages if isinstance(packages, list) else ():
            if isinstance(package, dict) and package.get("name") == "apache-airflow":
                yield Named(version=str(package.get("version", "")), where=path)


def _in_requirements(listing: Listing) -> Iterator[Named]:
    for path in _files(
        listing, r"(?:[\w.-]+/)?(?:requirements|constraints)[\w.-]*\.(?:txt|in)|requirements/[\w.-]+\.(?:txt|in)"
    ):
        yield from _by_line(listing.texts[path], path, _EXACT)
        yield from _by_line(listing.texts[path], path, _CONSTRAINTS)
    if "pyproject.toml" in listing.texts:
        quoted = re.compile(r"[\"']" + _EXACT.pattern.removeprefix("^"))
        yield from _by_line(listing.texts["pyproject.toml"], "pyproject.toml", quoted)


def _by_line(text: str, where: str, pattern: re.Pattern[str]) -> Iterator[Named]:
    for number, line in enumerate(text.splitlines(), 1):
        found = pattern.search(line)
        if found and not line.lstrip().startswith("#"):
            yield Named(version=found[1], where=f"{where}:{number}")
            return


def _files(listing: Listing, pattern: str) -> list[str]:
    return [
        path for path in sorted(listing.texts, key=lambda path: (path.count("/"), path)) if re.fullmatch(pattern, path)
    ]
