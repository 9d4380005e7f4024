from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import base

from pipeline.evaluation.contender import Contender
from pipeline.evaluation.events import EventKind, KnownEvent
from pipeline.evaluation.incidents import QUIET_MS, Incident, rule_incidents
from pipeline.evaluation.onset import EARLY_MS, Days, judge_alarms, judge_event, record
from schemas.times import from_rfc3339
from schemas.window import Level

DAY_MS = 24 * 3_600_000
HOUR_MS = 3_600_000
T0 = from_rfc3339("2015-02-17T00:00:00Z")
DAYS = {"acme": Days(first_ms=T0, last_ms=T0 + 10 * DAY_MS, learnt_ms=T0 + DAY_MS)}


def at(hours: float) -> int:
    return T0 + round(hours * HOUR_MS)


def incident(*changes: tuple[float, int], brand: str = "acme") -> Incident:
    return Incident(brand=brand, changes=tuple((at(hours), Level(level)) for hours, level in changes))


def event(
    kind: EventKind = EventKind.CRISIS, start: float | None = 100, end: float | None = 110, brand: str = "acme"
) -> KnownEvent:
    start_ms, end_ms = (None if time is None else at(time) for time in (start, end))
    return KnownEvent(id=f"{brand}-{kind.value}", brand=brand, kind=kind, start_ms=start_ms, end_ms=end_ms)


def alarms(events: Sequence[KnownEvent], *said: Incident) -> dict[str, Any]:
    return judge_alarms(events, said, DAYS)


# -- incidents ---------------------------------------------------------------------------------------


def test_a_level_rises_each_time_it_is_reached_from_below() -> None:
    one = incident((1, 1), (2, 3), (4, 1), (5, 2), (7, 0))
    assert list(one.rises(Level.WATCH)) == [(at(1), Level.WATCH)]
    assert list(one.rises(Level.ALERT)) == [(at(2), Level.CRISIS), (at(5), Level.ALERT)]
    assert list(one.rises(Level.SEVERE)) == []
    assert one.peak is Level.CRISIS


def test_a_span_lasts_from_the_first_rise_to_the_last_fall() -> None:
    assert incident((1, 1), (2, 3), (4, 1), (5, 2), (7, 0)).span(Level.ALERT) == (at(2), at(7))
    assert incident((1, 2), (2, 3)).span(Level.ALERT) == (at(1), None)
    assert incident((1, 1), (2, 0)).span(Level.ALERT) is None


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(0, 13), st.integers(0, 13))
def test_the_highest_level_is_the_highest_of_all_in_force(levels: list[int], first: int, last: int) -> None:
    first, last = sorted((first, last))
    one = incident(*((hour, level) for hour, level in enumerate(levels, 1)))
    assert one.highest(at(first), at(last)) == max(one.level_at(at(hour)) for hour in range(first, last + 1))


class Echo(base.AnomalyDetector):
    """Scores what it is shown."""

    def score_one(self, x: dict[Any, Any]) -> float:
        return float(x["volume"])

    def learn_one(self, x: dict[Any, Any]) -> None:
        pass


