"""Markdown as GitHub renders it (cmark-gfm, with all that it adds), and what is in the page then."""

from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options


class Page(HTMLParser):
    """The tags of a page, the texts in code, and all other texts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.comments: list[str] = []
        self.code: list[str] = []
        self.others: list[str] = []
        self.text = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.tags.add(tag)
        self._open.append(tag)
        if tag == "code":
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        self.text += data
        if "code" in self._open:
            self.code[-1] += data
        elif data.strip():
            self.others.append(data.strip())


def rendered(markdown: str) -> Page:
    page = Page()
    page.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))
    page.close()
    return page
