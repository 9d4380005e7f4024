"""The report in a real browser, that may reach nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

from tests.web.scene import HOSTILE_TEXTS, page_of

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"]
_ADDRESS = "http://report.test/"
"""Where the page pretends to be; every other address is outside."""

PICTURES = Path(__file__).parents[2] / "build" / "web"
"""Where pictures of what was tested are left, to be looked at."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.web)


@dataclass(slots=True, kw_only=True)
class Shown:
    """A page as a reader has it before them, with everything that went wrong."""

    page: Page
    requests: list[str] = field(default_factory=list)
    """Addresses outside that it asked for."""
    complaints: list[str] = field(default_factory=list)
    """Errors and whatever was written to the console."""


Show = Callable[..., AbstractContextManager[Shown]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each has a context of its own."""
    path = next((found for name in _CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("no Chromium; `make test-web` installs it on Debian", pytrace=False)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages() -> dict[tuple[str, str], str]:
    """The scenes by name and language, written once."""
    made = {(name, lang): page_of(name, lang) for name in ("several", "one") for lang in ("en", "fr")}
    return made | {("hostile", "en"): page_of("hostile", "en", texts=HOSTILE_TEXTS)}


@pytest.fixture
def show(browser: Browser, pages: dict[tuple[str, str], str]) -> Show:
    """Return what opens a scene at a width, in a colour scheme and a language."""

    @contextmanager
    def opened(scene: str, lang: str = "en", *, width: int = 1280, scheme: str = "light") -> Iterator[Shown]:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        shown = Shown(page=context.new_page())
        html = pages[scene, lang]

        def answer(route: Route) -> None:
            if route.request.url == _ADDRESS:
                route.fulfill(body=html, content_type="text/html; charset=utf-8")
            else:
                shown.requests.append(route.request.url)
                route.abort()

        def heard(message: ConsoleMessage) -> None:
            shown.complaints.append(f"{message.type}: {message.text}")

        context.route("**/*", answer)
        shown.page.on("console", heard)
        shown.page.on("pageerror", lambda error: shown.complaints.append(str(error)))
        shown.page.on("dialog", lambda dialog: shown.complaints.append(f"dialog: {dialog.message}"))
        shown.page.goto(_ADDRESS)
        yield shown
        context.close()

    return opened
