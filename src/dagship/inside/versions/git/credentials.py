"""How git is told who it is: files of a mounted Secret, never an argument, an address or a line of the log."""

import os
import shlex
from collections.abc import Mapping

from ..settings import Settings

_CONNECT_SECONDS = 15

# Answers for the one host that the Secret is for: a redirect elsewhere learns nothing.
_ASKPASS = """#!/bin/sh
where=${{1#*://}}
where=${{where%%\\'*}}
[ "${{where##*@}}" = {host} ] || exit 1
case $1 in
    Username*) {username} ;;
    *) cat -- {password} ;;
esac
"""


def prepare(settings: Settings, scratch: str) -> Mapping[str, str]:
    """Writes what git needs into `scratch`, anew each time: a Secret may have changed.

    Returns:
        Environment of git.

    """
    environment = {"GIT_SSH_COMMAND": shlex.join(_ssh(settings, scratch))}
    password = _of(settings, "password")
    if password:
        username = _of(settings, "username")
        script = _ASKPASS.format(
            host=shlex.quote(settings.host),
            username=f"cat -- {shlex.quote(username)}" if username else "echo git",  # what hosts take with a token
            password=shlex.quote(password),
        )
        environment["GIT_ASKPASS"] = _write(scratch, "askpass", script.encode(), 0o700)
    else:
        environment["GIT_ASKPASS"] = "true"  # an empty answer, instead of a question to a terminal
    return environment


def accepts_new_hosts(settings: Settings) -> bool:
    """Whether an SSH host is believed at first sight, because the Secret does not say which key it has."""
    by_ssh = settings.url.startswith("ssh://") or ("://" not in settings.url and bool(settings.host))
    return by_ssh and not _of(settings, "known_hosts")


def masked(settings: Settings, text: str) -> str:
    """Returns a text without the password, should a server repeat it."""
    path = _of(settings, "password")
    if path:
        with open(path, encoding="utf-8", errors="replace") as file:
            password = file.read().strip()
        if password:
            return text.replace(password, "***")
    return text


def _ssh(settings: Settings, scratch: str) -> list[str]:
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": str(_CONNECT_SECONDS),
        "ServerAliveInterval": "15",
        "StrictHostKeyChecking": "accept-new",
        "UserKnownHostsFile": os.path.join(scratch, "known_hosts"),
        "GlobalKnownHostsFile": "/dev/null",
    }
    known_hosts, key = _of(settings, "known_hosts"), _of(settings, "ssh-privatekey")
    if known_hosts:
        options["StrictHostKeyChecking"] = "yes"
        options["UserKnownHostsFile"] = _copy(known_hosts, scratch, "known_hosts")
    if key:
        # A copy: ssh refuses a key that its user's group may read, which a mounted one is, and one without a last line.
        options["IdentityFile"] = _copy(key, scratch, "key")
        options["IdentitiesOnly"] = "yes"
    argv = ["ssh", "-F", "/dev/null"]
    for name, value in options.items():
        argv += ["-o", f"{name}={value}"]
    return argv


def _of(settings: Settings, name: str) -> str:
    path = os.path.join(settings.credentials, name)
    return path if os.path.isfile(path) else ""


def _copy(path: str, scratch: str, name: str) -> str:
    with open(path, "rb") as file:
        return _write(scratch, name, file.read().rstrip(b"\n") + b"\n", 0o600)


def _write(scratch: str, name: str, content: bytes, mode: int) -> str:
    path = os.path.join(scratch, name)
    handle = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
    os.rename(path + ".new", path)
    return path
