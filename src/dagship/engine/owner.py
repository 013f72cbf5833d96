"""The owner of a container, as labels: a process that was killed cannot remove its own, but the next one can.

A number alone does not name a process. With the moment it began, the kernel's boot and the namespace that counts it, it
does, also where several machines, or containers on one, share an engine.
"""

import os
from collections.abc import Mapping
from pathlib import Path

_PROCESS, _BEGAN = "dagship.process.id", "dagship.process.began"
_BOOT, _NAMESPACE = "dagship.process.boot", "dagship.process.namespace"


def of_this() -> dict[str, str]:
    """Returns the labels for what this process makes; none on a system that does not tell (no Linux)."""
    here, began = _here(), _began(os.getpid())
    return {**here, _PROCESS: str(os.getpid()), _BEGAN: began} if here and began else {}


def in_sight() -> list[str]:
    """Returns the labels, as an engine filters by them, of all whose end this process can tell; none as above."""
    return [f"{name}={value}" for name, value in _here().items()]


def is_gone(labels: Mapping[str, str]) -> bool:
    """Whether the process that made this has ended; False where this process cannot know."""
    here = _here()
    if not here or any(labels.get(name) != value for name, value in here.items()):
        return False
    pid = labels.get(_PROCESS, "")
    try:
        os.kill(int(pid), 0)  # /proc may hide the processes of other users
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    except ValueError:
        return False
    began = _began(int(pid))
    return began is not None and began != labels.get(_BEGAN)


def _here() -> dict[str, str]:
    """The process space of this machine: all processes in it can see one another."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return {_BOOT: boot, _NAMESPACE: str(Path("/proc/self/ns/pid").readlink())}
    except OSError:
        return {}


def _began(pid: int) -> str | None:
    """When a process began, in ticks since the boot; empty when it has ended and nobody took note, None if unknown."""
    try:
        # The name, in parentheses, may hold spaces and parentheses itself.
        state, *rest = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return "" if state in {"Z", "X"} else rest[18]
