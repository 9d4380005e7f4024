from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agents.notify import courier as courier_module
from agents.notify import plan as plan_module
from agents.notify import stage as stage_module
from agents.notify.plan import PlanFile
from agents.notify.sinks import NotNow, Undeliverable
from agents.publishing import WriteRefused
from pipeline.erasure import named_ids
from pipeline.notify.file import NotifyFileError
from pipeline.notify.outbox import LATE_MS
from pipeline.notify.stored import load_outbox
from schemas.cloudevents import REDACTED_HEADER
from schemas.codec import encode
from schemas.deadletter import CHANNEL_HEADER, HEADER_PREFIX
from schemas.ids import notification_id
from schemas.situation import CommunicationOverdue, Situation
from tests.agents.notify.bench import NOON, PLAN, Bench, FakeSink, until
from tests.pipeline.notify.crises import situation
from tests.pipeline.notify.lives import MINUTE_MS, Life, without_posts

REDACTED = ((REDACTED_HEADER, b"1"),)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(plan_module, "make_sink", FakeSink)
    made = Bench(tmp_path)
    for module in (courier_module, stage_module):
        monkeypatch.setattr(module, "now_ms", lambda: made.now_ms)
    monkeypatch.setattr(courier_module, "_LOOK_S", 0.01)
    return made


async def test_what_comes_in_is_in_the_state_before_its_batch_is_complete_and_goes_to_every_channel(
    bench: Bench,
) -> None:
    events = await bench.happens(2, 3)
    assert b"acme" in bench.table.entries
    async with bench.running():
        await until(lambda: len(bench.sink("ops").took) == len(bench.sink("alerts").took) == 2)
        await until(lambda: b'"pending":[{' not in bench.table.entries[b"acme"])
    assert [each.id for each in bench.sink("ops").took] == [notification_id(event.id, "ops") for event in events]
    assert [each.payload for each in bench.sink("ops").took] == [encode(event) for event in events]
    assert bench.counted("ops", "delivered") == 2


async def test_a_batch_that_is_read_again_after_its_state_was_written_tells_nothing_twice(bench: Bench) -> None:
    events = [bench.life.goes_to(level, NOON + level * MINUTE_MS) for level in (2, 3)]
    await bench.stage.process(bench.batch(*events))
    bench.stage = bench.made()
    async with bench.running():
        await bench.stage.process(bench.batch(*events))
        await until(lambda: bench.counted("ops", "delivered") == 2)
        await bench.stage.process(bench.batch(*events))
        await bench.happens(0)
        await until(lambda: bench.counted("ops", "delivered") == 3)
    assert bench.sink("ops").said() == [("opened", False), ("escalated", False), ("resolved", False)]


async def test_nothing_is_told_before_the_partition_was_read_to_its_end(bench: Bench) -> None:
    async with bench.running():
        await bench.happens(2, more=1)
        await asyncio.sleep(0.05)
        assert not bench.sink("ops").took
        bench.stage.look(0, at_end=True)
        await until(lambda: bench.sink("ops").took)


async def test_a_receiver_that_forgets_is_told_again_every_minute_and_when_somebody_takes_over(bench: Bench) -> None:
    async with bench.running():
        await bench.happens(2)
        await until(lambda: bench.counted("alerts", "delivered"))
        bench.now_ms += MINUTE_MS
        await until(lambda: bench.sink("alerts").said() == [("opened", False), ("opened", True)])
    bench.stage = bench.made()
    async with bench.running():
        bench.stage.look(0, at_end=True)
        await until(lambda: bench.sink("alerts").said()[2:] == [("opened", True)])
        await bench.happens(0)
        await until(lambda: bench.sink("alerts").said()[3:] == [("resolved", False)])
        bench.now_ms += 10 * MINUTE_MS
        await asyncio.sleep(0.05)
        assert len(bench.sink("alerts").took) == 4
        await until(lambda: bench.sink("ops").said() == [("opened", False), ("resolved", False)])


async def test_an_attempt_that_fails_is_made_again_after_a_while(bench: Bench) -> None:
    sink = bench.sink("ops")
    sink.answers = [NotNow("busy", retry_after_s=120.0)]
    async with bench.running():
        await bench.happens(2)
        await until(lambda: bench.attempted("ops", "retry"))
        bench.now_ms += 2 * MINUTE_MS - 1
        await asyncio.sleep(0.05)
        assert not sink.took
        bench.now_ms += 1
        await until(lambda: sink.took)


