"""What a base image is made from and called, and what is said when it cannot be made."""

import datetime as dt
import importlib
import io
import re
import tarfile
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from dagship.base import builder as base
from dagship.base import debian
from dagship.base import plan as base_plan
from dagship.base.plan import Plan, default_extras, plan_base
from dagship.console import Console
from dagship.errors import DagshipError, OutsideError, Refused, UsageError
from dagship.reference import Reference
from dagship.resources import resource
from dagship.settings import load
from dagship.workspace import Workspace

BOOKWORM = "Debian|Debian|bookworm|http://mirror.test/debian/"
SECURITY = "Debian|Debian-Security|bookworm-security|http://mirror.test/security/"


def plan(root: Path, **flags: object) -> Plan:
    return plan_base(load(root, flags), root)


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """base_install.py as it is in the image: its siblings are beside it."""
    monkeypatch.syspath_prepend(str(resource("inside")))
    return importlib.import_module("base_install")


# The tag


def test_the_tag_names_the_release_and_twelve_hex_digits_of_the_rest(tmp_path: Path) -> None:
    reference = plan(tmp_path).reference

    assert reference.name == "dagship/airflow-base"
    assert re.fullmatch(r"3\.3\.2-[0-9a-f]{12}", reference.tag)
    assert Reference.parse(str(reference)) == reference


@pytest.mark.parametrize(
    "change",
    [
        {"airflow": "2.11.2"},
        {"extras": ("celery",)},
        {"extras_are_asked_for": True},
        {"constraints": "six==1.17.0\n"},
        {"platform": "linux/riscv64"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_input_changes_the_tag(tmp_path: Path, change: dict[str, object]) -> None:
    one = plan(tmp_path)

    other = replace(one, **change)  # type: ignore[arg-type]

    assert other.reference.tag.partition("-")[2] != one.reference.tag.partition("-")[2]


def test_the_debian_packages_change_the_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = plan(tmp_path).reference
    monkeypatch.setattr(debian, "PACKAGES", (*debian.PACKAGES, "sl"))

    assert plan(tmp_path).reference != before


@pytest.mark.parametrize("name", ["Dockerfile", "entrypoint", "clean-logs", "base_install.py", "tools.txt"])
def test_the_files_that_the_image_is_made_with_change_the_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = plan(tmp_path).reference
    (tmp_path / name).write_text("other")
    monkeypatch.setattr(base_plan, "resource", lambda path: tmp_path / name if path.endswith(name) else resource(path))

    assert plan(tmp_path).reference != before


def test_how_the_index_is_reached_does_not_change_the_tag(tmp_path: Path) -> None:
    elsewhere = plan(tmp_path, index_url="https://user:password@index.test/simple", ca_cert="ca.pem")

    assert elsewhere.reference == plan(tmp_path).reference


def test_order_and_spelling_of_extras_do_not_change_the_tag(tmp_path: Path) -> None:
    one, other = plan(tmp_path, extras="cncf.kubernetes,celery"), plan(tmp_path, extras="celery,cncf_kubernetes,celery")

    assert one.extras == ("celery", "cncf-kubernetes")
    assert one.reference == other.reference


HOW_THE_INDEX_IS_REACHED = ("index.py", "tools.py")


def test_every_file_that_the_dockerfile_takes_is_in_the_tag() -> None:
    dockerfile = resource("images/base/Dockerfile").read_text()

    copied = re.findall(r"^COPY --from=(inside|files) (?:--\S+ )*(.+) \S+$", dockerfile, re.MULTILINE)

    for context, names in copied:
        in_the_tag = {"inside": (*base_plan.INSIDE, *HOW_THE_INDEX_IS_REACHED), "files": base_plan.FILES}[context]
        assert set(names.split()) <= set(in_the_tag)
    assert {"inside", "files"} == {context for context, _ in copied}


# Extras


@pytest.mark.parametrize(("airflow", "only_since_3"), [("2.11.2", False), ("3.0.6", True), ("3.3.2", True)])
def test_the_default_extras_fit_the_major_release(airflow: str, only_since_3: bool) -> None:
    extras = set(default_extras(airflow))

    assert {"celery", "cncf-kubernetes", "fab", "postgres", "redis"} <= extras
    assert ({"git", "standard"} <= extras) is only_since_3
    assert only_since_3 or not {"git", "standard"} & extras


def test_extras_that_the_user_names_take_the_place_of_the_default(tmp_path: Path) -> None:
    assert plan(tmp_path, extras="ssh").extras == ("ssh",)
    assert plan(tmp_path, extras="ssh").extras_are_asked_for
    assert not plan(tmp_path).extras_are_asked_for


# What settings can be wrong


def test_another_platform_than_this_machine_s_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="linux/riscv64"):
        plan(tmp_path, platform="linux/riscv64")

    assert plan(tmp_path, platform=debian.native_platform()) == plan(tmp_path)


def test_a_constraints_file_may_have_pins_markers_and_comments(tmp_path: Path) -> None:
    text = "# of the release\n\nsix==1.17.0  # why\ncolorama==0.4.6 ; sys_platform == 'win32'\n"
    (tmp_path / "constraints.txt").write_text(text)

    assert plan(tmp_path, constraints="constraints.txt").constraints == text
    assert plan(tmp_path, constraints=str(tmp_path / "constraints.txt")).constraints == text


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://index.test/simple",
        "-r other.txt",
        "six @ https://index.test/six.whl",
        "-e .",
        "./six.whl",
        "six==1.17.0; touch /tmp/x",
        "$(touch /tmp/x)",
    ],
)
def test_a_line_of_the_constraints_that_is_no_constraint_is_refused_by_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "constraints.txt").write_text(f"six==1.17.0\n{line}\n")

    with pytest.raises(UsageError, match=r"^Line 2 of .*constraints\.txt is not a constraint"):
        plan(tmp_path, constraints="constraints.txt")


