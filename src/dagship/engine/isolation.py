"""Isolation of a container of ours: the options that it is started with, and whether the engine gave it those."""

from collections.abc import Mapping, Sequence
from typing import Any

from dagship.engine import owner
from dagship.errors import OutsideError

WORK = "/dagship"
"""The volume: files put there are root's and read-only; `out` below it may be written by anyone."""

# All that can be written is memory, counts as such, and has an end; none of it is the engine's disk.
TMP = ("/tmp", "size=1g,mode=1777,exec")  # noqa: S108 - in there
_WORK_OPTIONS = "size=1g,mode=0755,nosuid,nodev"
_OUT_OPTIONS = "size=512m,mode=1777,nosuid,nodev"


def options(engine: Mapping[str, Any], memory: int, capabilities: Sequence[str]) -> dict[str, Any]:
    """Returns what docker-py makes the container of: all that it may take is measured, all else is not there.

    Args:
        engine: What the engine says of its machine.
        memory: Bytes; 0 for three quarters of what that machine has.
        capabilities: Those that root has.

    """
    processors = int(engine.get("NCPU") or 1)
    allowed = memory or int(engine.get("MemTotal") or 0) * 3 // 4
    return {
        "entrypoint": ["sleep"],
        "labels": owner.of_this(),
        # The engine removes what ends: also after this process was killed.
        "auto_remove": True,
        # Not as `network_mode`: testcontainers would put the network of the container that it runs in over it.
        "network": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "cap_add": list(capabilities),
        "security_opt": ["no-new-privileges:true"],
        # A process for each processor, and libraries that start a thread for each in every one of them.
        "pids_limit": 512 + 4 * processors**2,
        # The same with swap: none of it.
        **({"mem_limit": allowed, "memswap_limit": allowed} if allowed else {}),
        "mounts": [_volume(WORK, _WORK_OPTIONS), _volume(f"{WORK}/out", _OUT_OPTIONS)],
    }


def _volume(target: str, options: str) -> Any:  # noqa: ANN401 - docker-py has no types
    """A volume of memory: what a plain tmpfs is, but for archive calls, which do not reach into one."""
    from docker.types import DriverConfig, Mount

    driver = DriverConfig("local", {"type": "tmpfs", "device": "tmpfs", "o": options})
    # What the image has at that place stays out.
    return Mount(target=target, source=None, type="volume", no_copy=True, driver_config=driver)


def check(document: Mapping[str, Any]) -> None:
    """Refuses a container that can reach anything.

    Raises:
        OutsideError: It has a network.

    """
    networks = set(document["NetworkSettings"]["Networks"] or ()) | {document["HostConfig"]["NetworkMode"]}
    if networks != {"none"}:
        raise OutsideError(
            f"The container was to have no network, and the engine gave it {', '.join(sorted(networks - {'none'}))}.",
            "Nothing was run in it. Something between dagship and the engine may have changed it; see DOCKER_HOST.",
        )
