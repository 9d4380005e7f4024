"""Bounded writes of state: which brands, which steps are complete, and what a crash at any point leaves."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.checkpoint import Checkpoint
from pipeline.tracker import Tracker, clock_key
from schemas.codec import encode
from tests.pipeline.logs import (
    MINUTE_MS,
    SHORT_LIVED,
    START_MS,
    FakeDetector,
    LogItem,
    interleaved,
    mention,
    published,
    raw_log,
    watermark,
)

END_MS = START_MS + 70 * MINUTE_MS
BRANDS = st.sets(st.sampled_from([f"b{n:02}" for n in range(12)]))


def test_a_step_that_touches_no_more_than_the_bound_writes_all_of_it_and_is_complete() -> None:
    checkpoint = Checkpoint(most=3)
    checkpoint.add({"c", "a", "b"}, clock=b"1")

    assert checkpoint.take() == ["a", "b", "c"]
    assert checkpoint.complete() == (1, b"1")
    assert checkpoint.pending == 0


def test_a_step_that_changes_nothing_waits_for_those_before_it() -> None:
    checkpoint = Checkpoint(most=1)
    checkpoint.add({"a", "b"}, clock=None)
    checkpoint.take()
    assert checkpoint.complete() == (0, None)
    checkpoint.add((), clock=b"2")
    checkpoint.take()

    assert checkpoint.complete() == (2, b"2")


@given(steps=st.lists(BRANDS, max_size=40), most=st.integers(1, 6))
def test_a_step_is_complete_exactly_when_nothing_it_or_an_earlier_one_changed_is_unwritten_since(
    steps: list[set[str]], most: int
) -> None:
    checkpoint = Checkpoint(most)
    changed: dict[str, int] = {}
    """By brand, the first step that changed it and is not stored."""
    complete, clock = 0, 0
    for number, touched in enumerate(steps, 1):
        checkpoint.add(touched, clock=b"%d" % number)
        for name in touched:
            changed.setdefault(name, number)
        taken = checkpoint.take()
        assert len(taken) == min(most, len(changed))
        left = [since for name, since in changed.items() if name not in taken]
        assert max((changed[name] for name in taken), default=0) <= min(left, default=number), "the oldest first"
        for name in taken:
            del changed[name]
        more, told = checkpoint.complete()
        complete += more
        clock = clock if told is None else int(told)
        assert complete == min(changed.values(), default=number + 1) - 1
        assert clock == complete, "never ahead of a brand, and not behind"
        assert checkpoint.pending == number - complete <= -(-12 // most)


class Worker:
    """A worker that crashes now and then, and what outlives it: the table, what is committed, what was published."""

    def __init__(self, rng: Random, log: Sequence[LogItem], most: int) -> None:
        self.rng, self.log, self.most = rng, log, most
        self.table: dict[str, bytes] = {}
        self.committed = 0
        self.events: list[Any] = []
        self.crashes = 0
        self.start()

    def start(self) -> None:
        self.tracker = Tracker(SHORT_LIVED, 0, FakeDetector, most_states=self.most)
        for key, value in self.table.items():
            self.tracker.restore(key, value)
        assert not self.tracker.problems
        self.at = self.committed
        self.pending: deque[int] = deque()

    def work(self) -> None:
        """Work the log off to its end, then write what is left."""
        while self.at < len(self.log) or self.tracker.pending:
            batch = self.log[self.at : self.at + self.rng.randint(1, 8)] if self.rng.random() < 0.9 else ()
            if batch:
                step = self.tracker.step(batch)
                self.events += step.events
                self.at += len(batch)
                self.pending.append(self.at)
            else:
                step = self.tracker.settle()
            crash = self.crashes < 8 and self.rng.random() < 0.15
            entries = list(step.states.items())
            self.table.update(entries[: self.rng.randint(0, len(entries))] if crash else entries)
            if not crash:
                for _ in range(step.complete):
                    self.committed = self.pending.popleft()
            else:
                self.crashes += 1
                self.start()


def many_brands(rng: Random) -> list[LogItem]:
    return interleaved(rng, [raw_log(rng, p, 2, length=60, end_ms=END_MS) for p in range(2)])


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), most=st.integers(1, 3))
def test_a_crash_at_any_point_changes_neither_what_is_published_nor_the_state_in_the_end(seed: int, most: int) -> None:
    rng = Random(seed)
    log = many_brands(rng)
    calm = Tracker(SHORT_LIVED, 0, FakeDetector)
    expected = calm.step(log)
    worker = Worker(rng, log, most)

    worker.work()

    told = [encode(event) for event in sorted(worker.events, key=lambda event: event.brand)]
    assert list(dict.fromkeys(told)) == published(log)
    assert worker.committed == len(log)
    again = Tracker(SHORT_LIVED, 0, FakeDetector)
    for key, value in worker.table.items():
        again.restore(key, value)
    assert worker.table.keys() == expected.states.keys()
    assert {key: again._brands[key].encode(0) for key in again.brands()} == {
        key: value for key, value in expected.states.items() if key != clock_key(0)
    }
    assert worker.table[clock_key(0)] == expected.states[clock_key(0)]


def test_what_is_delivered_again_and_was_stored_is_dropped_and_the_rest_is_counted() -> None:
    names = [f"b{n}" for n in range(5)]
    log: list[LogItem] = [mention(brand=name) for name in names]
    log.append(watermark(START_MS))
    tracker = Tracker(SHORT_LIVED, 0, FakeDetector, most_states=2)
    step = tracker.step(log)
    assert (list(step.states), step.complete, tracker.pending) == (["b0", "b1"], 0, 1)

    again = Tracker(SHORT_LIVED, 0, FakeDetector, most_states=2)
    for key, value in step.states.items():
        again.restore(key, value)
    redelivered = again.step(log)

    assert (redelivered.counted, redelivered.dropped) == (3, Counter({"duplicate": 2}))
    assert [list(redelivered.states), list(again.settle().states)] == [["b2", "b3"], ["b4", clock_key(0)]]
    assert again.pending == 0
