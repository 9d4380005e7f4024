"""Feedback on the way through a partition's state: once, in its minute, and in a replay in the same one."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.feedback import feedback_of
from pipeline.settings import EngineSettings
from pipeline.tracker import Tracker
from schemas.codec import decode, encode
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.deadletter import DeadLetterReason
from schemas.feedback import Feedback, FeedbackVerdict
from schemas.mention import Gap, Mention, Origin, Watermark
from tests.pipeline.feedback.said import SETTINGS, LevelDetector, said
from tests.pipeline.logs import MINUTE_MS, START_MS, mention, watermark

ENGINE = EngineSettings(detection=SETTINGS)
CONFIRM, DISMISS, SNOOZE = FeedbackVerdict


def new_tracker() -> Tracker:
    return Tracker(ENGINE, 0, LevelDetector)


def minutes_of(levels: Sequence[int], *, brand: str = "acme") -> list[list[Mention | Watermark]]:
    """Return for each minute as many mentions as its level is, and the watermark that closes it."""
    out: list[list[Mention | Watermark]] = []
    offset = 0
    for minute, level in enumerate(levels):
        start_ms = START_MS + minute * MINUTE_MS
        records: list[Mention | Watermark] = []
        for _ in range(level):
            offset += 1
            records.append(
                mention(brand=brand, tweet_id=str(offset), time_ms=start_ms, origin=Origin(partition=0, offset=offset))
            )
        out.append([*records, watermark(start_ms + MINUTE_MS, offset)])
    return out


def open_crisis(tracker: Tracker, levels: Sequence[int]) -> str:
    """Run minutes and return the ID of the crisis that was opened last."""
    events = [event for minute in minutes_of(levels) for event in tracker.step(minute).events]
    return next(e.crisis_id for e in reversed(events) if isinstance(e, CrisisEvent))


def test_feedback_that_comes_late_holds_from_the_next_minute_to_close_and_says_so() -> None:
    tracker = new_tracker()
    crisis = open_crisis(tracker, [2, 2, 2])
    heard = tracker.hear([(0, said(CONFIRM, crisis, time_ms=START_MS))])
    event = next(e for e in tracker.step(minutes_of([2] * 4)[3]).events if isinstance(e, CrisisEvent))

    assert heard.intakes[0].held_from_ms == START_MS + 4 * MINUTE_MS
    assert list(heard.states) == ["acme"]
    assert event.feedback is not None
    assert event.feedback.held_from == event.time == "2015-02-22T02:04:00Z"


def test_feedback_waits_for_a_minute_that_is_observed() -> None:
    tracker = new_tracker()
    crisis = open_crisis(tracker, [2])
    tracker.hear([(0, said(DISMISS, crisis, time_ms=START_MS + MINUTE_MS))])
    minutes = minutes_of([2] * 4)
    unobserved = tracker.step(
        [
            Gap(source_partition=0, offset=2, start_ms=START_MS + MINUTE_MS, end_ms=START_MS + 3 * MINUTE_MS),
            *minutes[1],
            *minutes[2],
        ]
    )
    observed = tracker.step(minutes[3])

    assert not [e for e in unobserved.events if isinstance(e, CrisisEvent)]
    (end,) = [e for e in observed.events if isinstance(e, CrisisEvent)]
    assert end.type is CrisisEventType.RESOLVED
    assert end.feedback is not None
    assert end.feedback.held_from == end.time


def test_a_brand_that_nothing_is_known_of_has_no_crisis() -> None:
    heard = new_tracker().hear([(0, said(CONFIRM, "any"))])

    assert [intake.reason for intake in heard.intakes] == [DeadLetterReason.UNKNOWN_CRISIS]
    assert not heard.states


def test_the_same_record_twice_or_the_same_word_in_two_records_says_nothing_new() -> None:
    tracker = new_tracker()
    crisis = open_crisis(tracker, [2])
    record = said(CONFIRM, crisis, time_ms=START_MS + MINUTE_MS)
    first = tracker.hear([(5, record)])
    state = decode(encode(first.states["acme"].hex()))
    again = tracker.hear([(5, record)])

    assert again.states["acme"].hex() == state
    assert again.intakes[0].held_from_ms is None
    assert again.intakes[0].reason is None
    rewritten = tracker.hear([(6, record)])
    assert rewritten.intakes == again.intakes
    confirmed = [e for e in tracker.step(minutes_of([2, 2])[1]).events if isinstance(e, CrisisEvent)]
    assert [e.sequence for e in confirmed] == [1]


Said = tuple[int, FeedbackVerdict, int]
"""After so many minutes, what, and how many minutes too late (or before its time) it is dated."""
SAYINGS = st.lists(st.tuples(st.integers(1, 90), st.sampled_from(FeedbackVerdict), st.integers(-5, 20)), max_size=8)


class Worker:
    """Tracks a partition, and may crash after any write: then records are delivered again, feedback from its start."""

    def __init__(self, rng: Random | None) -> None:
        self.rng = rng
        self.crashes = 0
        self.table: dict[str, bytes] = {}
        self.tracker = new_tracker()
        self.published: dict[str, bytes] = {}
        self.crises: dict[str, CrisisEvent] = {}
        self.heard: list[tuple[int, Feedback]] = []

    def _crashes(self) -> bool:
        if self.rng is None or self.crashes >= 5 or self.rng.random() > 0.15:
            return False
        self.crashes += 1
        self.tracker = new_tracker()
        for key, value in self.table.items():
            self.tracker.restore(key, value)
        assert not self.tracker.problems
        return True

    def close(self, minute: Sequence[Mention | Watermark]) -> None:
        while True:
            step = self.tracker.step(minute)
            for event in step.events:
                value = encode(event)
                assert self.published.setdefault(event.id, value) == value
                if isinstance(event, CrisisEvent):
                    self.crises[event.id] = event
            if self._crashes():
                continue
            self.table.update(step.states)
            return

    def hear(self, record: Feedback) -> None:
        self.heard.append((len(self.heard), record))
        while True:
            heard = self.tracker.hear(self.heard if self.rng else self.heard[-1:])
            if self._crashes():  # before the state was written
                continue
            self.table.update(heard.states)
            if not self._crashes():  # after it, and before the batch was complete
                return


def live(levels: Sequence[int], sayings: Sequence[Said], rng: Random | None) -> tuple[list[bytes], list[CrisisEvent]]:
    """Return what a worker publishes, and the events of crises in it."""
    worker = Worker(rng)
    for at, minute in enumerate(minutes_of(levels), 1):
        worker.close(minute)
        newest = next(reversed(worker.crises.values()), None)
        for _, verdict, late in (saying for saying in sayings if saying[0] == at and newest):
            time_ms = max(0, START_MS + (at - late) * MINUTE_MS + 1)
            crisis = newest.crisis_id if newest else ""
            worker.hear(said(verdict, crisis, time_ms=time_ms, id=f"said-{len(worker.heard)}"))
    return list(worker.published.values()), list(worker.crises.values())


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from([0, 0, 1, 2, 2, 3]), min_size=30, max_size=100), SAYINGS, st.integers())
def test_a_replay_with_the_log_of_feedback_gives_what_was_published_to_the_byte(
    levels: list[int], sayings: list[Said], seed: int
) -> None:
    for rng in (None, Random(seed)):
        published, crises = live([2, *levels], sayings, rng)
        tracker = new_tracker()
        log = [feedback for event in crises if (feedback := feedback_of(event))]
        tracker.expect(log)
        replayed = [event for minute in minutes_of([2, *levels]) for event in tracker.step(minute).events]

        assert [encode(event) for event in replayed] == published


def test_feedback_that_was_in_time_is_the_same_from_its_own_records() -> None:
    records: list[Feedback] = []
    tracker, minutes = new_tracker(), minutes_of([2] * 50)
    published = []
    for at, minute in enumerate(minutes, 1):
        events = tracker.step(minute).events
        published += events
        if at in (5, 9, 30):
            crisis = next(e.crisis_id for e in reversed(published) if isinstance(e, CrisisEvent))
            verdict = {5: CONFIRM, 9: SNOOZE, 30: DISMISS}[at]
            records.append(said(verdict, crisis, time_ms=START_MS + at * MINUTE_MS + 30_000))
            tracker.hear([(at, records[-1])])
    again = new_tracker()
    again.expect(records)

    assert [e for minute in minutes for e in again.step(minute).events] == published
    assert sum(isinstance(e, CrisisEvent) and e.feedback is not None for e in published) == 3


def test_in_a_replay_feedback_on_no_such_crisis_says_nothing() -> None:
    plain, told = new_tracker(), new_tracker()
    told.expect([said(DISMISS, "another", time_ms=START_MS + 5 * MINUTE_MS), said(CONFIRM, "x", brand="globex")])
    minutes = minutes_of([2] * 9)

    assert [plain.step(m).events for m in minutes] == [told.step(m).events for m in minutes]
