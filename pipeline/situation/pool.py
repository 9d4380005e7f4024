"""Who asked the brand something, and whom it has answered: of the hours before a crisis a few, of the crisis many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Self

from pipeline.situation.stored import whole
from pipeline.situation.threads import Question, Reply, ThreadSample, hash_of

__all__ = ["Pool"]

_BLOCK_MINUTES = 180
_CALM = 6
"""Questions kept of each block of three hours, this one and the one before."""
_CRISIS = 128
"""Questions kept since the opening: a share of them is known to four percentage points."""
_MOST_BLOCKS = 1 << 31


class Pool:
    """Samples of the questions: one for each of the last two blocks of calm, and one since the opening.

    Each has a cut of its own, so that the few of the long calm do not thin out the crisis; together they stand for
    all (`pipeline.situation.questions`). At most 140 questions, about 6 KiB as stored; 12 of them while it is calm.
    """

    __slots__ = ("_block", "_calm", "_crisis")

    def __init__(self) -> None:
        self._block = 0
        """Which three hours the newer of the calm samples is of."""
        self._calm = (ThreadSample(_CALM), ThreadSample(_CALM))
        """Older and newer."""
        self._crisis: ThreadSample | None = None

    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return self._crisis is None and not any(sample.kept for sample in self._calm)

    def samples(self) -> tuple[ThreadSample, ...]:
        """Return the samples, oldest first."""
        return self._calm if self._crisis is None else (*self._calm, self._crisis)

    def open(self, minute: int) -> None:
        """Keep much from this minute (epoch minutes) on: a crisis begins."""
        self._turn(minute)
        self._crisis = ThreadSample(_CRISIS)

    def take(self, minute: int, asked: ThreadSample | None, replies: Sequence[Reply]) -> bool:
        """Take in the questions of a minute (epoch minutes), then the brand's replies; whether it changed anything."""
        changed = False
        if asked is not None:
            changed = self._crisis is None and self._turn(minute)
            newest = self._calm[1] if self._crisis is None else self._crisis
            changed |= newest.merge(self._unknown(asked))
        return bool(replies and self._answer(replies)) or changed

    def _turn(self, minute: int) -> bool:
        """Let go of the calm that is long ago; return whether that changed anything."""
        block = minute // _BLOCK_MINUTES
        if block > self._block:
            newer = self._calm[1] if block == self._block + 1 else ThreadSample(_CALM)
            self._block, self._calm = block, (newer, ThreadSample(_CALM))
            return True
        return False

    def let_go(self, minute: int) -> bool:
        """Drop, in calm, what is so long ago (epoch minutes) that it would be dropped at the next question."""
        if self.is_empty() or minute // _BLOCK_MINUTES <= self._block + 1:
            return False
        return self._turn(minute)

    def _unknown(self, asked: ThreadSample) -> ThreadSample:
        """Leave out those who asked in the same thread before: in calm, or in the calm before the crisis."""
        if not any(key in sample.kept for sample in self._calm for key in asked.kept):
            return asked
        rest = ThreadSample(asked.room)
        rest.cut = asked.cut
        rest.replace(q for q in asked.kept.values() if not any(q.key in sample.kept for sample in self._calm))
        return rest

    def _answer(self, replies: Sequence[Reply]) -> bool:
        refer_to = {reference for reply in replies for reference in (reply.thread, reply.to)}
        waiting = [(sample, q) for sample in self.samples() for q in sample.kept.values() if not q.answered_ms]
        of_interest = [(sample, q) for sample, q in waiting if not refer_to.isdisjoint(_references(q))]
        if not of_interest:
            return False
        askers = Counter(_thread(q) for sample in self.samples() for q in sample.kept.values())
        changed = False
        for sample, question in of_interest:
            alone = askers[_thread(question)] == 1
            times = [reply.time_ms for reply in replies if question.is_answered_by(reply, alone=alone)]
            if times:
                sample.replace([question._replace(answered_ms=min(times))])
                changed = True
        return changed

    def questions(self) -> Iterator[tuple[float, Question]]:
        """Yield each question with how many it stands for."""
        for sample in self.samples():
            for key in sorted(sample.kept):
                yield 1.0 / sample.share, sample.kept[key]

    def named(self) -> Iterator[str]:
        """Yield the IDs of the questions."""
        for sample in self.samples():
            yield from sample.named()

    def forget(self, gone: Collection[str]) -> bool:
        """Name these posts no more; return whether that changed anything."""
        changed = [sample.forget(gone) for sample in self.samples()]
        return any(changed)

    def state(self) -> list[Any]:
        """Return the pool as JSON has it."""
        return [self._block, [sample.state() for sample in self.samples()]]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """Return the pool that gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        block, (older, newer, *crisis) = state
        pool = cls()
        pool._block = whole(block, _MOST_BLOCKS)
        pool._calm = (ThreadSample.restore(older, _CALM), ThreadSample.restore(newer, _CALM))
        if crisis:
            (since,) = crisis
            pool._crisis = ThreadSample.restore(since, _CRISIS)
        return pool


def _thread(question: Question) -> int:
    return question.thread or hash_of(question.tweet_id)


def _references(question: Question) -> tuple[int, int]:
    post = hash_of(question.tweet_id)
    return (post, question.thread or post)
