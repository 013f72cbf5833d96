"""Becomes the process of a command of Airflow: its interpreter, with its environment and in its directory.

A command in a container has the container's environment. The scheduler may have another: a shell that starts it reads
a file, an agent fetches secrets, the image's entrypoint sets what it finds. Where a process is given a title, by
setproctitle, that overwrites its environment and blurs its command, unless SPT_NOENV is set, as it is in images of
ours; then the container's environment is what there is, and `check_alive` sees whether it will do.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress

UNREAD = "DAGSHIP_UNREAD"
"""The variable that says why the environment could not be had."""


def become(command: str, program: list[str]) -> None:
    """Runs a program in the place of this process; returns where no interpreter can be started.

    Args:
        command: `scheduler` of `airflow scheduler`.
        program: What Python is given.

    """
    wanted = os.fsencode(command[:8])  # a title may have cut it
    interpreters, environment, unread = [sys.executable or "python"], dict(os.environb), b""
    for process in sorted(filter(str.isdigit, os.listdir("/proc")), key=int):
        try:
            with open(f"/proc/{process}/cmdline", "rb") as said:
                words = re.split(b"[\0 ]", said.read())
            names = [os.path.basename(word)[:8] for word in words]
            pairs = zip(names, names[1:])  # noqa: B905, RUF007 - Airflow 2.10 runs on Python 3.8 as well
            if not names[0].startswith((b"python", b"pypy")) or (b"airflow", wanted) not in pairs:
                continue
            with open(f"/proc/{process}/environ", "rb") as said:
                found = dict(one.split(b"=", 1) for one in said.read().split(b"\0") if b"=" in one)
            unread = b"" if found else b"overwritten"
            if found:
                interpreters, environment = [os.fsdecode(words[0]), *interpreters], found
                os.chdir(f"/proc/{process}/cwd")
                break
        except PermissionError:
            unread = unread or b"forbidden"
        except OSError:  # it has ended
            pass
    for python in interpreters:
        with suppress(OSError):
            os.execvpe(python, [python, *program], {**environment, os.fsencode(UNREAD): unread})  # noqa: S606
