"""Imports every DAG file of the image this runs in and writes what it saw to `out/report.json`.

Earlier DAG versions that the image keeps are imported after the current one, each in processes of its own: what a
process has imported of one version, it would take for that of another.

Runs on the interpreter that runs Airflow. Judges nothing: that is done outside, where it can be tested without Airflow.

    python verify.py WORK      reads WORK/job.json; the last line of standard output says how far it is
"""

import faulthandler
import gc
import json
import os
import pwd
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

import verify_child
import verify_modules
import verify_pool
import verify_trace
import verify_watch

# After Airflow's own limit, what a file gets to be serialized in and to notice that its time is up.
_GRACE_SECONDS = 5.0
_PIP_LIMIT = 100_000


def main(work: str) -> None:
    """Tests the image."""
    job, scratch = settle(work)
    progress = _own_output(os.path.join(work, "out", "airflow.log"))
    packages = _check_packages(scratch) if job.get("packages", True) else None
    report: dict[str, Any] = {
        "python": "%d.%d.%d" % sys.version_info[:3],
        "airflow": "",
        "root": "",
        "failed": "",
        "files": [],
    }
    try:
        _import_dags(job, report, scratch, progress)
    except BaseException:  # noqa: BLE001 - Airflow's configuration and local settings may raise or exit
        report["failed"] = verify_child.shortened(traceback.format_exc())
    if packages is not None:
        report["packages"] = _checked_packages(packages)
    target = os.path.join(work, "out", "report.json")
    with open(target + ".part", "w", encoding="utf-8", errors="replace") as file:  # file names may be anything
        json.dump(report, file, ensure_ascii=False)
    os.rename(target + ".part", target)
    os._exit(0)  # Airflow's exit handlers have nothing to tidy up here


def settle(work: str) -> tuple[dict[str, Any], str]:
    """Makes a place for Airflow to live in; returns the job and a scratch directory. Before Airflow is imported."""
    with open(os.path.join(work, "job.json"), encoding="utf-8") as file:
        job = json.load(file)
    scratch = tempfile.mkdtemp(prefix="dagship-")
    _settle_home(job["user"])
    _settle_config(scratch)
    return job, scratch


def _import_dags(job: dict[str, Any], report: dict[str, Any], scratch: str, progress: TextIO) -> None:
    gc.disable()  # nothing of what is imported here becomes garbage
    progress.write("importing Airflow\n")
    import verify_airflow

    airflow = verify_airflow.load()
    report["airflow"], report["root"] = airflow.version, airflow.root
    earlier = [(kept["version"], airflow.of(kept["root"])) for kept in job.get("earlier", [])]
    paths = airflow.files()
    airflow.warm_up(sum((version.files() for _, version in earlier), paths))
    gc.freeze()  # keeps the collector, and with it the copying of pages, off what every child shares
    _import_version(airflow, paths, report["files"], job, _directory(scratch, "current"), progress)
    for version, kept in earlier:
        progress.write("the version %s\n" % version)
        seen: dict[str, Any] = {"version": version, "root": kept.root, "failed": "", "files": []}
        try:
            os.listdir(kept.root)  # Airflow takes a directory that is not there for an empty one
            _import_version(kept, kept.files(), seen["files"], job, _directory(scratch, version), progress)
        except BaseException:  # noqa: BLE001 - as for the image: it is the finding
            seen["failed"] = verify_child.shortened(traceback.format_exc())
        report.setdefault("earlier", []).append(seen)


def _import_version(  # noqa: PLR0917 - what the import of a version takes
    airflow: Any, paths: list[str], into: list[Any], job: dict[str, Any], scratch: str, progress: TextIO
) -> None:
    watch = verify_watch.Watch(airflow.root)

    def enter() -> None:
        gc.enable()
        airflow.enter_child()
        watch.start()

    def examine(path: str) -> tuple[dict[str, Any], bool]:
        before = verify_trace.state()
        watch.forget()
        seen = verify_child.examine(airflow, watch, path)
        for error in seen["errors"]:
            error["module"] = verify_modules.missing(error["text"], airflow.root)
        plain = not (seen["errors"] or watch.network or watch.warnings)
        return seen, plain and verify_trace.restored(before, airflow.root)

    def say(done: int) -> None:
        progress.write("%d of %d files\n" % (done, len(paths)))

    limits = {path: _limit(airflow, path, float(job["import_timeout"])) for path in paths}
    pool = verify_pool.Pool(paths, enter, examine, limits.__getitem__, scratch, _processors(job))
    for path, outcome in zip(paths, pool.run(say)):  # noqa: B905 - `strict` came with Python 3.10
        into.append(dict(outcome, file=os.path.relpath(path, airflow.root)))


def _directory(scratch: str, name: str) -> str:
    path = os.path.join(scratch, name)
    os.mkdir(path)
    return path


def _limit(airflow: Any, path: str, default: float) -> float:
    try:
        limit = float(airflow.limit(path))
    except Exception:  # noqa: BLE001 - from local settings; the import of the file fails by it too, and is reported
        limit = default
    return (limit if limit > 0 else default) + _GRACE_SECONDS


def _settle_home(user: str) -> None:
    """Says where Airflow's home is, if the image leaves it to the user that it runs as: here that is another."""
    if not os.environ.get("AIRFLOW_HOME"):
        name = user.partition(":")[0] or "0"
        try:
            entry = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
        except KeyError:
            return
        os.environ["AIRFLOW_HOME"] = os.path.join(entry.pw_dir, "airflow")


def _settle_config(scratch: str) -> None:
    """Points Airflow at an empty configuration where the image has none: it would write one into a read-only root."""
    home = os.environ.get("AIRFLOW_HOME") or os.path.join(os.path.expanduser("~"), "airflow")
    config = os.environ.get("AIRFLOW_CONFIG") or os.path.join(home, "airflow.cfg")
    if not os.path.exists(os.path.expanduser(os.path.expandvars(config))):
        os.environ["AIRFLOW_CONFIG"] = os.path.join(scratch, "airflow.cfg")
        with open(os.environ["AIRFLOW_CONFIG"], "w", encoding="utf-8"):
            pass


def _own_output(log: str) -> TextIO:
    """Keeps standard output for progress: what Airflow and plugins print goes to a file, and is shown if they fail."""
    progress = os.fdopen(os.dup(1), "w", 1, encoding="utf-8", errors="replace")
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    faulthandler.enable()
    return progress


def _check_packages(scratch: str) -> tuple[subprocess.Popen[bytes], str, Any]:
    """Starts `pip check`, or uv's, which takes a tenth of the time, beside everything else."""
    uv = next((path for path in _uv_places() if os.access(path, os.X_OK)), None)
    if uv:
        argv = [uv, "--no-cache", "pip", "check", "--python", sys.executable]
    else:
        argv = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "check"]
    output = open(os.path.join(scratch, "packages.log"), "w+b")  # noqa: SIM115 - closed with the process
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT), argv[0], output


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


if __name__ == "__main__":
    main(sys.argv[1])
