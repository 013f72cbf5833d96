"""A report as one HTML file: no script, nothing from elsewhere, on a phone and on paper. Pure."""

from functools import cache
from typing import TYPE_CHECKING

from dagship.report.outline.model import Line, Name, Outline
from dagship.report.page.drawing import draw
from dagship.report.text import plain
from dagship.resources import resource

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

# Up to so many entries of a section are shown unfolded.
_FEW = 10


def html(outline: Outline) -> str:
    """Returns a report as HTML; texts of users are escaped by the template engine, wherever they are put."""
    keys = (item.key for section in outline.sections for item in section.items if item.key)
    anchors = {key: f"dag-{number}" for number, key in enumerate(dict.fromkeys(keys), 1)}
    return _template().render(outline=outline, anchors=anchors, few=_FEW, style=_style())


@cache
def _template() -> "Template":
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(line=_line, plain=plain, draw=draw)
    return environment.from_string(resource("report/page/page.html.j2").read_text("utf-8"))


@cache
def _style() -> "Markup":
    from markupsafe import Markup

    return Markup(resource("report/page/page.css").read_text("utf-8"))  # noqa: S704 - a file of ours


def _line(line: Line) -> "Markup":
    from markupsafe import Markup

    code = Markup("<code>{}</code>")
    return Markup().join(
        code.format(plain(part.text)) if isinstance(part, Name) else part if isinstance(part, str) else plain(part.text)
        for part in line
    )
