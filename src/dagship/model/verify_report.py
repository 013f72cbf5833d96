"""The report of `test-image`: its findings, and the files and tests that it looked at. Frozen values."""

from datetime import date
from typing import Literal

from dagship.model.artifacts import Moved
from dagship.model.frozen import Artifact

Severity = Literal["error", "warning"]

# Described one by one in docs/reference/findings.md.
Kind = Literal[
    "airflow-broken",
    "airflow-moved",
    "crashed",
    "cycle",
    "deprecation",
    "duplicate-dag-id",
    "hidden-include",
    "import-error",
    "lost-dag",
    "missing-connection",
    "missing-variable",
    "network-access",
    "no-dags",
    "no-tests",
    "not-serializable",
    "pip-check",
    "plugin-error",
    "slow",
    "test-failed",
    "timeout",
    "varying-value",
]


class Finding(Artifact):
    """One thing wrong with an image or a DAG file in it.

    Attributes:
        severity: `error` fails the test; `warning` does with `--strict`.
        kind: What it is.
        file: Relative to the DAG tree; empty when it is about the image.
        line: Line in that file, 0 when unknown.
        message: One sentence.
        traceback: The full traceback, or empty.
        hint: What to do, or empty.
        version: The older DAG version it is about; empty for the current one and for the image.
        accepted_until: The last day on which the baseline accepts it, `2027-02-28`; empty when it does not.

    """

    severity: Severity
    kind: Kind
    file: str
    line: int
    message: str
    traceback: str
    hint: str
    version: str = ""
    accepted_until: str = ""

    def fails(self, *, strict: bool) -> bool:
        """Whether the test of an image fails for it."""
        return not self.accepted_until and (self.severity == "error" or strict)


class Accepted(Artifact):
    """An entry of a baseline: what is wrong today with a DAG file, and no reason to fail until a day.

    Attributes:
        file: Relative to the DAG tree.
        kind: What it is.
        until: The last day.

    """

    file: str
    kind: Kind
    until: date


class CheckedFile(Artifact):
    """A DAG file that was tested.

    Attributes:
        file: Relative to the DAG tree.
        seconds: Time that importing it took.
        dags: Ids of the DAGs it defines.
        version: The older DAG version it belongs to, empty for the current one.
        imported: Whether it was imported by this test; else it is, with all that it imports, what it was when the image
            that runs was tested, and the seconds and DAGs are from then.

    """

    file: str
    seconds: float
    dags: tuple[str, ...]
    version: str = ""
    imported: bool = True


class CheckedTest(Artifact):
    """One of the user's own tests, run in the image.

    Attributes:
        name: pytest's node id.
        outcome: `passed`, `failed` or `skipped`.
        seconds: Time it took.

    """

    name: str
    outcome: Literal["passed", "failed", "skipped"]
    seconds: float


class VerifyReport(Artifact):
    """The result of `test-image`.

    Attributes:
        image: Reference of the image tested.
        id: The engine's id of the image tested.
        passed: The verdict.
        strict: Whether warnings fail it as well.
        airflow: Version of apache-airflow found in the image.
        python: Version of its Python.
        moved: The packages of the base that the image has in another version.
        versions: The DAG versions whose files were tested, the current one first; empty when the image names none.
        files: DAG files that were tested.
        tests: The user's own tests, where there were some.
        findings: Errors and warnings, errors first.
        mended: Entries of the baseline that nothing was found for.
        unchecked: What the image was not tested for, for people.
        seconds: Whole duration.

    """

    image: str
    id: str
    passed: bool
    strict: bool = False
    airflow: str
    python: str
    moved: tuple[Moved, ...] = ()
    versions: tuple[str, ...] = ()
    files: tuple[CheckedFile, ...]
    tests: tuple[CheckedTest, ...] = ()
    findings: tuple[Finding, ...]
    mended: tuple[Accepted, ...] = ()
    unchecked: tuple[str, ...] = ()
    seconds: float

    @property
    def dags(self) -> dict[str, str]:
        """The DAGs of the current version, and the file of each in the tree."""
        return {dag_id: one.file for one in self.files if not one.version for dag_id in one.dags}
