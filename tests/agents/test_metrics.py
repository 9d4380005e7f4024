from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from agents.metrics import BrandNumbers, BrandsSeen, DetectionMeter, Metrics, PartitionFacts
from agents.metrics.appendtime import APPENDED_HEADER, appended_headers, first_appended_ms
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.situation import CrisisRecord
from schemas.window import Level, WindowClosed
from tests.pipeline.notify.crises import overdue, situation
from tests.schemas.events import CRISIS, WINDOW

CALM = BrandNumbers(level=0, mentions=10, expected=8.0, negative=1, usual_share=0.2)


def samples(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric on the page, by its label values in alphabetical order of the labels."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.expose().decode())
        for sample in family.samples
        if sample.name == name
    }


def asked_about_brands(limit: int, watchlist: Iterable[str], numbers: Mapping[str, BrandNumbers]) -> Metrics:
    metrics = Metrics(limit)
    metrics.brands.ask(lambda: watchlist, lambda: numbers)
    return metrics


# -- brands --------------------------------------------------------------------------------------


def test_brands_beyond_the_limit_are_one_with_counts_summed_and_the_highest_level() -> None:
    numbers = {
        "a": CALM,
        "b": CALM._replace(level=1, mentions=30, negative=12, usual_share=0.4, expected=20.0),
        "c": CALM._replace(level=3, mentions=10, negative=8, usual_share=0.2, expected=5.0, waiting=4, missed=1),
    }
    numbers["b"] = numbers["b"]._replace(waiting=3, missed=2, unobserved=0.5)
    metrics = asked_about_brands(1, ["a", "b", "c"], numbers)
    assert samples(metrics, "vigie_brand_level") == {("a",): 0, ("other",): 3}
    assert samples(metrics, "vigie_brand_mentions_last_hour") == {("a",): 10, ("other",): 40}
    assert samples(metrics, "vigie_brand_mentions_last_hour_expected") == {("a",): 8, ("other",): 25}
    assert samples(metrics, "vigie_brand_negative_share_ratio") == {("a",): 0.1, ("other",): 0.5}
    assert samples(metrics, "vigie_brand_negative_share_expected_ratio") == {("a",): 0.2, ("other",): 0.35}
    assert samples(metrics, "vigie_brand_questions_waiting") == {("a",): 0, ("other",): 7}
    assert samples(metrics, "vigie_brand_updates_missed") == {("a",): 0, ("other",): 2}
    assert samples(metrics, "vigie_brand_unobserved_ratio") == {("a",): 0, ("other",): 0.5}


def test_the_share_of_the_hour_that_is_missing_is_that_of_the_newest_window() -> None:
    assert BrandNumbers.of(WINDOW).unobserved == 0
    assert BrandNumbers.of(replace(WINDOW, unobserved={"1h": 15, "24h": 90})).unobserved == 0.25


def test_which_brands_have_a_label_follows_the_watchlist_and_not_who_was_spoken_of_first() -> None:
    numbers = dict.fromkeys(("d", "c", "b"), CALM)
    metrics = asked_about_brands(2, ["a", "b", "c", "d"], numbers)
    assert samples(metrics, "vigie_brand_level").keys() == {("b",), ("other",)}, "the place of `a` stays its own"


def test_a_brand_that_left_the_watchlist_or_was_lost_is_gone() -> None:
    watchlist, numbers = ["a", "b"], {"a": CALM, "b": CALM}
    metrics = asked_about_brands(200, watchlist, numbers)
    assert samples(metrics, "vigie_brand_level").keys() == {("a",), ("b",)}
    watchlist.remove("a")
    assert samples(metrics, "vigie_brand_level").keys() == {("b",)}
    del numbers["b"]
    assert samples(metrics, "vigie_brand_level") == {}


def test_a_brand_that_is_called_other_is_one_of_the_others() -> None:
    metrics = asked_about_brands(2, ["other", "a", "b"], {"other": CALM, "a": CALM, "b": CALM})
    assert samples(metrics, "vigie_brand_mentions_last_hour") == {("a",): 10, ("other",): 20}


@given(st.integers(0, 8), st.lists(st.sampled_from("abcdefgh"), unique=True), st.sets(st.sampled_from("abcdefgh")))
def test_there_are_never_more_labels_than_the_limit_and_other_and_no_mention_is_lost(
    limit: int, watchlist: list[str], known: set[str]
) -> None:
    metrics = asked_about_brands(limit, watchlist, dict.fromkeys(known, CALM))
    mentions = samples(metrics, "vigie_brand_mentions_last_hour")
    assert len(mentions) <= limit + 1
    assert sum(mentions.values()) == 10 * len(known & set(watchlist))


