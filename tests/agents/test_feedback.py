"""What track does with feedback: letters, state and acknowledgement in order, and both topics on one worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord
from faust.assignor.client_assignment import CopartitionedAssignment
from faust.assignor.copartitioned_assignor import CopartitionedAssignor
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from agents import exits
from agents.app import VigieApp, create_app
from agents.faultpoints import FaultPoints, InjectedFault
from agents.feedback import FeedbackIntake
from agents.metrics import Metrics
from agents.metrics.scrape import _assigned
from agents.role import Role
from agents.settings import Settings
from agents.transport import OutRecord, RecordBatch
from pipeline.settings import EngineSettings
from pipeline.simulate import demo_watchlist
from pipeline.tracker import Tracker
from schemas.codec import encode
from schemas.crisis import CrisisEvent
from schemas.deadletter import HEADER_PREFIX
from schemas.feedback import DismissReason, Feedback, FeedbackVerdict
from schemas.window import Level
from tests.agents.test_metrics import samples
from tests.pipeline.feedback.said import SETTINGS, LevelDetector, said
from tests.pipeline.feedback.test_tracked import minutes_of, open_crisis
from tests.pipeline.logs import MINUTE_MS, START_MS

CONFIRM, DISMISS, SNOOZE = FeedbackVerdict


class Log:
    """Notes what is done, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.letters: list[OutRecord] = []
        self.states: dict[bytes, bytes] = {}

    async def publish(self, topic: str, records: Sequence[OutRecord]) -> None:
        assert topic == "vigie.deadletters"
        self.letters += records
        self.done.append("letters")

    async def write(self, entries: Mapping[bytes, bytes]) -> None:
        self.states |= entries
        self.done.append("states")


