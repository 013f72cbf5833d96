"""How SIGTERM reaches what a container runs, read from its spec. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

SETSID = "DUMB_INIT_SETSID"
_SHELLS = ("sh", "bash", "dash", "ash")

Raw = Mapping[str, Any]


def main(spec: Raw) -> Raw:
    """The container that runs tasks: the one whose command says so, else the first."""
    containers: Sequence[Raw] = spec.get("containers") or ()
    for pattern in (r"celery\s+worker", r"scheduler"):
        for container in containers:
            if re.search(pattern, " ".join([*(container.get("command") or ()), *(container.get("args") or ())])):
                return container
    return containers[0]


def has_dumb_init(container: Raw) -> bool:
    """Whether signals go through dumb-init: by the command, and without one by the entrypoint of Airflow's images."""
    command: Sequence[str] = container.get("command") or ()
    if not command:
        return True
    options = command[1:3]
    return command[0].rpartition("/")[2] == "dumb-init" and not {"-c", "--single-child"} & set(options)


def setsid(container: Raw, config_maps: Mapping[str, Raw]) -> str | None:
    """What DUMB_INIT_SETSID is: "1" where nothing says so, as in Airflow's images; None where it cannot be known."""
    for entry in container.get("env") or ():
        if entry["name"] == SETSID:
            key = (entry.get("valueFrom") or {}).get("configMapKeyRef")
            if key:
                data = (config_maps.get(key["name"]) or {}).get("data") or {}
                found: str | None = data.get(key["key"])
                return found
            return None if "valueFrom" in entry else str(entry.get("value", ""))
    value: str | None = "1"
    for source in container.get("envFrom") or ():
        if source.get("secretRef") and value == "1":
            value = None
        name = (source.get("configMapRef") or {}).get("name")
        data = (config_maps.get(name) or {}).get("data") or {} if name else {}
        value = data.get((source.get("prefix") or "") + SETSID, value)
    return value


def keeps_signals(container: Raw) -> bool:
    """Whether a shell stays in front of Airflow."""
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
