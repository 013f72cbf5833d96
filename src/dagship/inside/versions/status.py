"""What the sync last knew, as `status.json` beside the versions: `python -m dagship_versions.status` prints it."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from . import store
from .settings import ROOT
from .state import Finding

NAME = "status.json"
SCHEMA = 1


@dataclass(frozen=True)
class Status:
    """What the sync last knew.

    Attributes:
        state: `starting`; `current`: what git has is published; `refused`, `held` or `unreachable`: it is not.
        current: The version that new runs get, or empty.
        published_at: When it was published.
        candidate: The commit that is not published, or empty.
        reason: One sentence, empty when the state is current.
        findings: What is wrong with which file, or was not known when it was checked.
        since: When the state began.
        looked_at: When git was last asked.
        url: The repository, without user.
        ref: What is followed.

    """

    state: str
    url: str
    ref: str
    current: str = ""
    published_at: str = ""
    candidate: str = ""
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    since: str = ""
    looked_at: str = ""


def document(status: Status) -> dict[str, object]:
    """Returns the status as JSON holds it."""
    return {"schema": SCHEMA, **asdict(status), "findings": [finding._asdict() for finding in status.findings]}


def write(root: str, status: Status) -> None:
    """Writes `status.json`."""
    store.write(os.path.join(root, NAME), json.dumps(document(status), indent=1) + "\n")


def main(environ: Mapping[str, str]) -> int:
    """Prints the status; 1 when there is none."""
    try:
        with open(os.path.join(environ.get("DAGSHIP_SYNC_ROOT") or ROOT, NAME), encoding="utf-8") as file:
            sys.stdout.write(file.read())
    except OSError as missing:
        sys.stderr.write(f"There is no status yet: {missing.strerror}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
