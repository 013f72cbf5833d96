"""The root file system of Debian: where it comes from, and that it is kept."""

import io
import tarfile
from pathlib import Path

import pytest

from dagship.base import debian
from dagship.base.plan import Plan, plan_base
from dagship.errors import OutsideError, UsageError
from dagship.settings_sources import load
from dagship.terminal.console import Console
from dagship.workspace import Workspace

BOOKWORM = "Debian|Debian|bookworm|http://mirror.test/debian/"
SECURITY = "Debian|Debian-Security|bookworm-security|http://mirror.test/security/"


def plan(root: Path, **flags: object) -> Plan:
    return plan_base(load(root, flags), root)


def test_another_platform_than_this_machine_s_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="linux/riscv64"):
        plan(tmp_path, platform="linux/riscv64")

    assert plan(tmp_path, platform=debian.native_platform()) == plan(tmp_path)


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
