"""SARIF 2.1.0 of issues, as code scanning takes it (OASIS, sarif-v2.1.0-errata01; GitHub's part of it). Pure."""

import re
from collections.abc import Sequence
from importlib import metadata
from typing import Any
from urllib.parse import quote

from dagship.report.fingerprints import fingerprints
from dagship.report.issues import Issue
from dagship.report.kinds import SENTENCES
from dagship.report.text import plain

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# GitHub takes no more results of one run, and shows 5,000 of them.
MOST = 25_000


def sarif(issues: Sequence[Issue], *, automation: str) -> dict[str, Any]:
    """Returns a SARIF log with one run.

    Args:
        issues: The worst first; of more than `MOST` the rest is left out.
        automation: What made it, `test-image` or `diff`: GitHub keeps the alerts of each apart.

    """
    shown = issues[:MOST]
    kinds = sorted({issue.kind for issue in shown})
    marked = zip(shown, fingerprints(issues), strict=False)
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "dagship",
                        "semanticVersion": metadata.version("dagship"),
                        "rules": [_rule(kind) for kind in kinds],
                    }
                },
                "automationDetails": {"id": f"dagship/{automation}/"},
                "columnKind": "unicodeCodePoints",
                "results": [_result(issue, mark, kinds.index(issue.kind)) for issue, mark in marked],
            }
        ],
    }


def message(text: str) -> str:
    """Returns a text as a SARIF message that says the same.

    Braces stand twice, so that none is a placeholder (section 3.11.5), and nothing is an embedded link (3.11.6): those
    are `[text](target)`, and a blank ends that wherever the reader looks for it.
    """
    return re.sub(r"\](?=\()", "] ", plain(text)).replace("{", "{{").replace("}", "}}")


def _rule(kind: str) -> dict[str, Any]:
    sentence = {"text": message(SENTENCES[kind])}
    return {"id": kind, "shortDescription": sentence, "fullDescription": sentence, "help": sentence}


def _result(issue: Issue, mark: str, rule: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(plain(issue.path)), "uriBaseId": "%SRCROOT%"}}
    if issue.line:
        place["region"] = {"startLine": issue.line}
    result: dict[str, Any] = {
        "ruleId": issue.kind,
        "ruleIndex": rule,
        "level": issue.severity,
        "message": {"text": message(issue.text)},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"dagship/v1": mark},
    }
    if issue.standing != "unknown":
        result["baselineState"] = "new" if issue.standing == "new" else "unchanged"
    if issue.accepted_until:
        why = f"Accepted by the baseline until {issue.accepted_until}."
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": message(why)}]
    return result
