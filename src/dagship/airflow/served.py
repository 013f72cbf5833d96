"""What Airflow serves of a DAG version, and what is wrong with it: one answer, however Airflow was asked. Pure."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import Field, ValidationError

from dagship import redaction
from dagship.model.frozen import Artifact

_NAMED = 3
_LONGEST = 600


class Wanted(NamedTuple):
    """What is waited for.

    Attributes:
        version: The DAG version; empty to be told what is served, and to wait for nothing.
        serial: Of its announcement, 0 where one is taken back; None where pods have moved.
        dags: The DAGs that it has and the file of each, as it was tested; empty where that is not known.
        anew: Whether it was served before: then each file is to have been read since the pods are there.
        broken: Files that could not be read before; None where that is not known.
        since: From when on an import error is of the version, where its announcement's own time is not known; epoch
            seconds by the clock of who is asked.
        alone: Those of the files that are read anew for it, where who is asked cannot tell; None for all, or where it
            can.

    """

    version: str
    serial: int | None = None
    dags: Mapping[str, str] = {}
    anew: bool = False
    broken: tuple[str, ...] | None = None
    since: float = 0.0
    alone: tuple[str, ...] | None = None

    def question(self, seconds: float) -> dict[str, Any]:
        """Returns it as `inside/scheduler/served.py` reads it, with the seconds to wait."""
        tested = set(self.dags.values())
        files = sorted(tested if self.alone is None else tested.intersection(self.alone)) if self.dags else None
        asked = {"version": self.version, "serial": self.serial, "anew": self.anew, "seconds": seconds}
        broken = None if self.broken is None else list(self.broken)
        return {**asked, "files": files, "broken": broken, "since": self.since, "alone": self.alone}


class ServedDag(NamedTuple):
    """A DAG as Airflow's database has it.

    Attributes:
        dag_id: Its id.
        file: Its file in the DAG tree.
        version: The DAG version that it was read at last, or empty.
        read: When, epoch seconds; 0 for never.
        stored: When its structure was stored, epoch seconds; 0 where that is not known or of no matter.

    """

    dag_id: str
    file: str
    version: str
    read: float
    stored: float = 0.0


class Served(Artifact):
    """What Airflow serves at one moment.

    Attributes:
        version: The DAG version that new runs get, or empty.
        served: Whether every file of the version that was asked for is read, and no error is new.
        done: Whether to ask again is of no use.
        left: Files that are not read yet; below 0 where they were not counted.
        waiting: Some of them.
        held: Some files that are read, and of which Airflow has not stored the structure yet.
        alone: The files that are read for it, where those are some; None for all.
        why_not: Why the dag-processor serves something else than was announced, a sentence; empty where it says none.
        new: Files with an import error that had none before, and its text.
        errors: All files with an import error, and its text.
        dags: The DAGs of the image's bundle that Airflow has.
        since: Since when, epoch seconds by the clock of who was asked.
        asked: When it was asked, by the same clock.
        rest: Seconds until the structure of every DAG would be stored again; None where that is not known.

    """

    version: str = ""
    served: bool = False
    done: bool = False
    left: int = -1
    waiting: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    alone: tuple[str, ...] | None = None
    why_not: str = ""
    new: dict[str, str] = Field(default_factory=dict)
    errors: dict[str, str] = Field(default_factory=dict)
    dags: tuple[ServedDag, ...] = ()
    since: float = 0.0
    asked: float = 0.0
    rest: float | None = None

    def lacking(self, wanted: Wanted) -> tuple[str, ...]:
        """Returns the DAGs that should be there and are not, once the files are read.

        A file that makes other DAGs than it made in the test has names that come from where it is read: it lacks
        nothing. What cannot be imported is told by its error.
        """
        fresh = [
            dag for dag in self.dags if dag.version == wanted.version and (dag.read >= self.since or not wanted.anew)
        ]
        there = {dag.dag_id for dag in fresh}
        told = {dag.file for dag in fresh if dag.dag_id not in wanted.dags} | self.errors.keys()
        meant = ((dag_id, file) for dag_id, file in wanted.dags.items() if self.alone is None or file in self.alone)
        return tuple(sorted(dag_id for dag_id, file in meant if dag_id not in there and file not in told))


class Trouble(NamedTuple):
    """Why a DAG version is not served.

    Attributes:
        reason: A word, as Kubernetes has them.
        message: A sentence.

    """

    reason: Literal["ImportError", "DagMissing", "NotServed"]
    message: str


def read(said: Mapping[str, Any]) -> Served | None:
    """Reads an answer, without the secrets in its texts; None where it is none."""
    try:
        found = Served.model_validate({name: value for name, value in said.items() if name in Served.model_fields})
    except ValidationError:
        return None
    masked = {
        name: {file: redaction.addresses(text) for file, text in getattr(found, name).items()}
        for name in ("new", "errors")
    }
    return found.model_copy(update=masked) if "served" in said else None


def worst(answers: "tuple[Served, ...]") -> Served:
    """Returns that of several dag-processors which has most against it."""
    return min(answers, key=lambda one: (not one.new, one.served, -one.left))


def trouble(wanted: Wanted, answer: Served | None, seconds: float) -> Trouble | None:
    """Returns what is wrong; None where the version is served.

    Args:
        wanted: What was waited for.
        answer: What came of it; None where nobody was there to be asked.
        seconds: For which nothing came.

    """
    if answer is None:
        return _not_served(wanted, seconds, "no pod that reads DAG files is there to be asked")
    if answer.new:
        return Trouble("ImportError", f"Airflow cannot import {named(answer.new)}")
    if not answer.served:
        return _not_served(wanted, seconds, not_yet(wanted, answer))
    lacking = answer.lacking(wanted)
    if not lacking:
        return None
    shown = ", ".join(f"{dag_id} of {wanted.dags[dag_id]}" for dag_id in lacking[:_NAMED])
    more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
    return Trouble(
        "DagMissing", f"Airflow has read the files, and does not have DAGs that the test found: {shown}{more}"
    )


def not_yet(wanted: Wanted, answer: Served) -> str:
    """Returns why a version is not served that could be, in words that follow on a colon."""
    if answer.why_not or answer.version != wanted.version:
        return answer.why_not or f"it serves {answer.version or 'nothing yet'}"
    if answer.held:
        return (
            f"it has read {', '.join(answer.held)}, and stores a DAG no sooner after the last time than its setting "
            "[core] min_serialized_dag_update_interval lets it"
        )
    named = (
        f" ({', '.join(answer.waiting)}{', …' if answer.left > len(answer.waiting) else ''})" if answer.waiting else ""
    )
    count = f"{answer.left} of its files are" if answer.left >= 0 else "its files are"
    return f"{count} not read yet, or make no DAG there{named}"


def _not_served(wanted: Wanted, seconds: float, why: str) -> Trouble:
    return Trouble("NotServed", f"DAG version {wanted.version} was not served within {seconds:.0f} s: {why}")


def named(errors: Mapping[str, str]) -> str:
    """Returns the files with their lines and errors; of many the first."""
    first = [told(file, text) for file, text in sorted(errors.items())[:_NAMED]]
    more = f"; and {len(errors) - _NAMED} more files" if len(errors) > _NAMED else ""
    return "; ".join(first) + more


def told(file: str, text: str) -> str:
    """Returns an import error in one line: file, line and the exception in Airflow's own words."""
    at = line_of(file, text)
    return f"{f'{file}, line {at}' if at else file}: {exception_of(text)}"


def exception_of(text: str) -> str:
    """Returns the exception that a traceback ends with, all lines of its message in one, cut."""
    lines = [line for line in text.splitlines() if line.strip()] or ["it says nothing"]
    frames = [number for number, line in enumerate(lines) if line.startswith('  File "')]
    # Frames and their sources are indented; a message may have lines that tell nothing by themselves.
    after = range(frames[-1] if frames else len(lines), len(lines))
    begins = next((number for number in after if not lines[number][0].isspace()), len(lines) - 1)
    said = " ".join(" ".join(lines[begins:]).split())
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


def line_of(file: str, text: str) -> int:
    """Returns the line of a DAG file that its import error came through last, by the traceback; 0 where it has none."""
    found = 0
    for line in text.splitlines():
        head, quote, rest = line.strip().partition('", line ')
        if quote and head.startswith('File "') and head.endswith(f"/{file}"):
            number = rest.partition(",")[0]
            found = int(number) if number.isascii() and number.isdecimal() else found
    return found
