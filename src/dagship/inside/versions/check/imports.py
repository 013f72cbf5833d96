"""The import check of a version: every file is imported as the dag-processor would, before anybody is told of it.

What imports the files is dagship's own tester, which `build` puts beside this package; here is what its report means.
"""

import hashlib
import json
import os
import re
import shutil
import stat
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

from .. import airflow_env, child, layout
from ..state import Finding, Verdict
from ..text import exception_of, last_line, one_line

_TESTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tester")
_START = "import sys; sys.path.insert(0, sys.argv[1]); from dagship_inside.verify import main; main.main(sys.argv[2])"
_IMPORT_SECONDS = 30.0
# A container may have all of a node's processors, and of its memory a small part.
_PROCESSES = 4
_MOST = 50
_LONGEST = 400
# Signs of a report or a log.
_LARGEST = 64_000_000

# What a DAG file says that lacks one; production has those of its database.
_MISSING = (
    (re.compile(r"Variable ([^\s'\"{}]+) (?:does not exist|not found)"), "Variable"),
    (re.compile(r"The conn_id `([^`{}]+)` isn't defined"), "Connection"),
)
# Airflow's name for the module of a DAG file, before the name that people know.
_MODULE_PREFIX = re.compile(r"unusual_prefix_[0-9a-f]{40}_")


def image() -> str:
    """Returns what stands for the packages that a verdict depends on."""
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    names = sorted(name for place in places for name in os.listdir(place) if name.endswith((".dist-info", ".egg-info")))
    return hashlib.sha256("\n".join([sys.version, *names]).encode()).hexdigest()[:12]


def check(directory: str, *, environ: Mapping[str, str], limit: float) -> Verdict:
    """Imports every DAG file of a version.

    Args:
        directory: The version directory.
        environ: Airflow's environment.
        limit: Seconds that all of it may take.

    """
    work = tempfile.mkdtemp(prefix="dagship-check-")
    try:
        return _check(work, directory, environ, limit)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def observe(
    work: str,
    directory: str,
    *,
    environ: Mapping[str, str],
    import_timeout: float,
    limit: float,
    processes: int = _PROCESSES,
) -> child.Ended:
    """Has every DAG file of a version imported; `WORK/report.json` says what was seen.

    Args:
        work: A directory to write into.
        directory: The version directory.
        environ: Airflow's environment.
        import_timeout: Seconds that a file may take.
        limit: Seconds that all of it may take.
        processes: Files that are imported at a time.

    Raises:
        TimeIsUp: It did not end in time.

    """
    with open(os.path.join(work, "job.json"), "w", encoding="utf-8") as file:
        job = {"user": str(os.getuid()), "import_timeout": import_timeout, "packages": False, "processes": processes}
        json.dump(job, file)
    environment = airflow_env.for_check(environ, os.path.join(directory, layout.DAGS), work)
    return child.run([sys.executable, "-I", "-S", "-c", _START, _TESTER, work], environment=environment, limit=limit)


def _check(work: str, directory: str, environ: Mapping[str, str], limit: float) -> Verdict:
    try:
        ended = observe(work, directory, environ=environ, import_timeout=_IMPORT_SECONDS, limit=limit)
    except child.TimeIsUp:
        return _unsure(f"The import check did not end within {limit:g} s.")
    verdict = read(_text(work, "report.json"))
    if verdict is not None:
        return verdict
    why = next(filter(None, map(_why, (ended.err, _text(work, "airflow.log")))), "it gave no reason")
    return _unsure(f"The import check ended with exit status {ended.code} and left no report: {why}")


