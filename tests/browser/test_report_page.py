"""The page of reports in a real browser: on a phone and on a desk, dark and light, and on paper."""

from pathlib import Path

import pytest

from dagship.report.outline import findings, release
from dagship.report.page.html import html
from dagship.report.places import Places
from tests.browser.conftest import Opened
from tests.browser.looks import contrasts, lost_anchors, overflow, unfold
from tests.builders.release_documents import HOSTILE, changed, document, finding, graph, many, nothing, report

PLACES = Places(dags="dags")
SIZES = {"phone": (360, 740), "desktop": (1280, 900)}
_LONG = "a_name_without_a_place_to_break_" * 12


def of_release(text: str) -> str:
    found = document(text)
    wide = changed("wide").model_copy(update={"graph": graph(40, name="extract_and_load_orders")})
    return html(release.outline(found.model_copy(update={"dags": (*found.dags, wide)}), PLACES))


PAGES = {
    "release": of_release("orders"),
    "nothing": html(release.outline(nothing(), PLACES)),
    "test": html(findings.outline(report(finding(), finding(severity="warning", kind="deprecation")), PLACES)),
    "hostile": of_release(" ".join(HOSTILE) + _LONG),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_readable_and_no_wider_than_the_screen(
    opened: Opened, pictures: Path, name: str, size: str, scheme: str
) -> None:
    page = opened(PAGES[name], SIZES[size], scheme)

    assert lost_anchors(page) == []
    unfold(page)
    if name != "hostile":  # it is very long
        page.screenshot(path=pictures / f"{name}-{size}-{scheme}.png", full_page=True, timeout=120_000)
    assert overflow(page) <= 0
    seen = contrasts(page)
    assert len(seen) > 5
    assert [(ratio, text) for ratio, text in seen if ratio < 4.5] == []


def test_what_is_drawn_is_seen_and_can_be_moved_within_its_frame(opened: Opened) -> None:
    page = opened(PAGES["release"], SIZES["phone"], "light")
    unfold(page)
    frame, drawn = page.evaluate("""
        () => { const all = document.querySelectorAll("figure"); const one = all[all.length - 1];
                return [one.clientWidth, one.querySelector("svg").getBoundingClientRect().width]; }
    """)

    assert 0 < frame <= 360
    assert drawn > frame
    assert page.locator("figure").last.evaluate("one => { one.scrollLeft = 50; return one.scrollLeft }") == 50


def test_on_paper_all_is_unfolded_and_a_drawing_fits(opened: Opened, pictures: Path) -> None:
    page = opened(html(release.outline(many(12, 40), PLACES)), SIZES["desktop"], "dark")
    folded = "() => [...document.querySelectorAll('details li')].filter(one => one.checkVisibility({contentVisibilityAuto: true})).length"

    assert page.evaluate(folded) == 0
    page.emulate_media(media="print", color_scheme="light")
    page.wait_for_function(f"({folded})() > 100")  # what is in a fold is visible from the next frame on
    widths = page.evaluate("[...document.querySelectorAll('svg')].map(one => one.getBoundingClientRect().width)")
    assert max(widths) <= 1280
    page.pdf(path=pictures / "paper.pdf")


def test_a_page_that_is_hard_to_read_too_wide_or_leads_nowhere_is_noticed(opened: Opened) -> None:
    page = opened(
        '<body style="background:#fff"><p style="color:#999">grey</p><p>black</p><a href="#gone">x</a>'
        '<div style="width:2000px">wide</div></body>',
        SIZES["phone"],
        "light",
    )

    assert [text for ratio, text in contrasts(page) if ratio < 4.5] == ["grey"]
    assert overflow(page) > 1000
    assert lost_anchors(page) == ["#gone"]
