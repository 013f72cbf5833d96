"""The base image honours the contract of the official image, on Airflow 3 and 2; nothing here is mocked."""

import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dagship import process
from dagship.base import builder as base
from dagship.base import debian
from dagship.engine import images
from dagship.errors import OutsideError, Refused, UsageError
from dagship.model.artifacts import BaseImage, BuiltBase
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.workspace import Workspace
from tests.machine import ROOT

# Debian's packages are fetched and unpacked once for all checkouts.
KEPT = Workspace(Path.home() / ".cache/dagship/tests")

READ_ONLY = ("--read-only", "--tmpfs=/tmp")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a container said."""

    code: int
    out: str
    err: str


def run(image: str, *command: str, options: tuple[str, ...] = ()) -> Answer:
    finished = process.run(["docker", "run", "--rm", "--network=none", *options, image, *command])
    return Answer(code=finished.code, out=finished.stdout.strip(), err=finished.stderr.strip())


@pytest.fixture(params=["3.3.2", pytest.param("2.11.2", marks=pytest.mark.wide)])
def image(request: pytest.FixtureRequest) -> BaseImage:
    return request.getfixturevalue({"3": "base_3", "2": "base_2"}[request.param[0]])


# The entrypoint


@pytest.mark.parametrize("command", [("version",), ("airflow", "version")])
def test_a_command_is_airflow_s_with_or_without_the_word(image: BaseImage, command: tuple[str, ...]) -> None:
    answer = run(image.reference, *command)

    assert (answer.code, answer.out.splitlines()[-1]) == (0, image.airflow)


def test_python_is_the_one_of_airflow_s_environment(image: BaseImage) -> None:
    answer = run(image.reference, "python", "-c", "import airflow, sys; print(sys.prefix, airflow.__version__)")

    assert answer.out.splitlines()[-1] == f"/home/airflow/.local {image.airflow}"


def test_without_a_command_airflow_shows_its_usage(image: BaseImage) -> None:
    answer = run(image.reference)

    assert answer.code == 2
    assert "usage: airflow" in (answer.out + answer.err).lower()


def test_signals_reach_airflow_through_dumb_init(image: BaseImage) -> None:
    answer = run(image.reference, "bash", "-c", "tr '\\0' ' ' </proc/1/cmdline; kill -TERM 1; sleep 60")

    assert (
        answer.out == "/usr/bin/dumb-init -- /entrypoint bash -c tr '\\0' ' ' </proc/1/cmdline; kill -TERM 1; sleep 60"
    )
    assert answer.code == 143


WHO = (
    "import getpass, os; print(os.getuid(), os.getgid(), getpass.getuser(), os.path.expanduser('~'), oct(os.umask(0)))"
)


@pytest.mark.parametrize("user", ["50000:0", "12345:0", "50000:12345"])
def test_it_runs_as_airflow_s_user_and_as_any_user_of_group_0(image: BaseImage, user: str) -> None:
    answer = run(image.reference, "python", "-c", WHO, options=(f"--user={user}",))

    assert answer.out == f"{user.replace(':', ' ')} airflow /home/airflow 0o2"


def test_without_being_told_it_runs_as_airflow_s_user(image: BaseImage) -> None:
    assert run(image.reference, "python", "-c", WHO).out.startswith("50000 0 ")
    assert image.user == "50000"


def test_another_user_of_another_group_is_refused_and_told_what_to_do(image: BaseImage) -> None:
    answer = run(image.reference, "version", options=("--user=12345:12345",))

    assert answer.code == 1
    assert "12345:0" in answer.err
    assert not answer.out


def test_any_user_of_group_0_may_write_where_airflow_does(image: BaseImage) -> None:
    places = (
        "/opt/airflow /opt/airflow/dags /opt/airflow/logs /home/airflow /home/airflow/.local/lib/python3*/site-packages"
    )
    script = f"for place in {places}; do touch $place/new || exit; stat -c %a $place/new; done"

    answer = run(image.reference, "bash", "-c", script, options=("--user=12345:0",))

    assert (answer.code, answer.out.split()) == (0, ["664"] * 5)


def test_nobody_but_root_may_write_to_the_list_of_users(image: BaseImage) -> None:
    answer = run(image.reference, "bash", "-c", "test -w /etc/passwd", options=("--user=12345:0",))

    assert answer.code == 1


_DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:////tmp/airflow.db"
_ANOTHER_REVISION = """
import sys, sqlalchemy
sys.path.insert(0, "/files")
from migrated import migrated
with sqlalchemy.create_engine("sqlite:////tmp/airflow.db").connect() as connection:
    connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = 'another'"))
    print(migrated(connection))
