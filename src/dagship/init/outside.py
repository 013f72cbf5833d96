"""Says which code outside of the directory of DAGs takes part, and as what. Pure."""

from collections.abc import Iterator

from dagship.init import imports
from dagship.init.model import Left, Listing, Seen, Setting

_HOW = "docs/how-to/plugins-and-configuration.md"
_POLICIES = ("airflow_local_settings.py", "log_config.py", "webserver_config.py")


def carried(listing: Listing, dags: str) -> Seen:
    """Returns what DAGs import, Airflow's plugins and its configuration, at the top and beside the DAGs."""
    return _include(listing, dags) + _plugins(listing, dags) + _config(listing, dags)


def _include(listing: Listing, dags: str) -> Seen:
    names = imports.outside(listing, dags)
    why = "What DAGs import from outside of their directory; a part of their version"
    settings = (Setting(name="include", value=names, why=why),) if names else ()
    read = any(path.startswith("include/") and "/." not in path for path in listing.paths)
    left = Left(
        where="include/", what="no DAG imports it",
        instead='Where DAGs read files of it, write include = ["include"]'
        " (docs/how-to/code-outside-the-dag-directory.md).",
    )  # fmt: skip
    return Seen(settings=settings, left=(left,) if read and dags != "." and "include" not in names else ())


def _plugins(listing: Listing, dags: str) -> Seen:
    places = [place for place in _near("plugins", dags) if any(map(_is_plugin, _below(place, listing)))]
    if not places:
        return Seen()
    first, *others = places
    left = (Left(where=f"{other}/", what="further plugins", instead=f"Move them to {first}/.") for other in others)
    why = "Airflow's plugins: one for all runs, of any version of the DAGs"
    return Seen(settings=(Setting(name="plugins", value=first, why=why),), left=tuple(left))


def _config(listing: Listing, dags: str) -> Seen:
    for place in _near("config", dags):
        names = set(_below(place, listing))
        if "airflow.cfg" in names:
            left = Left(
                where=f"{place}/airflow.cfg", what="Airflow's configuration, which may hold passwords",
                instead=f'Say it where Airflow runs; or write config = "{place}", where it holds none ({_HOW}).',
            )  # fmt: skip
            return Seen(left=(left,))
        if names & set(_POLICIES):
            why = "Airflow's local settings: one for all runs, of any version of the DAGs"
            return Seen(settings=(Setting(name="config", value=place, why=why),))
    return Seen()


def _near(name: str, dags: str) -> Iterator[str]:
    yield name
    if "/" in dags:
        yield f"{dags.rpartition('/')[0]}/{name}"


def _below(place: str, listing: Listing) -> Iterator[str]:
    return (path.removeprefix(f"{place}/") for path in listing.paths if path.startswith(f"{place}/"))


def _is_plugin(path: str) -> bool:
    """Whether a file is more than what a template brings."""
    return path.endswith(".py") and path.rpartition("/")[2] != "__init__.py"
