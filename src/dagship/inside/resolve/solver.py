"""uv and pip-compile as functions: what a set of requirements resolves to, over the packages of the base image."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from ..shared import index

CONSTRAINTS = "base-image"
"""Name of the constraints file; pip-compile shows it beside the packages it holds."""

# No name of a user's file begins with a dot.
_UV_OUTPUT, _OUTPUT = ".uv.txt", ".lock.txt"
_FILES = "pylock.toml"
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
_FRAMES = re.compile(r"^Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(?:[\w.]+\.)?", re.MULTILINE)
_NETWORK = re.compile(
    r"error sending request|Request failed|Failed to (fetch|download)|dns error|[Cc]onnection (refused|reset|broken)"
    r"|Temporary failure in name|timed out|CERTIFICATE_VERIFY|invalid peer certificate|SSLError"
    r"|not a trusted or secure host|lack of valid authentication credentials|HTTP status (client|server) error"
    r"|\b(401|403|407|5\d\d) (Unauthorized|Forbidden|Proxy|Client Error|Server Error)"
)


class Answer(NamedTuple):
    """What a resolver said.

    Attributes:
        fits: Whether there is a solution; None when the resolver failed to find out.
        text: The solution, as a requirements file.
        words: What it printed besides, without credentials.

    """

    fits: Optional[bool]
    text: str
    words: str


class Pin(NamedTuple):
    """One package of a solution.

    Attributes:
        version: Its version.
        hashes: `sha256:…` of its files.
        via: Names of the packages that want it; `-r …` for the user's own file.

    """

    version: str
    hashes: "tuple[str, ...]"
    via: "tuple[str, ...]"


class Solver:
    """The resolvers, with what stays the same between calls.

    Args:
        python: The Python that runs Airflow.
        name: How the user's file is shown.
        sources: Packages that are built from source, or `:all:`.
        env: Environment with the index, and the stubs of the base's packages.
        directory: Where to work.

    """

    def __init__(self, python: str, name: str, sources: Sequence[str], env: Mapping[str, str], directory: str) -> None:
        self.python = python
        self.name = name
        self.formats = [] if ":all:" in sources else ["--only-binary", ":all:"]
        for package in [] if ":all:" in sources else sources:
            self.formats += ["--no-binary", package]
        self.env = {**env, "NO_COLOR": "1", "CUSTOM_COMPILE_COMMAND": "invoke lock"}
        self.directory = directory
        self.input = os.path.join(directory, name)
        os.makedirs(os.path.dirname(self.input), exist_ok=True)

    def uv(
        self, lines: Sequence[str], pins: Sequence[str], options: Sequence[str] = (), kept: str = "", limit: float = 600
    ) -> Answer:
        """Resolves with uv.

        Args:
            lines: Requirements.
            pins: Constraints, `name==version`.
            options: Further options.
            kept: A solution to stay with where it fits.
            limit: Seconds.

        """
        self._write(lines, pins)
        output = self._file(_UV_OUTPUT, kept)
        argv = [os.path.join(os.path.dirname(sys.executable), "uv"), "pip", "compile", "--quiet", "--no-header"]
        argv += ["--python", self.python, "--constraint", CONSTRAINTS, "--output-file", _UV_OUTPUT]
        code, words = self._run([*argv, *self.formats, *options, self.name], limit)
        # uv ends with 1 when there is no solution, with 2 when it could not find out.
        return Answer({0: True, 1: False}.get(code), _read(output) if code == 0 else "", words)

    def pylock(self, pins: Sequence[str]) -> Answer:
        """Returns the files of exact versions, for every platform, as a lock of PEP 751."""
        self._write(pins, [])
        argv = [os.path.join(os.path.dirname(sys.executable), "uv"), "pip", "compile", "--quiet", "--no-header"]
        argv += ["--python", self.python, "--universal", "--no-deps", "--format", _FILES, "--output-file", _FILES]
        output = os.path.join(self.directory, _FILES)
        if os.path.exists(output):  # uv would go on from it
            os.remove(output)
        code, words = self._run([*argv, *self.formats, self.name], 600)
        return Answer({0: True, 1: False}.get(code), _read(output) if code == 0 else "", words)

    def pip_compile(self, lines: Sequence[str], pins: Sequence[str], kept: str, *, patient: bool = True) -> Answer:
        """Resolves with pip-compile; its text is the canonical one.

        Args:
            lines: Requirements.
            pins: Constraints.
            kept: A solution to stay with where it fits.
            patient: Whether to ask an index that does not answer again and again.

        """
        self._write(lines, pins)
        output = self._file(_OUTPUT, kept)
        argv = [sys.executable, "-m", "piptools", "compile", "--quiet", "--no-config", "--generate-hashes"]
        argv += ["--allow-unsafe", "--strip-extras", "--no-emit-options", "--no-emit-index-url"]
        argv += ["--no-emit-trusted-host", "--no-emit-find-links", "--cache-dir", index.CACHE + "/pip-tools"]
        argv += ["--constraint", CONSTRAINTS, "--output-file", _OUTPUT]
        options = [*self.formats, *([] if patient else ["--retries", "1"])]
        argv += ["--pip-args", " ".join(options)] if options else []
        code, words = self._run([*argv, self.name], None)
        # pip prints what it tried one by one; that there is no answer stands at the end.
        impossible = re.search(r"ResolutionImpossible|No matching distribution|NoCandidateFound", words) is not None
        return Answer(True if code == 0 else False if impossible else None, _read(output) if code == 0 else "", words)

    def versions(self, package: str, *options: str) -> "list[str]":
        """Returns the versions of a package that the index has for this Python, newest first."""
        argv = [sys.executable, "-m", "pip", "index", "versions", "--json", *options, "--", package]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False, cwd=self.directory)
        answer: dict[str, list[str]] = json.loads(done.stdout) if done.returncode == 0 else {"versions": []}
        return answer["versions"]

    def requires(self, package: str, version: str) -> "list[str]":
        """Returns what a package on the index needs."""
        argv = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
        argv += [*self.formats, "--report", "-", "--", f"{package}=={version}"]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False, cwd=self.directory)
        report: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"install": []}
        return [need for one in report["install"] for need in one["metadata"].get("requires_dist", [])]

    def _write(self, lines: Sequence[str], pins: Sequence[str]) -> None:
        self._file(self.name, "".join(line + "\n" for line in lines))
        self._file(CONSTRAINTS, "".join(pin + "\n" for pin in pins))

    def _file(self, name: str, text: str) -> str:
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def _run(self, argv: Sequence[str], limit: Optional[float]) -> "tuple[int, str]":
        try:
            done = subprocess.run(
                argv, env=self.env, cwd=self.directory, timeout=limit, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return -1, f"no answer in {limit:.0f} s"
        return done.returncode, without_frames(index.redacted(done.stdout).replace(self.directory + "/", ""))


def read_pins(text: str) -> "dict[str, Pin]":
    """Reads a solution of uv's or pip-compile's: packages with their hashes and who wants them."""
    pins: dict[str, Pin] = {}
    name = ""
    for line in text.splitlines():
        found = _PIN.match(line)
        if found:
            name = found[1].lower()
            pins[name] = Pin(found[2], (), ())
        elif name and line.startswith(" ") and line.lstrip().startswith("#"):
            wanting = line.lstrip().lstrip("#").strip()
            wanting = wanting[3:].strip() if wanting.startswith("via") else wanting
            pins[name] = pins[name]._replace(via=(*pins[name].via, *([wanting] if wanting else [])))
        if name:
            pins[name] = pins[name]._replace(hashes=(*pins[name].hashes, *_HASH.findall(line)))
    return pins


def without_frames(words: str) -> str:
    """Returns a resolver's words without the frames of its own traceback: the error at its end is what it says."""
    return re.sub(
        r"^Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(?:[\w.]+\.)?", "", words, flags=re.MULTILINE
    )


def not_found(words: str) -> "list[str]":
    """Returns the packages that pip finds no file of that it may take."""
    return re.findall(r"No matching distribution found for ([A-Za-z0-9][A-Za-z0-9._-]*)", words)


def blames_network(words: str) -> bool:
    """Whether a resolver's words speak of an index that does not answer or refuses."""
    return _NETWORK.search(words) is not None


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()
