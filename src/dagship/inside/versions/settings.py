"""What the environment asks of the sync, checked before any of it reaches git."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from . import layout

ROOT = "/opt/airflow/dag-versions"
CREDENTIALS = "/etc/dagship/git"  # where the chart mounts the Secret; holds none itself

_PROTOCOLS = ("https", "http", "ssh", "git", "file")
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://(?:([^/@]*)@)?([^/]*)(/.*)?", re.IGNORECASE)
_SCP_LIKE = re.compile(r"(?:([^/@:]+)@)?([^/@:]+):(?!//)(.+)")
# What `git check-ref-format` refuses, and a dash in front, which git would take for an option.
_BAD_REF = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[/-]|[/.]$|(?:^|/)\.|\.lock(?:/|$)|^@$|^$",
)
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(?:([kKMGTPE])(i?))?")
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off", "")


class WrongSettings(Exception):  # noqa: N818 - what is raised is a sentence for people
    """A setting that cannot be used; the text is a sentence."""


@dataclass(frozen=True)
class Settings:
    """Settings of the sync.

    Attributes:
        root: The version directories.
        url: The git repository.
        branch: Branch to follow, or empty.
        tag: Tag to follow, or empty; with neither, the remote's HEAD.
        depth: Commits of history fetched, 0 for all.
        subdirectory: The DAG directory in the tree, empty for the whole of it.
        include: What else of the tree is in a version, beside the DAG directory.
        size: Bytes that the volume may take, 0 for all that it has.
        interval: Seconds between looks.
        keep: Versions kept besides those that unfinished runs need.
        hold: Whether nothing is published while a DAG run is in progress.
        check_timeout: Seconds that the import check may take.
        credentials: Directory of the mounted Secret; may be absent.

    """

    url: str
    root: str = ROOT
    branch: str = ""
    tag: str = ""
    depth: int = 1
    subdirectory: str = ""
    include: tuple[str, ...] = ()
    size: int = 0
    interval: float = 60.0
    keep: int = 10
    hold: bool = False
    check_timeout: float = 300.0
    credentials: str = CREDENTIALS

    @property
    def parts(self) -> Mapping[str, str]:
        """What a version holds: name in it to path in the tree."""
        return {layout.DAGS: self.subdirectory, **layout.beside(self.subdirectory, self.include)}

    @property
    def made_of(self) -> str:
        """The parts as a text: the same commit is made anew for others."""
        return "\n".join(f"{name} {path}" for name, path in self.parts.items())

    @property
    def source(self) -> str:
        """The name of what is followed, as the remote has it."""
        if self.branch:
            return f"refs/heads/{self.branch}"
        return f"refs/tags/{self.tag}" if self.tag else "HEAD"

    @property
    def ref(self) -> str:
        """What is followed, for people."""
        if self.branch:
            return f"branch {self.branch}"
        return f"tag {self.tag}" if self.tag else "HEAD"

    @property
    def shown_url(self) -> str:
        """The URL without user and password."""
        found = _URL.fullmatch(self.url)
        if found:
            return f"{found[1]}://{found[3]}{found[4] or ''}"
        scp_like = _SCP_LIKE.fullmatch(self.url)
        return f"{scp_like[2]}:{scp_like[3]}" if scp_like else self.url

    @property
    def host(self) -> str:
        """Host of the URL, with its port; empty for a directory."""
        found = _URL.fullmatch(self.url)
        if found:
            return found[3]
        scp_like = _SCP_LIKE.fullmatch(self.url)
        return scp_like[2] if scp_like else ""


def read(environ: Mapping[str, str]) -> Settings:
    """Returns the settings of an environment.

    Raises:
        WrongSettings: One of them cannot be used.

    """

    def given(name: str, default: str = "") -> str:
        return environ.get(f"DAGSHIP_SYNC_{name}", "") or default

    branch, tag = given("BRANCH"), given("TAG")
    if branch and tag:
        _wrong("DAGSHIP_SYNC_BRANCH and DAGSHIP_SYNC_TAG are both set; one of them can be followed.")
    subdirectory = _checked_path("DAGSHIP_SYNC_SUBDIRECTORY", given("SUBDIRECTORY"))
    listed = [path for path in given("INCLUDE").split(",") if path]
    include = tuple(_checked_path("DAGSHIP_SYNC_INCLUDE", path) for path in listed)
    try:
        layout.beside(subdirectory, include)
    except layout.Wrong as wrong:
        _wrong(str(wrong))
    return Settings(
        url=_checked_url(given("URL")),
        root=given("ROOT", ROOT),
        branch=_checked_ref("DAGSHIP_SYNC_BRANCH", branch),
        tag=_checked_ref("DAGSHIP_SYNC_TAG", tag),
        depth=int(_number("DAGSHIP_SYNC_DEPTH", given("DEPTH", "1"), least=0, whole=True)),
        subdirectory=subdirectory,
        include=include,
        size=_checked_size(given("SIZE", "0")),
        interval=_number("DAGSHIP_SYNC_INTERVAL", given("INTERVAL", "60"), least=1),
        keep=int(_number("DAGSHIP_SYNC_KEEP", given("KEEP", "10"), least=1, whole=True)),
        hold=_truth("DAGSHIP_SYNC_HOLD", given("HOLD")),
        check_timeout=_number("DAGSHIP_SYNC_CHECK_TIMEOUT", given("CHECK_TIMEOUT", "300"), least=1),
        credentials=given("CREDENTIALS", CREDENTIALS),
    )


def _checked_url(url: str) -> str:
    if not url:
        _wrong("DAGSHIP_SYNC_URL is not set; it names the git repository.")
    if not re.fullmatch(r"[!-~]+", url) or url.startswith("-"):
        _wrong("DAGSHIP_SYNC_URL is not the address of a git repository.")
    found = _URL.fullmatch(url)
    if found and found[1].lower() not in _PROTOCOLS:
        _wrong(f"DAGSHIP_SYNC_URL begins with {found[1]}://, which is none of {', '.join(_PROTOCOLS)}.")
    if found and ":" in (found[2] or "") and found[1].lower() == "ssh":
        _wrong("DAGSHIP_SYNC_URL holds a password, and SSH takes none; a key belongs into the Secret: ssh-privatekey.")
    if found and (":" in (found[2] or "") or (found[2] is not None and found[1].lower() in ("http", "https"))):
        # What stands there in the place of a user may be a token.
        _wrong("DAGSHIP_SYNC_URL holds a user or password; they belong into the Secret, keys username and password.")
    if found is None and re.match(r"[^/@:]+:[^/@]+@", url):  # to git a host, and a path with what may be a password
        _wrong("DAGSHIP_SYNC_URL holds a password, and SSH takes none; a key belongs into the Secret: ssh-privatekey.")
    if "::" in url.partition("/")[0] or not (found or _SCP_LIKE.fullmatch(url) or url.startswith("/")):
        _wrong("DAGSHIP_SYNC_URL is neither a URL, nor user@host:path, nor an absolute path.")
    return url


def _checked_ref(name: str, value: str) -> str:
    if value and _BAD_REF.search(value):
        _wrong(f"{name} is {value!r}, which git does not allow as a name.")
    return value


def _checked_path(name: str, value: str) -> str:
    parts = [part for part in value.split("/") if part not in ("", ".")]
    if value.startswith(("/", "-")) or ".." in parts or not value.isprintable():
        _wrong(f"{name} is {value!r}; it must be a path below the top of the repository.")
    return "/".join(parts)


def _checked_size(value: str) -> int:
    found = _SIZE.fullmatch(value)
    if not found:
        _wrong(f"DAGSHIP_SYNC_SIZE is {value!r}; it must be a number of bytes as 4Gi or 500M, 0 for no limit.")
    unit = (1024 if found[3] else 1000) ** " kMGTPE".index((found[2] or " ").replace("K", "k"))
    return int(float(found[1]) * unit)


def _number(name: str, value: str, *, least: int, whole: bool = False) -> float:
    try:
        number = float(int(value) if whole else float(value))
    except ValueError:
        number = -1.0
    if not least <= number < 1e9:  # noqa: PLR2004 - more would not end in a lifetime; nor is it NaN
        _wrong(f"{name} is {value!r}; it must be a {'whole ' if whole else ''}number from {least} on.")
    return number


def _truth(name: str, value: str) -> bool:
    if value.lower() not in _TRUE + _FALSE:
        _wrong(f"{name} is {value!r}; it must be true or false.")
    return value.lower() in _TRUE


def _wrong(sentence: str) -> NoReturn:
    raise WrongSettings(sentence)