def test_a_line_of_the_constraints_is_not_shown_beyond_its_name(tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text("ours @ https://user:hunter2@index.test/ours.whl\n")

    with pytest.raises(UsageError, match="is not a constraint: 'ours…'") as refused:
        plan(tmp_path, constraints="constraints.txt")

    assert "hunter2" not in str(refused.value)


def test_constraints_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UsageError, match="No such file"):
        plan(tmp_path, constraints="absent.txt")
    with pytest.raises(UsageError, match="Is a directory"):
        plan(tmp_path, constraints=".")
    with pytest.raises(UsageError, match="not UTF-8"):
        plan(tmp_path, constraints="binary.txt")


# The root file system


def test_the_command_makes_the_suite_with_all_packages() -> None:
    argv = debian.mmdebstrap_argv(Path("/cache/rootfs.tar"), ("deb http://mirror.test/debian/ bookworm main",))

    assert argv[0] == "mmdebstrap"
    assert argv[-3:] == ["bookworm", "/cache/rootfs.tar", "deb http://mirror.test/debian/ bookworm main"]
    included = next(option for option in argv if option.startswith("--include=")).removeprefix("--include=").split(",")
    assert {"python3", "python3-venv", "ca-certificates", "dumb-init", "git", "libpq5"} <= set(included)


def test_the_sources_are_those_of_this_machine_where_it_has_the_suite() -> None:
    other_suite = "Debian|Debian|trixie|http://other.test/debian/"
    theirs = "Docker|Docker CE|bookworm|http://theirs.test/debian/"

    signed = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    for targets in ([other_suite, theirs, BOOKWORM, SECURITY], [SECURITY, BOOKWORM, theirs, other_suite]):
        assert debian.sources("\n".join(targets), keyring=True) == (
            f"{signed} http://mirror.test/debian/ bookworm main",
            f"{signed} http://mirror.test/debian/ bookworm-updates main",
            f"{signed} http://mirror.test/security/ bookworm-security main",
        )


def test_a_machine_of_another_suite_gives_its_archive() -> None:
    lines = debian.sources("Debian|Debian|trixie|http://mirror.test/debian/", keyring=False)

    assert lines == (
        "deb http://mirror.test/debian/ bookworm main",
        "deb http://mirror.test/debian/ bookworm-updates main",
    )


@pytest.mark.parametrize(
    "targets", ["", "Ubuntu|Ubuntu|noble|http://mirror.test/ubuntu/\n", "|||http://mirror.test/\n"]
)
def test_a_machine_without_debian_s_archive_leaves_the_choice_to_mmdebstrap(targets: str) -> None:
    assert debian.sources(targets, keyring=True) == ()


def test_without_mmdebstrap_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OutsideError, match="mmdebstrap") as failed:
        debian.root_file_system(Workspace(tmp_path), Console(stderr=io.StringIO()), fresh=False)

    assert "apt-get install mmdebstrap" in failed.value.hint


STATUS = """Package: python3.11-minimal
Version: 9.9.9-1

Package: python3.11
Status: install ok installed
Description: interpreter
 with Version: 1.2.3 in its description
Version: 3.11.2-6+deb12u9

"""