@pytest.mark.parametrize("error", [Undeliverable("never"), KeyError("a bug of ours")])
async def test_what_will_never_be_taken_becomes_a_dead_letter_with_its_record_untouched(
    bench: Bench, error: Exception
) -> None:
    bench.sink("ops").answers = [error]
    async with bench.running():
        [event] = await bench.happens(2)
        await until(lambda: bench.letters.records)
        await until(lambda: bench.counted("ops", "dead") == 1)
    [letter] = bench.letters.records
    headers = dict(letter.headers)
    assert (letter.key, letter.value, headers["ce_id"]) == (event.id.encode(), encode(event), b"\xff")
    assert headers[HEADER_PREFIX + "reason"] == b"undeliverable"
    assert headers[HEADER_PREFIX + "topic"] == b"vigie.crises"
    assert headers[HEADER_PREFIX + "offset"] == b"0"
    assert headers[CHANNEL_HEADER] == b"ops"


async def test_what_cannot_become_a_letter_stays_in_the_state_and_the_worker_ends(bench: Bench) -> None:
    bench.sink("ops").answers = [Undeliverable("never")]
    await bench.happens(2)
    bench.letters.refuses = True
    async with bench.running() as task:
        with pytest.raises(WriteRefused):
            await task
    bench.letters.refuses = False
    bench.stage = bench.made()
    async with bench.running():
        bench.stage.look(0, at_end=True)
        await until(lambda: bench.sink("ops").took)


async def test_a_rebalance_breaks_off_what_is_being_told_and_leaves_it_to_the_next_owner(bench: Bench) -> None:
    sink = bench.sink("ops")
    sink.hangs = True
    async with bench.running():
        await bench.happens(2)
        await until(lambda: sink.asked == 1 and bench.sink("alerts").took)
        await asyncio.sleep(0.01)
        writes = bench.table.writes
        bench.stage.forget()
        await until(lambda: sink.cancelled)
        await asyncio.sleep(0.01)
        assert bench.table.writes == writes, "what is another's is not written"
        sink.hangs = False
        bench.stage.look(0, at_end=True)
        await until(lambda: len(sink.took) == 1)


async def test_an_answer_that_comes_at_the_moment_of_a_rebalance_is_left_to_the_next_owner(bench: Bench) -> None:
    await bench.happens(2)
    bench.sink("ops").after = bench.stage.forget
    bench.sink("alerts").hangs = True
    before = dict(bench.table.entries)
    async with bench.running():
        await until(lambda: bench.sink("ops").took)
        await asyncio.sleep(0.02)
    assert bench.table.entries == before
    assert bench.counted("ops", "delivered") == 0


async def test_late_news_is_noted_as_begun_before_it_is_told(bench: Bench) -> None:
    [event] = await bench.happens(2)
    bench.stage.forget()
    bench.table.entries.clear()
    bench.now_ms += 2 * LATE_MS
    records = bench.batch(event)
    records.records[0].timestamp = NOON
    await bench.stage.process(records)
    bench.sink("ops").hangs = bench.sink("alerts").hangs = True
    async with bench.running():
        await until(lambda: bench.sink("ops").asked)
        assert load_outbox(bench.table.entries[b"acme"]).line("ops").pending[0].attempts == 1


async def test_a_receiver_that_hangs_delays_no_other(bench: Bench) -> None:
    bench.sink("ops").hangs = True
    async with bench.running():
        await bench.happens(2, 3, 0)
        await until(lambda: len(bench.sink("alerts").took) == 3)


async def test_a_record_that_is_no_crisis_event_becomes_a_dead_letter(bench: Bench) -> None:
    event = Life().goes_to(2, NOON)
    wrong = [
        replace(event, time="now"),
        replace(event, opened_at="now"),
        *(replace(event, sequence=sequence) for sequence in (-1, 2**62)),
    ]
    batch = bench.batch(b"{}", *wrong)
    await bench.stage.process(batch)
    said = [dict(letter.headers)[HEADER_PREFIX + "exception.message"].decode() for letter in bench.letters.records]
    assert [each.partition(":")[0] for each in said[1:]] == ["time", "opened_at", *["sequence"] * 2]
    assert len(said) == 1 + len(wrong)
    assert batch.completed
    assert not bench.table.entries


