"""A brand of which nothing comes in, or not all: it is no calm brand with a zero."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.present import SPEECHES, BrandPresent, Freshness, row, tell
from schemas import Level
from schemas.situation import Situation
from schemas.window import WindowClosed
from tests.pipeline.present.scene import NOW_MS, RECORDS, SITUATION, at, window
from tests.pipeline.present.test_present import told

LANGUAGES = sorted(SPEECHES)


def lost(minutes: int, *, level: Level = Level.CALM, missing: int = 5, volume: int = 0) -> WindowClosed:
    unobserved = {"1m": 1, "5m": min(5, missing), "1h": min(60, missing), "24h": missing}
    return replace(window(minutes, level=level, volume=volume), observed=False, unobserved=unobserved)


def brand(*windows: WindowClosed) -> BrandPresent:
    present = BrandPresent(brand="acme")
    for each in windows:
        present.see_window(each)
    return present


def blind(*, level: Level = Level.CALM, volume: int = 0) -> BrandPresent:
    """Ten minutes of calm, then five of which nothing came."""
    calm = [window(minute, level=level) for minute in range(80, 90)]
    return brand(*calm, *(lost(90 + i, level=level, missing=i + 1, volume=volume) for i in range(5)))


def in_crisis(present: BrandPresent, situation: Situation = SITUATION) -> BrandPresent:
    for record in (*RECORDS, situation):
        present.see_crisis(record)
    return present


def test_since_when_nothing_comes_is_known_until_something_does() -> None:
    present = blind()
    assert present.missing_since_ms == NOW_MS - 6 * 60_000  # the minute that ended at 89 was the last one seen
    present.see_window(window(95, level=Level.CALM))
    assert present.missing_since_ms is None


@pytest.mark.parametrize(
    ("lang", "level_word", "age"), [("en", "? no input", "NO INPUT since"), ("fr", "? sans données", "RIEN depuis")]
)
def test_a_calm_brand_without_input_is_not_called_calm_in_the_table(lang: str, level_word: str, age: str) -> None:
    shown = row(blind(), "Acme", SPEECHES[lang], Freshness(now_ms=NOW_MS))
    assert (shown.level_word, shown.blind) == (level_word, True)
    assert age in shown.age
    assert "13:29" in shown.age


@pytest.mark.parametrize(("lang", "word"), [("en", "3 crisis, no input"), ("fr", "3 crise, sans données")])
def test_an_open_crisis_without_input_keeps_its_level_and_says_so(lang: str, word: str) -> None:
    shown = row(in_crisis(blind(level=Level.CRISIS)), "Acme", SPEECHES[lang], Freshness(now_ms=NOW_MS))
    assert shown.level_word == word


def test_brands_without_input_come_before_those_that_are_calm() -> None:
    speech, fresh = SPEECHES["en"], Freshness(now_ms=NOW_MS)
    calm = row(brand(*(window(minute, level=Level.CALM) for minute in range(80, 95))), "A", speech, fresh)
    assert min(calm, row(blind(), "Z", speech, fresh)).blind


def test_what_is_too_old_is_stale_before_it_is_anything_else() -> None:
    shown = row(blind(), "Acme", SPEECHES["en"], Freshness(now_ms=NOW_MS + 3_600_000))
    assert shown.age.startswith("STALE")
    assert shown.level_word == "? no input"


def test_an_hour_that_was_seen_in_part_says_of_how_many_minutes_its_numbers_are() -> None:
    whole = row(brand(window(90)), "Acme", SPEECHES["en"], Freshness())
    part = row(brand(replace(window(90), unobserved={"1h": 45, "24h": 45})), "Acme", SPEECHES["en"], Freshness())
    assert part.mentions == f"{whole.mentions} (15 min)"


def test_where_input_is_missing_the_hour_has_no_bar() -> None:
    present = brand(*(window(minute) for minute in range(35, 65)), *(lost(minute) for minute in range(65, 95)))
    assert present.pace(12)[-6:] == [None] * 6
    assert None not in present.pace(12)[:6]
    assert row(present, "Acme", SPEECHES["en"], Freshness()).trend.endswith("······")


@pytest.mark.parametrize(
    ("lang", "head", "said", "calm"),
    [
        (
            "en",
            "Acme: no input (before: level 0, calm)",
            "NO INPUT since",
            "No crisis was open when input was last seen.",
        ),
        (
            "fr",
            "Acme : sans données (avant : niveau 0, calme)",
            "AUCUNE DONNÉE depuis",
            "quand les données se sont arr",
        ),
    ],
)
def test_the_situation_of_a_calm_brand_without_input_says_so_first(lang: str, head: str, said: str, calm: str) -> None:
    words = told(blind(), lang, now_ms=NOW_MS)
    assert words.startswith(head)
    assert said in words
    assert calm in words
    hour = "for 5 minutes of the last hour" if lang == "en" else "pour 5 minutes de la dernière heure"
    assert hour in words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_missing_of_the_day_is_said_of_a_calm_brand_too(lang: str) -> None:
    present = brand(replace(window(90, level=Level.CALM), unobserved={"24h": 90}))
    words = told(present, lang)
    assert ("90 minutes of the last 24 hours" if lang == "en" else "90 minutes des dernières 24 heures") in words
    assert ("last hour:" if lang == "en" else "dernière heure :") not in words


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "answers and updates of then were not seen"), ("fr", "n’ont pas été vus")]
)
def test_beside_the_brands_own_voice_it_is_said_that_some_of_it_may_not_have_been_seen(lang: str, said: str) -> None:
    assert said not in told(in_crisis(blind(level=Level.CRISIS)), lang)
    missed = replace(SITUATION, unobserved_minutes=30)
    assert said in told(in_crisis(blind(level=Level.CRISIS), missed), lang)


def test_of_a_crisis_that_is_over_it_is_not_said_that_nothing_comes_now() -> None:
    present = in_crisis(blind(), replace(SITUATION, sequence=9, final=True, time=at(91)))
    (crisis,) = present.crises.values()
    sections = tell(present, crisis, "Acme", SPEECHES["en"], Freshness())
    assert "NO INPUT" not in "".join(line.text for section in sections for line in section.lines)
