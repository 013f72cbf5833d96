"""How SIGTERM reaches what a container runs, read from its spec and from what its process 1 is. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dagship.workloads import pod_environment
from dagship.workloads import spec as workload_spec

SETSID = "DUMB_INIT_SETSID"
GROUP = "TINI_KILL_PROCESS_GROUP"
_SHELLS = ("sh", "bash", "dash", "ash")
# What Docker calls the tini that it brings along.
_TINIS = ("tini", "tini-static", "docker-init")

Raw = Mapping[str, Any]
# Prints what `seen` reads: the variable, as the image or the pod sets it, and the words of process 1.
LOOK = ("sh", "-c", f'printf "%s\\0" "${SETSID}"; cat /proc/1/cmdline')


class Seen(NamedTuple):
    """The process 1 of a running container.

    Attributes:
        setsid: DUMB_INIT_SETSID, by the pod or by the image; empty where neither sets it.
        words: What its process 1 was started with.

    """

    setsid: str
    words: tuple[str, ...]


def seen(said: str) -> Seen | None:
    """Reads what `LOOK` printed; None for what is none."""
    setsid, *words = said.rstrip("\0").split("\0")
    return Seen(setsid, tuple(words)) if words and words[0] else None


def main(spec: Raw) -> Raw:
    """The container that runs tasks, as a worker does, or a scheduler of the LocalExecutor."""
    found = workload_spec.main(workload_spec.read_containers(spec), "worker", "scheduler")
    containers: Sequence[Raw] = spec.get("containers") or ()
    return next(one for one in containers if found and one["name"] == found.name)


def process_one(container: Raw, looked: Seen | None) -> Sequence[str]:
    """The words that process 1 was started with: by the command, else as a pod has it; empty where it is unknown."""
    command: Sequence[str] = container.get("command") or ()
    return command or (looked.words if looked else ())


def has_dumb_init(words: Sequence[str]) -> bool:
    """Whether signals go through dumb-init; where process 1 is unknown they do, as in Airflow's own images."""
    return not words or (_name(words) == "dumb-init" and not {"-c", "--single-child"} & set(words[1:3]))


def signals_group(container: Raw, words: Sequence[str]) -> bool:
    """Whether signals go through a tini that is told to send them to all processes of the group."""
    if not words or _name(words) not in _TINIS:
        return False
    # Options end with the first word that is none.
    last = next((at for at, word in enumerate(words[1:], 1) if word == "--" or not word.startswith("-")), len(words))
    return any(re.fullmatch(r"-[svw]*g\w*", word) for word in words[1:last]) or any(
        entry["name"] == GROUP for entry in container.get("env") or ()
    )


def setsid(container: Raw, config_maps: Mapping[str, Raw]) -> str | None:
    """Returns DUMB_INIT_SETSID: "1" where nothing sets it, as in Airflow's images; None where it cannot be known."""
    found = pod_environment.sources(container, SETSID, config_maps)
    return next((one.value for one in found if one.value is not None), None) if found else "1"


def keeps_signals(container: Raw, looked: Seen | None) -> bool:
    """Whether a shell stays in front of Airflow: by the command, or because process 1 is one."""
    if looked and _name(looked.words) in _SHELLS:
        return True
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    for place, word in enumerate(words[:-1]):
        if word.rpartition("/")[2] in _SHELLS:
            flag = next((at for at in range(place + 1, len(words)) if re.fullmatch(r"-\w*c", words[at])), None)
            if flag is None or flag + 1 >= len(words):
                return False
            return re.search(r"(^|[;&|{(\n])\s*exec\s", words[flag + 1]) is None
        if not (word.startswith("-") or word.rpartition("/")[2] == "dumb-init"):
            return False
    return False


def _name(words: Sequence[str]) -> str:
    return words[0].rpartition("/")[2]