# -- partitions ----------------------------------------------------------------------------------


def test_a_partition_has_gauges_for_as_long_as_it_is_assigned() -> None:
    metrics, assigned = Metrics(), {0: 5, 1: None}
    facts = {0: PartitionFacts(watermark_ms=2_000, newest_ms=32_000, state_bytes=7, state_brands=3, learning_brands=1)}
    metrics.partitions.ask("track", lambda: assigned, facts.get)
    assert samples(metrics, "vigie_consumer_lag_records") == {("0", "track"): 5}, "nothing is known of 1 yet"
    assert samples(metrics, "vigie_watermark_timestamp_seconds") == {("0", "track"): 2}
    assert samples(metrics, "vigie_newest_event_timestamp_seconds") == {("0", "track"): 32}
    assert samples(metrics, "vigie_state_bytes") == {("0", "track"): 7}
    assert samples(metrics, "vigie_state_brands") == {("0", "track"): 3}
    assert samples(metrics, "vigie_learning_brands") == {("0",): 1}
    del assigned[0]
    for name in ("consumer_lag_records", "watermark_timestamp_seconds", "state_bytes", "learning_brands"):
        assert samples(metrics, f"vigie_{name}") == {}


def test_lag_in_seconds_counts_only_while_records_wait() -> None:
    metrics, assigned = Metrics(), {0: 0}
    metrics.partitions._clock = lambda: 100.0
    metrics.partitions.ask("enrich", lambda: assigned, lambda _: PartitionFacts(newest_ms=40_000))
    assert samples(metrics, "vigie_consumer_lag_seconds") == {("0", "enrich"): 0}
    assigned[0] = 1
    assert samples(metrics, "vigie_consumer_lag_seconds") == {("0", "enrich"): 60}


# -- windows and crises --------------------------------------------------------------------------


def window(brand: str = "acme", *, learning: float = 1.0, volume: int = 12, level: Level = Level.CALM) -> WindowClosed:
    detection = replace(WINDOW.detection, learning=learning, level=level)
    hour = replace(WINDOW.windows["1h"], volume=volume)
    return replace(WINDOW, brand=brand, detection=detection, windows=WINDOW.windows | {"1h": hour})


def crisis(levels: str, *, name: str = "one") -> list[CrisisEvent]:
    """One event a digit, its level; 0 resolves."""
    events, previous, peak = [], 0, 0
    for sequence, level in enumerate(map(int, levels)):
        peak = max(peak, level)
        if sequence == 0:
            kind = CrisisEventType.OPENED
        elif level == 0:
            kind = CrisisEventType.RESOLVED
        elif level == previous:
            kind = CrisisEventType.UPDATED
        else:
            kind = CrisisEventType.ESCALATED if level > previous else CrisisEventType.DEESCALATED
        events.append(
            replace(
                CRISIS,
                crisis_id=name,
                sequence=sequence,
                type=kind,
                level=Level(level),
                previous_level=Level(previous),
                peak_level=Level(peak),
            )
        )
        previous = level
    return events


def test_a_brand_is_learning_until_a_window_says_that_it_is_not() -> None:
    metrics, seen = Metrics(), BrandsSeen()
    meter = DetectionMeter(metrics)
    meter.published([window(learning=0.5), window("b")], seen, None)
    assert seen.learning == {"acme"}
    meter.published([window(learning=0.9), window(learning=1.0)], seen, None)
    assert seen.learning == set()
    assert samples(metrics, "vigie_windows_closed_total") == {(): 4}


def test_of_several_windows_of_a_brand_the_newest_counts() -> None:
    seen = BrandsSeen()
    DetectionMeter(Metrics()).published([window(volume=5), window(volume=7, level=Level.ALERT)], seen, None)
    assert seen.numbers["acme"].mentions == 7
    assert seen.numbers["acme"].level == 2


def alarms_of(*batches: list[CrisisEvent]) -> dict[int, float]:
    metrics, seen = Metrics(), BrandsSeen()
    meter = DetectionMeter(metrics)
    for batch in batches:
        meter.published(batch, seen, None)
    return {int(level): count for (level,), count in samples(metrics, "vigie_alarms_total").items() if count}


def test_an_alarm_is_a_level_that_a_crisis_reaches_for_the_first_time() -> None:
    assert alarms_of(crisis("1110")) == {}
    assert alarms_of(crisis("1220")) == {2: 1}
    assert alarms_of(crisis("1223232430")) == {2: 1, 3: 1, 4: 1}, "up and down again is no other alarm"
    assert alarms_of(crisis("130")) == {2: 1, 3: 1}, "a jump passes the level between"
    assert alarms_of(crisis("230"), crisis("230", name="two")) == {2: 2, 3: 2}


