"""`state_version_1.json` to `state_version_5.json` were written by the last Vigie of each version, in a crisis."""

import json
from base64 import b64decode
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from msgspec import structs

from pipeline.openbucket import OpenBucket
from pipeline.posters import NOBODY
from pipeline.settings import EngineSettings
from pipeline.tracker import Step, Tracker, clock_key
from schemas.codec import encode
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.mention import Erasure, Mention
from schemas.situation import Situation
from schemas.times import to_rfc3339
from schemas.tweet import TweetKind
from schemas.window import WindowClosed
from tests.pipeline.incident import CALMS, STORED, incident
from tests.pipeline.logs import MINUTE_MS, START_MS, LogItem, taken_apart


def golden(version: int) -> dict[str, str]:
    states: dict[str, str] = json.loads(Path(__file__).with_name(f"state_version_{version}.json").read_text())["states"]
    return states


STATES: dict[str, bytes] = {key: value.encode() for key, value in golden(1).items()}
STATES_2: dict[str, bytes] = {key: b64decode(value) for key, value in golden(2).items()}
STATES_3: dict[str, bytes] = {key: b64decode(value) for key, value in golden(3).items()}
STATES_4: dict[str, bytes] = {key: b64decode(value) for key, value in golden(4).items()}
STATES_5: dict[str, bytes] = {key: b64decode(value) for key, value in golden(5).items()}
ALL = [STATES, STATES_2, STATES_3, STATES_4, STATES_5]
IDS = [f"version {version}" for version in range(1, 6)]
VERSIONS = pytest.mark.parametrize("states", ALL, ids=IDS)


def restored(states: dict[str, bytes]) -> Tracker:
    tracker = Tracker(EngineSettings(), 0)
    for key, value in states.items():
        tracker.restore(key, value)
    return tracker


@cache
def went_on(version: int) -> tuple[Tracker, Step]:
    """What becomes of the states of a version over the rest of the incident: worked out once for all tests."""
    tracker = restored(ALL[version - 1])
    return tracker, tracker.step(log())


@cache
def log() -> list[LogItem]:
    return [record for minute in incident(STORED, CALMS + 40 * 60) for record in minute]


def before(*, retweets: bool) -> list[LogItem]:
    """Return the log up to where the states were stored; since the second version a retweet is in every four."""
    found: list[LogItem] = []
    for minute in incident(0, STORED):
        for i, record in enumerate(minute):
            if retweets and i % 4 == 1 and isinstance(record, Mention):
                found.append(structs.replace(record, kind=TweetKind.RETWEET))
            else:
                found.append(record)
    return found


@VERSIONS
def test_a_crisis_goes_on_from_an_older_version_to_its_end(states: dict[str, bytes]) -> None:
    tracker, step = went_on(ALL.index(states) + 1)

    assert tracker.problems == {}
    assert step.dropped.get("duplicate", 0) == (0 if states is STATES_2 else 2), "what it had applied"
    crises = [event for event in step.events if isinstance(event, CrisisEvent)]
    ended = next(i for i, event in enumerate(crises) if event.type is CrisisEventType.RESOLVED)
    assert len({event.crisis_id for event in crises[: ended + 1]}) == 1
    first = crises[0].sequence
    assert first > 0, "it was open"
    assert [event.sequence for event in crises[: ended + 1]] == list(range(first, first + ended + 1))


@VERSIONS
def test_what_was_counted_is_taken_over_to_the_last_mention(states: dict[str, bytes]) -> None:
    whole = Tracker(EngineSettings(), 0)
    whole.step(before(retweets=states is not STATES))
    one, other = (_windows(tracker, log()[:120]) for tracker in (restored(states), whole))
    assert one
    assert [_told(window) for window in one] == [_told(window) for window in other[: len(one)]]


def _windows(tracker: Tracker, records: list[LogItem]) -> list[WindowClosed]:
    return [event for event in tracker.step(records).events if isinstance(event, WindowClosed)]


def _told(window: WindowClosed) -> list[object]:
    """Return the counts; those that an older version did not have are estimates at first."""
    windows = window.windows.items()
    return [
        window.window_end,
        {name: replace(each, negative_retweets=0, negative_authors=None) for name, each in windows},
    ]


