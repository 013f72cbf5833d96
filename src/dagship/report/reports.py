"""The reports of one task, each made when it is wanted: of an outline for people, of issues for programs. Pure."""

import json
from dataclasses import dataclass

from dagship.report import annotations, code_quality, sarif
from dagship.report.destinations import Format
from dagship.report.issues import Issue
from dagship.report.markdown.document import Sink, markdown
from dagship.report.outline.model import Outline


@dataclass(frozen=True, kw_only=True)
class Reports:
    """The reports of one task.

    Attributes:
        outline: What people read.
        issues: What is shown beside the code, the worst first.
        of: What tells its comment from others of its kind in a pull request: the DAG directory.

    """

    outline: Outline
    issues: tuple[Issue, ...]
    of: str

    def text(self, form: Format) -> str:
        """Returns a report; JUnit is none of these."""
        if form == "html":
            from dagship.report.page.html import html

            return html(self.outline)
        if form == "markdown":
            return markdown(self.outline, Sink.COMMENT, of=self.of)
        if form == "sarif":
            return json.dumps(sarif.sarif(self.issues, automation=self.outline.key), indent=1) + "\n"
        return json.dumps(code_quality.code_quality(self.issues), indent=1) + "\n"

    def summary(self, taken: int) -> str:
        """Returns Markdown for GitHub's summary of a step, which has so many bytes already."""
        return markdown(self.outline, Sink.SUMMARY, taken=taken, of=self.of)

    def annotations(self) -> tuple[str, ...]:
        """Returns workflow commands."""
        return annotations.annotations(self.issues)
