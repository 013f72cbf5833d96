"""Images of the tests: an `airflow` of a few kilobytes that starts, stops and fails as the real one does.

What is under test is the rollout, which sees images, pods, probes, events and logs; those are real. Airflow's own
processes are in tests/e2e, and take a minute to start.
"""

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.machine import made_once

REGISTRY = os.environ.get("DAGSHIP_TEST_REGISTRY", "127.0.0.1:5000")
REPOSITORY = f"{REGISTRY}/dagship-test/airflow"

# `airflow` by what is to happen with it. Each ends at once on SIGTERM, so that tests need not wait for it.
_STAYS = 'trap "exit 0" TERM; echo "running $*"; touch /tmp/ready; httpd -p 8793 -h /tmp; while :; do sleep 60 & wait $!; done'
_MISSING_MODULE = """echo 'Traceback (most recent call last):
  File "/opt/airflow/config/airflow_local_settings.py", line 1, in <module>
    import acme_policies
ModuleNotFoundError: No module named '"'acme_policies'"; exit 1"""
_UNMIGRATED = (
    "echo 'TimeoutError: There are still unapplied migrations after 60 seconds. Migration Head(s) in DB: "
    "{'\"'\"'686269002441'\"'\"'} | Migration Head(s) in Source Code: {'\"'\"'9fc3fc5de720'\"'\"'}'; exit 1"
)
# As dagship's chart starts it: what prepares ends at once, components answer their probes, and a sync says that a
# commit has broken DAGs.
_BROKEN_COMMIT = (
    '{"schema":1,"state":"refused","current":"1111111111111111111111111111111111111111","candidate":'
    '"2222222222222222222222222222222222222222","reason":"A DAG file cannot be imported.","ref":"branch main",'
    '"findings":[{"file":"broken.py","error":"ModuleNotFoundError: acme"}]}'
)
_OF_CHART = f"""
case "$*" in
*.py*|jobs*|*--once*) exit 0;;
*dagship_versions.sync*) echo '{_BROKEN_COMMIT}' >/opt/airflow/dag-versions/status.json;;
*) mkdir -p /tmp/api/v2; echo '{{}}' >/tmp/api/v2/version; echo '{{}}' >/tmp/health; httpd -p 8080 -h /tmp; httpd -p 8974 -h /tmp;;
esac
{_STAYS}"""
BEHAVIOUR = {
    "good": f'[ "$1" != db ] || exit 0; {_STAYS}',
    "crashes": _MISSING_MODULE,
    # Runs well, and then ends: ready at first where nothing probes it.
    "crashes-late": f'trap "exit 1" TERM; echo "starting"; sleep 3; {_MISSING_MODULE}',
    # Takes its time, as Airflow does.
    **{
        f"ready-after-{seconds}": f'trap "exit 0" TERM; sleep {seconds} & wait $!; {_STAYS}'
        for seconds in (10, 30, 40, 120)
    },
    "never-ready": 'trap "exit 0" TERM; echo "waiting for the database"; while :; do sleep 1 & wait $!; done',
    "unmigrated": _UNMIGRATED,
    # The migration that `airflow db check-migrations` waits for comes with the third try; /state outlives a container.
    "migrated-late": f'[ "$1" = db ] || {{ {_STAYS}; }}; echo >>/state/tries; [ $(wc -l </state/tries) -lt 3 ] || exit 0; '
    + _UNMIGRATED,
    "never-migrated": f'[ "$1" = db ] || {{ {_STAYS}; }}; {_UNMIGRATED}',
    "of-chart": _OF_CHART,
    "crashes-of-chart": f'case "$*" in scheduler*) {_MISSING_MODULE};; esac{_OF_CHART}',
    # In the words of the chart's prepare.py and of the driver.
    "of-chart-without-database": """case "$*" in *prepare.py*migrate) sleep 1; echo 'waiting for the database' ; echo \
'The database at db.example:5432 cannot be reached: could not translate host name "db.example" to address: \
Name or service not known' >&2; exit 1;; *prepare.py*) trap "exit 0" TERM; sleep 600 & wait $!;; esac"""
    + _OF_CHART,
    "out-of-memory": 'echo "loading"; exec tail /dev/zero',
    # What it prints would set a terminal's title, take lines away, and be a command to a CI system.
    "escapes": r"printf '\033]0;owned\007\033[2J\033[1;31mred\r\n::error::owned\n\302\233owned\n'; exit 1",
    # Good but for one of Airflow's components.
    **{
        f"crashes-as-{role}": f'[ "$1" != db ] || exit 0; case "$*" in *{role}*) {_MISSING_MODULE};; esac; {_STAYS}'
        for role in ("worker", "scheduler", "dag-processor")
    },
}


