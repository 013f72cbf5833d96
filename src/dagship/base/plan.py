"""Decides what a base image is built from, and so what it is called."""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from dagship.base import debian
from dagship.errors import UsageError
from dagship.model.reference import Reference
from dagship.resources import resource
from dagship.settings import Settings
from dagship.untrusted import files

REPOSITORY = "dagship/airflow-base"
_HASH_DIGITS = 12

# What a deployment on Kubernetes with either executor, Postgres and the usual metrics needs.
_EXTRAS = ("celery", "cncf-kubernetes", "fab", "postgres", "redis", "statsd")
_EXTRAS_SINCE_3 = ("git", "standard")

FILES = ("Dockerfile", "entrypoint", "clean-logs")
# What decides on packages; what else runs there only gets at them.
INSIDE = ("base/main.py", "tools/tools.txt")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that is known before anything is made.

    Attributes:
        airflow: Version of Airflow.
        extras: Its extras, in their one spelling, sorted.
        extras_are_asked_for: Whether the user named them; otherwise one that this release lacks is left out.
        constraints: Text of the constraints file, empty for the packages of the release's day.
        platform: `os/architecture`.

    """

    airflow: str
    extras: tuple[str, ...]
    extras_are_asked_for: bool
    constraints: str
    platform: str

    @property
    def reference(self) -> Reference:
        """Repository and tag."""
        return Reference.repository(REPOSITORY).tagged(f"{self.airflow}-{self.content[:_HASH_DIGITS]}")

    @cached_property
    def content(self) -> str:
        """SHA-256 of all that goes in, hex.

        Where the packages come from is not in it: an index serves the same file under the same name, and its address
        may hold a password.
        """
        goes_in = {
            "plan": [self.airflow, self.extras, self.extras_are_asked_for, self.constraints, self.platform],
            "root file system": debian.key(),
            "files": [resource(f"images/base/{name}").read_text("utf-8") for name in FILES],
            "inside": [resource(f"inside/{name}").read_text("utf-8") for name in INSIDE],
        }
        return hashlib.sha256(json.dumps(goes_in, sort_keys=True).encode()).hexdigest()


def plan_base(settings: Settings, root: Path) -> Plan:
    """Decides what is built.

    Args:
        settings: Version, extras, constraints, platform.
        root: Where a relative path starts.

    Raises:
        UsageError: The constraints cannot be used, or the platform is not this machine's.

    """
    platform = debian.native_platform()
    if settings.platform not in ((), (platform,)):
        raise UsageError(
            f"A base can be built for this machine's {platform} alone, not for {', '.join(settings.platform)}.",
            "Leave the setting platform out, or name an image for those platforms with the setting base.",
        )
    extras = settings.extras or default_extras(settings.airflow)
    return Plan(
        airflow=settings.airflow,
        extras=tuple(sorted({canonicalize_name(name) for name in extras})),
        extras_are_asked_for=bool(settings.extras),
        constraints=_read_constraints(root / settings.constraints) if settings.constraints else "",
        platform=platform,
    )


def default_extras(airflow: str) -> tuple[str, ...]:
    """Returns the extras for a release when the user names none."""
    return _EXTRAS + (_EXTRAS_SINCE_3 if int(airflow.partition(".")[0]) >= 3 else ())  # noqa: PLR2004 - as named


def _read_constraints(path: Path) -> str:
    """Reads a constraints file: requirements by name, and no options.

    Raises:
        UsageError: It cannot be read, or a line is something else.

    """
    try:
        text = files.read(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        reason = unreadable.strerror if isinstance(unreadable, OSError) else "it is not UTF-8 text"
        raise UsageError(f"The constraints file {path} cannot be read: {reason}.") from unreadable
    for number, line in enumerate(text.splitlines(), start=1):
        content = re.sub(r"(^|\s)#.*", "", line).strip()
        try:
            usable = not content or Requirement(content).url is None
        except InvalidRequirement:
            usable = False
        if not usable:
            # Not what follows a name: an address there may hold a password, and the file may be no such file at all.
            shown = re.match(r"[A-Za-z0-9._-]{0,40}", content)
            raise UsageError(
                f"Line {number} of the constraints file {path} is not a constraint: '{shown[0] if shown else ''}…'.",
                "Each line is a package and its version, as apache-airflow-providers-celery==3.13.0.",
            )
    return text
