"""A Debian root file system, made on this machine with mmdebstrap and kept.

Packages come from the archive that this machine's own apt is set up with; where that is not Debian's, mmdebstrap
knows one.
"""

import hashlib
import json
import platform
import re
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dagship import process
from dagship.errors import OutsideError
from dagship.terminal.console import Console
from dagship.workspace import Workspace

SUITE = "bookworm"

PACKAGES = (
    "ca-certificates",
    "dumb-init",
    "git",
    "libpq5",
    "openssh-client",
    "passwd",
    "python3",
    "python3-venv",
    "tzdata",
)

# Nobody reads manuals in there. dpkg keeps to these, so that packages added later leave them out too.
_LEFT_OUT = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/man/*",
)
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_PYTHON = re.compile(r"^Package: python3\.\d+\n(?:.+\n)*?Version: ([0-9.]+)", re.MULTILINE)
_ADVICE = "Where that cannot be, name an image that holds Airflow with the setting base instead of building one."


@dataclass(frozen=True, kw_only=True)
class RootFileSystem:
    """A root file system as an archive.

    Attributes:
        directory: Holds `rootfs.tar` and nothing else: a build context.
        python: Version of its Python, `3.11.2`.

    """

    directory: Path
    python: str


def native_platform() -> str:
    """Returns this machine's platform, `linux/amd64`."""
    machine = platform.machine()
    return f"linux/{_ARCHITECTURES.get(machine, machine)}"


def key() -> str:
    """Returns the digest of all that decides what is in the root file system, the day's packages aside."""
    recipe = [mmdebstrap_argv(Path("target"), ()), native_platform()]
    return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:12]


def root_file_system(workspace: Workspace, console: Console, *, fresh: bool) -> RootFileSystem:
    """Makes the root file system, unless it is there from before.

    Args:
        workspace: Where it is kept.
        console: Shows the progress.
        fresh: Whether it is made again, with the packages of today.

    Raises:
        OutsideError: mmdebstrap is missing or failed, or the archive's address would tell a password.

    """
    kept = workspace.cache("rootfs") / key() / "rootfs.tar"
    if fresh or not kept.is_file():
        _make(kept, console)
    return RootFileSystem(directory=kept.parent, python=_python_version(kept))


def mmdebstrap_argv(target: Path, sources: tuple[str, ...]) -> list[str]:
    """Returns the command that makes the root file system.

    Args:
        target: The archive to write.
        sources: Lines of a sources.list, none for mmdebstrap's own choice.

    """
    argv = ["mmdebstrap", "--variant=apt", f"--include={','.join(PACKAGES)}"]
    argv += [f"--dpkgopt={line}" for line in _LEFT_OUT]
    # Names of this machine and its network, which mmdebstrap copies in to work with.
    argv += ['--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"']
    return [*argv, SUITE, str(target), *sources]


def sources(targets: str, *, keyring: bool) -> tuple[str, ...]:
    """Returns the lines of a sources.list for the suite from what this machine's apt is set up with.

    Args:
        targets: What `apt-get indextargets` prints: origin, label, code name and address, with `|` between.
        keyring: Whether Debian's keyring is at its place.

    """
    addresses: dict[str, str] = {}
    for origin, label, codename, address in (line.split("|") for line in targets.splitlines()):
        if origin == "Debian":
            # An entry for the very suite is better than that of another suite of the same archive.
            wanted = codename.startswith(SUITE)
            addresses = addresses | {label: address} if wanted or label not in addresses else addresses
    if "Debian" not in addresses:
        return ()
    options = f"[signed-by={_KEYRING}] " if keyring else ""
    main, security = addresses["Debian"], addresses.get("Debian-Security")
    lines = [f"deb {options}{main} {SUITE} main", f"deb {options}{main} {SUITE}-updates main"]
    return (*lines, *([f"deb {options}{security} {SUITE}-security main"] if security else []))


def _make(kept: Path, console: Console) -> None:
    if shutil.which("mmdebstrap") is None:
        raise OutsideError(
            "mmdebstrap, which makes the Debian root file system, is not installed.",
            f"On Debian and Ubuntu: apt-get install mmdebstrap debian-archive-keyring. {_ADVICE}",
        )
    lines = sources(_apt_targets(), keyring=_KEYRING.is_file())
    if any(re.search(r"://[^/ ]*@", line) for line in lines):
        raise OutsideError(
            "This machine's address of the Debian archive holds a password, which would end up in the image.",
            f"Use an address without one. {_ADVICE}",
        )
    with (
        tempfile.TemporaryDirectory(dir=kept.parent.parent, prefix=".making-") as scratch,
        console.step(f"Making a Debian {SUITE} root file system") as step,
    ):
        archive = Path(scratch, "rootfs.tar")
        finished = process.run(mmdebstrap_argv(archive, lines), env=apt_proxies(), on_line=step.say)
        if finished.code != 0:
            raise OutsideError(
                "mmdebstrap could not make the Debian root file system.",
                "It needs root or user namespaces (package uidmap), room on the disk, and Debian's archive in reach: "
                "see apt-get update.",
                "\n".join(finished.stderr.strip().splitlines()[-10:]),
            )
        kept.parent.mkdir(exist_ok=True)
        archive.replace(kept)


def _apt_targets() -> str:
    form = "$(ORIGIN)|$(LABEL)|$(CODENAME)|$(REPO_URI)"
    return process.run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"]).stdout


def apt_proxies() -> dict[str, str]:
    """Returns this machine's proxies for apt as variables: mmdebstrap has a configuration of its own for it."""
    proxies = {}
    for scheme in ("http", "https"):
        said = process.run(["apt-config", "dump", "--format", "%v%n", f"Acquire::{scheme}::Proxy"]).stdout
        proxy = said.partition("\n")[0]
        if "://" in proxy:
            proxies[f"{scheme}_proxy"] = proxy
    return proxies


def _python_version(archive: Path) -> str:
    """Reads the version of Python from the list of installed packages in the archive."""
    with tarfile.open(archive) as tar:
        member = next(member for member in tar if member.name.lstrip("./") == "var/lib/dpkg/status")
        status = tar.extractfile(member)
        assert status is not None  # noqa: S101 - for the type checker; it is a file
        package = _PYTHON.search(status.read().decode())
    if package is None:
        raise OutsideError("The Debian root file system holds no Python.", "Build the base again with --force.")
    return package[1].rstrip(".")
