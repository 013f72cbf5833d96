"""Issues: what is to be shown beside the code that it is about, of a test or of a release, the worst first. Pure."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from dagship.model.release_document import ReleaseDocument
from dagship.model.verify_report import Finding, VerifyReport
from dagship.report.places import Places


class Issue(NamedTuple):
    """One thing to be shown at a place of the repository.

    Attributes:
        severity: `error` or `warning`.
        kind: What it is, of `kinds.SENTENCES`.
        path: From the repository's root.
        line: Line in that file, 0 when unknown.
        message: What is wrong, the user's text in it.
        hint: What to do, or empty.
        accepted_until: The last day on which the baseline accepts it; empty when it does not.
        standing: Whether the version before had it too; `unknown` of a test, which has none before it.

    """

    severity: Literal["error", "warning"]
    kind: str
    path: str
    line: int
    message: str
    hint: str = ""
    accepted_until: str = ""
    standing: Literal["new", "old", "unknown"] = "unknown"

    @property
    def text(self) -> str:
        """The message, with what to do."""
        return f"{self.message}\n{self.hint}" if self.hint else self.message


def of_test(report: VerifyReport, places: Places) -> tuple[Issue, ...]:
    """Returns the findings of a test."""
    return _sorted(_of_finding(finding, places) for finding in report.findings)


def of_release(document: ReleaseDocument, places: Places) -> tuple[Issue, ...]:
    """Returns the notices of a release and the findings of its new version; what is mended is no issue."""
    notices = (
        Issue(
            severity=notice.severity,
            kind=notice.kind,
            path=places.of(notice.file) if notice.file else places.of_image,
            line=notice.line,
            message=f"{notice.dag_id}: {notice.message}" if notice.dag_id else notice.message,
            standing="new",
        )
        for notice in document.verdict.notices
    )
    findings = (
        _of_finding(one.finding, places)._replace(standing=one.change)
        for one in document.findings
        if one.change != "mended"
    )
    return _sorted((*notices, *findings))


def _of_finding(finding: Finding, places: Places) -> Issue:
    # The line is one of the file as it was; the file of today may have anything there.
    line = 0 if finding.version else finding.line
    where = f"In DAG version {finding.version}: " if finding.version else ""
    return Issue(
        severity=finding.severity,
        kind=finding.kind,
        path=places.of(finding.file) if finding.file else places.of_image,
        line=line,
        message=where + finding.message,
        hint=finding.hint,
        accepted_until=finding.accepted_until,
    )


def _sorted(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Sorts: what fails, before what is accepted; new before old; errors before warnings; else as they came."""
    return tuple(
        sorted(issues, key=lambda one: (bool(one.accepted_until), one.severity != "error", one.standing == "old"))
    )
