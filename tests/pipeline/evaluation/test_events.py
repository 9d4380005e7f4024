from typing import Any

import pytest

from pipeline.evaluation.events import EventKind, EventsError, KnownEvent, read_events
from pipeline.simulate import default_scenario, demo_watchlist, truth
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from schemas.times import from_rfc3339, to_rfc3339

HOUR_MS = 3_600_000
BRANDS = Watchlist.parse("""
version = 1
[brands.jetblue]
name = "JetBlue"
handles = ["JetBlue"]
[brands.delta]
name = "Delta Air Lines"
aliases = ["Delta", "Sky Club"]
official = ["DeltaNews"]
[brands.sky]
name = "Sky"
aliases = ["Sky Club"]
handles = ["sky"]
""")


def read(*events: Any) -> list[KnownEvent]:
    return read_events(encode(list(events)), BRANDS)


def one(**fields: Any) -> KnownEvent:
    (event,) = read({"id": "e1", "brand": "delta", "kind": "crisis", "start_utc": "2015-02-21T13:00:00Z"} | fields)
    return event


@pytest.mark.parametrize(
    ("fields", "brand"),
    [
        ({"brand": "delta"}, "delta"),
        ({"brand": "DELTA air lines"}, "delta"),
        ({"brand": None, "handle": "@jetblue"}, "jetblue"),
        ({"brand": None, "handle": "deltanews"}, "delta"),
        ({"brand": None, "entity": "Delta"}, "delta"),
        ({"brand": None, "entity": "@JetBlue"}, "jetblue"),
        # the handle decides: a name may be a label that is wrong
        ({"brand": None, "entity": "Delta", "handle": "@jetblue"}, "jetblue"),
        ({"brand": None, "entity": "Delta", "handle": "@unknown"}, "delta"),
    ],
)
def test_a_brand_is_known_by_key_handle_or_name(fields: dict[str, Any], brand: str) -> None:
    assert one(**fields).brand == brand


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("crisis", EventKind.CRISIS),
        ("Crisis (outage)", EventKind.CRISIS),
        ("crisis-in-progress", EventKind.IN_PROGRESS),
        ("minor", EventKind.MINOR),
        ("NEGATIVE CONTROL (volume spike, not a crisis)", EventKind.CONTROL),
        ("harmless", EventKind.CONTROL),
    ],
)
def test_a_kind_may_go_on_in_words_of_its_own(kind: str, meant: EventKind) -> None:
    assert one(kind=kind).kind is meant


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({}, "2015-02-22T13:00:00Z"),
        ({"peak_utc": "2015-02-21T14:00:00Z/2015-02-21T23:00:00Z"}, "2015-02-21T23:00:00Z"),
        ({"peak_utc": "2015-02-21T14:00:00Z"}, "2015-02-21T14:00:00Z"),
        ({"peak_utc": "2015-02-21T14:00:00Z", "end_utc": "2015-02-21T20:00:00+01:00"}, "2015-02-21T19:00:00Z"),
    ],
)
def test_an_event_ends_when_it_says_or_with_its_peak_or_after_a_day(fields: dict[str, Any], end: str) -> None:
    event = one(**fields)
    assert event.start_ms == from_rfc3339("2015-02-21T13:00:00Z")
    assert event.end_ms is not None
    assert to_rfc3339(event.end_ms) == end


def test_a_crisis_whose_start_is_unknown_counts_as_in_progress() -> None:
    event = one(start_utc=None)
    assert (event.kind, event.start_ms, event.end_ms) == (EventKind.IN_PROGRESS, None, None)
    assert event.overlaps(0, None)
    assert not event.is_open_to_judgement


def test_an_event_that_is_taken_to_start_earlier_overlaps_earlier() -> None:
    event = one(end_utc="2015-02-21T14:00:00Z")
    assert event.start_ms is not None
    before = event.start_ms - HOUR_MS
    assert not event.overlaps(before - 1000, before)
    assert event.overlaps(before - 1000, before, early_ms=HOUR_MS)
    assert event.overlaps(before, None)
    assert not event.overlaps(event.start_ms + HOUR_MS + 1, None)


def test_the_truth_of_a_simulation_is_read_whole() -> None:
    planted = truth(default_scenario())
    events = read_events(encode(planted), Watchlist.parse(demo_watchlist()))
    assert [(e.brand, e.start_ms, e.end_ms) for e in events] == [
        (p["brand"], p["start_ms"], p["end_ms"]) for p in planted["events"]
    ]
    kinds = {"crisis": EventKind.CRISIS, "harmless": EventKind.CONTROL}
    assert [e.kind for e in events] == [kinds[p["kind"]] for p in planted["events"]]
    assert len({e.id for e in events}) == len(events)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"brand": "dleta"}, "event e1: 'dleta': no brand of the watchlist; it has delta, jetblue, sky"),
        ({"brand": None}, "event e1: expected a brand: one of the fields brand, handle, entity"),
        ({"brand": 7}, "event e1: brand: expected a string, got 7"),
        ({"brand": None, "entity": "Sky Club"}, "event e1: entity: 'Sky Club' is several brands: delta, sky"),
        ({"kind": "outage"}, "event e1: kind: expected one of crisis, crisis-in-progress, minor, negative control,"),
        ({"kind": "crisis-ish"}, "event e1: kind: expected one of crisis,"),
        ({"kind": None}, "harmless, got None"),
        ({"start_utc": "yesterday"}, "event e1: start_utc: expected a time with its offset, such as"),
        ({"start_utc": "2015-02-21T13:00:00"}, "event e1: start_utc: expected a time with its offset"),
        ({"end_utc": 5}, "event e1: end_utc: expected a time with its offset, such as 2015-02-22T02:00:00Z, got 5"),
        ({"end_utc": "2015-02-21T12:00:00Z"}, "event e1: it ends before it starts"),
        ({"kind": "negative control", "start_utc": None}, "event e1: a negative control needs a start"),
        ({"id": 5}, "event 1: id: expected a string, got 5"),
    ],
)
def test_a_wrong_event_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(EventsError) as error:
        one(**fields)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[", "not JSON"),
        (b'"no"', "expected a list of events, or the truth.json of `vigie simulate`"),
        (b"{}", "expected a list of events"),
        (b"[5]", "event 1: expected an object, got 5"),
    ],
)
def test_a_file_of_something_else_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(EventsError, match=message):
        read_events(data, BRANDS)


def test_two_events_of_one_id_are_refused() -> None:
    event = {"id": "e1", "brand": "delta", "kind": "minor", "start_utc": None}
    with pytest.raises(EventsError, match="event e1: there are two of this id"):
        read(event, event)
