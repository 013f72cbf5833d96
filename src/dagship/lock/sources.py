"""Reads what the DAGs need from the project's files, and nothing from outside of it that a file of it names."""

import configparser
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from dagship.errors import UsageError
from dagship.lock import foreign_locks, pip_lines, pyproject, requirements
from dagship.lock.own import read as own
from dagship.lock.own.lines import Own
from dagship.lock.requirements import LIMIT, Source
from dagship.settings import Settings
from dagship.untrusted import boundary, files, toml_text

KNOWN = ("requirements.txt", "uv.lock", "poetry.lock", "pylock.toml", "pyproject.toml")
"""Files that repositories have; the first that is there is the one to name."""

OF_TOOLS = (".toml", ".lock")
"""How the names of files end that other tools write or read."""

_WITH_PROJECT = ("uv.lock", "poetry.lock")
# Where MWAA, Composer and the official image have the directory of DAGs: files there name one another by that.
_DAGS = ("/usr/local/airflow/dags/", "/home/airflow/gcs/dags/", "/opt/airflow/dags/")


def read(  # noqa: PLR0917 - a file, and what it is read with
    settings: Settings,
    root: Path,
    path: Path,
    where: str,
    there: Mapping[str, str],
    archives: own.Archives = own.none,
) -> Source:
    """Reads a source of requirements.

    Args:
        settings: Names the indexes, which a file may name too, and the groups and extras that are asked for.
        root: The project.
        path: The file.
        where: How it is shown.
        there: What markers are tested against.
        archives: Reads packages of the project.

    Raises:
        OSError: It cannot be read.
        UsageError: It, or a file that it names, is not what it should be.

    """

    def with_own(source: Source, below: Path) -> Source:
        every = (own.found(root, below, one, at, there, archives) for at, one in source.named.items())
        return replace(source, own=_once(one for one in every if one is not None))

    if path.name in _WITH_PROJECT:
        beside, shown = path.with_name("pyproject.toml"), where.removesuffix(path.name) + "pyproject.toml"
        found = foreign_locks.preferred(
            toml_text.document(toml_text.text(path, where, limit=LIMIT), where), path.name, where, there
        )
        if not beside.exists():
            raise UsageError(
                f"There is no {shown} beside {where}, and the lock does not say what it was asked for.",
                "Put both into the project.",
            )
        boundary.check_link(root, beside)
        return replace(
            with_own(_of_project(settings, beside, shown), beside.parent),
            where=where,
            preferences={one.name: one.version for one in found if one.version and not one.source},
        )
    if path.name == "pyproject.toml":
        return with_own(_of_project(settings, path, where), path.parent)
    if path.name.startswith("pylock.") and path.suffix == ".toml":
        document = toml_text.document(toml_text.text(path, where, limit=LIMIT), where)
        return foreign_locks.as_source(
            foreign_locks.preferred(document, path.name, where, there, settings.groups), where
        )
    if path.suffix in OF_TOOLS:
        raise UsageError(
            f"{where} is no source of requirements that is known.",
            "Those are a .in, a requirements.txt, pyproject.toml, uv.lock, poetry.lock and pylock.toml.",
        )
    return with_own(_of_lines(settings, root, path, where), root)


def _once(packages: Iterable[Own]) -> tuple[Own, ...]:
    """Each package once, with all extras that are asked for anywhere."""
    found: dict[str, Own] = {}
    for one in packages:
        first = found.get(one.path, one)
        found[one.path] = replace(first, extras=tuple(dict.fromkeys((*first.extras, *one.extras))))
    return tuple(found.values())


def _of_project(settings: Settings, path: Path, where: str) -> Source:
    text = toml_text.text(path, where, limit=LIMIT)
    chosen = pyproject.Chosen(groups=settings.groups, extras=settings.optional_dependencies)
    return pyproject.source(toml_text.document(text, where), text, where, chosen, _known(settings))


def _of_lines(settings: Settings, root: Path, path: Path, where: str) -> Source:
    text = requirements.read(path, where)
    shown = {where: path}
    left = LIMIT - len(text)

    def named(name: str, by: str, at: str) -> tuple[str, str]:
        nonlocal left
        elsewhere = next((directory for directory in _DAGS if name.startswith(directory)), "")
        other = root / settings.dags / name.removeprefix(elsewhere) if elsewhere else shown[by].parent / name
        if boundary.leads_out(root, other):
            raise UsageError(
                f"{at}: {requirements.quoted(name)} lies out of the project, and nothing is read there.",
                "Put the file into the project, and name it relative to this one.",
            )
        inside = other.resolve().relative_to(root.resolve()).as_posix()
        try:
            content = requirements.read(other, inside)
        except FileNotFoundError as missing:
            raise UsageError(
                f"{at}: there is no file {inside}.", "The name is relative to the file that it stands in."
            ) from missing
        except OSError as failed:
            raise UsageError(f"{at}: {inside} cannot be read: {failed.strerror}.") from failed
        left -= len(content)
        if left < 0:
            raise UsageError(f"{at}: the files are too large together (more than {LIMIT} bytes).")
        shown[inside] = other
        return inside, content

    return pip_lines.plain(text, where, named, _known(settings))


def _known(settings: Settings) -> frozenset[str]:
    """What settings name of indexes, without credentials: a line that names the same says nothing new."""
    urls = [*settings.extra_index_urls, *([settings.index_url] if settings.index_url else [])]
    named = [url.get_secret_value() for url in urls]
    if settings.pip_conf is not None:
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(files.read(settings.pip_conf).decode("utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error):
            parser.clear()  # told where it is used
        named += [word for section in parser.values() for value in section.values() for word in value.split()]
    return frozenset(pip_lines.without_credentials(each) for each in named)