@pytest.mark.parametrize("key", [b"other", b"", b"ACME"])
async def test_a_record_under_a_key_that_is_neither_its_own_nor_its_brand_becomes_a_dead_letter(
    bench: Bench, key: bytes
) -> None:
    await bench.stage.process(bench.batch(bench.life.goes_to(2, NOON), key=key))
    [letter] = bench.letters.records
    assert dict(letter.headers)[HEADER_PREFIX + "exception.message"].startswith(b"key: ")
    assert not bench.table.entries


async def test_a_record_of_before_events_had_a_key_of_their_own_is_told(bench: Bench) -> None:
    async with bench.running():
        await bench.stage.process(bench.batch(bench.life.goes_to(2, bench.now_ms), key=b"acme"))
        await bench.happens(3)
        await until(lambda: bench.sink("ops").said() == [("opened", False), ("escalated", False)])
    assert list(bench.table.entries) == [b"acme"]
    assert not bench.letters.records


async def test_a_redacted_event_takes_the_place_of_what_is_to_be_told_and_nothing_is_told_twice(bench: Bench) -> None:
    bench.sink("ops").hangs = True
    async with bench.running():
        first, second = await bench.happens(2, 3)
        await until(lambda: len(bench.sink("alerts").took) == 2 and bench.sink("ops").asked)
        await bench.stage.process(bench.batch(*map(without_posts, (first, second)), headers=REDACTED))
        stored = bench.table.entries[b"acme"]
        assert not [each for event in (first, second) for each in named_ids(event) if each.encode() in stored]
        bench.now_ms += MINUTE_MS
        await until(lambda: bench.sink("alerts").said()[2:] == [("escalated", True)])
    assert bench.sink("alerts").took[0].payload == encode(first), "what had been sent stays sent"
    assert bench.sink("alerts").took[2].payload == encode(without_posts(second)), "what is told again is redacted"
    bench.sink("ops").hangs = False
    bench.stage = bench.made()
    async with bench.running():
        bench.stage.look(0, at_end=True)
        await until(lambda: bench.sink("ops").said() == [("opened", False), ("escalated", False)])
    assert [each.payload for each in bench.sink("ops").took] == [encode(without_posts(e)) for e in (first, second)]
    assert bench.sink("alerts").said().count(("escalated", False)) == 1


async def test_an_event_whose_first_version_was_never_read_is_told_once_as_the_newest(bench: Bench) -> None:
    opened, escalated = (bench.life.goes_to(level, bench.now_ms + level) for level in (2, 3))
    async with bench.running():
        await bench.stage.process(bench.batch(without_posts(opened), without_posts(escalated), headers=REDACTED))
        await until(lambda: bench.sink("ops").said() == [("escalated", False)])
        await bench.happens(0)
        await until(lambda: bench.sink("ops").said() == [("escalated", False), ("resolved", False)])


async def test_what_becomes_a_dead_letter_after_it_was_redacted_does_not_name_what_was_withdrawn(bench: Bench) -> None:
    bench.sink("ops").answers = [NotNow("busy", retry_after_s=60.0), Undeliverable("never")]
    async with bench.running():
        [event] = await bench.happens(2)
        await until(lambda: bench.attempted("ops", "retry"))
        await bench.stage.process(bench.batch(without_posts(event), headers=REDACTED))
        bench.now_ms += MINUTE_MS
        await until(lambda: bench.letters.records)
    [letter] = bench.letters.records
    assert letter.value == encode(without_posts(event))
    assert REDACTED[0] in letter.headers, "redriven, it is still known for what it is"


async def test_a_changelog_is_stirred_while_nothing_happens(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "_STIR_S", 0.01)
    bench.stage.look(0, at_end=True)
    async with bench.running():
        await until(lambda: bench.table.stirred)


