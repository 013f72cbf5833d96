"""Settings: flags > environment (`DAGSHIP_*`) > `dagship.toml` or `[tool.dagship]` in pyproject.toml > defaults.

Read here, once, and passed down; nothing else looks at the environment or the working directory for them.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from dagship.errors import DagshipError, UsageError
from dagship.model.descriptions import DESCRIPTIONS
from dagship.model.reference import Reference
from dagship.untrusted import boundary, files

_PREFIX = "DAGSHIP_"
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

# Where machines behind a proxy say whom to trust; pip's own first.
# buildx takes keys in any case, with spaces around them, and the whole of a field in quotes.
_CACHE_PATH = re.compile(r"""(?:^|[,\s"])(?:src|dest)\s*=\s*([^,"]*)""", re.IGNORECASE)
_AUTHORITIES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")

Names = Annotated[tuple[str, ...], NoDecode]


def _field(name: str) -> Any:  # noqa: ANN401 - a default of each type
    described = DESCRIPTIONS[name]
    return Field(described.default, description=described.text)


class Settings(BaseSettings):
    """Every setting of dagship. A list is a TOML array, or one text with commas in flags and environment."""

    repository: str = _field("repository")
    dags: Path = _field("dags")
    requirements: Path = _field("requirements")
    groups: Names = _field("groups")
    optional_dependencies: Names = _field("optional_dependencies")
    base: str = _field("base")
    airflow: str = _field("airflow")
    extras: Names = _field("extras")
    constraints: Path | None = _field("constraints")
    system_packages: Names = _field("system_packages")
    build_packages: Names = _field("build_packages")
    ignore: Names = _field("ignore")
    keep_versions: PositiveInt = _field("keep_versions")
    previous: str = _field("previous")
    max_file_size: PositiveInt = _field("max_file_size")
    platform: Names = _field("platform")
    builder: str = _field("builder")
    cache_from: Names = _field("cache_from")
    cache_to: Names = _field("cache_to")
    pip_conf: Path | None = _field("pip_conf")
    ca_cert: Path | None = _field("ca_cert")
    index_url: SecretStr | None = _field("index_url")
    extra_index_urls: Annotated[tuple[SecretStr, ...], NoDecode] = _field("extra_index_urls")
    source_packages: Names = _field("source_packages")
    import_timeout: PositiveFloat = _field("import_timeout")
    parse_budget: PositiveFloat = _field("parse_budget")
    container_timeout: PositiveFloat = _field("container_timeout")
    container_memory: NonNegativeInt = _field("container_memory")
    strict: bool = _field("strict")
    baseline: Path = _field("baseline")
    env_file: Path | None = _field("env_file")

    namespace: str = _field("namespace")
    context: str = _field("context")
    selector: str = _field("selector")
    workloads: Names = _field("workloads")
    from_image: str = _field("from_image")
    rollout_timeout: PositiveFloat = _field("rollout_timeout")
    keep_images: NonNegativeInt = _field("keep_images")
    places: Names = _field("places")
    release: str = _field("release")
    values: Annotated[tuple[Path, ...], NoDecode] = _field("values")

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="forbid", frozen=True)

    @property
    def authorities(self) -> Path | None:
        """The file of authorities to trust in builds: `ca_cert`, else what this machine's own tools are told."""
        there = (Path(os.environ[name]) for name in _AUTHORITIES if os.environ.get(name))
        return self.ca_cert or next((path for path in there if path.is_file()), None)

    def secret_files(self) -> tuple[Path, ...]:
        """Returns the files that settings name and no image may hold."""
        return tuple(path for path in (self.env_file, self.pip_conf, self.ca_cert) if path is not None)

    @field_validator("cache_from", "cache_to")
    @classmethod
    def _no_secrets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if re.search(r"(secret|token|password)[a-z_-]*=", entry, re.IGNORECASE):
                raise ValueError("it holds a secret, and would be in an argument list; give that in the environment")
        return value

    @field_validator(*(name for name, described in DESCRIPTIONS.items() if described.commas), mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 - whatever a source gave
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("cache_from", "cache_to", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:  # noqa: ANN401 - as above; its commas are BuildKit's
        return ((value,) if value else ()) if isinstance(value, str) else value

    @field_validator("repository")
    @classmethod
    def _repository(cls, value: str) -> str:
        return str(Reference.repository(value))

    @field_validator("base", "previous")
    @classmethod
    def _reference(cls, value: str) -> str:
        return str(Reference.parse(value)) if value else ""

    @field_validator("from_image")
    @classmethod
    def _another_repository(cls, value: str) -> str:
        # A tag or digest is allowed: the image is copied from what runs.
        return Reference.parse(value).name if value else ""

    @field_validator("namespace")
    @classmethod
    def _namespace(cls, value: str) -> str:
        # RFC 1123 label.
        return _matching(value, r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?", "a namespace")

    @field_validator("places")
    @classmethod
    def _places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # A context may hold slashes itself.
        return tuple(
            _matching(place, r"([^\x00-\x20]+/)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "CONTEXT/NAMESPACE")
            for place in value
        )

    @field_validator("release")
    @classmethod
    def _of_helm(cls, value: str) -> str:
        # Helm allows 53 characters; dots would not do as the names of Services.
        return _matching(value, r"[a-z]([a-z0-9-]{0,51}[a-z0-9])?", "a name for a release, as airflow")

    @field_validator("workloads")
    @classmethod
    def _workloads(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # The kinds of workloads/kinds.py, which stands above the settings.
        return tuple(
            _matching(
                name.lower(), r"(statefulset|deployment|cronjob)/[a-z0-9]([a-z0-9.-]*[a-z0-9])?",
                "a workload, as statefulset/worker",
            )
            for name in value
        )  # fmt: skip

    @field_validator("airflow")
    @classmethod
    def _release(cls, value: str) -> str:
        return _matching(value, r"\d{1,4}\.\d{1,4}\.\d{1,4}((a|b|rc)\d{1,4})?", "a version of Airflow, as 3.3.2")

    @field_validator("extras")
    @classmethod
    def _extras(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_matching(name, r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", "an extra of Airflow") for name in value)

    @field_validator("groups", "optional_dependencies")
    @classmethod
    def _of_project(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_matching(name, r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", "a name") for name in value)

    @field_validator("system_packages", "build_packages")
    @classmethod
    def _debian_packages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # Debian Policy 5.6.1, with an optional exact version.
        return tuple(
            _matching(name, r"[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?", "a Debian package") for name in value
        )

    @field_validator("source_packages")
    @classmethod
    def _python_packages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            _matching(name, r":all:|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", "a Python package") for name in value
        )

    @field_validator("platform")
    @classmethod
    def _platforms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_matching(name, r"[a-z0-9]+/[a-z0-9_]+(/v\d+)?", "a platform, as linux/amd64") for name in value)

    @field_validator("builder")
    @classmethod
    def _builder(cls, value: str) -> str:
        return _matching(value, r"([A-Za-z0-9][A-Za-z0-9._-]*)?", "the name of a buildx builder")


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
    return settings


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
    for name in Settings.model_fields:
        value = getattr(settings, name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Path):
                yield name, each
    for name in ("cache_from", "cache_to"):
        for entry in getattr(settings, name):
            yield from ((name, Path(path)) for path in _CACHE_PATH.findall(entry))


def _variable(name: str) -> str:
    return _PREFIX + name.upper()


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
        if not variable.startswith(_PREFIX) or variable.startswith(_NOT_SETTINGS):
            continue
        if _OF_A_SERVICE.fullmatch(f"{variable}={value}"):
            continue
        name = variable.removeprefix(_PREFIX).lower()
        if name not in Settings.model_fields:
            raise UsageError(
                f"The environment variable {variable} is not a setting of dagship.", _nearest(name, _PREFIX, str.upper)
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


def _matching(value: str, pattern: str, what: str) -> str:
    """Returns `value` if the whole of it matches: such values end up in a Dockerfile or an argument list."""
    if re.fullmatch(pattern, value, re.ASCII) is None:
        raise ValueError(f"{value!r} is not {what}")
    return value
