"""GitLab's Code Quality report of issues (docs.gitlab.com/ci/testing/code_quality). Pure."""

from collections.abc import Sequence
from typing import Any

from dagship.report.fingerprints import fingerprints
from dagship.report.issues import Issue
from dagship.report.text import plain


def code_quality(issues: Sequence[Issue]) -> list[dict[str, Any]]:
    """Returns one entry for each issue; GitLab tells new ones from mended ones by the fingerprints."""
    return [
        {
            "description": plain(issue.text).replace("\n", " "),
            "check_name": issue.kind,
            "fingerprint": mark,
            "severity": _severity(issue),
            # GitLab takes no place without a line.
            "location": {"path": plain(issue.path).replace("\n", " "), "lines": {"begin": max(1, issue.line)}},
        }
        for issue, mark in zip(issues, fingerprints(issues), strict=True)
    ]


def _severity(issue: Issue) -> str:
    if issue.accepted_until:
        return "info"
    return "major" if issue.severity == "error" else "minor"