def read(report: str) -> Optional[Verdict]:
    """Returns the verdict on a report, None where it is none: a file has its process say what it likes."""
    try:
        return judge(json.loads(report))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def judge(report: Mapping[str, Any]) -> Verdict:
    """Returns the verdict on what was seen."""
    if report["failed"]:
        return _refused(f"Nothing could be imported, because Airflow itself fails: {sentence(report['failed'])}")
    wrong: list[Finding] = []
    notes: list[Finding] = []
    for file in report["files"]:
        for said, text in _errors(file):
            lacking = _lacking(text)
            (notes if lacking else wrong).append(Finding(file["file"], lacking or said))
        for dag_id in (file["seen"] or {}).get("twice", ()):
            said = f"More than one DAG of this file has the dag_id {dag_id!r}; Airflow keeps one of them."
            notes.append(Finding(file["file"], said))
    wrong += _duplicates(report["files"])
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        verdict = _refused(f"{wrong[0].file}: {wrong[0].error}{more}", wrong, notes)
        return replace(verdict, lasting=not any(map(_killed_by_others, report["files"])))
    if not notes and not any((file["seen"] or {}).get("dags") for file in report["files"]):
        return _refused("There is no DAG in it.")
    return Verdict(passed=True, notes=tuple(notes[:_MOST]), at=time.time())


def sentence(text: str) -> str:
    """Returns an error as one line: the exception of a traceback, else the first line of what there is."""
    first = next((line for line in text.splitlines() if line.strip()), "no reason was given")
    said = _MODULE_PREFIX.sub("", exception_of(text) or one_line(first))
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _why(text: str) -> str:
    return exception_of(text) or last_line(text)


def _errors(file: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What went wrong with a file: a sentence, and the whole text."""
    seen, died = file["seen"], file.get("died") or {"killed": False, "signal": "", "exit": "unknown"}
    if seen is not None:
        for error in seen["errors"]:
            cannot = f"The DAG {error['dag']!r} cannot be serialized: " if error["phase"] == "serialize" else ""
            yield cannot + sentence(error["text"]), error["text"]
    elif died.get("lost"):
        yield "Nothing came back of its import: it ends or stops its parent, or takes what it has not opened.", ""
    elif died["killed"]:
        yield f"Its import did not end within {died['seconds']:g} s.", ""
    elif died["signal"]:
        yield f"Its import dies of {died['signal']}.", ""
    else:
        yield f"It ends the process while it is imported, with exit status {died['exit']}.", ""


def _killed_by_others(file: Mapping[str, Any]) -> bool:
    """Whether neither the file nor its time was at fault: who runs out of memory is killed so."""
    died = file.get("died") or {}
    return died.get("signal") == "SIGKILL" and not died["killed"]


def _lacking(text: str) -> str:
    # Exceptions begin at the margin; the lines of source that a traceback shows may speak of anything.
    text = "\n".join(line for line in text.splitlines() if not line[:1].isspace())
    for pattern, what in _MISSING:
        found = pattern.search(text)
        if found:
            return f"It reads the {what} {found[1]!r}, which the check does not have."
    return ""


def _duplicates(files: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """DAGs that more than one file has: Airflow would run now this and now that one."""
    first: dict[str, str] = {}
    for file in files:
        for dag in (file["seen"] or {}).get("dags", ()):
            if first.setdefault(dag["id"], file["file"]) != file["file"]:
                yield Finding(file["file"], f"The dag_id {dag['id']!r} is also in {first[dag['id']]}.")


def _refused(reason: str, wrong: Sequence[Finding] = (), notes: Sequence[Finding] = ()) -> Verdict:
    return Verdict(
        passed=False, reason=reason, findings=tuple(wrong[:_MOST]), notes=tuple(notes[:_MOST]), at=time.time()
    )


def _unsure(reason: str) -> Verdict:
    return Verdict(passed=False, reason=one_line(reason), lasting=False, at=time.time())


def _text(work: str, name: str) -> str:
    """What the check has left; a DAG file may have put anything in its place: a pipe, a link, what has no end."""
    try:
        handle = os.open(os.path.join(work, name), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return ""
        with os.fdopen(handle, encoding="utf-8", errors="replace", closefd=False) as file:
            return file.read(_LARGEST)
    finally:
        os.close(handle)
