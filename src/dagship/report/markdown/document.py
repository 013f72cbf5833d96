"""A report as Markdown, cut to what takes it. Pure."""

import hashlib
from enum import Enum

from dagship.report.markdown.budget import Block, fitted
from dagship.report.markdown.escape import block, code, words
from dagship.report.outline.model import Item, Line, Mark, Name, Outline, Section, Words

_MARKS: dict[Mark, str] = {
    "added": "\N{HEAVY PLUS SIGN} ",
    "removed": "\N{HEAVY MINUS SIGN} ",
    "changed": "",
    "renamed": "",
    "error": "❌ ",
    "warning": "⚠️ ",
    "good": "✅ ",
    "plain": "",
}


class Sink(Enum):
    """Who takes the text, and how much of it: GitHub counts bytes of a summary and characters of a comment.

    docs.github.com/actions/reference/workflow-commands-for-github-actions#step-isolation-and-limits; a comment with
    more is refused by the API. GitLab takes a million characters of a comment.
    """

    SUMMARY = 1024 * 1024
    COMMENT = 65_536

    def size(self, text: str) -> int:
        """Returns what a text counts."""
        if self is Sink.SUMMARY:
            return len(text.encode("utf-8", "replace"))
        return len(text.encode("utf-16-le", "replace")) // 2  # as JavaScript counts, and no less than characters


def markdown(outline: Outline, sink: Sink, *, taken: int = 0, of: str = "") -> str:
    """Returns a report as Markdown.

    Args:
        outline: The report.
        sink: Who takes it.
        taken: What the sink has already, of what it counts.
        of: What tells this report from others of its kind in the same pull request, the DAG directory for instance.

    """
    head = f"{marker(outline.key, of)}\n## {outline.title}\n\n{_MARKS[outline.mark]}**{_line(outline.verdict)}**\n\n"
    head += "".join(f"- {name}: {_line(line)}\n" for name, line in outline.facts)
    blocks = [_block(section) for section in outline.sections]
    room = sink.value - taken - sink.size(head)
    return head + "".join(fitted(blocks, room, sink.size)) if room >= 0 else ""


def marker(key: str, of: str) -> str:
    """Returns the first line of a report, by which the comment is found again that it takes the place of."""
    return f"<!-- dagship {key} {hashlib.sha256(of.encode('utf-8', 'replace')).hexdigest()[:8]} -->"


def _block(section: Section) -> Block:
    note = f"{_line(section.note)}\n\n" if section.note else ""
    return Block(f"\n### {section.title}\n\n{note}", tuple(map(_entry, section.items)))


def _entry(item: Item) -> str:
    more = "".join(f"  - {_line(line)}\n" for line in item.more)
    lines = f"\n{block(item.block, '  ')}\n\n" if item.block else ""
    return f"- {_MARKS[item.mark]}{_line(item.line)}\n{more}{lines}"


def _line(line: Line) -> str:
    return "".join(
        code(part.text) if isinstance(part, Name) else words(part.text) if isinstance(part, Words) else part
        for part in line
    )
