"""The outline of a release: what becomes other in Airflow, a verdict first. Pure."""

from collections.abc import Iterator

from dagship.model.quantities import size
from dagship.model.release_document import (
    FileChange,
    FindingChange,
    Missing,
    Notice,
    PackageChange,
    Parse,
    Pull,
    ReleaseDocument,
    Side,
)
from dagship.report.outline import dags
from dagship.report.outline.findings import place_of
from dagship.report.outline.model import Item, Line, Mark, Name, Outline, Section, Words, counted, names
from dagship.report.places import Places

_OF_FINDINGS: dict[str, Mark] = {"new": "error", "mended": "good", "old": "plain"}
_OF_PACKAGES: dict[str, Mark] = {"added": "added", "removed": "removed", "up": "changed", "down": "warning"}


def outline(document: ReleaseDocument, places: Places) -> Outline:
    """Returns the outline of a release."""
    return Outline(
        key="diff",
        title="What this release changes in Airflow",
        verdict=(Words(document.verdict.sentence),),
        mark=_worst(document),
        facts=(("from", _side(document.was)), ("to", _side(document.now)), ("made", (Name(document.made),))),
        sections=tuple(section for section in _sections(document, places) if section.items or section.note),
    )


def _worst(document: ReleaseDocument) -> Mark:
    """What is new of it at its worst."""
    found: set[Mark] = {notice.severity for notice in document.verdict.notices}
    found |= {one.finding.severity for one in document.findings if one.change == "new"}
    return next((mark for mark in ("error", "warning") if mark in found), "good")


def _sections(document: ReleaseDocument, places: Places) -> Iterator[Section]:
    notices = tuple(_notice(notice, places) for notice in document.verdict.notices)
    yield Section(key="notices", title="To be looked at first", items=notices)
    shared = tuple(dags.shared_item(one, places) for one in document.shared)
    yield Section(key="shared", title="DAGs that change by a file that they share", items=shared)
    for change, title in (
        ("added", "DAGs added"),
        ("removed", "DAGs removed"),
        ("renamed", "DAGs renamed"),
        ("changed", "DAGs changed"),
    ):
        items = tuple(dags.item(dag, places) for dag in document.dags if dag.change == change)
        yield Section(key=change, title=title, items=items)
    missing = tuple(map(_missing, document.missing or ()))
    yield Section(key="missing", title="Pools and queues that are not there", items=missing)
    found = tuple(_finding(one, places) for one in document.findings)
    yield Section(key="findings", title="Findings of the test", items=found)
    yield Section(key="packages", title="Packages", items=tuple(map(_package, document.packages or ())))
    if document.pull:
        yield _pull(document.pull)
    if document.parse:
        yield _parse(document.parse, places)
    files = tuple(_file(one, places) for one in document.files or ())
    yield Section(key="files", title="Files of the DAG version", items=files)
    if document.way:
        yield Section(key="way", title="How it reaches the cluster", note=(Words(document.way.why),))
    unknown = tuple(Item(line=(Words(one),), mark="warning") for one in document.unknown)
    yield Section(key="unknown", title="What could not be compared", items=unknown)


def _side(side: Side) -> Line:
    facts = (("DAG version", side.dag_version), ("Airflow", side.airflow), ("commit", side.commit[:12]))
    line: Line = (Name(side.given),)
    for what, value in facts:
        line += (f", {what} ", Name(value)) if value else ()
    return line


def _notice(notice: Notice, places: Places) -> Item:
    whose: Line = (Name(notice.dag_id), ": ") if notice.dag_id else ()
    line = (*whose, Words(notice.message), *_at(notice.file, notice.line, places))
    return Item(line=line, mark=notice.severity, about=notice.dag_id)


def _at(file: str, line: int, places: Places) -> Line:
    if not file:
        return ()
    return (" (", Name(f"{places.of(file)}:{line}" if line else places.of(file)), ")")


def _missing(one: Missing) -> Item:
    before = "" if one.is_new else ", as before"
    return Item(
        line=(f"{one.kind} ", Name(one.name), f"{before}: named by tasks of ", *names(one.dag_ids)),
        mark="error" if one.is_new else "plain",
    )


def _finding(one: FindingChange, places: Places) -> Item:
    finding = one.finding
    mark: Mark = "warning" if one.change == "new" and finding.severity == "warning" else _OF_FINDINGS[one.change]
    hint: tuple[Line, ...] = ((Words(finding.hint),),) if finding.hint and one.change == "new" else ()
    return Item(
        line=(f"{one.change}: {finding.kind} in ", *place_of(finding, places), ": ", Words(finding.message)),
        mark=mark,
        more=hint,
    )


def _package(one: PackageChange) -> Item:
    versions = (*_version(one.was), " → ", *_version(one.now))
    base = ", one of the base" if one.in_base else ""
    return Item(
        line=(Name(one.name), " ", *versions, f" ({one.change}{base})"), mark=_OF_PACKAGES.get(one.change, "changed")
    )


def _version(text: str | None) -> Line:
    return ("none",) if text is None else (Name(text),)


def _pull(pull: Pull) -> Section:
    if not pull.bytes:
        return Section(key="pull", title="What nodes fetch", note=("Nothing.",))
    whom: Line = (": ", *names(pull.nodes)) if pull.nodes else ()
    each = counted(len(pull.nodes), "node fetches", "nodes fetch each") if pull.nodes else "Each node fetches"
    return Section(
        key="pull",
        title="What nodes fetch",
        note=(f"{each} {size(pull.bytes)} in {counted(len(pull.layers), 'layer')}", *whom, "."),
        items=tuple(Item(line=(Name(layer.what), f", {size(layer.bytes)}")) for layer in pull.layers),
    )


def _parse(parse: Parse, places: Places) -> Section:
    items = tuple(
        Item(
            line=(Name(places.of(one.file)), f" {_seconds(one.was)} → {_seconds(one.now)}"),
            mark=_slower(one.was, one.now),
        )
        for one in parse.files
    )
    return Section(
        key="parse",
        title="Seconds to parse",
        note=(f"All DAG files: {_seconds(parse.was)} → {_seconds(parse.now)}.",),
        items=items,
    )


def _slower(was: float | None, now: float | None) -> Mark:
    return "warning" if was is not None and now is not None and now > was else "plain"


def _seconds(seconds: float | None) -> str:
    return "none" if seconds is None else f"{seconds:.2f} s"


def _file(one: FileChange, places: Places) -> Item:
    used = f", in {counted(one.dags, 'DAG')}" if one.dags else ""
    return Item(line=(Name(places.of(one.file)), used), mark=one.change)