def test_the_root_file_system_is_kept_and_says_its_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path)
    kept = workspace.cache("rootfs") / debian.key() / "rootfs.tar"
    kept.parent.mkdir()
    with tarfile.open(kept, "w") as archive:
        member = tarfile.TarInfo("./var/lib/dpkg/status")
        member.size = len(STATUS)
        archive.addfile(member, io.BytesIO(STATUS.encode()))
    monkeypatch.setenv("PATH", str(tmp_path))

    found = debian.root_file_system(workspace, Console(stderr=io.StringIO()), fresh=False)

    assert found == debian.RootFileSystem(directory=kept.parent, python="3.11.2")


# What is said


@pytest.mark.parametrize(
    ("kind", "words", "error", "said"),
    [
        ("no-version", "no solution", UsageError, "no apache-airflow 3.3.2 for Python 3.11.2"),
        ("no-extra", "nosuch", UsageError, "has no extra nosuch"),
        ("no-date", "", OutsideError, "does not tell when"),
        ("conflict", "because", Refused, "cannot be had with the packages of its day"),
        ("index", "connection refused", OutsideError, "index failed"),
        ("something new", "?", OutsideError, "index failed"),
    ],
)
def test_each_obstacle_has_its_error(
    tmp_path: Path, kind: str, words: str, error: type[DagshipError], said: str
) -> None:
    raised = base.obstacle(plan(tmp_path), "3.11.2", kind, words)

    assert type(raised) is error
    assert said in raised.message
    assert words in raised.message + raised.detail


def test_a_conflict_with_constraints_names_them(tmp_path: Path) -> None:
    given = replace(plan(tmp_path), constraints="six==1\n")

    assert "the constraints" in base.obstacle(given, "3.11.2", "conflict", "because").message


def test_the_log_of_the_build_is_shown_and_obstacles_are_taken_out_of_it(tmp_path: Path) -> None:
    said: list[str] = []
    obstacles: list[DagshipError] = []
    hear = base.listener(plan(tmp_path), "3.11.2", obstacles, said.append)

    hear("#12 0.512 Resolved 197 packages in 1.1s")
    hear('#12 0.9 @@BASE@@{"kind": "no-extra", "words": "nosuch"}')
    hear("#12 ERROR: process did not complete successfully: exit code: 1")

    assert said == ["0.512 Resolved 197 packages in 1.1s", "ERROR: process did not complete successfully: exit code: 1"]
    assert [str(error) for error in obstacles] == ["apache-airflow 3.3.2 has no extra nosuch."]


# Inside


@pytest.mark.parametrize(
    ("uploaded", "newest"),
    [
        (dt.datetime(2026, 9, 17, 8, 38, 26, tzinfo=dt.UTC), "2026-09-19T08:38:26Z"),
        (dt.datetime(2024, 2, 28, 12, 0, 0, tzinfo=dt.UTC), "2024-03-01T12:00:00Z"),
        (dt.datetime(2025, 12, 30, 23, 0, 0, tzinfo=dt.timezone(dt.timedelta(hours=-2))), "2026-01-02T01:00:00Z"),
    ],
)
def test_the_packages_are_those_of_the_release_and_two_days_more(
    inside: ModuleType, uploaded: dt.datetime, newest: str
) -> None:
    assert inside.newest_allowed(uploaded) == newest


def test_the_release_s_time_is_that_of_its_first_file(inside: ModuleType) -> None:
    lock = """
    [[packages]]
    name = "apache-airflow"
    sdist = { url = "a.tar.gz", upload-time = 2026-09-17T08:39:00Z }
    wheels = [{ url = "a.whl", upload-time = 2026-09-17T08:38:26Z }, { url = "b.whl" }]
    """

    assert inside.upload_time(lock) == dt.datetime(2026, 9, 17, 8, 38, 26, tzinfo=dt.UTC)


def test_an_index_need_not_tell_times(inside: ModuleType) -> None:
    assert inside.upload_time('[[packages]]\nname = "a"\nwheels = [{ url = "a.whl" }]\n') is None


def test_the_constraints_in_the_image_are_what_is_installed_and_what_was_given_besides(inside: ModuleType) -> None:
    given = "# of the release\nSix==1.16.0\nNot.Installed==2.0 ; python_version >= '3'\n\n"

    lines = inside.merged({"six": "1.17.0", "attrs": "25.1"}, given)

    assert lines == ["attrs==25.1", "Not.Installed==2.0 ; python_version >= '3'", "six==1.17.0"]


def test_the_marks_of_both_sides_are_one(
    inside: ModuleType, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit):
        inside._stop("index", "https://user:password@index.test refused")
    obstacles: list[DagshipError] = []

    base.listener(plan(tmp_path), "3.11.2", obstacles, pytest.fail)("#7 1.0 " + capsys.readouterr().out.rstrip("\n"))

    assert obstacles[0].detail == "https://***@index.test refused"