def test_a_crisis_taken_over_in_the_middle_counts_what_it_reaches_from_then_on() -> None:
    assert alarms_of(crisis("12334")[3:]) == {4: 1}
    assert alarms_of(crisis("1232330")[3:]) == {}, "the first event seen tells of a peak that is old"
    assert alarms_of(crisis("14320")[3:]) == {}
    assert alarms_of(crisis("14230")[3:]) == {}, "it rises, but not to its peak"


def test_every_combination_of_type_and_level_that_there_is_begins_at_0() -> None:
    metrics = Metrics()
    meter = DetectionMeter(metrics)
    before = samples(metrics, "vigie_crisis_events_total")
    assert set(before.values()) == {0.0}
    meter.published(crisis("1224431110"), BrandsSeen(), None)
    assert samples(metrics, "vigie_crisis_events_total").keys() == before.keys()


def test_what_a_brand_has_to_say_is_shown_while_its_crisis_is_open() -> None:
    metrics, seen = Metrics(), BrandsSeen()
    meter, [opened, resolved] = DetectionMeter(metrics), crisis("20")

    def shown(*events: CrisisRecord) -> tuple[int, int]:
        meter.published([window(), opened, *events], seen, None)
        return seen.numbers["acme"].waiting, seen.numbers["acme"].missed

    assert shown() == (0, 0)
    assert shown(situation(opened, waiting=5)) == (5, 0)
    assert shown() == (5, 0), "until the next situation"
    assert shown(overdue(missed=2)) == (7, 2)
    assert shown(situation(opened, waiting=6, overdue=True)) == (6, 2)
    assert shown(situation(opened, waiting=4)) == (4, 0)
    assert shown(overdue(), situation(resolved, waiting=4, overdue=True, final=True)) == (0, 0)
    assert seen.spoken == {}
    assert samples(metrics, "vigie_situations_total") == {(): 4}
    assert samples(metrics, "vigie_communication_overdue_total") == {("2",): 2, ("3",): 0, ("4",): 0}


@pytest.mark.parametrize(("appended_ms", "measured"), [(None, 0), (1, 2)])
def test_a_delay_since_the_append_is_measured_where_the_append_is_known(appended_ms: int | None, measured: int) -> None:
    metrics = Metrics()
    DetectionMeter(metrics).published([window(), window()], BrandsSeen(), appended_ms)
    assert samples(metrics, "vigie_window_delay_seconds_count") == {("event",): 2, ("append",): measured}


# -- the time of the append ----------------------------------------------------------------------


class Raw:
    """As much of a record as this is about."""

    def __init__(
        self, timestamp: int | None = None, key: bytes | None = None, headers: tuple[tuple[str, bytes | None], ...] = ()
    ) -> None:
        self.timestamp, self.key, self.headers = timestamp, key, headers


def test_the_oldest_record_of_a_batch_gives_the_header_and_the_first_header_of_a_batch_counts() -> None:
    (first,), (second,) = appended_headers([Raw(5), Raw(7)]), appended_headers([Raw(8), Raw(9)])
    assert first == (APPENDED_HEADER, b"5")
    mention, idle = Raw(key=b"brand"), Raw(headers=(("ce_type", b"t"),))
    batch = [mention, idle, Raw(headers=(("ce_type", b"t"), first)), Raw(headers=(second,))]
    assert first_appended_ms(batch) == 5


@pytest.mark.parametrize("value", [None, b"", b"-1", b"7.5", b"soon", b"\xb2", b"9" * 16])
def test_a_malformed_header_is_passed_over(value: bytes | None) -> None:
    assert first_appended_ms([Raw(headers=((APPENDED_HEADER, value),))]) is None
    good = Raw(headers=((APPENDED_HEADER, b"12"),))
    assert first_appended_ms([Raw(headers=((APPENDED_HEADER, value),)), good]) == 12


@pytest.mark.parametrize("timestamp", [None, -1])
def test_records_without_a_timestamp_give_no_header(timestamp: int | None) -> None:
    assert appended_headers([Raw(timestamp)]) == []


def test_levels_of_alarms_are_those_that_somebody_acts_on() -> None:
    metrics = Metrics()
    DetectionMeter(metrics)
    assert samples(metrics, "vigie_alarms_total").keys() == {
        (str(int(level)),) for level in Level if level >= Level.ALERT
    }
