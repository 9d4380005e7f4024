"""What only a browser can say of the report."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.conftest import PICTURES, Show

WIDTHS, SCHEMES, LANGUAGES = (1280, 360), ("light", "dark"), ("en", "fr")

DRAWN = """() => [...document.querySelectorAll("svg[role=img]")].map(svg => {
    const box = svg.getBoundingClientRect();
    const shapes = [...svg.querySelectorAll("path, rect, circle")].map(each => each.getBoundingClientRect());
    return {
        name: svg.querySelector("title").textContent,
        width: box.width, height: box.height, right: box.right,
        shapes: shapes.filter(b => b.width > 0 || b.height > 0).length,
        outside: shapes.filter(b => b.right > box.right + 8 || b.left < box.left - 8).length,
    };
})"""
ORDER = """() => ({
    landmarks: [...document.body.children].map(each => each.localName),
    levels: [...document.querySelectorAll("h1, h2, h3, h4, h5")].map(each => Number(each.localName[1])),
    lang: document.documentElement.lang,
})"""
WIDE = """() => [document.documentElement.scrollWidth, window.innerWidth]"""


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_charts_are_drawn_and_nothing_overflows_complains_or_is_fetched(
    show: Show, width: int, scheme: str, lang: str
) -> None:
    with show("several", lang, width=width, scheme=scheme) as shown:
        charts = shown.page.evaluate(DRAWN)
        # Two brands, and for each of two crises the concerns over time and the brand's own voice.
        assert len(charts) == 6
        for chart in charts:
            assert chart["width"] > width / 2, chart
            assert chart["height"] > 50, chart
            assert chart["shapes"] >= 2, chart
            assert chart["outside"] == 0, chart
        scroll_width, inner_width = shown.page.evaluate(WIDE)
        assert scroll_width <= inner_width
        PICTURES.mkdir(parents=True, exist_ok=True)
        shown.page.screenshot(path=PICTURES / f"several-{lang}-{width}-{scheme}.png", full_page=True)
        assert (shown.requests, shown.complaints) == ([], [])


@pytest.mark.parametrize(("scene", "scheme"), [("several", "light"), ("one", "dark")])
def test_axe_finds_nothing_to_mend(show: Show, scene: str, scheme: str) -> None:
    with show(scene, "fr", width=360, scheme=scheme) as shown:
        shown.page.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true; })")
        found: dict[str, Any] = Axe().run(shown.page).response
        told = [(v["id"], [node["html"][:120] for node in v["nodes"][:3]]) for v in found["violations"]]
        assert told == []
        # It did look: contrast and names of pictures are among what passes.
        assert {"color-contrast", "svg-img-alt", "html-has-lang"} <= {each["id"] for each in found["passes"]}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_landmarks_and_headings_come_in_order(show: Show, lang: str) -> None:
    with show("several", lang) as shown:
        order = shown.page.evaluate(ORDER)
        assert order["landmarks"] == ["a", "header", "main", "footer"]
        assert order["lang"] == lang
        assert order["levels"][0] == 1
        assert order["levels"].count(1) == 1
        assert all(b - a <= 1 for a, b in zip(order["levels"], order["levels"][1:], strict=False))


def test_the_first_thing_in_reach_of_the_keyboard_skips_to_the_report(show: Show) -> None:
    with show("several") as shown:
        shown.page.keyboard.press("Tab")
        skip = shown.page.locator(":focus")
        assert skip.inner_text() == "Skip to the report"
        box = skip.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        shown.page.keyboard.press("Enter")
        assert shown.page.evaluate("() => document.activeElement.localName") == "main"


def test_the_keyboard_reaches_what_can_be_unfolded_or_scrolled_and_shows_where_it_is(show: Show) -> None:
    with show("several", width=360) as shown:
        summary = shown.page.locator("details.legend > summary")
        summary.focus()
        shown.page.keyboard.press("Enter")
        assert shown.page.locator("details.legend").get_attribute("open") is not None
        shown.page.keyboard.press("Tab")
        outline = shown.page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px"
        assert shown.page.locator(".scroll:not([tabindex='0'])").count() == 0


def test_the_first_screen_says_what_happened_and_what_to_do_now(show: Show) -> None:
    with show("several", width=360) as shown:
        late = shown.page.locator(".todo li.late").first.bounding_box()
        assert late is not None
        assert late["y"] + late["height"] < 900
        assert shown.page.locator(".lead").inner_text().startswith("2 crises were found.")


def test_one_crisis_is_shown_by_itself_with_everything_unfolded(show: Show) -> None:
    with show("one", "fr", width=360) as shown:
        assert shown.page.locator("article").count() == 1
        assert shown.page.locator("article details.part:not([open])").count() == 0
        shown.page.screenshot(path=PICTURES / "one-fr-360-light.png", full_page=True)
        assert (shown.requests, shown.complaints) == ([], [])


@pytest.mark.parametrize("width", WIDTHS)
def test_what_hostile_people_write_runs_nothing_fetches_nothing_and_breaks_no_layout(show: Show, width: int) -> None:
    with show("hostile", width=width) as shown:
        assert shown.page.locator("main script, main img").count() == 0
        assert "<script>alert('x')</script>" in shown.page.locator("main").inner_text()
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", shown.page.content())
        scroll_width, inner_width = shown.page.evaluate(WIDE)
        assert scroll_width <= inner_width
        shown.page.screenshot(path=PICTURES / f"hostile-{width}.png", full_page=True)
        links = shown.page.eval_on_selector_all("main a", "all => all.map(a => a.getAttribute('href'))")
        assert all(re.fullmatch(r"#[\w-]+|https://x\.com/i/web/status/\d{1,20}", link) for link in links)
        assert (shown.requests, shown.complaints) == ([], [])


def test_printing_unfolds_what_is_folded_and_is_dark_on_white(show: Show) -> None:
    with show("several", scheme="dark") as shown:
        assert not shown.page.locator("summary", has_text="Why: the signals").first.locator("..").get_attribute("open")
        shown.page.emulate_media(media="print")
        table = shown.page.locator("table", has_text="Surprise is").first
        box = table.bounding_box()
        assert box is not None
        assert box["height"] > 20
        colours = shown.page.evaluate(
            "() => { const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]; }"
        )
        assert colours == ["rgb(255, 255, 255)", "rgb(27, 31, 36)"]
        pdf = shown.page.pdf(path=PICTURES / "several-en.pdf", format="A4", print_background=True)
        assert pdf.startswith(b"%PDF")
        assert pdf.count(b"/Type /Page\n") > 3
