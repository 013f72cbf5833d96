"""Runs the commands of `prepare` on a copy of the project's files, in the image: `prepare.main DIRECTORY OUT`.

DIRECTORY has `job.json` and `project.tar`; OUT gets a `project.tar` with all that the commands left of the copy. They
run as the image's user, one after the other, and what one leaves running ends with it.

Where one fails, or leaves what cannot be taken, that is said in a line, `@@PREPARE@@` and a JSON object; its `kind` is
known to dagship.image.
"""

import contextlib
import grp
import json
import os
import pwd
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any, NoReturn

from . import collect

MARK = "@@PREPARE@@"

_WORDS = 3000
_LINE = 4096
# A builder shows no more than so much of a step, and what is said at the end must be among it.
_SHOWN = 64 * 1024
# For what was killed to let go of its output.
_GRACE = 5.0


class Words:
    """What a command prints: a part is shown as it comes, and the end is kept."""

    def __init__(self) -> None:
        self.last = ""
        self._shown = 0

    def hear(self, stream: "IO[bytes]") -> None:
        """Reads to the end."""
        for line in iter(lambda: stream.readline(_LINE), b""):
            text = line.decode("utf-8", "replace")
            self.last = (self.last + text)[-_WORDS:]
            self._shown += len(line)
            if self._shown <= _SHOWN:
                # Behind a sign, so that none of them is taken for a report.
                sys.stdout.buffer.write(b"| " + line.rstrip() + b"\n")
                sys.stdout.buffer.flush()


def main(directory: str, out: str) -> None:
    """Runs the commands.

    Raises:
        SystemExit: One failed.

    """
    os.umask(0o022)
    with open(os.path.join(directory, "job.json"), encoding="utf-8") as file:
        job = json.load(file)
    identity = ids(job["user"]) if job["user"] else None
    project = job["project"]
    for place in (project, job["home"]):
        os.makedirs(place, exist_ok=True)
    _unpack(os.path.join(directory, "project.tar"), project)
    if identity is not None:
        for place in (project, job["home"]):
            _give(place, identity)
    os.makedirs(out, exist_ok=True)
    deadline = time.monotonic() + job["seconds"]
    try:
        for command in job["commands"]:
            _run(command, job, identity, deadline)
        collect.pack(
            project, os.path.join(out, "project.tar"), most_bytes=job["most_bytes"], most_files=job["most_files"]
        )
    except collect.Wrong as wrong:
        _end({"kind": wrong.kind, "path": os.fsencode(wrong.path).decode("utf-8", "backslashreplace")})


def ids(user: str) -> "tuple[int, int]":
    """Returns the numbers of a user as an image names it: by name or number, with a group perhaps."""
    name, _, group = user.partition(":")
    try:
        known = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
        number, own = known.pw_uid, known.pw_gid
    except KeyError:
        number, own = int(name), 0
    if group:
        return number, int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    return number, own


def environment(given: "Mapping[str, str]", of_image: "Mapping[str, str]") -> "dict[str, str]":
    """Returns the variables of a command; where the image has Python look is looked last."""
    path = [each for each in (given["PYTHONPATH"], of_image.get("PYTHONPATH")) if each]
    return {**of_image, **given, "PYTHONPATH": os.pathsep.join(path)}


def _unpack(archive: str, into: str) -> None:
    with tarfile.open(archive) as opened:
        for member in opened:
            place = os.path.join(into, member.name)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            content = opened.extractfile(member)
            if content is not None:
                with open(place, "wb") as file:
                    file.write(content.read())
                os.chmod(place, member.mode)
                os.utime(place, (member.mtime, member.mtime))


def _give(top: str, identity: "tuple[int, int]") -> None:
    for directory, _, names in os.walk(top):
        for path in (directory, *(os.path.join(directory, name) for name in names)):
            os.chown(path, *identity)


def _run(command: Sequence[str], job: "dict[str, Any]", identity: "tuple[int, int] | None", deadline: float) -> None:
    words = Words()
    switched: dict[str, Any] = {}
    if identity is not None:
        switched = {"user": identity[0], "group": identity[1], "extra_groups": []}
    try:
        child = subprocess.Popen(
            command,
            cwd=job["project"],
            env=environment(job["environment"], os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **switched,
        )
    except OSError as failed:
        _end({"kind": "no-start", "command": command, "words": failed.strerror or str(failed)})
    reader = threading.Thread(target=words.hear, args=(child.stdout,), daemon=True)
    reader.start()
    try:
        code = child.wait(max(0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        code = None
    _kill(child)
    reader.join(_GRACE)
    if code != 0:
        kind = "time" if code is None else "status"
        _end({"kind": kind, "command": command, "code": code, "words": words.last})


def _kill(child: "subprocess.Popen[bytes]") -> None:
    """Ends a command with all that it has started; in a build, where nothing else runs, whatever became of it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # whose parent is gone is a child of the first process
            while True:
                os.wait()


def _end(report: "dict[str, Any]") -> NoReturn:
    print(MARK + json.dumps(report), flush=True)
    raise SystemExit("prepare failed")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
