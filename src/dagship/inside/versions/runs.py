"""Asks the metadata database which runs are unfinished, in a process that ends with the answer."""

import json
import os
import re
import sys
from collections.abc import Mapping
from typing import NamedTuple, Optional

from . import child
from .text import exception_of, last_line

_MARK = "@@RUNS@@"
_LIMIT = 90.0


class CannotAsk(Exception):  # noqa: N818 - the text is a sentence for people
    """The database did not answer; the text is a sentence."""


class Runs(NamedTuple):
    """Unfinished runs: how many are in progress, and the versions that these and the queued ones are pinned to."""

    running: int
    versions: frozenset[str]


def ask(environ: Mapping[str, str]) -> Runs:
    """Asks the database that Airflow's environment names.

    Raises:
        CannotAsk: It did not answer.

    """
    try:
        ended = child.run([sys.executable, "-m", __name__], environment=environ, limit=_LIMIT)
    except child.TimeIsUp as late:
        raise CannotAsk(f"The metadata database did not answer: {late}.") from late
    found = read(ended.out)
    if found is None:
        words = redacted(ended.err)  # whole: an address that is cut is not known as one
        why = exception_of(words) or last_line(words) or f"exit status {ended.code}"
        raise CannotAsk(f"The metadata database cannot be asked which DAG runs are in progress: {why}")
    return found


def read(output: str) -> Optional[Runs]:
    """Returns the answer that is in the output, between whatever else Airflow prints."""
    for line in reversed(output.splitlines()):
        if line.startswith(_MARK):
            answer = json.loads(line[len(_MARK) :])
            return Runs(int(answer["running"]), frozenset(answer["versions"]))
    return None


def redacted(text: str) -> str:
    """Returns a text without the password of an address in it."""
    long, known = r"\S{4097,}", r"(?:([^\s/:@]{0,256}):\S{0,4096}|[^\s/@'\"]{0,4096})@"
    return re.sub(r"(\w{0,20})://(?:%s|%s)" % (long, known), _shown, text)


def _shown(found: "re.Match[str]") -> str:
    scheme, user = found[1], found[2]
    return "%s://***@" % scheme if user is None or scheme.startswith("http") else "%s://%s:***@" % (scheme, user)


def main() -> None:
    """Asks, and prints the answer."""
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    version = getattr(DagRun, "bundle_version", None)  # Airflow 3
    columns = [DagRun.state] + ([version] if version is not None else [])
    with create_session() as session:
        found = session.execute(
            select(*columns, func.count()).where(DagRun.state.in_(["queued", "running"])).group_by(*columns)
        ).all()
    running = sum(row[-1] for row in found if str(getattr(row[0], "value", row[0])) == "running")
    versions = sorted({row[1] for row in found if version is not None and row[1]})
    sys.stdout.write(f"\n{_MARK}{json.dumps({'running': running, 'versions': versions})}\n")
    sys.stdout.flush()
    os._exit(0)  # Airflow's exit handlers have nothing to tidy up here


if __name__ == "__main__":
    main()