def test_negative_retweets_that_were_not_counted_are_taken_to_be_as_many_as_of_all() -> None:
    counts = _windows(restored(STATES_2), log()[:5])[0].windows["6h"]
    assert counts.retweets > 0
    assert counts.negative_retweets == pytest.approx(counts.retweets * counts.negative / counts.volume, rel=0.25)


@VERSIONS
def test_what_was_upgraded_is_written_in_version_6_and_read_again(states: dict[str, bytes]) -> None:
    written = {"acme": restored(states).step(log()[:3]).states["acme"]}

    assert written["acme"][:2] == b"V\x06"
    again = restored({**states, **written})
    assert again.problems == {}
    assert encode(again.step(log()).events) == encode(went_on(ALL.index(states) + 1)[1].events)


def test_a_detector_of_an_unknown_version_within_version_1_begins_calm() -> None:
    state = json.loads(STATES["acme"])
    state["detector"] = {"version": 7}
    tracker = restored({**STATES, "acme": encode(state)})

    assert tracker.problems == {"unknown_detector": 1}
    assert taken_apart(tracker._brands["acme"].encode(0))[1]["alarm"][0][0] == 0


@pytest.mark.parametrize("states", ALL[1:], ids=IDS[1:])
@pytest.mark.parametrize("at", range(0, 2281, 37))
def test_an_older_version_cut_or_changed_anywhere_begins_anew(states: dict[str, bytes], at: int) -> None:
    value = states["acme"]
    for damaged in (value[:at], value[:at] + bytes([value[at] ^ 8]) + value[at + 1 :]):
        tracker = restored({**states, "acme": damaged})
        assert tracker.problems.total() == 1


@pytest.mark.parametrize("states", ALL[:3], ids=["version 1", "version 2", "version 3"])
def test_an_open_crisis_is_told_from_the_first_minute_after_the_upgrade(states: dict[str, bytes]) -> None:
    told = [event for event in went_on(ALL.index(states) + 1)[1].events if isinstance(event, Situation)]

    assert told[0].time == to_rfc3339(START_MS + (STORED + 1) * MINUTE_MS)
    assert [situation.sequence for situation in told] == list(range(len(told)))
    assert told[0].opened_at <= told[0].alerted_at < told[0].time
    assert told[-1].final


def test_the_talk_of_an_open_minute_of_version_3_is_dropped_and_its_counts_are_not() -> None:
    _partition, state = taken_apart(restored(STATES_3)._brands["acme"].encode(0))
    ((_minute, bucket),) = state["open"]

    assert bucket[0][0] == 2
    assert bucket[5:8] == OpenBucket().state()[5:8]
    assert bucket[8] == bucket[2], "any of the authors may have written something negative"


def test_of_version_4_every_post_that_is_named_can_be_forgotten_though_nobody_knows_who_wrote_it() -> None:
    brand = restored(STATES_4)._brands["acme"]
    (bucket,) = brand._open.values()
    named = {*brand._posters, *bucket.posters}
    assert len(named) > len(bucket.posters) == 2
    assert {*brand._posters.values()} == {NOBODY}
    assert {*bucket.posters.values()} == {0}

    tracker = restored(STATES_4)
    tracker.step([Erasure(time_ms=0, tweet_ids=tuple(named))])
    (bucket,) = tracker._brands["acme"]._open.values()
    assert not {*tracker._brands["acme"]._posters, *bucket.posters}


def test_authors_of_negative_posts_that_were_not_counted_are_as_many_as_there_may_have_been() -> None:
    counts = _windows(restored(STATES_5), log()[:5])[0].windows
    for window in ("15m", "1h", "6h", "24h"):
        each = counts[window]
        assert each.negative_authors == min(each.authors, each.negative - each.negative_retweets) > 0


@pytest.mark.parametrize("key", ["acme", clock_key(0)])
def test_version_1_cut_or_changed_anywhere_never_raises(key: str) -> None:
    value = STATES[key]
    for at in range(0, len(value), 17):
        for damaged in (value[:at], value[:at] + b"9" + value[at + 1 :], value[:at] + b"]" + value[at + 1 :]):
            tracker = restored({key: damaged})
            assert tracker.problems.total() + len(tracker.brands()) + (tracker.time_ms is not None) <= 2
    for at in range(0, len(value), 211):
        restored({**STATES, key: value[:at] + b"7" + value[at + 1 :]}).step(log()[:120])
