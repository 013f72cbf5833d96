"""The outline of a test: what is wrong with an image and its DAG files, and which files take long. Pure."""

import re
from collections import Counter
from collections.abc import Iterator

from dagship.model.verify_report import Finding, VerifyReport
from dagship.report.outline.model import Item, Line, Mark, Name, Outline, Section, Words, counted
from dagship.report.places import Places

_SLOWEST = 10


def outline(report: VerifyReport, places: Places) -> Outline:
    """Returns the outline of a test."""
    current = [file for file in report.files if not file.version]
    dags = sum(len(file.dags) for file in current)
    tested = f"{counted(dags, 'DAG')} in {counted(len(current), 'file')}, {report.seconds:.1f} s"
    failing = sum(finding.fails(strict=report.strict) for finding in report.findings)
    verdict = f"Passed: {tested}." if report.passed else f"Failed by {counted(failing, 'finding')}: {tested}."
    return Outline(
        key="test-image",
        title="Test of the image",
        verdict=(verdict,),
        mark="good" if report.passed else "error",
        facts=(
            ("image", (Name(report.image),)),
            ("Airflow", (Name(report.airflow or "not started"), ", Python ", Name(report.python))),
        ),
        sections=tuple(section for section in _sections(report, places) if section.items),
    )


def place_of(finding: Finding, places: Places) -> Line:
    """Returns where a finding is, as people read it."""
    version: Line = (" of DAG version ", Name(finding.version)) if finding.version else ()
    if not finding.file:
        return ("the image", *version)
    path = places.of(finding.file)
    return (Name(f"{path}:{finding.line}" if finding.line else path), *version)


def own_frames(finding: Finding) -> str:
    """Returns the traceback from the DAG file on: how Airflow came there is the same for every file."""
    heading, newline, frames = finding.traceback.rstrip().partition("\n")
    own = re.search(rf'^  File "[^"\n]*/{re.escape(finding.file)}["/]', frames, re.MULTILINE) if finding.file else None
    if own is None or not heading.startswith("Traceback"):
        return finding.traceback.rstrip()
    return f"{heading}{newline}{frames[own.start() :]}"


def _sections(report: VerifyReport, places: Places) -> Iterator[Section]:
    groups: tuple[tuple[str, str], ...] = (("error", "Errors"), ("warning", "Warnings"))
    for severity, title in groups:
        found = [one for one in report.findings if one.severity == severity and not one.accepted_until]
        yield Section(key=f"{severity}s", title=title, items=tuple(_item(one, places) for one in found))
    accepted = tuple(_item(one, places) for one in report.findings if one.accepted_until)
    yield Section(key="accepted", title="Accepted by the baseline", items=accepted)
    mended = tuple(
        Item(
            line=(Name(places.of(one.file)), f" has no {one.kind} any more; take its entry out of the baseline"),
            mark="good",
        )
        for one in report.mended
    )
    yield Section(key="mended", title="Mended", items=mended)
    moved = tuple(Item(line=(Words(str(one)),), mark="changed") for one in report.moved)
    yield Section(key="moved", title="Packages of the base that are moved", items=moved)
    outcomes = Counter(test.outcome for test in report.tests)
    tests = tuple(Item(line=(f"{count} {outcome}",)) for outcome, count in sorted(outcomes.items()))
    yield Section(key="tests", title="Your own tests", items=tests)
    files = sorted((file for file in report.files if not file.version), key=lambda file: -file.seconds)[:_SLOWEST]
    slowest = tuple(Item(line=(Name(places.of(file.file)), f" {file.seconds:.2f} s")) for file in files)
    yield Section(key="slowest", title="Slowest DAG files", items=slowest)
    unchecked = tuple(Item(line=(Words(one),), mark="warning") for one in report.unchecked)
    yield Section(key="unchecked", title="Not checked", items=unchecked)


def _item(finding: Finding, places: Places) -> Item:
    until = f", accepted until {finding.accepted_until}" if finding.accepted_until else ""
    mark: Mark = "plain" if finding.accepted_until else finding.severity
    return Item(
        line=(*place_of(finding, places), f" {finding.kind}{until}: ", Words(finding.message)),
        mark=mark,
        more=((Words(finding.hint),),) if finding.hint else (),
        block="" if finding.accepted_until else own_frames(finding),
    )
