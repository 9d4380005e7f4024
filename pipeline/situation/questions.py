"""How questions stand as it is published: how many wait, for how long, and what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.detection.rounding import short
from pipeline.situation.moments import MINUTE_MS
from pipeline.situation.pool import Pool
from pipeline.situation.threads import Question, word_hash
from schemas.crisis import Concern
from schemas.situation import QuestionGroup, Questions
from schemas.times import to_rfc3339

__all__ = ["last_answer_ms", "oldest_waiting_ms", "stand", "waiting"]

_CONCERNS = 5
_EXEMPLARS = 3
_OTHERS = ""
_MOST = (1 << 53) - 1

Weighed = tuple[float, Question]
"""How many a question stands for, and the question."""


@dataclass(slots=True)
class _Group:
    """Questions of one matter."""

    weighed: list[Weighed] = field(default_factory=list)

    def as_published(self, about: str) -> QuestionGroup:
        questions = [question for _, question in self.weighed]
        most_reach = sorted((q for q in questions if q.tweet_id), key=lambda q: (-q.reach, q.tweet_id))
        return QuestionGroup(
            about=about,
            waiting=_number(weight for weight, _ in self.weighed),
            oldest_at=to_rfc3339(min(question.time_ms for question in questions)),
            reach=_number(weight * question.reach for weight, question in self.weighed),
            exemplars=tuple(question.tweet_id for question in most_reach[:_EXEMPLARS]),
        )


def stand(pool: Pool, concerns: Sequence[Concern]) -> Questions:
    """Return how the questions of a pool stand, grouped by the first of the top five concerns that each is about."""
    everyone = list(pool.questions())
    those_waiting = [(weight, question) for weight, question in everyone if not question.answered_ms]
    answered = [(weight, question) for weight, question in everyone if question.answered_ms]
    asked, done = _number(weight for weight, _ in everyone), _number(weight for weight, _ in answered)
    oldest = oldest_waiting_ms(pool)
    return Questions(
        asked=asked,
        answered=done,
        waiting=asked - done,
        share_answered=short(_sum(answered) / _sum(everyone)) if everyone else None,
        median_minutes=_median_minutes(answered),
        oldest_waiting_at=None if oldest is None else to_rfc3339(oldest),
        waiting_reach=_number(weight * question.reach for weight, question in those_waiting),
        groups=_groups(those_waiting, concerns[:_CONCERNS]),
        sampled_share=short(len(everyone) / _sum(everyone)) if everyone else 1.0,
    )


def waiting(pool: Pool) -> int:
    """Return how many wait."""
    everyone = list(pool.questions())
    answered = _number(weight for weight, question in everyone if question.answered_ms)
    return _number(weight for weight, _ in everyone) - answered


def oldest_waiting_ms(pool: Pool) -> int | None:
    """Return when the oldest of those that wait was asked; none when nobody waits."""
    return min((question.time_ms for _, question in pool.questions() if not question.answered_ms), default=None)


def last_answer_ms(pool: Pool) -> int | None:
    """Return when the brand last answered one; none when it has answered none."""
    return max((question.answered_ms for _, question in pool.questions() if question.answered_ms), default=None)


def _groups(those_waiting: Iterable[Weighed], concerns: Sequence[Concern]) -> tuple[QuestionGroup, ...]:
    """Return the groups, most first; of equal ones the stronger concern's."""
    matters = [(concern.phrase, _phrases(concern)) for concern in concerns]
    groups: dict[str, _Group] = {label: _Group() for label, _ in matters} | {_OTHERS: _Group()}
    for weight, question in those_waiting:
        words = set(question.words)
        about = next((label for label, phrases in matters if any(map(words.issuperset, phrases))), _OTHERS)
        groups[about].weighed.append((weight, question))
    published = [group.as_published(about) for about, group in groups.items() if group.weighed]
    return tuple(sorted(published, key=lambda group: -group.waiting))


def _phrases(concern: Concern) -> list[set[int]]:
    """Return each phrase of a concern as its words' hashes."""
    phrases = (set(map(word_hash, phrase.split())) for phrase in concern.phrases or (concern.phrase,))
    return [phrase for phrase in phrases if phrase]


def _median_minutes(answered: Sequence[Weighed]) -> float | None:
    """Return the time to answer that half of the answered waited for at most."""
    if not answered:
        return None
    half, so_far = _sum(answered) / 2.0, 0.0
    waited = sorted((question.answered_ms - question.time_ms, weight) for weight, question in answered)
    for took_ms, weight in waited:
        so_far += weight
        if so_far >= half:
            return short(took_ms / MINUTE_MS)
    return short(waited[-1][0] / MINUTE_MS)


def _sum(weighed: Iterable[Weighed]) -> float:
    return sum(weight for weight, _ in weighed)


def _number(weights: Iterable[float]) -> int:
    return min(int(sum(weights) + 0.5), _MOST)
