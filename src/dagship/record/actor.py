"""The user and the CI job that run this process, for the record and for the one who waits.

It reads the environment, the machine and the clock, so that what is written down can be decided without them.
"""

import getpass
import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime

from dagship.record.model import Signature

# By CI system: who started the job, and the parts of the job's address.
_SYSTEMS = (
    ("GITHUB_ACTIONS", "GITHUB_ACTOR", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"),
    ("GITLAB_CI", "GITLAB_USER_LOGIN", "{CI_JOB_URL}"),
    ("BUILDKITE", "BUILDKITE_BUILD_CREATOR", "{BUILDKITE_BUILD_URL}"),
    ("CIRCLECI", "CIRCLE_USERNAME", "{CIRCLE_BUILD_URL}"),
    ("JENKINS_URL", "BUILD_USER_ID", "{BUILD_URL}"),
)
_LIMIT = 300


def signature(environ: Mapping[str, str] = os.environ) -> Signature:
    """Returns who does what happens now."""
    return Signature(who(environ), job(environ), datetime.now(UTC).isoformat(timespec="seconds"))


def who(environ: Mapping[str, str] = os.environ) -> str:
    """Returns the CI's user, else `user@host`."""
    for system, user, _ in _SYSTEMS:
        if system in environ and environ.get(user):
            return environ[user][:_LIMIT]
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a uid without an entry, as containers have
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"[:_LIMIT]


def job(environ: Mapping[str, str] = os.environ) -> str:
    """Returns the address of the CI job, empty outside of CI."""
    for system, _, address in _SYSTEMS:
        if system in environ:
            try:
                return address.format_map(environ)[:_LIMIT]
            except KeyError:
                return system.lower()
    return ""
