"""Reads the settings: flags > environment (`DAGSHIP_*`) > `dagship.toml` or pyproject.toml > defaults.

Nothing else looks at the environment or the working directory for them.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from dagship.errors import DagshipError, UsageError
from dagship.settings import PREFIX, Settings
from dagship.untrusted import boundary, files

# Variables of this project that are no settings of the tool: of its tests, of its git sync, and of what an image runs.
_NOT_SETTINGS = ("DAGSHIP_TEST_", "DAGSHIP_SYNC_", "DAGSHIP_DAG_VERSION", "DAGSHIP_CHILD_OF")
# What Kubernetes sets in every pod beside a Service whose name begins with `dagship`: variable and value.
_OF_A_SERVICE = re.compile(
    r"\w+_SERVICE_HOST=[0-9a-fA-F.:]*"
    r"|\w+_SERVICE_PORT(_\w+)?=\d*"
    r"|\w+_PORT(_\d+_(TCP|UDP|SCTP))?=((tcp|udp|sctp)://\S*)?"
    r"|\w+_PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)=\S*",
    re.ASCII,
)
# buildx takes keys in any case, with spaces around them, and the whole of a field in quotes.
_CACHE_PATH = re.compile(r"""(?:^|[,\s"])(?:src|dest)\s*=\s*([^,"]*)""", re.IGNORECASE)


def load(root: Path, flags: Mapping[str, object]) -> Settings:
    """Reads the settings of the project in `root`.

    Args:
        root: Directory that may hold `dagship.toml` or `pyproject.toml`.
        flags: What the command line gave; None and empty strings count as not given.

    Raises:
        UsageError: A setting is unknown or has a wrong value, or a file cannot be read.

    """
    _check_environment(os.environ)

    class Located(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, _file_source(settings_cls, root)

    given = {name: value for name, value in flags.items() if value is not None and value not in ("", False)}
    try:
        settings = Located(**given)  # type: ignore[arg-type]
    except ValidationError as wrong:
        raise UsageError(*_explain(wrong)) from wrong
    except OSError as unreadable:
        raise UsageError(f"{unreadable.filename} cannot be read: {unreadable.strerror}.") from unreadable
    except RecursionError as deep:
        raise UsageError(f"The settings in {root} cannot be read: brackets are nested too deep in them.") from deep
    except (SettingsError, ValueError) as unreadable:
        if isinstance(unreadable, DagshipError):
            raise
        raise UsageError(f"The settings in {root} cannot be read: {unreadable}.") from unreadable
    of_caller = {*given, *(name for name in Settings.model_fields if _variable(name) in os.environ)}
    _check_paths(settings, root, trusted=of_caller)
    _check_access(settings, of_caller)
    return settings


# What is read of these has its own sentence for what lies outside: nobody may name that.
_NEVER_OUTSIDE = frozenset({"include", "plugins", "config"})


def _check_paths(settings: Settings, root: Path, *, trusted: AbstractSet[str]) -> None:
    """Refuses paths out of the project, but for those of the command line and the environment, written as such."""
    for name, path in _paths(settings):
        boundary.check_link(root, path)
        if name not in trusted and boundary.leads_out(root, path):
            raise UsageError(
                f"The project's settings have {name} lead out of the project, to {path}.",
                f"Only who calls dagship may name such a file: set {_variable(name)}, or take one in the project.",
            )


# Who may change a file of the project may neither leave a secret there nor say where one is sent.
_OF_CALLER = ("airflow_url", "airflow_token")


def _check_access(settings: Settings, of_caller: AbstractSet[str]) -> None:
    """Refuses an address of Airflow, or a token for it, from a file; and a token for no address."""
    for name in _OF_CALLER:
        if getattr(settings, name) and name not in of_caller:
            raise UsageError(
                f"{name} stands in a file of the project, and is taken from the environment alone.",
                f"Take it out there, and set {_variable(name)}."
                + (
                    " The token was readable for all who have the file: get another." if name == "airflow_token" else ""
                ),
            )
    if settings.airflow_token and not settings.airflow_url:
        raise UsageError(
            "There is a token for Airflow (airflow_token), and no address of it.",
            f"Set {_variable('airflow_url')}, as https://airflow.example.com; or leave the token out.",
        )


def _paths(settings: Settings) -> Iterator[tuple[str, Path]]:
    for name in (each for each in Settings.model_fields if each not in _NEVER_OUTSIDE):
        value = getattr(settings, name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Path):
                yield name, each
    for name in ("cache_from", "cache_to"):
        for entry in getattr(settings, name):
            yield from ((name, Path(path)) for path in _CACHE_PATH.findall(entry))


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _file_source(settings_cls: type[BaseSettings], root: Path) -> PydanticBaseSettingsSource:
    own = root / "dagship.toml"
    for path in (own, root / "pyproject.toml"):
        with suppress(FileNotFoundError):  # what is read below reads it whole, whatever it is
            files.read(path)
    if own.is_file():
        return TomlConfigSettingsSource(settings_cls, own)

    pyproject = root / "pyproject.toml"
    _check_tables(pyproject)

    class InPyproject(settings_cls):  # type: ignore[valid-type, misc]
        model_config = SettingsConfigDict(pyproject_toml_table_header=("tool", "dagship"))

    return PyprojectTomlConfigSettingsSource(InPyproject, pyproject)


def _check_tables(pyproject: Path) -> None:
    """Refuses a `[tool.dagship]` that is a value or a list: what reads it takes it for a table."""
    here: Any = tomllib.loads(pyproject.read_text("utf-8")) if pyproject.is_file() else {}
    for name in ("tool", "dagship"):
        here = here.get(name, {})
        if not isinstance(here, dict):
            raise UsageError(
                f"{pyproject}: {'tool' if name == 'tool' else 'tool.dagship'} is not a table.",
                'Settings stand below a line [tool.dagship], as: dags = "dags"',
            )


def _check_environment(environ: Mapping[str, str]) -> None:
    """Refuses a `DAGSHIP_…` variable that is no setting: a typing error must not pass for a default."""
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable.startswith(_NOT_SETTINGS):
            continue
        if _OF_A_SERVICE.fullmatch(f"{variable}={value}"):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in Settings.model_fields:
            raise UsageError(
                f"The environment variable {variable} is not a setting of dagship.", _nearest(name, PREFIX, str.upper)
            )


def _nearest(name: str, prefix: str = "", case: Any = str) -> str:  # noqa: ANN401 - a str method
    close = difflib.get_close_matches(name, Settings.model_fields, n=1)
    known = f"Did you mean {prefix}{case(close[0])}? " if close else ""
    return f"{known}docs/reference/settings.md lists every setting."


def _explain(wrong: ValidationError) -> tuple[str, str]:
    """One sentence for the first thing that is wrong, and what to do."""
    first = wrong.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{name!r} is not a setting of dagship.", _nearest(name)
    said = first["msg"].removeprefix("Value error, ").removesuffix(" for <class 'pathlib.Path'>")
    return f"The setting {name!r} is wrong: {said}.", (
        f"{name}: {Settings.model_fields[name].description}." if name in Settings.model_fields else ""
    )
