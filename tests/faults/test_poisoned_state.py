"""Whatever is in a value of our own topics and tables: refused and counted, or good to go on from."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from random import Random
from struct import unpack_from

import pytest
from msgspec.structs import replace

from pipeline.compression import deflate, inflate
from pipeline.enrich import Enricher
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.simulate import demo_watchlist
from pipeline.statevalue import wrap
from pipeline.text import StandardAnalyzer
from pipeline.tracker import Tracker, clock_key
from pipeline.watchlist import Watchlist
from schemas.codec import decode, encode
from schemas.mention import Gap, Mention, Origin, Watermark
from schemas.reading import SchemaError, read_mention_record
from tests.faults.outcome import Note, outcome_of_payloads
from tests.faults.poison import BATCH, damaged, damaged_bytes, examples, given_seeds, nudged
from tests.faults.sound import valid
from tests.pipeline.formats.payloads import POST_MS
from tests.pipeline.logs import MINUTE_MS, START_MS, LogItem, mention, raw_log, watermark

OWN_TOPIC, STORED, CLOCKS = 300, 70, 200
"""Examples of each test below."""
PAYLOADS = BATCH * (OWN_TOPIC + STORED + CLOCKS)
"""What all of them come to."""

_HEAD = 10
"""Bytes of a value before its sections: magic, version, partition, checksum."""

pytestmark = pytest.mark.xdist_group("test_poisoned_state")  # the last test counts what the others have done

_seen: Counter[str] = Counter()
"""Payloads that each test has got through."""


def new_tracker() -> Tracker:
    return Tracker(EngineSettings(), 0)


@examples(OWN_TOPIC)
@given_seeds
def test_a_damaged_record_of_our_own_topic_is_refused_or_harmless(batch: list[int]) -> None:
    tracker = new_tracker()
    tracker.step([mention(), watermark(START_MS)])
    for seed in batch:
        record = read_or_refused(own_record(seed))
        if record is not None:
            tracker.step([record] if harmless_time(record) else [])
    assert_restorable(tracker.step([mention(origin=Origin(partition=9, offset=1), time_ms=START_MS + 10**12)]).states)
    _seen["own topic"] += len(batch)


def own_record(seed: int) -> bytes:
    """Return a record of ``vigie.mentions``, damaged."""
    rng = Random(seed)
    gap = Gap(source_partition=0, offset=5, start_ms=START_MS, end_ms=START_MS + MINUTE_MS, brands=("acme",))
    origin = Origin(partition=rng.randrange(3), offset=rng.randrange(99))
    payload = json.loads(encode(rng.choice((mention(origin=origin), mention(), watermark(START_MS), gap))))
    return damaged(nudged(payload, rng) if rng.random() < 0.6 else payload, rng)


def read_or_refused(value: bytes) -> LogItem | None:
    try:
        return read_mention_record(value)
    except SchemaError as error:
        said = str(error)
    assert 0 < len(said) < 700
    return None


def harmless_time(record: LogItem) -> bool:
    """Say whether a record moves time by less than days, which would be many minutes to close."""
    return not isinstance(record, Watermark) or (record.watermark_ms or 0) <= START_MS + 60 * MINUTE_MS


def log_time(log: list[LogItem]) -> int:
    return max(item.time_ms for item in log if isinstance(item, Mention))


@cache
def stored() -> list[tuple[dict[str, bytes], list[LogItem], int]]:
    """Return states of trackers at all sorts of times, with what comes next and when that is."""
    found = []
    for seed in range(4):
        minutes = 30 + 90 * seed
        log = raw_log(Random(seed), 0, 1, length=150 + 100 * seed, end_ms=START_MS + minutes * MINUTE_MS)
        tracker = new_tracker()
        states = tracker.step(log[:-8]).states | tracker.step(log[-8:-4]).states
        found.append((states, log[-4:], START_MS + (minutes + 2) * MINUTE_MS))
        # Before time is known, a brand has only open buckets.
        found.append((new_tracker().step(log[:9:2]).states, log[-4:], log_time(log[:9]) + 2 * MINUTE_MS))
    return found


def damaged_state(seed: int) -> tuple[str, bytes, list[LogItem], int]:
    """Return a key of the state table, a value damaged a little or much, and what comes next and when."""
    rng = Random(seed)
    states, rest, end_ms = rng.choice(stored())
    key = rng.choice(list(states))
    value = states[key]
    match rng.randrange(10):
        case 0:
            value = damaged_bytes(value, rng)
        case 1:
            value = wrap(rng.choice((0, 1, 2**31)), *rng.choices(sections_of(value), k=rng.randrange(5)))
        case 2:
            key = rng.choice((*states, clock_key(1), ""))
        case _:
            value = resealed(value, rng)
    return key, value, rest, end_ms


def resealed(value: bytes, rng: Random) -> bytes:
    """Damage what a value says, under a checksum that is right."""
    sections = sections_of(value)
    at = rng.randrange(len(sections))
    sections[at] = damaged_section(sections[at], rng)
    return wrap(0, *sections)


def sections_of(value: bytes) -> list[bytes]:
    """Take a value of `pipeline.statevalue` apart as its format says."""
    count = value[_HEAD]
    start = _HEAD + 1 + 4 * count
    sections = []
    for length in unpack_from(f">{count}I", value, _HEAD + 1):
        sections.append(value[start : start + length])
        start += length
    return sections


def damaged_section(section: bytes, rng: Random) -> bytes:
    """Damage JSON as JSON, compressed or not, and everything else as bytes."""
    for mark in (0, 1):
        try:
            return section[:mark] + deflate(damaged_text(inflate(section[mark:], 1 << 20), rng))
        except ValueError:
            pass
    return damaged_text(section, rng) if section[:1] in (b"{", b"[") else damaged_bytes(section, rng)


def damaged_text(text: bytes, rng: Random) -> bytes:
    value = decode(text)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        value = nudged(value, rng)
    return json.dumps(value).encode() if rng.random() < 0.6 else damaged(value, rng)


@examples(STORED)
@given_seeds
def test_a_damaged_state_is_counted_as_a_problem_or_can_be_gone_on_from(batch: list[int]) -> None:
    for seed in batch:
        key, value, rest, end_ms = damaged_state(seed)
        tracker = new_tracker()
        tracker.restore(key, value)

        assert tracker.problems.total() == 1 or is_taken_over(tracker, key, value)
        again = mention(origin=Origin(partition=1, offset=2**40), time_ms=end_ms)
        step = tracker.step([*rest, again, replace(again, brand="globex"), watermark(end_ms, 2**41)])
        assert_restorable(step.states)
    _seen["stored"] += len(batch)


def is_taken_over(tracker: Tracker, key: str, value: bytes) -> bool:
    of_another = value[:1] == b"V" and unpack_from(">I", value, 2) != (0,)
    return of_another or key.startswith("|clock|") or key in tracker.brands()


def assert_restorable(states: dict[str, bytes]) -> None:
    """Check that what we write we can read."""
    tracker = new_tracker()
    for key, value in states.items():
        tracker.restore(key, value)
    assert tracker.problems == {}


@examples(CLOCKS)
@given_seeds
def test_a_damaged_clock_of_a_raw_partition_is_refused_or_within_bounds(batch: list[int]) -> None:
    engine = Enricher(EngineSettings(), Watchlist.parse(demo_watchlist()), StandardAnalyzer())
    good = encode(valid(Random(0)))
    for seed in batch:
        rng = Random(seed)
        clock = engine.new_clock(0)
        clock.next_offset, clock.newest_ms = rng.randrange(10**6), rng.choice((None, POST_MS))
        kept, value = engine.new_clock(0), json.loads(clock.dump())
        if kept.load(damaged(nudged(value, rng) if rng.random() < 0.5 else value, rng)):
            read_mention_record(encode(engine.watermark(kept, 1)))
            assert kept.load(kept.dump())
        else:
            assert (kept.next_offset, kept.newest_ms) == (0, None)
        engine.enrich(kept, [Record(kept.next_offset, POST_MS, None, good)])
    _seen["clocks"] += len(batch)


def test_all_the_promised_values_have_gone_through(note: Note) -> None:
    """The last of this file: of the whole of it, when it was run as a whole."""
    assert PAYLOADS >= 28_000
    if len(_seen) == 3:
        seen = _seen.total()
        note(outcome_of_payloads("poisoned mentions, state and clocks", seen, PAYLOADS))
        assert seen >= PAYLOADS
