"""The settings, and what each of them may say.

Read once by `settings_sources`, and passed down.
"""

import json
import os
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from dagship.model import access
from dagship.model.descriptions import DESCRIPTIONS
from dagship.model.reference import Reference

PREFIX = "DAGSHIP_"
# Where machines behind a proxy say whom to trust; pip's own first.
_AUTHORITIES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")

Names = Annotated[tuple[str, ...], NoDecode]


def _field(name: str) -> Any:  # noqa: ANN401 - a default of each type
    described = DESCRIPTIONS[name]
    return Field(described.default, description=described.text)


class Settings(BaseSettings):
    """Every setting of dagship. A list is a TOML array, or one text with commas in flags and environment."""

    repository: str = _field("repository")
    dags: Path = _field("dags")
    include: Annotated[tuple[Path, ...], NoDecode] = _field("include")
    prepare: Annotated[tuple[tuple[str, ...], ...], NoDecode] = _field("prepare")
    prepare_network: bool = _field("prepare_network")
    prepare_timeout: PositiveFloat = _field("prepare_timeout")
    plugins: Path | None = _field("plugins")
    config: Path | None = _field("config")
    requirements: Path = _field("requirements")
    groups: Names = _field("groups")
    optional_dependencies: Names = _field("optional_dependencies")
    never_move: bool = _field("never_move")
    base: str = _field("base")
    airflow: str = _field("airflow")
    extras: Names = _field("extras")
    constraints: Path | None = _field("constraints")
    system_packages: Names = _field("system_packages")
    build_packages: Names = _field("build_packages")
    ignore: Names = _field("ignore")
    keep_versions: PositiveInt = _field("keep_versions")
    previous: str = _field("previous")
    view_url_template: str = _field("view_url_template")
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
    served_timeout: PositiveFloat = _field("served_timeout")
    smoke: Names = _field("smoke")
    keep_images: NonNegativeInt = _field("keep_images")
    places: Names = _field("places")
    airflow_url: str = _field("airflow_url")
    airflow_token: SecretStr | None = _field("airflow_token")
    release: str = _field("release")
    values: Annotated[tuple[Path, ...], NoDecode] = _field("values")

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

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

    @field_validator("prepare", mode="before")
    @classmethod
    def _as_json(cls, value: Any) -> Any:  # noqa: ANN401 - as above; a variable gives it as JSON
        found = json.loads(value) if isinstance(value, str) and value.startswith("[") else value or ()
        for command in found if isinstance(found, (list, tuple)) else (found,):
            if not isinstance(command, (list, tuple)):
                raise ValueError(  # noqa: TRY004 - what pydantic takes for a wrong value
                    f"{command!r} is no command: that is a list of words in the list of commands, as "
                    '[["dbt", "parse"]], and no shell reads it'
                )
        return found

    @field_validator("prepare")
    @classmethod
    def _commands(cls, value: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        if not all(command and command[0] for command in value):
            raise ValueError("a command has no program")
        if any(re.search("[\0\ud800-\udfff]", word) for command in value for word in command):
            raise ValueError("a word of a command holds what no program can be given")
        return value

    @field_validator("repository")
    @classmethod
    def _repository(cls, value: str) -> str:
        return str(Reference.repository(value))

    @field_validator("base", "previous")
    @classmethod
    def _reference(cls, value: str) -> str:
        return str(Reference.parse(value)) if value else ""

    @field_validator("view_url_template")
    @classmethod
    def _page(cls, value: str) -> str:
        # Airflow formats it with Python's str.format, and shows what comes of it as a link. No user before the host:
        # what stands there may be a password.
        return _matching(
            value, r"(https?://[A-Za-z0-9.:\[\]-]+/[\w.~:/?#\[\]@!&()*+,;=%-]*\{version\}[\w.~:/?#@!&()*+,;=%-]*)?",
            "an address with {version} in it, as https://github.com/acme/dags/tree/dags-{version}",
        )  # fmt: skip

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

    @field_validator("smoke")
    @classmethod
    def _dag_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # As Airflow has it (airflow.utils.helpers.validate_key): letters of any language, and 250 of them.
        for dag_id in value:
            if re.fullmatch(r"[\w.-]{1,250}", dag_id) is None:
                raise ValueError(f"{dag_id!r} is not the id of a DAG")
        return tuple(dict.fromkeys(value))

    @field_validator("airflow_url")
    @classmethod
    def _url(cls, value: str) -> str:
        return access.checked_url(value) if value else ""

    @field_validator("airflow_token", mode="before")
    @classmethod
    def _token(cls, value: Any) -> Any:  # noqa: ANN401 - as above; CI sets what it has no secret for to nothing
        return access.checked_token(value) if isinstance(value, str) and value else value or None

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


def _matching(value: str, pattern: str, what: str) -> str:
    """Returns `value` if the whole of it matches: such values end up in a Dockerfile or an argument list."""
    if re.fullmatch(pattern, value, re.ASCII) is None:
        raise ValueError(f"{value!r} is not {what}")
    return value
