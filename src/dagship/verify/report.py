"""Shows the report of a test: a table for people, JUnit for CI. JSON is the report itself."""

from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from dagship.model.verify_report import CheckedFile, CheckedTest, Finding, Kind, VerifyReport
from dagship.report.outline.findings import own_frames
from dagship.report.text import plain
from dagship.terminal.console import Console

if TYPE_CHECKING:
    from junitparser import JUnitXml, TestCase
    from junitparser.junitparser import FinalResult

IMAGE_CHECKS: tuple[Kind, ...] = (
    "airflow-broken",
    "airflow-moved",
    "crashed",
    "hidden-include",
    "no-dags",
    "pip-check",
    "plugin-error",
)
"""Kinds of findings that are about the image; each is a test case of its own, found or not."""

_SLOWEST = 3


def show(console: Console, report: VerifyReport) -> None:
    """Prints findings with their tracebacks, and the verdict last."""
    for finding in report.findings:
        if finding.severity == "error" and not finding.accepted_until:
            parts = (f"\n{_place(finding)}  {finding.kind}: {finding.message}", own_frames(finding), _hint(finding))
            console.say("\n".join(filter(None, parts)))
    if report.findings:
        console.say("")
        rows = [(_standing(finding), finding.kind, _place(finding), finding.message) for finding in report.findings]
        console.table("", ("", "kind", "where", "what"), rows)
    for entry in report.mended:
        console.say(f"mended: {entry.file} has no {entry.kind} any more; take its entry out of the baseline.")
    for what in report.unchecked:
        console.say(f"not checked: {what}")
    standing = Counter(_standing(finding) for finding in report.findings)
    until = sorted(finding.accepted_until for finding in report.findings if finding.accepted_until)
    current = [file for file in report.files if not file.version]
    slowest = sorted(current, key=lambda file: -file.seconds)[:_SLOWEST]
    console.summary(
        {
            "image": report.image,
            "airflow": f"{report.airflow or 'not started'}, Python {report.python}",
            **({"moved": "; ".join(map(str, report.moved))} if report.moved else {}),
            "dags": f"{sum(len(file.dags) for file in current)} in {len(current)} files",
            **({"imported": _imported(current)} if not all(file.imported for file in current) else {}),
            **({"versions": _versions(report)} if report.versions[1:] else {}),
            **({"tests": _counted(report.tests)} if report.tests else {}),
            **({"slowest": ", ".join(f"{file.file} {file.seconds:.2f} s" for file in slowest)} if slowest else {}),
            "errors": str(standing["error"]),
            "warnings": str(standing["warning"]),
            **({"accepted": f"{len(until)}, the first of them until {until[0]}"} if until else {}),
            "verdict": f"{'passed' if report.passed else 'failed'} in {report.seconds:.1f} s",
        }
    )


def junit_text(report: VerifyReport) -> str:
    """Returns the report as the text of a JUnit file."""
    file = BytesIO()
    junit(report).write(file, pretty=True)
    return file.getvalue().decode("utf-8")


def junit(report: VerifyReport) -> "JUnitXml":
    """Returns the report as JUnit: a test case for each check of the image, each DAG file, each of the user's tests."""
    from junitparser import JUnitXml, TestSuite

    suite = TestSuite("dagship test-image")
    suite.add_property("image", _xml(report.image))
    suite.add_property("id", report.id)
    suite.add_property("airflow", _xml(report.airflow))
    if left := sum(not file.imported for file in report.files):
        suite.add_property("files as in the image that runs", str(left))
    for what in report.unchecked:
        suite.add_property("not checked", what)
    for each in report.moved:
        suite.add_property("moved", _xml(str(each)))
    suite.add_testcases(list(_cases(report)))  # at once: each by itself, all before it would be counted again
    suite.time = report.seconds
    document = JUnitXml("dagship")
    document.add_testsuite(suite)
    return document


def _cases(report: VerifyReport) -> Iterator["TestCase"]:
    by_place: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in report.findings:
        key = ("", finding.kind) if not finding.file else (finding.file, "")
        by_place.setdefault((finding.version, *key), []).append(finding)
    for kind in IMAGE_CHECKS:
        yield _case("image", kind, 0, by_place.pop(("", "", kind), []), strict=report.strict)
    for file in report.files:
        found = by_place.pop((file.version, file.file, ""), [])
        yield _case(_group(file.version), file.file, file.seconds, found, strict=report.strict)
    for test in report.tests:
        yield _test_case(test, by_place.pop(("", test.name, ""), []))
    for (version, place, other), findings in by_place.items():  # helper modules, which are no DAG files
        group = _group(version) if place or version else "image"
        yield _case(group, place or other, 0, findings, strict=report.strict)


def _group(version: str) -> str:
    return f"dags of {version}" if version else "dags"


def _imported(files: Sequence[CheckedFile]) -> str:
    return f"{sum(file.imported for file in files)} of {len(files)} files; the others are as in the image that runs"


def _versions(report: VerifyReport) -> str:
    wrong = {finding.version for finding in report.findings if _standing(finding) == "error"}
    earlier = report.versions[1:]
    broken = [version for version in earlier if version in wrong]
    return f"{len(earlier)} earlier too" + (
        f", of which fail: {', '.join(broken)}" if broken else ", all can be imported"
    )


def _case(group: str, name: str, seconds: float, findings: Sequence[Finding], *, strict: bool) -> "TestCase":
    from junitparser import Failure, Skipped, TestCase

    case = TestCase(_xml(name), classname=group, time=seconds)
    failures: list[FinalResult] = []
    for finding in findings:
        if finding.fails(strict=strict):
            failure = Failure(_xml(finding.message), finding.kind)
            failure.text = _xml("\n".join(filter(None, (_place(finding), finding.traceback, finding.hint))))
            failures.append(failure)
    accepted = [_accepted(finding) for finding in findings if finding.accepted_until]
    # A case that fails is told as failed; what is accepted of it stands in its output.
    case.result = failures or [Skipped(_xml("\n".join(accepted)))] if failures or accepted else []
    warnings = [
        f"{_place(finding)} {finding.kind}: {finding.message}"
        for finding in findings
        if finding.severity == "warning" and not finding.accepted_until
    ]
    if said := [*warnings, *accepted]:
        case.system_out = _xml("\n".join(said))
    return case


def _test_case(test: CheckedTest, findings: Sequence[Finding]) -> "TestCase":
    from junitparser import Skipped

    case = _case("tests", test.name, test.seconds, findings, strict=False)
    if test.outcome == "skipped":
        case.result = [Skipped()]
    return case


def _xml(text: str) -> str:
    """Returns `text` with nothing that XML forbids."""
    return plain(text)


def _counted(tests: Sequence[CheckedTest]) -> str:
    counts = {outcome: sum(test.outcome == outcome for test in tests) for outcome in ("passed", "failed", "skipped")}
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)


def _standing(finding: Finding) -> str:
    return "accepted" if finding.accepted_until else finding.severity


def _accepted(finding: Finding) -> str:
    until = f"accepted until {finding.accepted_until} by the baseline"
    return f"{until}: {_place(finding)} {finding.kind}: {finding.message}"


def _place(finding: Finding) -> str:
    if not finding.file:
        return finding.version or "image"
    below = f"{finding.version}/" if finding.version else ""
    return f"{below}{finding.file}:{finding.line}" if finding.line else f"{below}{finding.file}"


def _hint(finding: Finding) -> str:
    return f"→ {finding.hint}" if finding.hint else ""
