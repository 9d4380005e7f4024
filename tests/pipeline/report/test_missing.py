"""A report over a time in which input is missing says so wherever it could be taken for calm."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report import build_report
from pipeline.report.episodes import episodes
from pipeline.report.missing import MINUTE_MS, Missing, Stretch, united, within
from pipeline.report.onset import Onsets
from pipeline.report.series import BrandSeries
from schemas.times import from_rfc3339
from schemas.window import WindowClosed
from tests.pipeline.report.made import START_MS, MakeCrisis, MakeWindow
from tests.pipeline.report.reading import Page


def holed(window: MakeWindow, gaps: Iterable[range], *, minutes: int = 1500, brand: str = "acme") -> list[WindowClosed]:
    """Return windows of a brand with gaps, each by the minutes that end in it."""
    lost = {minute for gap in gaps for minute in gap}
    found = []
    for minute in range(1, minutes + 1):
        hour = len(lost & set(range(minute - 59, minute + 1)))
        made = window(minute, brand=brand, volume=60 - hour)
        found.append(replace(made, observed=minute not in lost, unobserved={"1h": hour} if hour else {}))
    return found


def words(windows: list[WindowClosed], records: Sequence[object] = (), lang: str = "en", **more: object) -> str:
    html = build_report(windows, records, title="t", generated_from="g", lang=lang, **more)  # type: ignore[arg-type]
    return Page(html).words.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("lang", "lead", "head", "times"),
    [
        (
            "en",
            "No crisis was found. Input is missing for 1 h 30 min:",
            "Input that is missing",
            "Mon 10 Feb 02:00 to 03:30",
        ),
        ("fr", "Des données manquent pendant 1 h 30 min :", "Données manquantes", "lun. 10 févr. de 02:00 à 03:30"),
    ],
)
def test_a_gap_in_a_calm_day_is_in_the_lead_in_a_section_of_its_own_and_in_the_table(
    window: MakeWindow, lang: str, lead: str, head: str, times: str
) -> None:
    said = words(holed(window, [range(121, 211)]), lang=lang)
    assert lead in said
    assert head in said
    assert times in said
    assert said.count("1 h 30 min") >= 3


def test_without_a_gap_nothing_is_said_of_one(window: MakeWindow) -> None:
    assert "issing" not in words(holed(window, [])).replace("input is missing; the mentions are not drawn", "")


def test_the_volume_is_not_drawn_where_it_is_no_volume_and_the_gap_is_to_the_minute(window: MakeWindow) -> None:
    series = BrandSeries("acme")
    for each in holed(window, [range(121, 211)]):
        series.add(each)
    assert series.missing.stretches() == [Stretch(START_MS + 120 * MINUTE_MS, START_MS + 210 * MINUTE_MS)]
    partial = [point for point in series.points() if point.partial]
    assert all(START_MS + 120 * MINUTE_MS < point.time_ms <= START_MS + 255 * MINUTE_MS for point in partial)
    assert len(partial) >= 7
    assert all(point.negative_share is None for point in partial)


def test_a_brand_whose_windows_end_without_input_is_not_said_to_have_nothing_to_do(window: MakeWindow) -> None:
    ends = holed(window, [range(1441, 1501)])
    said = words(ends)
    assert "nothing has come in since Tue 11 Feb 00:00 UTC" in said
    assert "Nothing has to be done now" not in said
    assert "rien n’arrive depuis le mar. 11 févr. à 00:00 UTC" in words(ends, lang="fr")


@pytest.mark.parametrize(
    ("lang", "before", "since", "line"),
    [
        (
            "en",
            "before the alert (Mon 10 Feb 14:30 to 14:50 UTC)",
            "for 30 min of it (Mon 10 Feb 16:00 to 16:30 UTC)",
            "Input is missing from here on, for 30 min",
        ),
        (
            "fr",
            "avant l’alerte (lun. 10 févr. de 14:30 à 14:50 UTC)",
            "pendant 30 min de la crise",
            "Des données manquent à partir d’ici, pendant 30 min",
        ),
    ],
)
def test_a_gap_before_and_in_a_crisis_is_in_its_summary_its_facts_and_its_story(
    window: MakeWindow, crisis: MakeCrisis, lang: str, before: str, since: str, line: str
) -> None:
    windows = holed(window, [range(871, 891), range(961, 991)])
    said = words(windows, crisis("1233210", minute=900, apart=20), lang=lang)
    assert before in said
    assert since in said
    assert line in said
    assert ("Input missing 50 min" if lang == "en" else "Données manquantes 50 min") in said


def test_a_minute_whose_hour_is_mostly_missing_is_no_ordinary_one(window: MakeWindow, crisis: MakeCrisis) -> None:
    (episode,) = episodes(crisis("1230", minute=900))
    onsets = Onsets([episode])
    for each in holed(window, [range(840, 895)], minutes=900):
        onsets.see(each, from_rfc3339(each.window_end))
    assert onsets.of(episode) == START_MS + 839 * MINUTE_MS


@pytest.mark.parametrize(("lang", "said"), [("en", "it was known too late"), ("fr", "On a su trop tard")])
def test_what_was_known_too_late_is_said(window: MakeWindow, lang: str, said: str) -> None:
    late = [(START_MS, START_MS + 10 * MINUTE_MS)]
    assert said in words(holed(window, []), lang=lang, late=late)
    assert said not in words(holed(window, []), lang=lang)


def test_the_chart_says_it_to_those_who_cannot_see_it(window: MakeWindow) -> None:
    html = build_report(holed(window, [range(121, 211)]), [], title="t", generated_from="g")
    assert "Input is missing for 1 h 30 min: Mon 10 Feb 02:00 to 03:30 UTC." in html


@given(st.lists(st.integers(0, 120), max_size=80), st.randoms(use_true_random=False))
def test_minutes_in_any_order_are_the_same_stretches(minutes: list[int], rng: Random) -> None:
    ends = [minute * MINUTE_MS for minute in minutes]
    one, other = Missing(), Missing()
    for end in sorted(ends):
        one.add(end)
    rng.shuffle(ends)
    for end in ends:
        other.add(end)
    assert united(one.stretches()) == united(other.stretches())
    covered: set[int] = set()
    for each in united(other.stretches()):
        covered.update(range(each.start_ms // MINUTE_MS, each.end_ms // MINUTE_MS))
    assert covered == {minute - 1 for minute in minutes}


def test_stretches_are_bounded_and_what_lies_between_two_times_is_cut_out() -> None:
    missing = Missing()
    for minute in range(0, 4000, 2):
        missing.add(minute * MINUTE_MS)
    assert len(missing.stretches()) <= 500
    assert within([Stretch(0, 10), Stretch(20, 30)], 5, 25) == [Stretch(5, 10), Stretch(20, 25)]