"""


def test_a_read_only_root_is_enough_to_start_and_to_migrate_a_database(image: BaseImage) -> None:
    options = (*READ_ONLY, "--user=12345:0", f"--env={_DATABASE}", f"--volume={ROOT / 'k8s/chart/files'}:/files:ro")
    script = 'airflow db migrate && airflow db check && python /files/prepare.py wait && python -c "$0"'

    answer = run(image.reference, "bash", "-c", script, _ANOTHER_REVISION, options=options)

    assert answer.code == 0, answer.err
    # And what the chart's pods wait for is there; of another revision it is not.
    assert answer.out.splitlines()[-2:] == ["the tables are those of this Airflow", "False"]


# What is in it


def test_labels_and_environment_say_what_the_official_image_s_say(image: BaseImage) -> None:
    facts = images.inspect(image.reference)

    assert facts is not None
    assert {
        "org.apache.airflow.version": image.airflow,
        "org.apache.airflow.python.version": image.python_version,
        "org.apache.airflow.uid": "50000",
    }.items() <= facts.labels.items()
    assert {
        "AIRFLOW_HOME": "/opt/airflow",
        "AIRFLOW_VERSION": image.airflow,
        "AIRFLOW_PYTHON_VERSION": image.python_version,
        "AIRFLOW_UID": "50000",
        "AIRFLOW_USER_HOME_DIR": "/home/airflow",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "DUMB_INIT_SETSID": "1",
        "VIRTUAL_ENV": "/home/airflow/.local",
    }.items() <= facts.environment.items()
    assert facts.environment["PATH"].startswith("/home/airflow/.local/bin:")


def test_the_constraints_in_it_are_what_is_installed(image: BaseImage) -> None:
    answer = run(image.reference, "bash", "-c", "cat ~/constraints.txt")
    pins = dict(line.split("==") for line in answer.out.splitlines() if not line.startswith("#"))

    assert pins == {name: version for name, version in image.packages.items() if name != "pip"}
    assert pins["apache-airflow"] == image.airflow


def test_the_packages_agree_with_one_another(image: BaseImage) -> None:
    answer = run(image.reference, "bash", "-c", "pip check", options=READ_ONLY)

    assert answer.code == 0, answer.out


def test_the_default_extras_are_in_it(image: BaseImage) -> None:
    providers = {name.removeprefix("apache-airflow-providers-") for name in image.packages}

    assert {"celery", "cncf-kubernetes", "fab", "postgres", "redis"} <= providers
    assert ({"git", "standard"} <= providers) is image.airflow.startswith("3")


BYTECODE = """
import importlib.util, pathlib, struct
here = pathlib.Path("/home/airflow/.local")
found = [path for path in here.rglob("*.py") if "site-packages" in path.parts]
without = []
for path in found:
    compiled = pathlib.Path(importlib.util.cache_from_source(path))
    if not compiled.exists():
        try:
            compile(path.read_bytes(), str(path), "exec")
        except (SyntaxError, ValueError):
            continue
    if not compiled.exists() or struct.unpack("<I", compiled.read_bytes()[4:8])[0] != 0b01:
        without.append(str(path))
