from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from pipeline.erasure import named_ids, redacted
from pipeline.explain import Rebuild, compare
from pipeline.records import Record
from pipeline.settings import DetectionSettings, EngineSettings
from pipeline.text import StandardAnalyzer
from schemas.codec import encode
from schemas.crisis import CrisisEvent, Exemplar
from schemas.times import from_rfc3339
from schemas.window import Level
from tests.pipeline.explain.logs import READ_AT_MS, published, records, watchlist, worst

WORST = worst()
CRISIS_ID = WORST[0][0].crisis_id


def rebuilt(partitions: int = 1, *, chunk: int = 400, skip: int = 0, settings: EngineSettings | None = None) -> Rebuild:
    """Rebuild the log, dealt to partitions in turn, without its first records."""
    rebuild = Rebuild(settings or EngineSettings(), watchlist(), StandardAnalyzer(), partitions=partitions)
    logs: list[list[Record]] = [[] for _ in range(partitions)]
    for at, item in enumerate(records()):
        log = logs[at % partitions]
        log.append(Record(at // partitions, READ_AT_MS, item.key, item.value))
    for partition, log in enumerate(logs):
        rebuild.begin(partition, skip)
        for start in range(skip, len(log), chunk):
            rebuild.read(partition, log[start : start + chunk])
    for partition in range(partitions):
        rebuild.end(partition)
    return rebuild


@pytest.fixture(scope="module")
def whole() -> Rebuild:
    """The log as one partition, in batches of 400: what several tests look at, and none changes."""
    return rebuilt()


def test_the_log_has_a_crisis_that_goes_up_and_ends() -> None:
    assert WORST[-1][0].peak_level >= Level.ALERT
    assert len(WORST) >= 3


@pytest.mark.parametrize(("partitions", "chunk"), [(1, 1), (5, 37)])
def test_what_is_rebuilt_is_what_was_published_however_the_log_is_dealt_and_cut(partitions: int, chunk: int) -> None:
    identical(rebuilt(partitions, chunk=chunk))


def test_what_is_rebuilt_in_large_batches_is_what_was_published(whole: Rebuild) -> None:
    identical(whole)


def identical(rebuild: Rebuild) -> None:
    assert rebuild.payloads == {event.id: payload for event, payload in published()}
    assert (rebuild.log.records, rebuild.log.removed) == (len(records()), {})
    comparison = compare(WORST, rebuild.payloads, rebuild.events[CRISIS_ID], rebuild.log)
    assert comparison.identical
    assert comparison.events == len(WORST)


def test_a_partition_with_nothing_in_it_holds_nothing_back(whole: Rebuild) -> None:
    waiting = Rebuild(EngineSettings(), watchlist(), StandardAnalyzer(), partitions=2)
    waiting.read(0, [Record(at, READ_AT_MS, item.key, item.value) for at, item in enumerate(records())])
    assert not waiting.payloads
    waiting.end(0)
    waiting.end(1)
    assert waiting.payloads == whole.payloads


def test_the_first_field_that_differs_is_named_with_its_path(whole: Rebuild) -> None:
    event, _ = WORST[1]
    first, *rest = event.evidence.signals
    signals = (replace(first, surprise=99.0), *rest)
    forged = replace(event, evidence=replace(event.evidence, signals=signals, score=9.5))
    pairs = [WORST[0], (forged, encode(forged)), *WORST[2:]]
    comparison = compare(pairs, whole.payloads, whole.events[CRISIS_ID], whole.log)
    assert not comparison.identical
    assert (comparison.step, comparison.missing) == (event.sequence, False)
    assert [path for path, _, _ in comparison.differences] == ["evidence.score", "evidence.signals.0.surprise"]
    assert comparison.differences[1].published == 99.0
    assert comparison.differences[1].recomputed == first.surprise
    assert [reason.key for reason in comparison.reasons] == ["why_other"]


def withdrawn(pairs: list[tuple[CrisisEvent, bytes]], posts: Collection[str]) -> list[tuple[CrisisEvent, bytes]]:
    """The events as they are published again."""
    left = [redacted(event, posts, ()) for event, _ in pairs]
    return [(event, encode(event)) for event in left if isinstance(event, CrisisEvent)]


def test_what_was_withdrawn_since_is_no_difference_and_is_counted(whole: Rebuild) -> None:
    named = sorted(named_ids(WORST[1][0]))
    for posts in (named[:1], named):
        comparison = compare(withdrawn(WORST, posts), whole.payloads, whole.events[CRISIS_ID], whole.log)
        assert comparison.identical
        assert comparison.withdrawn == len(posts)
    assert compare(WORST, whole.payloads, whole.events[CRISIS_ID], whole.log).withdrawn == 0


def test_a_number_that_was_changed_is_found_in_a_redacted_event_too(whole: Rebuild) -> None:
    pairs = withdrawn(WORST, named_ids(WORST[1][0]))
    event, _ = pairs[1]
    forged = replace(event, evidence=replace(event.evidence, score=9.5))
    pairs[1] = (forged, encode(forged))
    comparison = compare(pairs, whole.payloads, whole.events[CRISIS_ID], whole.log)
    assert comparison.step == event.sequence
    assert "evidence.score" in {path for path, _, _ in comparison.differences}


def test_a_post_that_was_put_in_is_a_difference(whole: Rebuild) -> None:
    event, _ = WORST[1]
    forged = replace(event, evidence=replace(event.evidence, exemplars=(Exemplar(tweet_id="1", engagement=1),)))
    pairs = [WORST[0], (forged, encode(forged)), *WORST[2:]]
    assert compare(pairs, whole.payloads, whole.events[CRISIS_ID], whole.log).step == event.sequence


def test_a_log_with_compliance_messages_says_so_when_something_differs(whole: Rebuild) -> None:
    log = replace(whole.log, notices=3)
    event, _ = WORST[1]
    forged = replace(event, evidence=replace(event.evidence, score=9.5))
    comparison = compare([(forged, encode(forged))], whole.payloads, whole.events[CRISIS_ID], log)
    assert [reason.key for reason in comparison.reasons] == ["why_withdrawn", "why_other"]


def test_other_settings_are_named_as_a_reason() -> None:
    other = EngineSettings(detection=DetectionSettings(severe_score=8.5))
    rebuild = rebuilt(settings=other)
    comparison = compare(WORST, rebuild.payloads, rebuild.events[CRISIS_ID], rebuild.log)
    assert comparison.step == 0
    assert "evidence.config_hash" in {path for path, _, _ in comparison.differences}
    assert "why_settings" in {reason.key for reason in comparison.reasons}


def test_a_log_whose_beginning_was_removed_says_why_it_cannot_give_the_same(whole: Rebuild) -> None:
    opened_ms = from_rfc3339(WORST[0][0].opened_at)
    gone = sum(item.time_ms is not None and item.time_ms < opened_ms - 3_600_000 for item in records())
    rebuild = rebuilt(skip=gone)
    assert rebuild.log.removed == {0: gone}
    assert rebuild.log.records == whole.log.records - gone
    comparison = compare(WORST, rebuild.payloads, rebuild.events.get(CRISIS_ID, []), rebuild.log)
    assert not comparison.identical
    assert {"why_removed", "why_begins"} <= {reason.key for reason in comparison.reasons}


def test_a_log_about_nobody_says_so() -> None:
    rebuild = Rebuild(EngineSettings(), watchlist(), StandardAnalyzer())
    rebuild.end(0)
    comparison = compare(WORST, rebuild.payloads, [], rebuild.log)
    assert comparison.missing
    assert comparison.reasons[0].key == "why_empty"
