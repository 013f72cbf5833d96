"""A real Chromium, Debian's package, which reaches nobody; and a place for pictures of what it shows."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

_ROOT = Path(__file__).parents[2]
# As root, in a container, there is no sandbox to be had; what is shown is our own.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)

Opened = Callable[[str, tuple[int, int], str], Page]


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The directory of the pictures; it stays."""
    directory = _ROOT / ".dagship" / "pictures"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = os.environ.get("DAGSHIP_TEST_CHROMIUM") or shutil.which("chromium")
    assert program, "script/test report installs the package chromium; DAGSHIP_TEST_CHROMIUM names another"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Opens a page of some size, dark or light; one that complains or asks for anything fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(text: str, size: tuple[int, int], scheme: str) -> Page:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            offline=True,
            has_touch=width < 600,
        )
        contexts.append(context)
        file = tmp_path / "report.html"
        file.write_text(text, encoding="utf-8")
        page = context.new_page()
        page.set_default_timeout(120_000)  # the machine may be busy
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
