"""The idioms of pip's requirements files: other files, constraints, hashes and indexes, made plain requirements.

Pure: what other files hold comes from a function. Every option is taken, or refused with the line to write instead.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from urllib.parse import unquote, urlsplit

from dagship.errors import UsageError
from dagship.lock.own.lines import Named, of_line
from dagship.lock.requirements import Source, canonical, logical_lines, quoted

_LONG = {
    "-r": "--requirement", "-c": "--constraint", "-i": "--index-url", "-f": "--find-links", "--pypi-url": "--index-url",
}  # fmt: skip
_WITH_VALUE = {
    "--requirement", "--constraint", "--index-url", "--extra-index-url", "--find-links", "--trusted-host",
    "--no-binary", "--only-binary",
}  # fmt: skip
# What installs do anyway: wheels where there are some, and hashes for all.
_TAKEN = {"--prefer-binary", "--require-hashes"}
_OF_AN_INDEX = {"--index-url": "index_url", "--extra-index-url": "extra_index_urls"}

_HASH = re.compile(r"\s--hash[=\s]\s*([a-z0-9]+):(\S+)")
# Wherever they are taken from: they are not fetched.
_OF_AIRFLOW = re.compile(r"https?://\S+/constraints-([^/\s]+)/constraints(?:-[a-z-]+)?-[^/\s]+\.txt")
_SHARED = "The setting index_url, extra_index_urls or pip_conf names indexes; they travel as secrets."

Reader = Callable[[str, str, str], tuple[str, str]]
"""How a named file is shown, and its text; takes its name, the file that names it, and where that is said."""


def plain(text: str, where: str, read: Reader, known: AbstractSet[str] = frozenset()) -> Source:
    """Returns a requirements file and those that it names as plain requirements.

    Args:
        text: As `decode` returned it.
        where: How the file is shown.
        read: Reads a file that it names.
        known: What settings name of indexes, as `without_credentials` writes it.

    Raises:
        UsageError: A file that is named cannot be taken, or an option.

    """
    walk = _Walk(read, known, where, text.count("\n") + 1)
    walk.file(text, where, above=(), limits=False)
    limits = Source(where=where, text="\n".join(walk.limits), places=walk.limit_places) if walk.limits else None
    return Source(
        where=where,
        text="\n".join(walk.rows),
        places=walk.places,
        limits=limits,
        hashes={name: frozenset(values) for name, values in walk.hashes.items()},
        releases=walk.releases,
        named=walk.named,
    )


def without_credentials(address: str) -> str:
    """Returns an address as it is told apart from others: without user and password, and without the last slash."""
    return re.sub(r"://[^/\s]*@", "://", address).rstrip("/")


class _Walk:
    """Goes through the files, in their order; the lines of the first keep their numbers."""

    def __init__(self, read: Reader, known: AbstractSet[str], own: str, count: int) -> None:
        self._read, self._known, self._own = read, known, own
        self._done: set[tuple[str, bool]] = set()
        self.rows, self.limits = [""] * count, list[str]()
        self.places, self.limit_places = dict[int, str](), dict[int, str]()
        self.hashes, self.releases = dict[str, set[str]](), dict[str, str]()
        self.named = dict[str, Named]()

    def file(self, text: str, where: str, above: tuple[str, ...], *, limits: bool) -> None:
        """Takes a file; `above` are those that name it, one the next."""
        self._done.add((where, limits))
        for number, content in logical_lines(text):
            at = f"{where}:{number}"
            named = None if limits else of_line(content)
            if named is not None:
                self.named[at] = named
                continue
            options = _options(content, at) if content.startswith("-") else None
            if options is None:
                self._line(_without_hashes(content, at, self.hashes), where, number, limits=limits)
                continue
            for name, value in options:
                self._option(name, value, at, (*above, where), limits=limits)

    def _line(self, content: str, where: str, number: int, *, limits: bool) -> None:
        if limits:
            self.limits.append(content)
            self.limit_places[len(self.limits)] = f"{where}:{number}"
        elif where == self._own:
            self.rows[number - 1] = content
        else:
            self.rows.append(content)
            self.places[len(self.rows)] = f"{where}:{number}"

    def _option(self, name: str, value: str, at: str, above: tuple[str, ...], *, limits: bool) -> None:
        if name in ("--requirement", "--constraint"):
            bounding = limits or name == "--constraint"
            if "://" in value:
                self.releases[at] = _release(name, value, at)
                return
            where, text = self._read(value, above[-1], at)
            if where in above:
                circle = " → ".join((*above[above.index(where) :], where))
                raise UsageError(f"{at}: the files name one another in a circle: {circle}.", "Take one of them out.")
            if (where, bounding) not in self._done:
                self.file(text, where, above, limits=bounding)
        elif name in ("--index-url", "--extra-index-url", "--find-links", "--trusted-host"):
            if without_credentials(value) not in self._known:
                raise of_an_index(name, value, at, _OF_AN_INDEX.get(name, name.removeprefix("--")))
        elif name == "--only-binary" or name in _TAKEN:
            pass
        else:
            raise UsageError(
                f"{at}: {name} has packages built from source, and that is a setting.",
                f"Write source_packages = {_names(value)} in the settings, and take the line out.",
            )


def _options(content: str, at: str) -> list[tuple[str, str]] | None:
    """The options of a line with their values; None for a line with another option, which is told elsewhere."""
    try:
        tokens = shlex.split(content)
    except ValueError as wrong:
        raise UsageError(f"{at}: a quote in {quoted(content)} is not closed.", "Close it.") from wrong
    found = []
    ahead: Iterator[str] = iter(tokens)
    for token in ahead:
        name, equals, value = token.partition("=")
        if not token.startswith("--") and len(token) > 2:  # noqa: PLR2004 - a sign, a letter, and its value
            name, equals, value = token[:2], "=", token[2:]
        name = _LONG.get(name, name)
        if name in _WITH_VALUE:
            value = value if equals else next(ahead, "")
            if not value:
                raise UsageError(f"{at}: {name} names nothing.", "Write what it names behind it, or take the line out.")
        elif name not in _TAKEN:
            return None
        found.append((name, value))
    return found


def _without_hashes(content: str, at: str, hashes: dict[str, set[str]]) -> str:
    """The line without its hashes, which are kept under the package's name."""
    found = _HASH.findall(content)
    if not found:
        return content
    if {kind for kind, _ in found} != {"sha256"} or not all(re.fullmatch("[0-9a-f]{64}", value) for _, value in found):
        raise UsageError(f"{at}: a hash in this line is no SHA-256.", "Write it as --hash=sha256:, and 64 hex digits.")
    rest = _HASH.sub("", content).strip()
    name = canonical(re.split(r"[^A-Za-z0-9._-]", rest)[0])
    hashes.setdefault(name, set()).update(f"sha256:{value}" for _, value in found)
    return rest


