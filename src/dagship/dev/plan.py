"""Plans a local Airflow: which directories of the project it sees and where, as whom it runs, what it is told."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dagship.dev.environment import (
    DAGS_FOLDER,
    DATA,
    HOME,
    VERSION,
    VOLUME,
    Keys,
    environment,
    is_airflow_2,
    password_file,
)
from dagship.engine.images import ImageFacts
from dagship.engine.serving import Service
from dagship.errors import UsageError
from dagship.inside.versions.layout import DAGS

_PORTS = 65535
_READABLE = 0o005
# It has no DAG files, and is in every directory of modules.
_BYTECODE = "__pycache__"


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What the project has, as settings name it; absolute paths.

    Attributes:
        root: The project.
        dags: The DAG directory.
        owner: The user id that it belongs to.
        mode: Its permission bits.
        link: Another name of it, by which DAGs import from it; or empty.
        closed: Directories in it that no image gets.
        beside: What is included: name to place.
        modules: The names in `beside` that are single modules.
        plugins: The directory of plugins, or None.
        config: The directory of configuration, or None.
        has_airflow_cfg: Whether `airflow.cfg` is in that.

    """

    root: Path
    dags: Path
    owner: int
    mode: int
    link: str
    closed: tuple[str, ...]
    beside: Mapping[str, Path]
    modules: frozenset[str]
    plugins: Path | None
    config: Path | None
    has_airflow_cfg: bool


def plan(
    sources: Sources,
    image: ImageFacts,
    *,
    airflow: str,
    port: int,
    keep: bool,
    keys: Keys,
    variables: Mapping[str, str],
) -> Service:
    """Returns the container of a local Airflow.

    Args:
        sources: The project.
        image: The image.
        airflow: The version of Airflow in it.
        port: Where it answers.
        keep: Whether its data are kept.
        keys: Its keys.
        variables: The user's own, from the env file.

    Raises:
        UsageError: Airflow could not read the DAG directory.

    """
    modules = {name: place for name, place in sources.beside.items() if name in sources.modules}
    # Of a single file the container would keep the one that was there, and editors put a new one in its place.
    of_modules = {f"{VERSION}/.of-{name}": place.parent for name, place in modules.items()}
    home = {f"{HOME}/plugins": sources.plugins, f"{HOME}/config": sources.config}
    return Service(
        image=image.id,
        platform=image.platform,
        user=_user(sources, image.user),
        command=("airflow", "standalone"),
        environment={**environment(airflow, port, keys, variables), **_of_home(sources)},
        port=port,
        shown={
            DAGS_FOLDER: sources.dags,
            **{f"{VERSION}/{name}": place for name, place in sources.beside.items() if name not in modules},
            **of_modules,
            **{path: place for path, place in home.items() if place is not None},
        },
        hidden=tuple(f"{DAGS_FOLDER}/{name}" for name in sources.closed if PurePosixPath(name).name != _BYTECODE),
        links={
            **({f"{VERSION}/{sources.link}": DAGS} if sources.link else {}),
            **{f"{VERSION}/{name}": f".of-{name}/{place.name}" for name, place in modules.items()},
            # Airflow 2 looks for its password there and nowhere else.
            **({f"{HOME}/standalone_admin_password.txt": password_file(airflow)} if is_airflow_2(airflow) else {}),
        },
        data=VOLUME,
        writable=DATA,
        volume=volume(sources.root, airflow) if keep else "",
    )


def _user(sources: Sources, image_user: str) -> str:
    """The owner of the DAG directory, who can read what is in it; in place of root, the image's own user."""
    if sources.owner:
        return f"{sources.owner}:0"
    if sources.mode & _READABLE != _READABLE:
        raise UsageError(
            f"Only root may read the DAG directory {sources.dags}, and Airflow does not run as root.",
            f"chmod -R o+rX {sources.dags}, or give it to the user who works on it.",
        )
    return image_user


def _of_home(sources: Sources) -> dict[str, str]:
    """What else Airflow is told of plugins and configuration, which the image may not have had when it was built."""
    found = {"AIRFLOW__CORE__PLUGINS_FOLDER": f"{HOME}/plugins"} if sources.plugins is not None else {}
    if sources.config is not None:
        directory = f"{HOME}/config" if sources.has_airflow_cfg else HOME
        found["AIRFLOW_CONFIG"] = f"{directory}/airflow.cfg"
    return found


def volume(root: Path, airflow: str) -> str:
    """Returns the name of the volume with a project's data: one for each version of Airflow, whose tables differ."""
    name = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-") or "project"
    return f"dagship-dev-{name}-{hashlib.sha256(str(root).encode()).hexdigest()[:8]}-{airflow}"


def port_of(text: str) -> int | None:
    """Reads `--port`; None where it is not given.

    Raises:
        UsageError: It is none.

    """
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) <= _PORTS:
        raise UsageError(f"--port={text[:40]}: that is no port.", "Write --port=8080; without it a free one is taken.")
    return int(text)
