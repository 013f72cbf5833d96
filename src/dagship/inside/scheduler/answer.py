"""Answers go through one door: one line, with what was asked for or why there is none."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
import zlib
from typing import Any, Callable

from .become import UNREAD

MARK = "@@DAGSHIP@@"
"""Stands before the answer, since Airflow prints what it likes."""


class NoUse(Exception):  # noqa: N818 - what happened
    """What would be said is of no use; the text says why."""


def given(packed: str) -> Any:
    """Returns what a question was given, as JSON packed."""
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(packed)))


def answer(ask: Callable[..., dict[str, Any]], *arguments: str) -> None:
    """Writes what a question comes to, and ends this process."""
    try:
        said = ask(*arguments)
    except NoUse as why:
        said = {"no_use": str(why), "unread": os.environ.get(UNREAD, "")}
    except BaseException as why:  # noqa: BLE001 - whatever it is, it is told
        lines = [line for line in str(why).splitlines() if line.strip()] or [""]
        said = {"error": redacted(f"{type(why).__name__}: {lines[0]}")}
    sys.stdout.write(f"\n{MARK}{json.dumps(said)}\n")
    sys.stdout.flush()
    os._exit(0)


def redacted(text: str) -> str:
    """Returns a text without what addresses hold before their host."""

    def shown(found: re.Match[str]) -> str:
        is_user = found[2] is not None and not found[1].startswith("http")
        return f"{found[1]}://{f'{found[2]}:' if is_user else ''}***@"

    long, known = r"\S{4097,}", r"(?:([^\s/:@]{0,256}):\S{0,4096}|[^\s/@'\"]{0,4096})@"
    return re.sub(rf"(\w{{0,20}})://(?:{long}|{known})", shown, text)


def check_alive(session: Any) -> None:
    """Checks that a session is of Airflow's database, by its schedulers' signs of life.

    Before anything is read or written.

    Raises:
        NoUse: It is not, or no scheduler lives.

    """
    from airflow.configuration import conf
    from airflow.jobs.job import Job
    from sqlalchemy import func, select

    url = session.get_bind().url
    where = f"{url.get_backend_name()}, {'/'.join(filter(None, [url.host, url.database]))}"
    if url.get_backend_name() == "sqlite" and not os.path.exists(url.database or ""):
        raise NoUse(f"its database is not there ({where})")  # a connection would make it
    beat = session.scalar(select(func.max(Job.latest_heartbeat)).where(Job.job_type == "SchedulerJob"))
    most = max(300, conf.getint("scheduler", "scheduler_health_check_threshold", fallback=30))
    if beat is None or time.time() - beat.timestamp() > most:
        since = "ever" if beat is None else f"since {beat.isoformat(timespec='seconds')}"
        raise NoUse(f"no scheduler has given a sign of life to its database {since} ({where})")
