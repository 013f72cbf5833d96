"""The outline of a release: its sections, and none for what does not change."""

from dagship.model.release_document import FindingChange, Pull, Way
from dagship.report.outline import release
from dagship.report.outline.model import Line
from dagship.report.places import Places
from tests.builders.release_documents import document, finding, nothing

PLACES = Places(dags="dags")


def said(line: Line) -> str:
    return "".join(part if isinstance(part, str) else part.text for part in line)


def test_each_kind_of_change_has_a_section_with_what_is_to_be_looked_at_first() -> None:
    outline = release.outline(document(), PLACES)

    assert [section.key for section in outline.sections] == [
        "notices", "shared", "added", "removed", "renamed", "changed", "missing", "findings", "packages", "pull",
        "parse", "files", "way", "unknown",
    ]  # fmt: skip
    assert outline.mark == "error"
    assert said(outline.facts[0][1]) == "a value, DAG version a81e07c455f2, Airflow 3.3.2"
    assert said(outline.facts[1][1]).endswith("commit 0123456789ab")


def test_what_does_not_change_has_no_section() -> None:
    outline = release.outline(nothing(), PLACES)

    assert [section.key for section in outline.sections] == ["packages"]
    assert said(outline.verdict) == "Nothing changes for Airflow; packages: 1 up."
    assert outline.mark == "good"


def test_a_notice_leads_to_its_dag_and_a_finding_says_whether_it_is_new() -> None:
    sections = {section.key: section for section in release.outline(document(), PLACES).sections}

    assert [said(item.line) for item in sections["notices"].items][:2] == [
        "daily: a value (dags/daily.py:12)",
        "a value: It makes 412 runs at once.",
    ]
    assert [item.about for item in sections["notices"].items] == ["daily", "a value", ""]
    assert {item.key for item in sections["changed"].items} == {"daily", "a value"}
    assert [(said(item.line).split(":")[0], item.mark) for item in sections["findings"].items] == [
        ("new", "error"), ("new", "warning"), ("old", "plain"), ("mended", "good"),
    ]  # fmt: skip


def test_bytes_and_seconds_are_told_in_their_units() -> None:
    sections = {section.key: section for section in release.outline(document(), PLACES).sections}

    assert said(sections["pull"].note) == "2 nodes fetch each 20.5 kB in 1 layer: a value, node-2."
    assert said(sections["parse"].note) == "All DAG files: 12.50 s → 20.25 s."
    assert [item.mark for item in sections["packages"].items] == ["changed", "warning", "added"]


def test_where_no_pod_is_replaced_nodes_fetch_nothing() -> None:
    way = Way(way="thin", why="DAG version 3f9c2a71d0b4 is announced to what runs, and no pod is replaced.")
    found = document().model_copy(update={"pull": Pull(layers=(), bytes=0), "way": way})
    sections = {section.key: section for section in release.outline(found, PLACES).sections}

    assert (said(sections["pull"].note), sections["pull"].items) == ("Nothing.", ())
    assert said(sections["way"].note) == way.why


def test_a_new_finding_alone_is_to_be_looked_at_and_an_old_one_is_not() -> None:
    new = FindingChange(change="new", finding=finding(severity="warning"))
    old = FindingChange(change="old", finding=finding())

    assert release.outline(nothing().model_copy(update={"findings": (new, old)}), PLACES).mark == "warning"
    assert release.outline(nothing().model_copy(update={"findings": (old,)}), PLACES).mark == "good"