async def test_a_situation_is_passed_over_and_a_reminder_is_told_once_to_whom_it_is_for(bench: Bench) -> None:
    async with bench.running():
        await bench.happens(2)
        event = bench.life.event
        assert event is not None
        overdue = bench.life.is_silent(bench.now_ms)
        for _ in range(2):
            await bench.stage.process(bench.batch(situation(event), overdue))
            await until(lambda: bench.counted("ops", "delivered") == 2)
        await bench.happens(0)
        told = [("opened", False), ("communication_overdue", False), ("resolved", False)]
        await until(lambda: bench.sink("ops").said() == told)
        await until(lambda: bench.sink("alerts").said() == [("opened", False), ("resolved", False)])
    assert bench.sink("ops").took[1].id == notification_id(overdue.id, "ops")
    assert bench.sink("ops").took[1].payload == encode(overdue)
    assert not bench.letters.records


async def test_a_reminder_or_situation_that_is_wrong_becomes_a_dead_letter_by_its_field(bench: Bench) -> None:
    event = bench.life.goes_to(2, NOON)
    overdue = bench.life.is_silent(NOON)
    wrong: list[CommunicationOverdue | Situation] = [
        replace(overdue, time="now"),
        replace(overdue, due_at="now"),
        replace(overdue, last_update_at="2026-03-02T10:30:00"),
        replace(situation(event), time="9999-99-99T00:00:00Z"),
    ]
    await bench.stage.process(bench.batch(*wrong))
    said = [dict(letter.headers)[HEADER_PREFIX + "exception.message"].decode() for letter in bench.letters.records]
    assert [each.partition(":")[0] for each in said] == ["time", "due_at", "last_update_at", "time"]
    assert not bench.table.entries


async def test_state_that_cannot_be_read_is_counted_and_the_brand_begins_anew(bench: Bench) -> None:
    bench.table.entries[b"acme"] = b"{"
    async with bench.running():
        await bench.happens(2)
        await until(lambda: bench.sink("ops").took)
    problems = bench.metrics.registry.get_sample_value("vigie_state_problems_total", {"reason": "corrupt"})
    assert problems == 1


async def test_an_event_in_the_state_that_can_no_longer_be_read_becomes_a_dead_letter(bench: Bench) -> None:
    await bench.happens(2)
    bench.stage.forget()
    bench.table.entries[b"acme"] = bench.table.entries[b"acme"].replace(rb"\"evidence\"", rb"\"evidense\"")
    async with bench.running():
        bench.stage.look(0, at_end=True)
        await until(lambda: bench.counted("ops", "dead"))
    assert bench.letters.records


@pytest.mark.parametrize("turns", range(5))
async def test_a_stage_that_is_cancelled_just_when_there_is_news_ends(bench: Bench, turns: int) -> None:
    async with bench.running() as task:
        await bench.happens(2)
        await until(lambda: bench.counted("ops", "delivered") and bench.counted("alerts", "delivered"))
        await asyncio.sleep(0.005)
        await bench.happens(3)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=10)
        assert done, "the cancellation was lost"


async def test_a_changed_file_takes_effect_and_a_wrong_one_does_not(bench: Bench) -> None:
    async with bench.running():
        await bench.happens(2)
        await until(lambda: bench.counted("ops", "delivered"))
        before = bench.plan.sinks
        (bench.folder / "notify.toml").write_text("version = 9", encoding="utf-8")
        bench.stage.reload_if_changed()
        assert bench.plan.sinks is before
        (bench.folder / "notify.toml").write_text(
            PLAN.replace("channels.ops", "channels.new").replace('"ops"', '"new"')
        )
        bench.stage.reload_if_changed()
        await until(lambda: "new" in bench.plan.sinks)
        await bench.happens(3)
        await until(lambda: bench.sink("new").said() == [("escalated", False)])
        (bench.folder / "secret").write_text("a second one", encoding="utf-8")
        with_old_secret = bench.plan.sinks
        bench.stage.reload_if_changed()
        assert bench.plan.sinks is not with_old_secret
        await bench.happens(0)
        await until(lambda: bench.sink("new").said() == [("resolved", False)])


def test_a_file_that_is_wrong_at_the_start_is_an_error(bench: Bench) -> None:
    (bench.folder / "notify.toml").write_text("version = 9", encoding="utf-8")
    with pytest.raises(NotifyFileError):
        PlanFile(bench.folder / "notify.toml", bench.metrics)
