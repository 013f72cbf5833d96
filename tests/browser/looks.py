"""What is measured in a page that a browser shows."""

from playwright.sync_api import Page

# Contrast as WCAG 2.2 defines it (relative luminance, contrast ratio), of each text with what is painted below it.
_CONTRASTS = """
() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, index) => sum + v * [0.2126, 0.7152, 0.0722][index], 0);
  const below = element => {
    if (element.closest("svg")) return parts(getComputedStyle(element.parentElement.querySelector("rect")).fill);
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
      if (colour[3] !== 0) throw new Error("half transparent: " + at.outerHTML.slice(0, 80));
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.tagName === "title") continue;
    const style = getComputedStyle(element);
    const [one, other] = [luminance(parts(element.closest("svg") ? style.fill : style.color)), luminance(below(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    found.push([ratio, walker.currentNode.data.trim().slice(0, 40)]);
  }
  return found;
}
"""


def contrasts(page: Page) -> list[tuple[float, str]]:
    """Returns the contrast of each text that is seen, and how it begins."""
    return [(ratio, text) for ratio, text in page.evaluate(_CONTRASTS)]


def overflow(page: Page) -> int:
    """Returns by how many pixels the page is wider than what shows it."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def unfold(page: Page) -> None:
    """Unfolds all that can be."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


def lost_anchors(page: Page) -> list[str]:
    """Returns the links within the page that, once followed, show nothing."""
    return page.evaluate("""
        async () => {
          const lost = [];
          for (const link of document.querySelectorAll("a[href]")) {
            const target = link.getAttribute("href");
            location.hash = "";
            location.hash = target;
            await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
            const there = document.getElementById(decodeURIComponent(target.slice(1)));
            if (!target.startsWith("#") || !there || !there.parentElement.checkVisibility()) lost.push(target);
          }
          return lost;
        }
    """)
