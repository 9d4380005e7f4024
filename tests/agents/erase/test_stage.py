"""What erase does in which order, and when a notice is proven."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError

from agents.erase import stage as module
from agents.erase.trackplace import TrackPlace
from agents.faultpoints import FaultPoint, InjectedFault
from schemas.codec import encode
from schemas.deadletter import HEADER_PREFIX
from tests.agents.erase.bench import PARTITIONS, Bench, deletion, ids_of
from tests.agents.erase.test_sweep import GONE, STAYS, event
from tests.agents.test_metrics import samples
from tests.schemas.events import NOON_MS


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def named(bench: Bench) -> bool:
    return any(GONE.encode() in (record.value or b"") for record in bench.crises)


async def test_what_a_batch_asks_is_told_to_every_partition_once(bench: Bench) -> None:
    await bench.take(deletion("1"), deletion("2"))
    assert [record.partition for record in bench.to("vigie.mentions")] == list(range(PARTITIONS))
    assert ids_of(bench.broadcast()) == ["1", "2"]
    assert dict(bench.to("vigie.mentions")[0].headers)["ce_type"] == b"vigie.erasure.v1"


async def test_a_batch_is_processed_when_it_is_broadcast_and_complete_when_it_is_proven(bench: Bench) -> None:
    batch = await bench.take(deletion("1"))
    assert batch.is_processed
    for _ in range(3):
        await bench.stage.sweep()
        assert not batch.proven.is_set(), "track may still publish what it knew before"
    bench.passes()
    await bench.stage.sweep()
    assert batch.proven.is_set()
    assert bench.unproven_since_ms() == 0


async def test_what_track_publishes_until_it_has_passed_the_broadcast_counts_against_the_proof(bench: Bench) -> None:
    batch = await bench.take(deletion(GONE))
    await bench.stage.sweep()
    bench.publish(encode(event(GONE, STAYS)), key=b"e1")  # by a tracker that had not read the erasure
    bench.passes()
    await bench.stage.sweep()
    assert not batch.proven.is_set()
    bench.compact()
    await bench.stage.sweep()
    assert batch.proven.is_set()
    assert not named(bench)


async def test_the_end_that_track_has_to_pass_is_one_of_after_the_broadcast(bench: Bench) -> None:
    bench.places = {0: TrackPlace(5, 5)}
    first = await bench.take(deletion("1"))
    await bench.stage.sweep()
    assert not first.proven.is_set(), "track had passed an end of before it was asked"
    bench.places = {0: TrackPlace(9, 5)}
    second = await bench.take(deletion("2"))
    await bench.stage.sweep()
    assert first.proven.is_set()
    await bench.stage.sweep()
    assert not second.proven.is_set()


async def test_an_event_is_redacted_at_once_and_proven_when_its_older_version_is_gone(bench: Bench) -> None:
    bench.publish(encode(event(GONE, STAYS)), key=b"e1")
    batch = await bench.take(deletion(GONE))
    bench.passes()
    await bench.stage.sweep()
    assert len(bench.crises) == 2
    assert samples(bench.metrics, "vigie_events_redacted_total") == {(): 1.0}
    await bench.stage.sweep()
    assert not batch.proven.is_set()
    assert [record.value for record in bench.crises[1:]] == [encode(event(STAYS))] * 2, "appended again"
    bench.compact()
    await bench.stage.sweep()
    assert batch.proven.is_set()
    assert samples(bench.metrics, "vigie_events_redacted_total") == {(): 1.0}


async def test_without_compaction_the_newest_version_is_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, compacts=False)
    bench.publish(encode(event(GONE, STAYS)), key=b"e1")
    batch = await bench.take(deletion(GONE))
    await bench.stage.sweep()
    bench.passes()
    await bench.stage.sweep()
    assert batch.proven.is_set()
    assert len(bench.crises) == 2


async def test_one_notice_that_waits_does_not_keep_others_from_being_proven(bench: Bench) -> None:
    bench.publish(encode(event(GONE)), key=b"e1")
    waits, done = await bench.take(deletion(GONE)), await bench.take(deletion("2"))
    bench.passes()
    await bench.stage.sweep()
    await bench.stage.sweep()
    assert (waits.proven.is_set(), done.proven.is_set()) == (False, True)
    assert bench.unproven_since_ms() == NOON_MS


async def test_a_batch_that_asks_nothing_is_complete_at_once(bench: Bench) -> None:
    batch = await bench.take(encode({"undelete": {"status": {"id_str": "4"}}}), None)
    assert batch.proven.is_set()
    (letter,) = bench.to("vigie.deadletters")
    headers = dict(letter.headers)
    assert (headers[HEADER_PREFIX + "stage"], headers[HEADER_PREFIX + "reason"]) == (b"erase", b"empty")
    counted = samples(bench.metrics, "vigie_compliance_notices_total")
    assert {labels for labels, count in counted.items() if count} == {("undelete",)}


@pytest.mark.parametrize("point", [FaultPoint.ERASE_TAKEN, FaultPoint.ERASE_LETTERS, FaultPoint.ERASE_BROADCAST])
async def test_after_a_crash_at_any_step_the_batch_is_read_again_and_told_again(
    monkeypatch: pytest.MonkeyPatch, point: FaultPoint
) -> None:
    bench = Bench(monkeypatch, fault_points=f"{point.value}:raise@1")
    batch = bench.batch(deletion("1"), b"{")
    with pytest.raises(InjectedFault):
        await bench.stage.process(batch)
    assert not batch.is_processed
    await bench.stage.process(batch)
    assert ids_of(bench.broadcast())[-1] == "1"
    assert bench.to("vigie.deadletters")


async def test_after_a_crash_between_redaction_and_proof_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, fault_points=f"{FaultPoint.ERASE_REDACTED.value}:raise@2")
    batch = await bench.take(deletion("1"))
    await bench.stage.sweep()
    bench.passes()
    with pytest.raises(InjectedFault):
        await bench.stage.sweep()
    assert not batch.proven.is_set()


async def test_what_was_taken_from_us_is_not_completed_by_the_sweep_that_is_under_way(bench: Bench) -> None:
    batch = await bench.take(deletion("1"))
    await bench.stage.sweep()
    bench.passes()
    bench.at_end = bench.stage.forget
    await bench.stage.sweep()
    assert not batch.proven.is_set()
    assert bench.unproven_since_ms() == 0


async def test_sweeps_go_on_for_as_long_as_anything_is_pending_whatever_the_broker_does(bench: Bench) -> None:
    bench.unreachable = [KafkaConnectionError(), OSError()]
    running = asyncio.create_task(bench.stage.run())
    batch = await bench.take(deletion("1"))
    bench.passes()
    async with asyncio.timeout(30):
        await batch.proven.wait()
    assert not bench.unreachable
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_notices_wait_in_the_topic_when_too_many_are_unproven(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_NAMES", 1)
    await bench.take(deletion("1"), deletion("2"))
    assert bench.stage.is_full
    waiting = asyncio.create_task(bench.take(deletion("3")))
    await bench.stage.sweep()
    assert not waiting.done()
    bench.passes()
    await bench.stage.sweep()
    async with asyncio.timeout(30):
        await waiting
    assert ids_of(bench.broadcast()) == ["1", "2", "3"]
    assert not bench.stage.is_full


async def test_an_account_that_posts_again_does_not_keep_its_notice_from_being_proven(bench: Bench) -> None:
    batch = await bench.take(encode({"user_protect": {"id": 42, "timestamp_ms": str(NOON_MS)}}))
    author = bench.broadcast()[0].authors[-1]
    bench.publish(encode(event(GONE, authors={GONE: author})), key=b"e1")
    await bench.stage.sweep()
    bench.passes()
    await bench.stage.sweep()
    assert not batch.proven.is_set(), "the version before is still there"
    bench.publish(encode(event(STAYS, id="e9", authors={STAYS: author})), key=b"e9")
    bench.compact()
    await bench.stage.sweep()
    assert batch.proven.is_set()
    assert STAYS.encode() in (bench.crises[-1].value or b"")
