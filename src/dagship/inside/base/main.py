"""Makes Airflow's environment for the base image: `base.main JOB`, in a stage that is thrown away.

JOB is a directory with job.json, {"airflow": version, "extras": [...], "extras_are_asked_for": bool}, and
constraints.txt if there are any. Without constraints, the packages are those of the release's day: what the index had
two days after the release was uploaded, when its last companions were there too.

What stands in the way is said in one line, `@@BASE@@` and a JSON object; its `kind` is known to dagship.base.
"""

import datetime as dt
import json
import os
import re
import subprocess
import sys
import tomllib
from typing import Any, NoReturn

from ..shared import index

MARK = "@@BASE@@"
HOME = "/home/airflow"
ENVIRONMENT = HOME + "/.local"
CONSTRAINTS = HOME + "/constraints.txt"

# Releases that say they go with this Airflow, by its major version; given constraints have the last word. Under those
# of the Celery provider no task ever runs: apache/airflow issues 61913, 63043 and 63729. That gunicorn forks while a
# thread of its own is at work, and now and then a webserver never answers: benoitc/gunicorn issues 3509 and 3529.
BROKEN = {"2": ("apache-airflow-providers-celery!=3.16.0,!=3.17.0,!=3.17.1", "gunicorn!=25.1.0")}

# uv's exit status when it examined and the answer is no; 2 is a failure of the index or of uv.
NO_SOLUTION = 1


def install(directory: str) -> None:
    """Makes the environment and what stands beside it.

    Raises:
        SystemExit: It cannot be made; what the matter is was said.

    """
    with open(os.path.join(directory, "job.json"), encoding="utf-8") as file:
        job = json.load(file)
    given = os.path.join(directory, "constraints.txt")
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", ENVIRONMENT], check=True)
    with index.environment() as env:
        env["VIRTUAL_ENV"] = ENVIRONMENT
        if os.path.exists(given):
            options = ["--constraints", given]
        else:
            options = ["--exclude-newer", newest_allowed(_uploaded(env, job["airflow"]))]
            options += _broken(directory, job["airflow"])
        # pip is no dependency of Airflow, but of those who build on the image.
        wanted = "apache-airflow[{}]=={}".format(",".join(job["extras"]), job["airflow"])
        code, words = _uv(env, "pip", "install", *options, wanted, "pip")
        if code != 0:
            _stop("conflict" if code == NO_SOLUTION else "index", words)
        installed = _installed()
    missing = _missing_extras(job)
    if missing and job["extras_are_asked_for"]:
        _stop("no-extra", ", ".join(missing))
    _write_constraints(installed, given if os.path.exists(given) else "", options)
    _compile()
    # Any user id with group 0 has the rights of the owner.
    subprocess.run(["/bin/chmod", "-R", "g=u", HOME], check=True)


def _broken(directory: str, airflow: str) -> list[str]:
    lines = BROKEN.get(airflow.partition(".")[0], ())
    if not lines:
        return []
    path = os.path.join(directory, "broken.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return ["--constraints", path]


def newest_allowed(uploaded: dt.datetime) -> str:
    """Returns the moment up to which packages count as those of the release's day."""
    return (uploaded + dt.timedelta(days=2)).astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def upload_time(lock: str) -> dt.datetime | None:
    """Returns when the only package of a pylock.toml was uploaded, None when the index did not tell."""
    package = tomllib.loads(lock)["packages"][0]
    files: list[dict[str, Any]] = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
    times = [file["upload-time"] for file in files if "upload-time" in file]
    return min(times, default=None)


def merged(installed: dict[str, str], given: str) -> list[str]:
    """Returns constraint lines: every installed package, and the given ones that are not installed."""
    lines = {name: f"{name}=={version}" for name, version in installed.items()}
    for line in given.splitlines():
        name = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", line)
        if name:
            lines.setdefault(canonical(name[1]), line.strip())
    return [lines[name] for name in sorted(lines)]


def canonical(name: str) -> str:
    """Returns a package's or an extra's name in its one spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _uploaded(env: dict[str, str], version: str) -> dt.datetime:
    _say("asking the index for Airflow")
    request = "apache-airflow==" + version
    arguments = [_UV, "pip", "compile", "--no-deps", "--no-header", "--format", "pylock.toml", "-"]
    asked = subprocess.run(arguments, env=env, check=False, input=request, text=True, capture_output=True)
    if asked.returncode != 0:
        _stop("no-version" if asked.returncode == NO_SOLUTION else "index", asked.stderr)
    time = upload_time(asked.stdout)
    if time is None:
        _stop("no-date", "")
    return time


def _uv(env: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Runs uv, shows what it says as it comes, and returns its exit status and the end of its words."""
    _say("uv " + " ".join(arguments))
    with subprocess.Popen(
        [_UV, *arguments], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        words = []
        for line in child.stdout or ():
            words.append(line)
            _say(index.redacted(line.rstrip("\n")))
    return child.returncode, "".join(words)


def _installed() -> dict[str, str]:
    """Every distribution in the environment but pip, which is a tool and not Airflow's."""
    program = (
        "import importlib.metadata as m, json; print(json.dumps([[d.name, d.version] for d in m.distributions()]))"
    )
    listed = subprocess.run([ENVIRONMENT + "/bin/python", "-I", "-c", program], check=True, capture_output=True)
    return {canonical(name): version for name, version in json.loads(listed.stdout) if name != "pip"}


def _missing_extras(job: dict[str, Any]) -> list[str]:
    """The extras that this release of Airflow does not have; uv takes them for nothing."""
    program = "import importlib.metadata as m; print(*m.metadata('apache-airflow').get_all('Provides-Extra', ()))"
    listed = subprocess.run([ENVIRONMENT + "/bin/python", "-I", "-c", program], check=True, capture_output=True)
    has = {canonical(name) for name in listed.stdout.decode().split()}
    return [name for name in job["extras"] if canonical(name) not in has]


def _write_constraints(installed: dict[str, str], given: str, options: list[str]) -> None:
    text = ""
    if given:
        with open(given, encoding="utf-8") as file:
            text = file.read()
    head = "the constraints given, and what is installed" if given else f"packages as of {options[1]}"
    with open(CONSTRAINTS, "w", encoding="utf-8") as file:
        file.write("\n".join([f"# {head}", *merged(installed, text)]) + "\n")


def _compile() -> None:
    """Writes bytecode that is never checked against its source: the image changes by a new layer, not by an edit.

    A container's first start would otherwise compile all that it imports, and again in the next container.
    """
    _say("compiling")
    command = [ENVIRONMENT + "/bin/python", "-m", "compileall", "-qq", "-j", "0"]
    # The status says that some file is not of this Python's syntax, as templates and other versions' tests are.
    subprocess.run([*command, "--invalidation-mode", "unchecked-hash", ENVIRONMENT + "/lib"], check=False)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _stop(kind: str, words: str) -> NoReturn:
    _say(MARK + json.dumps({"kind": kind, "words": index.redacted(words)[-3000:]}))
    raise SystemExit(1)


_UV = os.path.join(os.path.dirname(sys.executable), "uv")

if __name__ == "__main__":
    os.umask(0o002)
    install(sys.argv[1])
