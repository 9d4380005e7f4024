from dataclasses import replace

import pytest

from pipeline.evaluation.incidents import Incident
from pipeline.simulate.years import BrandYear, Happening, HappeningKind, brand_years, plan_harmless, talk
from schemas.window import Level
from tests.bench.quietyear import (
    DAY,
    ORDINARY,
    START_MS,
    Watch,
    Watched,
    cause_of,
    crisis_record,
    delay_minutes,
    five_minutes,
    highest_risen,
    ordinary_record,
    watch,
)

HOUR = 60
OUTAGE = Happening(kind=HappeningKind.OUTAGE, start=1000, end=1060, strength=60)
CRISIS = Happening(kind=HappeningKind.CREEP_CRISIS, start=3000, end=3500, strength=0.3)


def incident(*changes: tuple[int, int]) -> Incident:
    return Incident(brand="b", changes=tuple((START_MS + minute * 60_000, Level(level)) for minute, level in changes))


def seen(brand: BrandYear, *said: Incident) -> Watched:
    return Watched(brand=brand, days=10, learnt_days=9.0, said=list(said), causes=[], rules={}, seconds=1.0)


@pytest.mark.parametrize(
    ("minute", "cause"), [(999, ORDINARY), (1000, "outage"), (1420, "outage"), (1421, ORDINARY), (3000, "creep_crisis")]
)
def test_an_alarm_is_due_to_what_went_on_up_to_six_hours_before(minute: int, cause: str) -> None:
    assert cause_of((OUTAGE, CRISIS), START_MS + minute * 60_000) == cause


def test_of_two_causes_the_one_that_began_last_counts() -> None:
    shift = Happening(kind=HappeningKind.LEVEL_SHIFT, start=0, end=DAY, strength=2.0)
    assert cause_of((shift, OUTAGE), START_MS + 1010 * 60_000) == "outage"
    assert cause_of((shift, OUTAGE), START_MS + 2010 * 60_000) == "level_shift"


def test_only_levels_that_are_newly_reached_belong_to_a_happening() -> None:
    assert highest_risen([incident((900, 3), (1010, 2), (1030, 4), (2000, 0))], OUTAGE) is Level.SEVERE
    assert highest_risen([incident((900, 3), (1010, 2), (2000, 0))], OUTAGE) is Level.CALM
    assert highest_risen([incident((1421, 2))], OUTAGE) is Level.CALM


@pytest.mark.parametrize(
    ("said", "delay"),
    [([(3000, 2)], 0), ([(3100, 1), (3200, 3)], 200), ([(2999, 2)], None), ([(3501, 2)], None), ([(3100, 1)], None)],
)
def test_a_crisis_is_detected_from_its_start_to_its_end(said: list[tuple[int, int]], delay: int | None) -> None:
    assert delay_minutes([incident(*said)], CRISIS) == delay


def test_the_record_counts_alarms_by_cause_and_levels_by_kind() -> None:
    brand = replace(brand_years(1, 1)[0], happenings=(OUTAGE,))
    record = ordinary_record([seen(brand, incident((1010, 2), (1300, 0)), incident((5000, 3))), seen(brand)])
    assert (record["alarms"], record["brand_days"], record["alarms_a_brand_day"]) == (2, 20, 0.1)
    assert record["alarms_by_cause"] == {"outage": 1, ORDINARY: 1}
    assert record["alarms_by_peak_level"] == {"2": 1, "3": 1}
    assert record["highest_level_by_kind"] == {"outage": {"0": 1, "2": 1}}


def test_the_record_of_crises_counts_the_missed_ones() -> None:
    brand = replace(brand_years(1, 1)[0], happenings=(CRISIS,))
    record = crisis_record([seen(brand, incident((3030, 2), (3400, 0))), seen(brand)])
    group = record["by_kind"]["creep_crisis 0.3"]
    assert (group["crises"], group["detected"], group["median_delay_minutes"]) == (2, 1, 30)
    assert record["alarms_without_a_crisis_a_brand_day"] == 0.0


def test_rules_see_five_minutes_that_were_wholly_observed() -> None:
    brand = replace(brand_years(1, 1)[0], happenings=(replace(OUTAGE, start=12, end=21),))
    counts = five_minutes(talk(brand, start_ms=START_MS, days=1))
    assert [end - START_MS // 60_000 for end, _ in counts[:4]] == [5, 10, 30, 35]
    assert len(counts) == DAY // 5 - 3


def test_a_year_is_watched_the_same_each_time() -> None:
    brand = brand_years(3, 1)[1]
    task = Watch(brand=replace(brand, happenings=plan_harmless(brand, 10)), days=10, rules=True)
    first, again = watch(task), watch(task)
    assert (first.said, first.rules) == (again.said, again.rules)
    assert 7 < first.learnt_days < 10
    assert any(first.rules.values())
