"""Judges the steps of a Dockerfile: what of them is carried over, and how the rest is done here. Pure."""

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import dropwhile, groupby

from dagship.init.dockerfile import Instruction
from dagship.init.model import Left, Seen, Setting

# They change nothing that is carried over, or are judged with the FROM that uses them.
_QUIET = frozenset({"ARG", "EXPOSE", "FROM", "LABEL", "MAINTAINER", "SHELL", "STOPSIGNAL", "USER", "WORKDIR"})
_KNOWN = frozenset({"CMD", "ENTRYPOINT", "ENV", "HEALTHCHECK", "ONBUILD", "VOLUME"})
DEBIAN_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?")
_APT = ("apt", "apt-get")
_PIP = (["pip", "install"], ["pip3", "install"], ["python", "-m", "pip", "install"], ["uv", "pip", "install"])
_UNREAD = "a command that is not read here"
_BEFORE_COMMANDS = re.compile(r"sudo|-E|\w+=.*")
_TIDYING = frozenset({"set", "true", "echo", "cd"})
# Options of pip's whose value is a word of its own.
_WITH_VALUE = ("-c", "--constraint", "-r", "--requirement", "-i", "--index-url", "--extra-index-url", "-t", "--target")
_OWN_BASE = "Build an image of your own that has it and name it as base (docs/how-to/own-base-image.md)."
_FILES = (
    "What DAGs read goes into their directory, or is named in include; for all else build an image of your own that has"
    " it and name it as base (docs/how-to/own-base-image.md)."
)
_INSTEAD = {
    "ENV": "Set it where Airflow runs: in the chart's values, or the manifests; for the test in the env_file.",
    "ENTRYPOINT": "What is started is said where Airflow runs: by the chart, or the manifests.",
    "HEALTHCHECK": "Probes are said where Airflow runs: by the chart, or the manifests.",
}
_INSTEAD["CMD"] = _INSTEAD["ENTRYPOINT"]


def judge(instructions: Sequence[Instruction], where: str, *, requirements: str, carried: Sequence[str]) -> Seen:
    """Judges steps.

    Args:
        instructions: The Dockerfile.
        where: How it is shown.
        requirements: The file of requirements that is taken, or empty.
        carried: Files and directories of the project that are taken, or told of by themselves.

    """
    packages: dict[str, int] = {}
    left = []
    stages = sum(one.word == "FROM" for one in instructions)
    for one in instructions:
        at = f"{where}:{one.line}"
        if one.word == "FROM" and stages > 1:
            stages -= 1
            left.append(Left(where=at, what="FROM: a stage before the last", instead=_OWN_BASE))
        elif one.word == "RUN":
            found, others = _of_run(one.rest, requirements)
            packages |= dict.fromkeys(found, one.line)
            left += [Left(where=at, what=f"RUN {what}", instead=instead) for what, instead in others]
        elif one.word in ("COPY", "ADD"):
            left += [Left(where=at, what=f"{one.word} {what}", instead=_FILES) for what in _of_copy(one.rest, carried)]
        elif one.word not in _QUIET and one.word not in _KNOWN:
            left.append(Left(where=at, what="a line that is no instruction", instead=_OWN_BASE))
        elif one.word not in _QUIET:
            names = f" {', '.join(_names(one.rest))}" if one.word == "ENV" else ""  # its values may be secrets
            left.append(Left(where=at, what=f"{one.word}{names}", instead=_INSTEAD.get(one.word, _OWN_BASE)))
    why = "Debian packages (" + ", ".join(f"{where}:{line}" for line in sorted(set(packages.values()))) + ")"
    settings = (Setting(name="system_packages", value=tuple(packages), why=why),) if packages else ()
    return Seen(settings=settings, left=tuple(left))


def _of_run(command: str, requirements: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Returns the Debian packages that a RUN installs, and what else it does with how that is done here."""
    packages: list[str] = []
    named: list[str] = []
    others: dict[str, None] = {}
    for words in _commands(command):
        pip = next((words[len(start) :] for start in _PIP if words[: len(start)] == start), None)
        if words[0] in _APT:
            asked = [word for word in words[1:] if not word.startswith("-")]
            if asked[:1] == ["install"] and all(map(DEBIAN_PACKAGE.fullmatch, asked[1:])):
                packages += asked[1:]
            elif asked[:1] not in (["update"], ["clean"], ["autoclean"], ["autoremove"]):
                others[" ".join(words[:1] + asked[:1])] = None
        elif pip is not None:
            named += _asked_of_pip(pip, requirements)
        elif not (words[0] in _TIDYING or (words[0] == "rm" and any("/var/lib/apt" in word for word in words))):
            others[_name(words[0])] = None
    if others:  # pip may install into an environment that one of them has made
        return packages, [(", ".join([*others, *(["pip install"] if named else [])]), _OWN_BASE)]
    into = requirements or "requirements/dags.in"
    advice = f"Write it into {into}, one requirement in a line: {', '.join(named)}."
    return packages, [("pip install", advice)] if named else []


def _commands(command: str) -> Iterator[list[str]]:
    """The commands of a RUN as words."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=";&|\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        words = re.findall(r'"([^"]*)"', command) if command.startswith("[") else list(lexer)
    except ValueError:
        words = [_UNREAD]
    for apart, each in groupby(words, lambda word: not word.strip(";&|\n")):
        named = list(dropwhile(_BEFORE_COMMANDS.fullmatch, each))
        if named and not apart:
            yield named


def _name(command: str) -> str:
    """A program as it may be shown: what is no plain name may be a part of something else."""
    name = command.rpartition("/")[2]
    return name if re.fullmatch(r"[\w.+-]+", name) else _UNREAD


def _asked_of_pip(words: Sequence[str], requirements: str) -> list[str]:
    """What a `pip install` asks for besides the file of requirements that is taken, Airflow and pip itself."""
    named = []
    before = ""
    for word in words:
        name = word.removeprefix("./")
        if before in ("-r", "--requirement"):
            if not requirements or name.rpartition("/")[2] != requirements.rpartition("/")[2]:
                named.append(f"what {name} has")
        elif (
            before not in _WITH_VALUE
            and not word.startswith("-")
            and not re.match(r"(apache-airflow|pip|setuptools|wheel|uv)\b(?!-)", word)
        ):
            named.append(_shown(word))
        before = word
    return named


def _shown(word: str) -> str:
    """An argument as it may be shown: an address may carry credentials."""
    return word if re.fullmatch(r"[\w.\[\],<>=!~*+-]+", word) else "what it names by an address or a path"


def _of_copy(rest: str, carried: Sequence[str]) -> list[str]:
    words = re.findall(r'"([^"]*)"', rest) if rest.startswith("[") else rest.split()
    sources = [source.removeprefix("./").rstrip("/") or "." for source in words[:-1]]
    whole = {*carried, *(each.rpartition("/")[2] for each in carried)}
    known = {".", *whole, *(f"{each}/{all_of_it}" for each in whole for all_of_it in ("*", "."))}
    return [source for source in sources if source not in known]


def _names(rest: str) -> list[str]:
    """The names that an ENV sets."""
    return re.findall(r"(?:^|\s)([A-Za-z_]\w*)=", rest) or rest.split()[:1]
