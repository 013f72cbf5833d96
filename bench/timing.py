"""Times whole processes, two of them alternately."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Seconds of both sides, in the order they were measured.

    Attributes:
        ours: dagship.
        theirs: What a user would run instead.

    """

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def our_median(self) -> float:
        """Median of our side."""
        return statistics.median(self.ours)

    @property
    def their_median(self) -> float:
        """Median of the other side."""
        return statistics.median(self.theirs)

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.our_median / self.their_median


def alternately(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> Pair:
    """Measures both, A B A B, so that whatever else the machine does falls on both sides alike."""
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return Pair(ours=tuple(a for a, _ in pairs), theirs=tuple(b for _, b in pairs))


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A process that ended.

    Attributes:
        seconds: From its start to its end.
        stdout: What it printed.

    """

    seconds: float
    stdout: str


def run(
    argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, status: int = 0
) -> Timed:
    """Runs a program to its end.

    Raises:
        SystemExit: It ended with another status; its output is shown.

    """
    began = time.perf_counter()
    done = subprocess.run(
        argv, cwd=cwd, env={**os.environ, **(env or {})}, check=False, capture_output=True, text=True, errors="replace"
    )
    seconds = time.perf_counter() - began
    if done.returncode != status:
        sys.exit(f"bench: {' '.join(argv)}\nended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return Timed(seconds=seconds, stdout=done.stdout)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A process that told something before its end.

    Attributes:
        seconds: From its start to the line that tells it.
        whole: From its start to its end.

    """

    seconds: float
    whole: float


def run_until(argv: Sequence[str], mark: str, *, cwd: Path, env: Mapping[str, str]) -> Told:
    """Runs a program to its end, and times the first line on standard error that begins with `mark`.

    Raises:
        SystemExit: There was no such line; its output is shown.

    """
    began = time.perf_counter()
    told = None
    said = []
    with subprocess.Popen(
        argv, cwd=cwd, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as child:
        for line in child.stderr or ():
            said.append(line)
            if told is None and line.startswith(mark):
                told = time.perf_counter() - began
    if told is None:
        sys.exit(f"bench: {' '.join(argv)}\nended with {child.returncode} and told nothing:\n{''.join(said)[-4000:]}")
    return Told(seconds=told, whole=time.perf_counter() - began)


def spread(seconds: Sequence[float]) -> str:
    """Shows median and range, `0.43 s (0.41 to 0.52)`."""
    if len(seconds) == 1:
        return f"{seconds[0]:.2f} s"
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