class Batch(RecordBatch):
    """A batch that tells when it is complete."""

    def __init__(self, log: Log, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        super().__init__("vigie.feedback", 0, records, 1 << 40)
        self._log = log

    def complete(self) -> None:
        super().complete()
        self._log.done.append("complete")


class Site:
    """A tracker with an open crisis, and what takes feedback in for it."""

    def __init__(self, fault_points: str = "") -> None:
        self.log, self.metrics, self.offset = Log(), Metrics(), -1
        self.tracker = Tracker(EngineSettings(detection=SETTINGS), 0, LevelDetector)
        self.crisis = open_crisis(self.tracker, [2, 3, 2])
        settings = Settings(brokers="127.0.0.1:1")
        publisher = cast("Any", SimpleNamespace(write=self.log.publish))
        self.intake = FeedbackIntake(settings, publisher, self.metrics, FaultPoints(fault_points))

    def batch(self, *values: Feedback | bytes, key: bytes = b"acme") -> RecordBatch:
        records = []
        for value in values:
            self.offset += 1
            payload = value if isinstance(value, bytes) else encode(value)
            records.append(ConsumerRecord("vigie.feedback", 0, self.offset, START_MS, 0, key, payload, None, 0, 0, ()))
        return Batch(self.log, records)

    async def take(self, batch: RecordBatch) -> None:
        await self.intake.take(batch, self.tracker, cast("Any", self.log))

    def said(self, verdict: FeedbackVerdict, **changes: Any) -> Feedback:
        return said(verdict, self.crisis, time_ms=START_MS + 3 * MINUTE_MS, **changes)

    def refused(self) -> list[str]:
        return [dict(letter.headers)[HEADER_PREFIX + "reason"].decode() for letter in self.log.letters]


async def test_letters_come_before_states_and_states_before_the_batch_is_complete() -> None:
    site = Site()
    await site.take(site.batch(site.said(CONFIRM), b"{}"))

    assert site.log.done == ["letters", "states", "complete"]
    assert list(site.log.states) == [b"acme"]


async def test_after_a_crash_between_state_and_acknowledgement_nothing_is_taken_twice() -> None:
    site = Site("feedback.states-written:raise@1")
    batch = site.batch(site.said(CONFIRM))
    with pytest.raises(InjectedFault):
        await site.take(batch)
    assert "complete" not in site.log.done
    again = Tracker(EngineSettings(detection=SETTINGS), 0, LevelDetector)
    for key, value in site.log.states.items():
        again.restore(key.decode(), value)
    site.tracker = again
    await site.take(batch)

    assert site.log.done[-1] == "complete"
    assert sum(samples(site.metrics, "vigie_feedback_total").values()) == 0, "the worker that died had counted"
    assert not site.log.letters


async def test_what_cannot_be_used_is_a_dead_letter_with_its_reason() -> None:
    site = Site()
    batch = site.batch(
        b"",
        b"\xff",
        encode(site.said(CONFIRM)).replace(b"press office", b"\\ud800"),
        replace(site.said(DISMISS), reason=None),
        replace(site.said(SNOOZE), id="s", until="2100-01-01T00:00:00Z"),
        replace(site.said(CONFIRM), id="o", crisis_id="another"),
        replace(site.said(CONFIRM), id="g", brand="globex"),
    )
    await site.take(batch)
    await site.take(site.batch(site.said(CONFIRM), key=b"globex"))

    # Those that cannot be read or are in a wrong place first, then what the brand makes of the others.
    assert sorted(site.refused()) == ["bad_field"] * 7 + ["unknown_crisis"]
    assert sum(samples(site.metrics, "vigie_feedback_total").values()) == 0
    assert all(b"\xff" not in str(letter.headers).encode() for letter in site.log.letters)


async def test_feedback_is_counted_once_with_its_reason_and_a_judgement_with_the_peak() -> None:
    site = Site()
    first = site.batch(site.said(CONFIRM), site.said(CONFIRM, id="again"), site.said(SNOOZE))
    await site.take(first)
    await site.take(first)
    await site.take(site.batch(site.said(DISMISS, reason=DismissReason.COPIES)))

    taken = {labels: count for labels, count in samples(site.metrics, "vigie_feedback_total").items() if count}
    assert taken == {("none", "confirm"): 2, ("none", "snooze"): 1, ("copies", "dismiss"): 1}
    judged = {labels: count for labels, count in samples(site.metrics, "vigie_crises_judged_total").items() if count}
    assert judged == {("3", "none", "confirm"): 1, ("3", "copies", "dismiss"): 1}


async def test_what_was_taken_in_holds_for_the_next_minute() -> None:
    site = Site()
    await site.take(site.batch(site.said(DISMISS)))
    step = site.tracker.step(minutes_of([2] * 4)[3])

    assert [event.level for event in step.events if isinstance(event, CrisisEvent)] == [Level.CALM]


# -- both topics on one worker -------------------------------------------------------------------


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[VigieApp]:
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text(demo_watchlist(), encoding="utf-8")
    made = create_app(Settings(brokers="127.0.0.1:1", watchlist=watchlist, data_dir=tmp_path), Role.TRACK)
    yield made
    cast("Any", made.consumer)._thread.thread_loop.close()  # nobody else does, as it never starts


def assigned(mentions: Sequence[int], feedback: Sequence[int]) -> set[TP]:
    return {
        *(TP("vigie.mentions", partition) for partition in mentions),
        *(TP("vigie.feedback", partition) for partition in feedback),
        *(TP("vigie-track-brand_state-changelog", partition) for partition in mentions),
    }


@pytest.mark.parametrize("partitions", [[], [0], [1, 3]])
async def test_a_worker_works_on_partitions_that_belong_together(app: VigieApp, partitions: list[int]) -> None:
    await app.on_partitions_assigned.send(assigned(partitions, partitions))


async def test_a_worker_that_is_given_what_does_not_belong_together_says_so_and_stops(
    app: VigieApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[tuple[int, str]] = []

    def leave(code: int, why: BaseException, _batch: object = None) -> None:
        left.append((code, str(why)))

    monkeypatch.setattr(app, "exit_now", leave)
    await app.on_partitions_assigned.send(assigned([0, 1], [1, 2]))

    ((code, why),) = left
    assert code == exits.CONFIG
    assert "vigie.mentions: [0, 1]; vigie.feedback: [1, 2]" in why


@given(st.integers(1, 16), st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_faust_gives_topics_of_one_group_the_same_partitions_over_rebalances(
    partitions: int, workers: list[int]
) -> None:
    """What we stand on: its assignor knows one set of partitions for all topics of a group."""
    topics = {"vigie.mentions", "vigie.feedback", "vigie-track-brand_state-changelog"}
    held: dict[str, CopartitionedAssignment] = {}
    for count in workers:
        held = {f"worker{n}": held.get(f"worker{n}", CopartitionedAssignment(topics=topics)) for n in range(count)}
        held = dict(CopartitionedAssignor(topics, held, partitions, replicas=0).get_assignment())
        assert sorted(p for each in held.values() for p in each.actives) == list(range(partitions))
        assert all(each.topics == topics for each in held.values())


def test_the_lag_of_a_partition_is_that_of_both_topics_together() -> None:
    def lags(mentions: int | None, feedback: int | None) -> Mapping[int, int | None]:
        consumer = SimpleNamespace(lags=lambda: {TP("vigie.mentions", 1): mentions, TP("vigie.feedback", 1): feedback})
        return _assigned(cast("Any", SimpleNamespace(rebalancing=False, consumer=consumer)))

    assert lags(5, 2) == {1: 7}
    assert lags(None, 2) == {1: None}
    assert lags(5, None) == {1: None}