def alarms_of(*fires: float, hours: float = 48) -> list[Incident]:
    contender = Contender(name="echo", rule="It is loud.", make=Echo, threshold=1.0)
    loud = {T0 // 60_000 + round(hour * 60) for hour in fires}
    ends = range(T0 // 60_000 + 5, T0 // 60_000 + round(hours * 60), 5)
    return rule_incidents(contender, "acme", [(end, float(end in loud)) for end in ends])


def test_a_rule_that_flaps_is_one_alarm_until_it_has_been_quiet_for_six_hours() -> None:
    assert alarms_of(2, 3, 8.5, 14, 30) == [incident((2, 2), (20, 0)), incident((30, 2), (36, 0))]
    assert alarms_of(45) == [incident((45, 2))]
    assert alarms_of() == []


@given(st.sets(st.integers(1, 900), max_size=30))
def test_no_two_alarms_of_a_rule_are_closer_than_its_quiet_hours(fives: set[int]) -> None:
    found = alarms_of(*(five / 12 for five in fives), hours=80)
    spans = [one.span(Level.ALERT) for one in found]
    assert bool(found) == bool(fives)
    for span, following in pairwise(spans):
        assert span is not None
        assert following is not None
        assert span[1] is not None
        assert following[0] >= span[1] >= span[0] + QUIET_MS


# -- events ------------------------------------------------------------------------------------------


def test_a_delay_is_counted_from_the_start_to_the_first_alert() -> None:
    found = judge_event(event(), [incident((100.5, 1), (102, 3), (104, 0))])
    assert (found["detected"], found["already_open"], found["highest_level"]) == (True, False, 3)
    assert found["watch"] == {"level": 1, "time": "2015-02-21T04:30:00Z", "delay_minutes": 30.0}
    assert found["alert"] == {"level": 3, "time": "2015-02-21T06:00:00Z", "delay_minutes": 120.0}


@pytest.mark.parametrize(
    ("hour", "detected", "already_open"),
    [(98.9, False, True), (99.0, True, False), (100, True, False), (110, True, False), (110.1, False, False)],
)
def test_an_alarm_may_be_an_hour_early_and_must_not_be_late(hour: float, detected: bool, already_open: bool) -> None:
    found = judge_event(event(), [incident((hour, 2))])
    assert (found["detected"], found["already_open"]) == (detected, already_open)
    assert EARLY_MS == HOUR_MS


def test_an_alarm_that_was_open_before_is_no_detection_though_it_escalates_inside() -> None:
    found = judge_event(event(), [incident((90, 2), (102, 3))])
    assert (found["detected"], found["already_open"], found["level_at_start"]) == (False, True, 2)
    assert (found["highest_level"], found["alert"]) == (3, None)


def test_a_watch_before_the_event_that_becomes_an_alert_inside_is_a_detection() -> None:
    found = judge_event(event(), [incident((90, 1), (101, 2))])
    assert (found["detected"], found["level_at_start"], found["watch"]) == (True, 1, None)


def test_another_brands_alarm_detects_nothing() -> None:
    found = judge_event(event(), [incident((101, 2), brand="other")])
    assert (found["detected"], found["highest_level"]) == (False, 0)


def test_only_a_crisis_can_be_detected_or_missed() -> None:
    said = [incident((101, 1), (102, 2))]
    for kind in (EventKind.CONTROL, EventKind.MINOR, EventKind.IN_PROGRESS):
        found = judge_event(event(kind), said)
        assert (found["detected"], found["highest_level"]) == (None, 2)


def test_of_an_event_without_a_start_the_levels_are_told_and_no_delays() -> None:
    found = judge_event(event(EventKind.IN_PROGRESS, None, None), [incident((101, 2))])
    assert (found["start"], found["end"], found["already_open"]) == (None, None, False)
    assert found["alert"] == {"level": 2, "time": "2015-02-21T05:00:00Z", "delay_minutes": None}


def test_a_rule_has_no_levels() -> None:
    found = judge_event(event(EventKind.CONTROL), [incident((101, 2))], levels=False)
    assert found["alarmed"] is True
    assert not {"watch", "highest_level", "level_at_start"} & set(found)


# -- alarms ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (EventKind.CRISIS, "true"),
        (EventKind.MINOR, "neither"),
        (EventKind.IN_PROGRESS, "neither"),
        (EventKind.CONTROL, "false"),
    ],
)
def test_an_alarm_is_judged_by_what_it_has_to_do_with(kind: EventKind, verdict: str) -> None:
    found = alarms([event(kind)], incident((105, 2), (107, 0)))
    assert [alarm["verdict"] for alarm in found["alarm_list"]] == [verdict]
    assert found["alarm_list"][0]["events"] == [f"acme-{kind.value}"]


def test_an_alarm_about_nothing_known_is_false_and_one_about_a_crisis_too_is_true() -> None:
    events = [event(EventKind.CONTROL, 100, 103), event(EventKind.CRISIS, 104, 110)]
    found = alarms(events, incident((20, 2), (22, 0)), incident((102, 2), (105, 0)), incident((50, 1), (55, 0)))
    assert (found["alarms"], found["true_alarms"], found["false_alarms"], found["neither"]) == (2, 1, 1, 0)


def test_one_incident_is_one_alarm_however_often_it_comes_back() -> None:
    assert alarms([], incident((1, 2), (3, 1), (4, 2), (5, 1), (6, 3), (8, 0)))["alarms"] == 1


def test_alarms_are_told_by_the_brand_day_and_quiet_brands_count() -> None:
    quiet = Days(first_ms=T0, last_ms=T0 + 30 * DAY_MS, learnt_ms=None)
    found = judge_alarms([], [incident((50, 2), (55, 0))], DAYS | {"quiet": quiet})
    assert (found["alarms_a_brand_day"], found["false_alarms_a_brand_day"]) == (0.025, 0.025)
    assert found["false_alarms_a_learnt_brand_day"] == pytest.approx(1 / 9, abs=1e-4)


def test_without_days_there_is_no_rate() -> None:
    assert record([], [], {}, levels=True) == {
        "events": [],
        "alarms": 0,
        "true_alarms": 0,
        "false_alarms": 0,
        "neither": 0,
        "alarms_a_brand_day": None,
        "false_alarms_a_brand_day": None,
        "false_alarms_a_learnt_brand_day": None,
        "alarm_list": [],
    }
