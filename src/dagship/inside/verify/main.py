"""Has every DAG file of the image this runs in imported, and writes what was seen to `WORK/report.json`.

Earlier DAG versions that the image keeps are imported after the current one, each in processes of its own: what a
process has imported of one version, it would take for that of another. The good files of the current one are imported
once more, below a second process with another seed for hashes: what varies from parse to parse shows so. Only that is
looked at then. Where the job has what a test before saw, files that are as they were then are only named.

This process imports nothing of the image's, and no file of it (`python -I -S`): what does (`importer`) can be another
user's, who cannot reach this one. It judges nothing: that is done outside, where it can be tested without Airflow.

    main.main(WORK)        reads WORK/job.json; the last line of standard output says how far it is
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, Optional

from . import as_before, compare
from .pool import Pool
from .stem_handle import Ended, Stem, as_other

_PIP_LIMIT = 100_000
_STEM = (
    f"import sys; sys.path.insert(0, sys.argv[1]); from {__package__}.importer import stem; stem.main(*sys.argv[2:])"
)


def main(work: str) -> None:
    """Tests the image; the job's `users` are whom files and packages are read as, this user without."""
    with open(os.path.join(work, "job.json"), encoding="utf-8") as file:
        job = json.load(file)
    users = job.get("users", {})
    packages = _check_packages(users.get("packages")) if job.get("packages", True) else None
    report: dict[str, Any] = {
        "python": "%d.%d.%d" % sys.version_info[:3],
        "airflow": "",
        "root": "",
        "failed": "",
        "files": [],
    }
    log = os.open(os.path.join(work, "airflow.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    of_image = os.environ.get("PYTHONHASHSEED", "")
    here = sys.path[0]  # where this package lies: the start of the process put it there
    argv = [sys.executable, "-c", _STEM, here, work, of_image]
    stem = Stem(argv, log, users.get("files"))
    # Another process with another seed: a file that makes the same of itself in both does so at every parse.
    seed = "1" if of_image != "1" else "2"
    other = Stem(argv, log, users.get("files"), {"PYTHONHASHSEED": seed})
    try:
        _import_dags(job, report, stem, other)
    except Ended as ended:
        sys.exit(ended.status)  # without a report: its log is what there is to say
    finally:
        stem.stop()
        other.stop()
    if packages is not None:
        report["packages"] = _checked_packages(packages)
    os.makedirs(work, exist_ok=True)  # a file may have tidied up, where it is of the same user
    target = os.path.join(work, "report.json")
    with open(target + ".part", "w", encoding="utf-8", errors="replace") as file:  # file names may be anything
        json.dump(report, file, ensure_ascii=False)
    os.rename(target + ".part", target)


def _import_dags(job: dict[str, Any], report: dict[str, Any], stem: Stem, other: Stem) -> None:
    _say("importing Airflow")
    stem.begin()
    if job.get("compare"):
        other.begin()
    found = stem.start()
    report["failed"] = found["failed"]
    spoilers: set[int] = set()
    current: dict[int, dict[str, Any]] = {}
    for share, version in enumerate(found.get("versions", [])):
        if share:
            _say("the version %s" % version["version"])
        same = frozenset() if share else _as_before(job, found)
        numbers = [number for number, file in enumerate(version["files"]) if file not in same]
        pool = Pool(stem, share, version["limits"], _processors(job), numbers)
        outcomes = zip(numbers, pool.run(_say))  # noqa: B905 - as long
        files = {number: dict(outcome, file=version["files"][number]) for number, outcome in outcomes}
        if share:
            seen = {name: version[name] for name in ("version", "root", "failed")}
            report.setdefault("earlier", []).append(dict(seen, files=list(files.values())))
        else:
            current = files
            report.update(airflow=found["airflow"], plugins=found["plugins"], files=list(files.values()))
            if same:
                report["before"] = [file for file in version["files"] if file in same]
            report.update({name: found[name] for name in ("tree", "installed") if name in found})
            report.update({name: version[name] for name in ("root", "failed", "hidden")})
            spoilers = pool.spoilers
    if job.get("compare") and current:
        _compare(job, current, found["versions"], (stem, other), spoilers)


def _as_before(job: dict[str, Any], found: dict[str, Any]) -> "frozenset[str]":
    before = job.get("before")
    return as_before.unaffected(found.get("tree", {}), before["tree"], before["files"]) if before else frozenset()


def _compare(
    job: dict[str, Any],
    files: dict[int, dict[str, Any]],
    versions: list[dict[str, Any]],
    stems: tuple[Stem, Stem],
    spoilers: set[int],
) -> None:
    """Has the good files of the current version examined again, elsewhere, and notes which DAGs are not the same."""
    other = stems[1]
    good = [number for number, file in files.items() if file["seen"] and _is_good(file["seen"])]
    limits = versions[0]["limits"]
    once_more, with_texts = len(versions), len(versions) + 1  # what `importer.stem` has after the versions
    try:
        other.start()
        again = Pool(other, once_more, limits, _processors(job), good, spoilers=spoilers).run(_say)
        vary = {
            number: compare.differing(files[number]["seen"], outcome["seen"])
            for number, outcome in zip(good, again)  # noqa: B905 - as long
            if outcome["seen"] and _is_good(outcome["seen"])
        }
        numbers = [number for number in good if vary.get(number)]
        texts = [
            Pool(each, with_texts, limits, _processors(job), numbers, spoilers=spoilers).run(_say) for each in stems
        ]
    except (Ended, KeyError, TypeError):
        return  # a file has seen to it; what it was found guilty of stands
    for number, *pair in zip(numbers, *texts):  # noqa: B905 - as long
        one, another = (outcome["seen"].get("texts") if outcome["seen"] else None for outcome in pair)
        if isinstance(one, dict) and isinstance(another, dict):
            files[number]["seen"]["differs"] = [
                dict(compare.differences(str(one.get(dag, "")), str(another.get(dag, ""))), dag=dag)
                for dag in vary[number]
            ]


def _is_good(seen: dict[str, Any]) -> bool:
    return bool(seen.get("dags")) and not seen.get("errors")


def _say(progress: str) -> None:
    sys.stdout.write(progress + "\n")
    sys.stdout.flush()


def _check_packages(user: Optional[int]) -> tuple[subprocess.Popen[bytes], str, Any]:
    """Starts `pip check`, or uv's, which takes a tenth of the time, beside everything else."""
    uv = next((path for path in _uv_places() if os.access(path, os.X_OK)), None)
    if uv:
        argv = [uv, "--no-cache", "pip", "check", "--python", sys.executable]
    else:
        argv = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "check"]
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
    as_user = {} if user is None else as_other(user)
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, **as_user)
    return process, argv[0], output


def _uv_places() -> Iterator[str]:
    yield os.path.join(os.path.dirname(sys.executable), "uv")
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        yield os.path.join(directory, "uv")


def _checked_packages(packages: tuple[subprocess.Popen[bytes], str, Any]) -> dict[str, Any]:
    process, tool, output = packages
    code = process.wait()
    output.seek(0)
    return {"tool": os.path.basename(tool), "code": code, "output": output.read(_PIP_LIMIT).decode("utf-8", "replace")}


def _processors(job: dict[str, Any]) -> int:
    there = len(os.sched_getaffinity(0))
    return max(1, min(there, int(job.get("processes", there))))
