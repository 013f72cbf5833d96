"""The HTML page: well-formed, without anything from elsewhere, and no text of users in it is more than text."""

from html.parser import HTMLParser

import pytest

from dagship.report.outline import findings, release
from dagship.report.page.html import html
from dagship.report.places import Places
from dagship.report.text import plain
from tests.builders.release_documents import HOSTILE, document, finding, nothing, report

PLACES = Places(dags="dags")
_EMPTY = {"meta", "rect", "path"}
_TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "dl", "div", "dt", "dd", "nav", "ul",
    "li", "a", "span", "main", "section", "details", "summary", "code", "pre", "figure", "svg", "path", "g", "rect",
    "text",
}  # fmt: skip
_ATTRIBUTES = {
    "lang", "charset", "name", "content", "http-equiv", "aria-label", "href", "id", "class", "open", "tabindex", "role",
    "width", "height", "viewbox", "d", "x", "y", "rx",
}  # fmt: skip


class Page(HTMLParser):
    """The tags and attributes of a page; each tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            self.links += [str(value)] if name in ("href", "src") else []
            self.ids += [str(value)] if name == "id" else []
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def of_release(text: str) -> Page:
    return Page(html(release.outline(document(text), PLACES)))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_users_is_text(text: str) -> None:
    page = of_release(text)
    test = Page(html(findings.outline(report(finding(message=text, traceback=text, hint=text)), PLACES)))

    assert page.tags | test.tags <= _TAGS
    assert page.attributes | test.attributes <= _ATTRIBUTES
    assert all(link.startswith("#") for link in page.links + test.links)
    assert any(plain(text).strip() in shown for shown in page.texts)


def test_every_link_leads_to_a_place_in_the_page() -> None:
    page = of_release("a value")

    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert "#dag-4" in page.links


def test_the_page_takes_nothing_from_elsewhere_and_runs_nothing() -> None:
    text = html(release.outline(document(), PLACES))

    assert "default-src 'none'" in text
    assert "http://" not in text
    assert "https://" not in text
    assert "url(" not in text


def test_a_page_of_nothing_is_a_page() -> None:
    page = Page(html(release.outline(nothing(), PLACES)))

    assert any("Nothing changes for Airflow" in text for text in page.texts)


def test_a_hundred_entries_are_folded_and_a_few_are_not() -> None:
    few = html(findings.outline(report(finding()), PLACES))
    many = html(findings.outline(report(*[finding(line=number) for number in range(100)]), PLACES))

    assert "<details open>" in few
    assert "<details open>" not in many