# What is asked of Airflow by `python -c` is answered as a test has it in the container's FAKE_ANSWER, a piece of shell
# that prints a JSON object; else Airflow has neither runs nor tasks.
# Whether a DAG version is served who reads DAG files is asked on standard input: a stand-in for what is sent, which the
# tests of the engine and tests/e2e have run in a real one. What pods have moved to is served as a test has it in
# FAKE_SERVED, and what is announced once it is in the container, as in FAKE_WAIT: pieces of shell that print an answer
# where it is another than that all is well; they know $version, and $asked, the whole question.
_PYTHON = """#!/bin/sh
answer() { echo "@@DAGSHIP@@$1"; exit; }
if [ $# = 4 ] && read -r size && [ -n "$size" ]; then
    asked=$(head -c $size | sed 's/.*"asked": //')
    version=$(echo "$asked" | sed 's/.*"version": "\\([^"]*\\)".*/\\1/')
    serial=$(echo "$asked" | sed -n 's/.*"serial": \\([0-9]*\\),.*/\\1/p')
    seconds=$(echo "$asked" | sed 's/.*"seconds": \\([0-9]*\\).*/\\1/')
    well='{"version": "'$version'", "served": true, "done": true, "left": 0}'
    if [ -z "$serial" ]; then
        said=$(eval "$FAKE_SERVED")
        answer "${said:-$well}"
    fi
    end=$(($(date +%s) + $seconds + 1)) at=/opt/airflow/dag-announced
    while
        said=$(cat $at/current 2>/dev/null)
        if [ "$serial" = 0 ]; then [ -n "$said" ]; else
            case "$said" in *"\\"serial\\":$serial,\\"version\\":\\"$version\\""*) false;; esac
        fi
    do
        [ $(date +%s) -lt $end ] || answer '{"served": false, "why_not": "It was not announced here."}'
        sleep 0.1
    done
    case "$said" in
    ""|*'"image":""'*);;
    *) [ -s $at/$version.tgz ] || answer '{"served": false, "done": true, "why_not": "There is no package of it."}';;
    esac
    said=$(eval "$FAKE_WAIT")
    answer "${said:-$well}"
fi
[ "$1" = -c ] || exec airflow "$@"
[ -n "$FAKE_ANSWER" ] || FAKE_ANSWER='echo {}'
answer "$(eval "$FAKE_ANSWER")"
"""


def _shell() -> Path:
    """A busybox without libraries, as Debian's busybox-static has it."""
    found = shutil.which("busybox", path="/usr/bin:/bin")
    assert found, "script/test installs busybox-static"
    return Path(found)


@functools.cache
def image(
    name: str, behaviour: str = "good", *, airflow: str = "3.3.2", repository: str = REPOSITORY, tini: bool = False
) -> str:
    """Builds and pushes an image and returns it by digest; `name` makes two of the same behaviour differ.

    One with `tini` begins with that, as many images of one's own do: with the one that Docker brings along.
    """
    with tempfile.TemporaryDirectory() as scratch:
        context = Path(scratch)
        shutil.copy(_shell(), context / "busybox")
        (context / "airflow").write_text(f"#!/bin/sh\n# {name}\n{BEHAVIOUR[behaviour]}\n", encoding="utf-8")
        (context / "airflow").chmod(0o755)
        (context / "python").write_text(_PYTHON, encoding="utf-8")
        (context / "python").chmod(0o755)
        if tini:
            found = shutil.which("docker-init")
            assert found, "Docker brings docker-init along"
            shutil.copy(found, context / "tini")
        (context / "Dockerfile").write_text(
            "FROM scratch\n"
            f"ENV AIRFLOW_VERSION={airflow} PATH=/bin\n"
            "COPY busybox /bin/busybox\n"
            'RUN ["/bin/busybox", "mkdir", "/tmp"]\n'
            'RUN ["/bin/busybox", "--install", "-s", "/bin"]\n'
            "COPY airflow /bin/airflow\n"
            "COPY python /bin/python\n"
            # As the real ones: where there are arguments alone, they are Airflow's.
            + ('COPY tini /bin/tini\nENTRYPOINT ["/bin/tini", "--", "/bin/airflow"]\n' if tini else "")
            + ("" if tini else 'ENTRYPOINT ["/bin/airflow"]\n'),
            encoding="utf-8",
        )
        return _pushed(context, repository, f"{name}-{behaviour}", "--provenance=false")


@functools.cache
def foreign(*, honest: bool) -> str:
    """Builds and pushes an image for other machines than the nodes; one that is not honest claims to be for them."""
    with tempfile.TemporaryDirectory() as scratch:
        context = Path(scratch)
        program = bytearray(_shell().read_bytes())
        program[18:20] = b"\xf3\x00"  # the machine in an ELF header: RISC-V
        (context / "airflow").write_bytes(program)
        (context / "airflow").chmod(0o755)
        (context / "Dockerfile").write_text("FROM scratch\nENV PATH=/bin\nCOPY airflow /bin/airflow\n", "utf-8")
        # With provenance it is an index, whose platforms are looked at before anything is pulled.
        told = ("--platform=linux/riscv64", "--provenance=true") if honest else ("--provenance=false",)
        return _pushed(context, REPOSITORY, "foreign-" + ("honest" if honest else "lying"), *told)


def _pushed(context: Path, repository: str, tag: str, *options: str) -> str:
    """Builds an image and returns it by digest, as the registry has it."""
    tagged = f"{repository}:{tag}"

    def make() -> str:
        _docker("buildx", "build", "--quiet", *options, "--tag", tagged, "--load", str(context))
        assert tagged in _docker("push", "--quiet", tagged)
        digests = _docker("image", "inspect", "--format", "{{json .RepoDigests}}", tagged)
        return next(one for one in digests.strip('[]"\n').split('","') if one.startswith(f"{repository}@"))

    # One at a time as well: the engine makes no one image for two callers at once, it "already exists".
    return made_once("images", f"{tagged} {_content(context)} {' '.join(options)}", make)


def _content(context: Path) -> str:
    """What the files of a context come to."""
    files = sorted(context.iterdir())
    return hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()


def _docker(*arguments: str) -> str:
    finished = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout
