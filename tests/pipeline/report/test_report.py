from collections.abc import Callable
from typing import Any, cast

import pytest

from pipeline.report import build_report
from pipeline.simulate import PlantedTruth, Truth
from schemas.crisis import Concern, CrisisEvent, Exemplar, Signal
from schemas.times import from_rfc3339, to_rfc3339
from schemas.window import WindowClosed
from tests.pipeline.report.reading import Page

MakeWindow = Callable[..., WindowClosed]
MakeCrisis = Callable[..., list[CrisisEvent]]

START_MS = from_rfc3339("2025-02-10T00:00:00Z")
MINUTE_MS = 60_000
LOADING = {"src", "srcset", "data", "poster", "action", "formaction", "background", "xlink:href"}


def report(windows: Any = (), crises: Any = (), **more: Any) -> str:
    return build_report(windows, crises, **({"title": "Report", "generated_from": "a test"} | more))


def planted(**changes: Any) -> Truth:
    start, end = START_MS + 900 * MINUTE_MS, START_MS + 1000 * MINUTE_MS
    event = {
        "id": "outage",
        "brand": "acme",
        "kind": "crisis",
        "shape": "sudden",
        "start_ms": start,
        "start": to_rfc3339(start),
        "peak_ms": start,
        "peak": to_rfc3339(start),
        "end_ms": end,
        "end": to_rfc3339(end),
        "about": ["outage"],
        "min_level": 2,
        "max_level": 4,
    }
    return Truth(
        version=1,
        seed=1,
        start=to_rfc3339(START_MS),
        end=to_rfc3339(end),
        brands=["acme"],
        events=[cast("PlantedTruth", event | changes)],
    )


HARMLESS = {"kind": "harmless", "shape": "viral", "min_level": 0, "max_level": 1}


def test_nothing_read_gives_a_page_that_says_so() -> None:
    page = Page(report())
    assert "No crisis was found." in page.words
    assert "no window was read" in page.words
    assert not page.tags("table")


def test_the_page_is_well_formed_and_no_identifier_is_there_twice(window: MakeWindow, crisis: MakeCrisis) -> None:
    windows = [window(m, brand=b, level=m % 5) for b in ("a", "b") for m in range(1, 900, 7)]
    crises = [*crisis("123210", brand="a"), *crisis("24", brand="b"), *crisis("110", brand="b", minute=300)]
    page = Page(report(windows, crises, truth=planted(brand="a")))
    identifiers = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(identifiers) == len(set(identifiers))
    targets = [str(a["href"])[1:] for a in page.tags("a") if str(a["href"]).startswith("#")]
    assert targets
    assert set(targets) <= set(identifiers)
    described = [str(svg["aria-labelledby"]).split() for svg in page.tags("svg") if svg.get("role") == "img"]
    assert len(described) == 2
    assert {name for names in described for name in names} <= set(identifiers)


def test_nothing_is_loaded_from_anywhere(window: MakeWindow, crisis: MakeCrisis) -> None:
    html = report([window(m) for m in range(1, 300)], crisis("1230"), truth=planted())
    page = Page(html)
    assert not any(LOADING & set(attrs) for _, attrs in page.elements)
    assert not page.tags("script")
    assert not page.tags("link")
    assert "url(" not in html
    assert "@import" not in html
    outward = [str(a["href"]) for a in page.tags("a") if not str(a["href"]).startswith("#")]
    assert outward == ["https://x.com/i/web/status/1888910204517801984"]


EVIL = "<script>alert('x')</script>\"'&{{ 7*7 }}"


def test_what_comes_from_data_is_escaped_wherever_it_is_shown(window: MakeWindow, crisis: MakeCrisis) -> None:
    crises = crisis(
        "1340",
        brand=EVIL,
        window=EVIL,
        hashtags=(EVIL,),
        concerns=(Concern(phrase=EVIL, count=3, share=0.5, usual_share=0.0),),
        signals=(Signal(name=EVIL, window=EVIL, observed=1.0, expected=0.0, surprise=2.0),),
        exemplars=(Exemplar(tweet_id=EVIL, engagement=1),),
        model=EVIL,
        config_hash=EVIL,
    )
    watched = crisis("10", brand=EVIL, minute=30)
    truth = planted(brand=EVIL, about=[EVIL], shape=EVIL)
    html = report(
        [window(m, brand=EVIL) for m in range(1, 99)],
        [*crises, *watched],
        title=EVIL,
        generated_from=EVIL,
        truth=truth,
    )
    page = Page(html)
    assert not page.tags("script")
    assert "<script" not in html
    assert "{{ 7*7 }}" in page.words
    # Heading, chart, card, tables and provenance all show it as text.
    assert page.words.count("<script>alert('x')</script>") > 15
    assert all(str(a["href"]).startswith(("#", "https://x.com/i/web/status/")) for a in page.tags("a"))


def test_every_crisis_has_a_card_and_watching_is_listed_apart(window: MakeWindow, crisis: MakeCrisis) -> None:
    crises = [event for i in range(7) for event in crisis("1230", minute=100 * i + 60)]
    page = Page(report([window(m) for m in range(1, 900)], [*crises, *crisis("110", minute=850)]))
    assert [a["id"] for a in page.tags("article")] == [f"crisis-{i}" for i in range(1, 8)]
    assert "7 crises were found." in page.words
    assert "1 time something was unusual" in page.words


def test_the_lead_names_the_worst_crisis_and_whether_it_is_over(window: MakeWindow, crisis: MakeCrisis) -> None:
    lead = Page(report([window(1)], crisis("1340"), names={"acme": "Acme Ltd"})).words
    assert (
        "One crisis was found. It concerned Acme Ltd, began on Mon 10 Feb 15:00 UTC and reached level 4, "
        "severe. It is over." in lead
    )
    several = [*crisis("1340"), *crisis("12", brand="other", minute=1000)]
    assert "The worst concerned acme" in (words := Page(report([], several)).words)
    assert "1 still open." in words


def test_a_card_tells_what_was_seen_beside_what_was_expected(crisis: MakeCrisis) -> None:
    words = Page(report([], crisis("1230", minute=14 * 60 + 50))).words
    assert (
        "When it was raised. Between 14:00 and 15:00 UTC, 300 mentions were seen where 60 (30 to 105) were "
        "expected; 78% negative, usually 35%." in words
    )
    assert "At its height. Between 14:10 and 15:10 UTC, 400 mentions were seen" in words
    assert "41 mentions ask something." in words
    for shown in ("no signal", "#acmedown", "negative share", "post 1888910204517801984"):
        assert shown in words


def test_an_hour_across_midnight_names_the_day_it_ends(crisis: MakeCrisis) -> None:
    assert "Between 23:30 and 00:30 on Tue 11 Feb UTC" in Page(report([], crisis("2", minute=1470))).words


def test_an_open_crisis_is_said_to_be_open(crisis: MakeCrisis) -> None:
    words = Page(report([], crisis("1233"))).words
    assert "Resolved still open" in words
    assert "30 min so far" in words


def test_missing_input_and_unfinished_learning_are_said(crisis: MakeCrisis) -> None:
    words = Page(report([], crisis("120", unobserved_minutes=90, learning=0.4))).words
    assert "Input is missing for 1 h 30 min" in words
    assert "still being learnt (40%)" in words


def test_a_long_timeline_keeps_its_ends(crisis: MakeCrisis) -> None:
    words = Page(report([], crisis("1" + "2" * 300 + "0"))).words
    assert "Timeline: 302 events" in words
    assert "242 in the middle are left out" in words


def test_events_that_are_there_twice_count_once(crisis: MakeCrisis) -> None:
    events = crisis("1230")
    assert report([], events + events[::-1]) == report([], events)


def test_the_order_of_the_input_makes_no_difference(window: MakeWindow, crisis: MakeCrisis) -> None:
    windows = [window(m, brand=b, volume=m % 90) for b in ("a", "b") for m in range(1, 700)]
    crises = [*crisis("1230", brand="a"), *crisis("120", brand="b")]
    assert report(windows, crises) == report(windows[::-1], crises[::-1])


@pytest.mark.parametrize(("days", "brands"), [(1, 2), (60, 1)])
def test_a_long_run_makes_no_larger_page(window: MakeWindow, days: int, brands: int, crisis: MakeCrisis) -> None:
    minutes = range(1, days * 1440, 1 if days == 1 else 5)
    windows = (window(m, brand=str(b), volume=m * 7 % 90) for b in range(brands) for m in minutes)
    assert len(report(windows, crisis("1230"))) < 150_000


def test_only_the_worst_brands_get_a_chart_and_all_are_named(window: MakeWindow) -> None:
    windows = [window(m, brand=f"b{b:02}", level=2 if b == 57 else 0) for b in range(60) for m in (1, 20)]
    page = Page(report(windows))
    assert sum(svg.get("role") == "img" for svg in page.tags("svg")) == 40
    assert all(f"b{b:02}" in page.words for b in range(60))
    assert "b57: mentions, negative share and level over time" in page.words


def test_the_chart_describes_itself_in_words(window: MakeWindow, crisis: MakeCrisis) -> None:
    windows = [window(m, volume=400 if m == 600 else 50, negative=20, level=3 * (m == 600)) for m in range(1, 999)]
    words = Page(report(windows, crisis("130", minute=600))).words
    assert "The busiest hour ended Mon 10 Feb 10:00 with 400 mentions where 60 were expected." in words
    assert "Highest level: crisis." in words
    assert "Crisis opened Mon 10 Feb 10:00, resolved Mon 10 Feb 10:20." in words


def test_a_planted_crisis_that_is_found_is_told_with_its_delay(crisis: MakeCrisis) -> None:
    words = Page(report([], crisis("1340", minute=902), truth=planted())).words
    assert "1 of 1 crisis found; no false alarm." in words
    assert "✓ found after 12 min 4 severe" in words


def test_a_planted_crisis_that_is_missed_is_told(window: MakeWindow) -> None:
    words = Page(report([window(m, level=1) for m in range(880, 1000)], truth=planted())).words
    assert "0 of 1 crisis found" in words
    assert "✗ not found 1 watch" in words


def test_a_harmless_event_that_is_left_alone_is_told(window: MakeWindow, crisis: MakeCrisis) -> None:
    windows = [window(m, level=int(m > 950)) for m in range(880, 1000)]
    words = Page(report(windows, crisis("110"), truth=planted(**HARMLESS))).words
    assert "1 of 1 harmless event left alone; no false alarm." in words
    assert "✓ left alone 1 watch" in words


def test_a_harmless_event_that_is_raised_is_a_false_alarm(crisis: MakeCrisis) -> None:
    words = Page(report([], crisis("120"), truth=planted(**HARMLESS))).words
    assert "0 of 1 harmless event left alone; 1 false alarm (crisis 1)." in words
    assert "✗ raised by mistake 2 alert" in words


def test_a_crisis_of_another_brand_explains_nothing(crisis: MakeCrisis) -> None:
    words = Page(report([], crisis("120", brand="other"), truth=planted())).words
    assert "0 of 1 crisis found; 1 false alarm" in words
