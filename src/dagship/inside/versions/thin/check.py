"""Imports the DAG files of a version that is not announced yet, in a pod of the image that it would come to.

    python -m dagship_versions.thin.check

The first line that it reads is the number of bytes of the JSON document that follows; it prints one, marked. What is
assembled for it lies in a directory of its own, and goes with it.
"""

import base64
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any, BinaryIO

from .. import child, settings, store
from ..check import imports
from . import assembly, package

MARK = "@@CHECKED@@"
FOUNDATION = "DAGSHIP_FOUNDATION"

_MOST_READ = 4 * 1024 * 1024
_MOST_SAID = 16 * 1024 * 1024
_PATIENCE = 5.0
_TAIL = 4000


def main() -> None:
    """Checks what standard input says, and prints what was seen."""
    print(f"{MARK}{json.dumps(checked(_job(sys.stdin.buffer), os.environ, settings.ROOT))}")


def checked(job: Mapping[str, Any], environ: Mapping[str, str], root: str) -> dict[str, Any]:
    """Returns what was seen of a version: `report`, or `why_not` where nothing was, and the end of the log.

    Args:
        job: `package` in base64; `variables` of the environment to add; `import_timeout` and `limit`, seconds.
        environ: Airflow's environment.
        root: The version directories of the image.

    """
    work = tempfile.mkdtemp(prefix="dagship-check-")
    try:
        found = package.read(base64.b64decode(job["package"]))
        base = os.path.join(root, found.base)
        if found.foundation != environ.get(FOUNDATION) or not os.path.isdir(base):
            return {"why_not": f"The package of the version {found.version} is for another image than this one."}
        place = os.path.join(work, "versions")
        assembly.assemble(place, found, base, until=time.monotonic() + _PATIENCE)
        # By it Python finds what lies beside the DAG directory.
        own = {**environ, **job["variables"], "DAGSHIP_SYNC_ROOT": place}
        own["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] = str(job["import_timeout"])
        directory, limits = os.path.join(place, found.version), (float(job["import_timeout"]), float(job["limit"]))
        # One at a time: the container's memory is the dag-processor's.
        ended = imports.observe(work, directory, environ=own, import_timeout=limits[0], limit=limits[1], processes=1)
        return {"report": _report(work), "log": (ended.err + _text(work, "airflow.log"))[-_TAIL:], "code": ended.code}
    except (package.Wrong, assembly.Unable) as wrong:
        return {"why_not": str(wrong)}
    except child.TimeIsUp:
        return {"late": True, "log": _text(work, "airflow.log")[-_TAIL:]}
    finally:
        with contextlib.suppress(OSError):
            store.remove(work)


def _job(source: BinaryIO) -> dict[str, Any]:
    size = int(source.readline(20))
    if not 0 <= size <= _MOST_READ:
        raise SystemExit("What is to be checked is too large.")
    job: dict[str, Any] = json.loads(source.read(size))
    return job


def _report(work: str) -> Any:
    try:
        return json.loads(_text(work, "report.json"))
    except (ValueError, RecursionError):
        return None


def _text(work: str, name: str) -> str:
    try:
        with open(os.path.join(work, name), encoding="utf-8", errors="replace") as file:
            return file.read(_MOST_SAID)
    except OSError:
        return ""


if __name__ == "__main__":
    main()