print(len(found), without)
"""


def test_all_of_python_is_compiled_and_never_checked_against_its_source(image: BaseImage) -> None:
    answer = run(image.reference, "python", "-c", BYTECODE)

    count, without = answer.out.split(" ", 1)
    assert int(count) > 5000
    assert without == "[]"


def test_starting_airflow_writes_no_bytecode_and_needs_none(image: BaseImage) -> None:
    script = "airflow version; find / -xdev -name '*.pyc' -newer /proc/1/cmdline 2>/dev/null"

    answer = run(image.reference, "bash", "-c", script, options=("--user=0:0",))

    assert answer.out.splitlines()[-1] == image.airflow


LEFTOVERS = """
ls -d /opt/dagship /run/secrets /etc/machine-id.* 2>/dev/null
find /root /tmp /var/tmp /var/lib/apt/lists /var/cache/apt -type f -size +0 ! -name .bashrc ! -name .profile
find / -xdev '(' -name gcc -type f -o -name uv -type f -o -name .cache -o -name '*.whl' -path '/home/*' ')'
find /usr/share/man /usr/share/locale -type f
"""


def test_no_tool_cache_or_secret_of_the_build_is_left(image: BaseImage) -> None:
    answer = run(image.reference, "bash", "-c", LEFTOVERS, options=("--user=0:0",))

    assert answer.out == ""


def test_the_log_groomer_of_the_official_chart_deletes_old_logs_alone(image: BaseImage) -> None:
    script = """
    cd /opt/airflow/logs; mkdir -p old new; touch -d '20 days ago' old/a.log; touch new/b.log
    AIRFLOW__LOG_RETENTION_DAYS=15 timeout 2 bash /clean-logs >/dev/null
    find . -type f
    """

    assert run(image.reference, "bash", "-c", script).out == "./new/b.log"


# Building


def test_an_image_that_is_there_is_not_built_again(
    image: BaseImage, settings_for: Callable[..., Settings], tmp_path: Path
) -> None:
    output = io.StringIO()

    again = base.build_base(settings_for(airflow=image.airflow), Workspace(tmp_path), Console(stderr=output))

    assert again == BuiltBase(reference=image.reference, id=image.id, airflow=image.airflow)
    assert output.getvalue() == ""
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def constrained(
    base_3: BaseImage, settings_for: Callable[..., Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BuiltBase]:
    """A base of given constraints and extras, built with a pip.conf."""
    directory = tmp_path_factory.mktemp("constrained")
    pins = base_3.packages | {"tabulate": "0.9.0", "not-needed": "1.0"}
    (directory / "constraints.txt").write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
    (directory / "pip.conf").write_text("# SECRET-4711\n[global]\ntimeout = 60\n")
    settings = settings_for(
        airflow="3.3.2",
        extras="celery",
        constraints=str(directory / "constraints.txt"),
        pip_conf=str(directory / "pip.conf"),
    )
    built = base.build_base(settings, KEPT, Console(stderr=io.StringIO()))
    yield built
    process.run(["docker", "image", "rm", "--", built.reference])


@pytest.mark.wide
def test_constraints_and_extras_of_the_user_s_are_kept_to(constrained: BuiltBase) -> None:
    answer = run(constrained.reference, "bash", "-c", "pip list --format=json; cat ~/constraints.txt")
    listed, *constraints = answer.out.splitlines()
    packages = {entry["name"]: entry["version"] for entry in json.loads(listed)}

    assert packages["tabulate"] == "0.9.0"
    assert "apache-airflow-providers-celery" in packages
    assert "apache-airflow-providers-cncf-kubernetes" not in packages
    assert {"tabulate==0.9.0", "not-needed==1.0", "apache-airflow==3.3.2"} <= set(constraints)


@pytest.mark.wide
def test_a_secret_is_in_no_file_and_no_setting_of_the_image(constrained: BuiltBase) -> None:
    found = run(
        constrained.reference, "grep", "-rlI", "SECRET-4711", "/etc", "/home", "/opt", "/root", "/run", "/tmp", "/var",
        options=("--user=0:0", "--entrypoint="),
    )  # fmt: skip
    settings = process.run(["docker", "image", "inspect", "--", constrained.reference]).stdout
    history = process.run(["docker", "history", "--no-trunc", "--", constrained.reference]).stdout

    assert (found.code, found.out) == (1, "")
    assert "SECRET-4711" not in settings + history


def attempt(settings: Settings) -> io.StringIO:
    output = io.StringIO()
    base.build_base(settings, KEPT, Console(stderr=output))
    return output


def test_a_release_that_does_not_exist_is_named(settings_for: Callable[..., Settings]) -> None:
    with pytest.raises(UsageError, match=r"no apache-airflow 3\.999\.0 for Python 3\.11"):
        attempt(settings_for(airflow="3.999.0"))


def test_an_extra_that_does_not_exist_is_named(settings_for: Callable[..., Settings]) -> None:
    with pytest.raises(UsageError, match="has no extra no-such-extra"):
        attempt(settings_for(airflow="3.3.2", extras="no-such-extra"))


def test_constraints_that_airflow_cannot_keep_to_are_refused_with_the_reason(
    settings_for: Callable[..., Settings], tmp_path: Path
) -> None:
    (tmp_path / "constraints.txt").write_text("pendulum==2.1.2\n")

    with pytest.raises(Refused, match="the constraints") as refused:
        attempt(settings_for(airflow="3.3.2", constraints=str(tmp_path / "constraints.txt")))

    assert "pendulum" in refused.value.detail


def test_an_index_out_of_reach_is_said_and_its_password_is_not(settings_for: Callable[..., Settings]) -> None:
    with pytest.raises(OutsideError, match="index failed") as failed:
        attempt(settings_for(airflow="3.2.1", index_url="http://somebody:p4ssw0rd@127.0.0.1:9/simple"))

    assert "127.0.0.1:9" in failed.value.detail
    assert "p4ssw0rd" not in failed.value.detail


@pytest.mark.wide
def test_a_root_file_system_that_cannot_be_made_leaves_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "PACKAGES", ("no-such-package",))

    with pytest.raises(OutsideError, match="mmdebstrap") as failed:
        debian.root_file_system(workspace, Console(stderr=io.StringIO()), fresh=False)

    assert "no-such-package" in failed.value.detail
    left = [
        path for path in workspace.cache("rootfs").rglob("*") if debian.key() in path.parts or ".making-" in str(path)
    ]
    assert not left


def test_the_proxies_of_this_machine_s_apt_are_those_of_mmdebstrap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apt.conf").write_text(
        'Acquire::http::Proxy "http://proxy.test:3128/"; Acquire::https::Proxy "DIRECT";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))

    assert debian.apt_proxies() == {"http_proxy": "http://proxy.test:3128/"}


def test_the_root_file_system_tells_nothing_of_this_machine(image: BaseImage) -> None:
    answer = run(image.reference, "bash", "-c", "cat /etc/hostname /etc/resolv.conf", options=())

    assert os.uname().nodename not in answer.out.split()
