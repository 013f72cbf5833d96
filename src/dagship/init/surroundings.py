"""Says what kind of repository it is, and what lies beside its DAGs. Pure."""

import re
from collections.abc import Iterator

from dagship.init import dockerfile, imports, outside
from dagship.init.airflow_version import ASTRO
from dagship.init.dag_directory import Dags
from dagship.init.model import Left, Listing, Seen, Setting
from dagship.init.steps import DEBIAN_PACKAGE

_PLACE = re.compile(r"/(?:usr/local/airflow|home/airflow/gcs|opt/airflow/dags)(?=/)")
_CONSTRAINT = re.compile(r"^\s*(-c|--constraint)\b", re.MULTILINE)
_ADDITIONAL = re.compile(r"_PIP_ADDITIONAL_REQUIREMENTS:\s*(?:\$\{\w+:-\s*\}|[\"']{2})?\s*(#.*)?$")


def kind(listing: Listing, dags: Dags) -> str:
    """Returns what kind of repository it is, as people call it."""
    texts = listing.texts
    base = dockerfile.base(dockerfile.read(texts.get("Dockerfile", "")))
    image = base.rest if base else ""
    of_mwaa = "plugins.zip" in listing.paths or "startup.sh" in listing.paths or _has_constraint(listing)
    package = _package_around(listing, dags)
    kinds = {
        "an Astro project": ASTRO.search(image) or "airflow_settings.yaml" in listing.paths,
        "the docker-compose layout of Airflow": any("airflow" in texts[path] for path in _compose(listing)),
        "a repository with an image of its own, made of apache/airflow": "apache/airflow" in image,
        "a directory for MWAA": of_mwaa,
        "a directory for Cloud Composer": any("/home/airflow/gcs/" in texts.get(path, "") for path in dags.files),
        "a repository with DAGs at its root": dags.path == ".",
        f"DAGs in the Python package {package}": package,
    }
    return next((name for name, holds in kinds.items() if holds), "a directory of DAGs")


def beside(listing: Listing, dags: Dags) -> Seen:
    """Returns what lies beside the DAGs, as far as it takes part in running them."""
    left = (*_left(listing, dags), *_of_compose(listing))
    return outside.carried(listing, dags.path) + _packages_txt(listing) + Seen(left=left)


def taken(listing: Listing, dags: Dags) -> tuple[str, ...]:
    """Returns files and directories that a COPY may name without more being said of it here."""
    known = (
        dags.path,
        "include",
        "plugins",
        "config",
        "packages.txt",
        "airflow_settings.yaml",
        *imports.outside(listing, dags.path),
    )
    return (*known, *(path for path in listing.paths if re.search(r"(^|/)(requirements|constraints)[\w.-]*$", path)))


def _left(listing: Listing, dags: Dags) -> Iterator[Left]:
    if "plugins.zip" in listing.paths:
        yield Left(
            where="plugins.zip", what="the plugins of MWAA",
            instead='Unpack it into plugins/, and write plugins = "plugins" (docs/how-to/mwaa.md).',
        )  # fmt: skip
    if "startup.sh" in listing.paths:
        yield Left(
            where="startup.sh", what="what MWAA runs when it starts",
            instead="Debian packages go into system_packages, variables to where Airflow runs.",
        )  # fmt: skip
    if "airflow_settings.yaml" in listing.paths:
        yield Left(
            where="airflow_settings.yaml", what="connections, variables and pools; the file is not read",
            instead="Make them where Airflow runs; for the test those that DAG files read at import go into the"
            " env_file (docs/how-to/variables-and-connections.md).",
        )  # fmt: skip
    yield from _places(listing, dags)
    for other in dags.others:
        yield Left(where=f"{other}/", what="a further directory of DAGs", instead="Name it as dags, or move the files.")


def _places(listing: Listing, dags: Dags) -> Iterator[Left]:
    """Places of other Airflows that DAGs name, each once: what is there elsewhere is not there in an image."""
    told = set()
    for path in dags.files:
        for number, line in enumerate(listing.texts.get(path, "").splitlines(), 1):
            found = _PLACE.search(line)
            if found and found[0] not in told:
                told.add(found[0])
                yield Left(
                    where=f"{path}:{number}", what=f"a path below {found[0]}, which is not there in the image",
                    instead="A DAG finds files of its own directory by Path(__file__).parent.",
                )  # fmt: skip


def _package_around(listing: Listing, dags: Dags) -> str:
    around = dags.path.rpartition("/")[0]
    return around if around and f"{around}/__init__.py" in listing.paths else ""


def _packages_txt(listing: Listing) -> Seen:
    """The Debian packages of an Astro project."""
    lines = [line.partition("#")[0].strip() for line in listing.texts.get("packages.txt", "").splitlines()]
    names = tuple(line for line in lines if DEBIAN_PACKAGE.fullmatch(line))
    settings = (Setting(name="system_packages", value=names, why="Debian packages (packages.txt)"),) if names else ()
    left = (
        Left(
            where=f"packages.txt:{number}", what="no name of a Debian package",
            instead="A line of system_packages is a name, or a name and an exact version: libpq5=15.7-0+deb12u1.",
        )
        for number, line in enumerate(lines, 1)
        if line and line not in names
    )  # fmt: skip
    return Seen(settings=settings, left=tuple(left))


def _of_compose(listing: Listing) -> Iterator[Left]:
    for path in _compose(listing):
        for number, line in enumerate(listing.texts[path].splitlines(), 1):
            if "_PIP_ADDITIONAL_REQUIREMENTS:" in line and not _ADDITIONAL.search(line):
                yield Left(
                    where=f"{path}:{number}", what="_PIP_ADDITIONAL_REQUIREMENTS",
                    instead="Write them into the requirements, one in a line: they are locked then, and in the image.",
                )  # fmt: skip


def _compose(listing: Listing) -> list[str]:
    return [path for path in listing.texts if re.fullmatch(r"(docker-)?compose[\w.-]*\.ya?ml", path)]


def _has_constraint(listing: Listing) -> bool:
    names = ("requirements.txt", "dags/requirements.txt")
    return any(_CONSTRAINT.search(listing.texts.get(name, "")) for name in names)
