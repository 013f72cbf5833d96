"""Reads the report of the step that installs the lock (`inside/install/main.py`): a warning or an error. Pure."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dagship.errors import DagshipError, OutsideError, Refused
from dagship.model import own_packages, uv_words

# The kinds of what is worth a warning and stops nothing.
_SHARED = "shared"
_WAY = "way"
_SAID = re.compile(r"@@INSTALL@@(\{.*\})")
_SHOWN = 8

_MISMATCH = re.compile(r"Hash mismatch for `([^`]+)==([^`]+)`")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_GONE = re.compile(r"Because (\S+) was not found in the package registry|there is no version of (\S+) and you require")
_NO_WHEEL = re.compile(
    r"Because (\S+)==(\S+) has no (?:usable wheels|wheels with)|the current Python version .* (\S+)==(\S+) depends on"
)


def listener(said: list[dict[str, Any]], say: Callable[[str], None]) -> Callable[[str], None]:
    """Returns what hears each line of the build: it shows it, or notes what the step says to dagship."""

    def hear(line: str) -> None:
        to_us = _read(line)
        if to_us is not None:
            said.append(to_us)
        else:
            say(line.partition(" ")[2])

    return hear


def _read(line: str) -> dict[str, Any] | None:
    """The report in a line; None for any other line, and for one that was cut or that something else wrote."""
    found = _SAID.search(line)
    try:
        said: dict[str, Any] | None = json.loads(found[1]) if found else None
    except (ValueError, RecursionError):
        return None
    return said if said and "kind" in said else None


def warnings(said: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns warnings, each once: files that more than one package of the lock brings, modules that give way."""
    words = {_SHARED: _shared, _WAY: _way}
    return list(dict.fromkeys(words[each["kind"]](each["files"]) for each in said if each["kind"] in words))


def _shared(files: Sequence[Sequence[str]]) -> str:
    new, other, file = files[0]
    return (
        f"{new} and {other} both bring {file}{_more(files)}, and not the same: which one the image has is "
        "chance. Leave one of the two out of the requirements if you can."
    )


def _way(files: Sequence[Sequence[str]]) -> str:
    new, other, file = files[0]
    package, module = (new, other) if file.endswith("__init__.py") else (other, new)
    return (
        f"Python will take {file.partition('/')[0].removesuffix('.py')!r} from {package}, which has that name, and not "
        f"from {module}{_more(files)}: a module beside a package gives way to it. If {module.split(' ')[0]} needs its "
        f"own, leave {new.split(' ')[0]} out of the requirements."
    )


def reason(said: Iterable[Mapping[str, Any]], lock: str) -> DagshipError | None:
    """Returns the error for a lock that cannot be installed; None when the step said nothing of it.

    Args:
        said: What the step said.
        lock: How the lock is shown.

    """
    stopping = next((each for each in said if each["kind"] not in (_SHARED, _WAY)), None)
    if stopping is None:
        return None
    if stopping["kind"] == "own":
        return own_packages.not_built(stopping["path"], stopping["words"])
    if stopping["kind"] == "overlap":
        return (
            _of_overlap(stopping["files"], lock) if "within" not in stopping else _of_project(stopping["files"], lock)
        )
    return _of_step(stopping["words"], lock) or _of_uv(stopping["words"], lock)


def _of_overlap(files: Sequence[Sequence[str]], lock: str) -> Refused:
    new, other, file = files[0]
    owner = f"{other} of the base image" if other else "the base image"
    return Refused(
        f"{new} of {lock} would write over {file}{_more(files)} of {owner}.",
        f"Airflow may need what would be lost. If {new.split(' ')[0]} came by its name alone, you may want another "
        "package. If it is wanted, take a base image without the other one, or run that task in an environment of its "
        "own: @task.virtualenv, @task.external_python, KubernetesPodOperator.",
        "\n".join(f"{new}: {file}, of {other or 'the base image'}" for new, other, file in files[:_SHOWN]),
    )


def _of_project(files: Sequence[Sequence[str]], lock: str) -> Refused:
    new, other, file = files[0]
    return Refused(
        f"{new} of the project would write over {file}{_more(files)} of {other or 'a package'} of {lock}.",
        "Rename the module in the project's package; or leave the other package out of the requirements.",
        "\n".join(f"{new}: {file}, of {other or lock}" for new, other, file in files[:_SHOWN]),
    )


def _of_uv(words: str, lock: str) -> DagshipError:
    if (found := _MISMATCH.search(words)) is not None:
        return _of_hash(found[1], found[2], words[found.end() :], lock)
    if (found := _GONE.search(words)) is not None:
        return Refused(
            f"{lock} has {found[1] or found[2]}, and the index has no such package or version any more.",
            "If the lock was made with another index, give that (index_url, extra_index_urls or pip_conf). If it was "
            "taken back there, make the lock anew: lock --upgrade-package, or the tool that made it.",
        )
    if (found := _NO_WHEEL.search(words)) is not None:
        name, version = found[1] or found[3], found[2] or found[4]
        return Refused(
            f"{lock} has {name} {version}, of which the index has no wheel for this image's Python and platform.",
            "If the lock was made for another base or platform, make it anew for this one. If there are only sources "
            f"of it, allow it to be built: source_packages = [{name!r}] in the settings (build_packages for what "
            "Debian has to bring).",
            _end(words),
        )
    return OutsideError(
        f"The packages of {lock} could not be installed.",
        "Check the settings index_url, pip_conf and ca_cert, and that builds reach the network.",
        _end(words),
    )


def _of_step(words: str, lock: str) -> DagshipError | None:
    """What is neither of the lock nor of what the index has."""
    if broken := uv_words.not_built(words):
        return Refused(
            f"{broken} of {lock} could not be built from its sources.",
            "See the words above. What it lacks of Debian goes into build_packages; a version that has a wheel needs "
            "no build.",
            _end(words),
        )
    if uv_words.says_full(words):
        return OutsideError(
            f"The packages of {lock} could not be installed: the engine's disk is full.",
            "Free space: docker system df shows what takes it, docker builder prune gives it back.",
            _end(words),
        )
    return uv_words.refusal(words)


def _of_hash(name: str, version: str, words: str, lock: str) -> Refused:
    expected, _, got = words.partition("Computed:")
    wanted = _HASH.findall(expected)
    more = f", or one of {len(wanted) - _SHOWN} more" if len(wanted) > _SHOWN else ""
    computed = _HASH.findall(got)
    return Refused(
        f"{name} {version} from the index is not the file that {lock} names: its hash is another.",
        "Somebody may have put another file there, or between it and you: find out before you trust it. A lock of "
        "another tool may also lack the hash of the file for this platform. Only when you know why, make the lock anew "
        f"(lock --upgrade-package {name}, or the tool that made it): it takes the hash of what the index has now.",
        "\n".join(
            (
                f"{lock} expects {' or '.join(wanted[:_SHOWN])}{more}",
                f"the index sent {' '.join(computed)}",
            )
        ),
    )


def _more(files: Sequence[object]) -> str:
    return f" and {len(files) - 1} more" if len(files) > 1 else ""


def _end(words: str) -> str:
    return "\n".join(words.strip().splitlines()[-15:])[-3000:]
