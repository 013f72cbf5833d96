"""The Dockerfile: one template, rendered from checked values. The page of reports is the other that knows jinja2."""

import json
import re
import shlex
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING

from dagship.errors import UsageError
from dagship.model import dag_versions
from dagship.resources import resource

if TYPE_CHECKING:
    from jinja2 import Template

    from dagship.settings import Settings

_IMAGE = "Dockerfile.j2"
_THIN = "thin.j2"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The values of the template.

    Attributes:
        base: The base image, `FROM`'s argument; a parsed reference.
        python: Absolute path of the interpreter that runs Airflow in the base.
        prefix: Its `sys.prefix`.
        user: `uid[:gid]` the image runs as.
        user_base: Where that user has packages of their own, or empty.
        system_packages: Debian packages for the image; checked names.
        source_packages: Packages that may be built from source, or `:all:`.
        build_packages: Debian packages that this takes; they stay out of the image.
        with_tools: Whether the stage with the resolver and installer is there.
        with_lock: Whether the stages that resolve requirements are there.
        with_deps: Whether the stage that installs the lock is there.
        with_own: Whether the stage that builds packages of the project is there.
        moves: Whether the lock has other versions of packages of the base, whose files are taken out first.
        with_runtime: Whether the image itself is there.
        versions_layer: Whether the package `dagship_versions` has a layer of its own, and is not among the packages.
        home: Digest of the layer with plugins and configuration; empty where there is none.
        environment: Variables by which Airflow finds them.
        dag_version: Version id of the DAGs, empty without a runtime stage.
        earlier: Version ids that stay beside it, newest first.
        bundles: Airflow's list of DAG bundles, as JSON; empty where Airflow knows none.
        onto: The image that runs and that the DAG version is put on, in place of all else; or empty.
        foundation: Digest of all that goes in but the DAG versions, for what serves them.

    """

    base: str
    python: str
    prefix: str
    user: str
    user_base: str = ""
    system_packages: tuple[str, ...] = ()
    source_packages: tuple[str, ...] = ()
    build_packages: tuple[str, ...] = ()
    with_tools: bool = False
    with_lock: bool = False
    with_deps: bool = False
    with_own: bool = False
    moves: bool = False
    with_runtime: bool = False
    versions_layer: bool = False
    home: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    dag_version: str = ""
    earlier: tuple[str, ...] = ()
    bundles: str = ""
    onto: str = ""
    foundation: str = ""


def prepare() -> None:
    """Imports jinja2 and compiles the template: what waits for somebody else's answer has the time."""
    _compiled(_IMAGE)


def render(recipe: Recipe) -> str:
    """Returns the text of the Dockerfile; a value the template lacks is an error, none is left out silently.

    Raises:
        UsageError: A value that a base image gave cannot stand in a Dockerfile.

    """
    values = asdict(recipe) | {"dags_folder": dag_versions.dags_folder(recipe.dag_version)}
    return _compiled(_THIN if recipe.onto else _IMAGE).render(values)


def render_preparing(recipe: Recipe, *, network: bool, memory: int) -> str:
    """Returns the text of the Dockerfile with what runs commands on the image; the files are the stage `prepared`.

    Args:
        recipe: The image.
        network: Whether the commands have one.
        memory: Bytes that they may write.

    Raises:
        UsageError: As of `render`.

    """
    values = {"python": recipe.python, "network": network, "memory": memory}
    return render(recipe) + _compiled("prepare.j2").render(values)


@cache
def _compiled(template: str) -> "Template":
    import jinja2

    environment = jinja2.Environment(  # noqa: S701 - no HTML; values are checked types or quoted for the shell
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["quote"] = _quote
    environment.filters["word"] = _word
    environment.globals["exec_form"] = exec_form
    return environment.from_string(resource(f"images/airflow/{template}").read_text("utf-8"))


def compilers(settings: "Settings", *, own: bool = False) -> tuple[str, ...]:
    """Returns the Debian packages that building takes; none when wheels are all that is installed.

    Args:
        settings: What is built from source, and what that takes.
        own: Whether packages of the project are built: most of them need no compiler, and name none.

    """
    wanted = bool(settings.source_packages) or (own and bool(settings.build_packages))
    return ("build-essential", *settings.build_packages) if wanted else ()


def exec_form(*arguments: str) -> str:
    """Returns arguments in the JSON form of COPY and ADD, which takes blanks and needs no shell."""
    return json.dumps(list(arguments))


def _quote(text: str) -> str:
    """Quotes for a shell; a line's end would end the instruction, whatever the shell makes of it."""
    if not text.isprintable():
        raise UsageError(
            f"{text!r} cannot stand in a Dockerfile.", "It comes from the base image or the settings; mend it there."
        )
    return shlex.quote(text)


def _word(text: str) -> str:
    """Passes what is one plain word: a user's name or number."""
    if re.fullmatch(r"[\w.:@/-]+", text, re.ASCII) is None:
        raise UsageError(f"{text!r} cannot stand in a Dockerfile.", "It comes from the base image; mend it there.")
    return text
