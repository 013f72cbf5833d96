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

from dagship.errors import UsageError
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
    environment = _of_environment(os.environ)
    given = {name: value for name, value in flags.items() if value is not None and value not in ("", False)}
    try:
        settings = Settings.model_validate({**_of_file(root), **environment, **given})
    except ValidationError as wrong:
        raise UsageError(*_explain(wrong)) from wrong
    except OSError as unreadable:
        raise UsageError(f"{unreadable.filename} cannot be read: {unreadable.strerror}.") from unreadable
    except RecursionError as deep:
        raise UsageError(f"The settings in {root} cannot be read: brackets are nested too deep in them.") from deep
    except ValueError as unreadable:
        raise UsageError(f"The settings in {root} cannot be read: {unreadable}.") from unreadable
    _check_paths(settings, root, trusted={*given, *environment})
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


def _of_file(root: Path) -> dict[str, Any]:
    """The settings in `dagship.toml`, else those in pyproject.toml."""
    with suppress(FileNotFoundError):
        return _toml(root / "dagship.toml")
    pyproject = root / "pyproject.toml"
    table: dict[str, Any] = {}
    with suppress(FileNotFoundError):
        table = _toml(pyproject)
    for name in ("tool", "dagship"):
        below = table.get(name, {})
        if not isinstance(below, dict):
            raise UsageError(
                f"{pyproject}: {'tool' if name == 'tool' else 'tool.dagship'} is not a table.",
                'Settings stand below a line [tool.dagship], as: dags = "dags"',
            )
        table = below
    return table


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(files.read(path).decode("utf-8"))


def _of_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings in `DAGSHIP_…`; one that is no setting is refused: a typing error must not pass for a default."""
    found = {}
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
        found[name] = value
    return found


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