def _release(name: str, value: str, at: str) -> str:
    """The release of Airflow whose constraints an address is of."""
    of_airflow = _OF_AIRFLOW.fullmatch(unquote(value)) if name == "--constraint" else None
    if of_airflow is None:
        what = "constraints" if name == "--constraint" else "requirements"
        raise UsageError(
            f"{at}: {quoted(value)} is an address, and no {what} are fetched: they may be others tomorrow.",
            "Put the file into the project, and name it here. Airflow's own constraints are known by their address: "
            "the base image's packages stand for them.",
        )
    return of_airflow[1]


def of_an_index(what: str, address: str, at: str, setting: str) -> UsageError:
    """Returns the error for something in a file that names an index: where that is written instead.

    Args:
        what: What names it.
        address: What it names.
        at: Where.
        setting: The setting for it; an option of pip.conf's where there is none.

    """
    own = setting in ("index_url", "extra_index_urls")
    try:
        credentials = "@" in urlsplit(address).netloc
    except ValueError:
        credentials = True
    if credentials or "${" in address:
        variable = f"DAGSHIP_{setting.upper()}" if own else "DAGSHIP_PIP_CONF"
        return UsageError(
            f"{at}: {what} names an index with credentials, which no file of the project should hold.",
            f"Take them out, and give the address in the environment variable {variable}"
            + ("." if own else ", which names a pip.conf.")
            + " Who could read the file has read them: have them changed.",
        )
    written = {"index_url": f'"{address}"', "extra_index_urls": f'["{address}"]'}
    return UsageError(
        f"{at}: {what} decides where packages come from, and that is a setting.",
        f"Write {setting} = {written[setting]} in dagship.toml; then it may stay here. {_SHARED}"
        if own
        else f"Write {setting} = {address} below [global] in a pip.conf, and name that file with the setting pip_conf; "
        "then it may stay here.",
    )


def _names(value: str) -> str:
    return "[" + ", ".join(f'"{name}"' for name in re.split(r"[\s,]+", value) if name) + "]"
