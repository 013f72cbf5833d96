"""`lock` against pip-compile alone: same base, same input, same pip-tools, both with cold caches.

Only what resolvers keep is pruned from the engine (`type=exec.cachemount`); images and layers stay.
"""

import os
import re
import subprocess
import time
from pathlib import Path

from bench.project import Project
from bench.table import Row, ratio_row
from bench.timing import Timed, alternately, run
from dagship.resources import copy_programs

SEVERAL = ("pandas", "scikit-learn", "boto3")
GOOGLE = ("apache-airflow-providers-google",)
_ALONE = "dagship/bench:pip-compile"
_CONTAINER = "dagship-bench-pip-compile"
_PATIENCE = 300
_GOOGLE_BOUND = 120
_DOCKERFILE = """\
FROM {base}
USER 0
COPY inside/ /opt/dagship/inside/
RUN --mount=type=secret,id=ca python /opt/dagship/inside tools.main /opt/dagship/tools
WORKDIR /bench
RUN python -m pip list --format=freeze > /bench/base-image
ENTRYPOINT ["/opt/dagship/tools/bin/python", "-m", "piptools", "compile", "--generate-hashes", "--allow-unsafe", \\
    "--strip-extras", "--pip-args", "--only-binary :all:", "--constraint", "/bench/base-image"]
"""


def rows(project: Project, rounds: int) -> list[Row]:
    """Some packages everyone knows, and one that pip alone gets lost on."""
    _prepare(project)
    return [_several(project, min(rounds, 3)), _google(project)]


def _several(project: Project, rounds: int) -> Row:
    pins: list[set[str]] = []

    def ours() -> float:
        seconds, text = _lock(project, SEVERAL)
        pins.append(_pins(text))
        return seconds

    def theirs() -> float:
        finished = _compile_alone(SEVERAL, limit=None)
        assert finished is not None  # for the type checker: there is no limit
        pins.append(_pins(finished.stdout))
        return finished.seconds

    pair = alternately(ours, theirs, rounds)
    differing = sorted(pins[0].union(*pins) - pins[0].intersection(*pins))
    row = ratio_row(
        what=f"`lock` of {', '.join(SEVERAL)} over the Airflow base, cold caches",
        against="pip-compile alone, same input",
        pair=pair,
        bound=0.5,
        remark=f"pins that differ: {', '.join(differing)}" if differing else f"the same {len(pins[0])} pins",
    )
    return row if not differing else Row(**{**row.__dict__, "met": False})


def _google(project: Project) -> Row:
    seconds, text = _lock(project, GOOGLE)
    alone = _compile_alone(GOOGLE, limit=_PATIENCE)
    return Row(
        what=f"`lock` of {GOOGLE[0]}",
        against=f"pip-compile alone (stopped at {_PATIENCE} s)",
        ours=f"{seconds:.1f} s",
        theirs=f"{alone.seconds:.1f} s" if alone else f"no answer in {_PATIENCE} s",
        result=f"{seconds:.0f} s",
        bound=f"finishes, ≤ {_GOOGLE_BOUND} s",
        met=seconds <= _GOOGLE_BOUND,
        remark=f"{len(_pins(text))} pins",
    )


def _prepare(project: Project) -> None:
    """Makes what neither side's user waits for each time: pip-tools beside the base's Python."""
    context = project.directory / "pip-compile"
    copy_programs(context / "inside", "shared", "tools")
    (context / "Dockerfile").write_text(_DOCKERFILE.format(base=project.base), encoding="utf-8")
    ca = os.environ.get("DAGSHIP_CA_CERT")
    secret = [f"--secret=id=ca,src={ca}"] if ca else []
    run(["docker", "buildx", "build", "--load", *secret, "--tag", _ALONE, str(context)])
    _lock(project, ("packaging",))


def _lock(project: Project, packages: tuple[str, ...]) -> tuple[float, str]:
    """Locks with cold caches; returns the seconds and the lock."""
    run(["docker", "buildx", "prune", "--force", "--all", "--filter", "type=exec.cachemount"])
    lock = project.directory / "requirements" / "dags.txt"
    lock.parent.mkdir(exist_ok=True)
    lock.unlink(missing_ok=True)
    lock.with_suffix(".in").write_text("".join(f"{name}\n" for name in packages), encoding="utf-8")
    timed = project.invoke("lock", "--requirements", str(lock))
    return timed.seconds, lock.read_text("utf-8")


def _compile_alone(packages: tuple[str, ...], *, limit: float | None) -> Timed | None:
    """Runs pip-compile in a new container, so without caches; None when it has no answer in time."""
    ca = os.environ.get("DAGSHIP_CA_CERT")
    trust = [f"--volume={Path(ca).resolve()}:/ca.pem:ro", "--env=PIP_CERT=/ca.pem"] if ca else []
    argv = ["docker", "run", "--rm", "--interactive", f"--name={_CONTAINER}", *trust, _ALONE]
    argv += ["--quiet", "--output-file=-", "-"]
    began = time.perf_counter()
    try:
        done = subprocess.run(
            argv, input="\n".join(packages), capture_output=True, text=True, check=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        subprocess.run(["docker", "rm", "--force", _CONTAINER], check=False, capture_output=True)
        return None
    return Timed(seconds=time.perf_counter() - began, stdout=done.stdout)


def _pins(lock: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9][a-z0-9._-]*==[^\s;\\]+", lock, re.MULTILINE))
