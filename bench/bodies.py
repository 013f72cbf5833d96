"""Counts the bodies of the requests by which a dagship writes to a cluster: `python -m bench.bodies FILE TASK…`.

What is counted is JSON as it is sent, by what it is about; not counted are what only asks (a dry run, a review of
permissions), request lines, headers and TLS.
"""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dagship.cli.program import program
from dagship.cluster.calls import Call
from dagship.cluster.transport import Transport
from dagship.errors import OutsideError
from tests.machine import ROOT

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_REVIEWS = "selfsubjectaccessreviews"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The bodies of one dagship.

    Attributes:
        bytes: How many bytes they have, by what they are about, as `configmaps/dagship-dags`.
        requests: How many they are, the same way.

    """

    bytes: dict[str, int]
    requests: dict[str, int]


def sent(where: Path, environment: dict[str, str], *arguments: str) -> Sent:
    """Runs a dagship and counts what it writes.

    Raises:
        OutsideError: It did not end well.

    """
    with TemporaryDirectory(prefix="dagship-bench-") as scratch:
        file = Path(scratch) / "sent.json"
        done = subprocess.run(
            [sys.executable, "-m", "bench.bodies", str(file), *arguments],
            cwd=where, env=environment | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise OutsideError(done.stderr)
        counted: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return Sent(bytes=counted["bytes"], requests=counted["requests"])


def about(call: Call) -> str:
    """Returns what a request writes, resource and name; empty where it writes nothing."""
    if call.body is None or call.resource == _REVIEWS or ("dryRun", "All") in call.query:
        return ""
    name = call.body.get("metadata", {}).get("name") if call.verb == "POST" else call.path.rpartition("/")[2]
    return f"{call.resource}/{name}"


def _main(file: Path, *arguments: str) -> None:
    counted: dict[str, Counter[str]] = {"bytes": Counter(), "requests": Counter()}
    send = Transport.send

    def counting(self: Transport, call: Call, *, stream: bool = False) -> "BaseHTTPResponse":
        if key := about(call):
            counted["bytes"][key] += len(call.content or b"")
            counted["requests"][key] += 1
        return send(self, call, stream=stream)

    Transport.send = counting  # type: ignore[method-assign]
    try:
        program.run(["dagship", *arguments])
    finally:
        file.write_text(json.dumps(counted), "utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), *sys.argv[2:])
