"""What people talk about now and did not before, from a bounded counter of a brand's phrases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log, sqrt
from typing import Any, TypeAlias

from pipeline.detection.stored import numbers, whole
from schemas.codec import encode
from schemas.crisis import Concern

__all__ = ["Phrases"]

_KEEP_AN_HOUR = 1.0 - 1.0 / (7 * 24)
"""The baseline is forgotten over a week."""
_STATE_BYTES = 1200
_SHED_BYTES = 1040
_CELL_BYTES = 18
"""What the three numbers of an entry cost, at most, about."""
_LONGEST_BYTES = 68
"""A longer phrase would push out too many others."""
_FOLDED_A_MINUTE = 32
_PRIOR_MENTIONS = 20.0
"""A phrase never heard is taken to have been in half a mention of these and all since."""
_CONCERNS = 8
_LEAST = 3
"""Mentions a concern needs."""
_SURE = 2.0
"""Standard scores by which a phrase must have risen."""
_HASHTAGS = 5
_HASH = "#"

_Cell: TypeAlias = tuple[float, float, float]


class Phrases:
    """Counts of phrases and hashtags: this hour of the clock, the one before, and the slow baseline.

    Bounded by bytes. When it is full, half of the room is for what is most used of late and the rest for
    what is most used in ordinary times, ties in alphabetical order, so that what is kept never depends on
    the order of arrival.
    """

    __slots__ = ("_bytes", "hour", "mentions", "table")

    def __init__(self) -> None:
        self.table: dict[str, _Cell] = {}
        """Phrase, or hashtag with `#`, to mentions with it: this hour, the hour before, baseline."""
        self.mentions: list[float] = [0, 0, 0.0]
        """All mentions of this hour, of the hour before, and of the baseline."""
        self.hour = 0
        """This hour, epoch hours."""
        self._bytes = 0

    def turn(self, end_minute: int, *, learn: bool) -> None:
        """Move on to the hour of the minute that ends at ``end_minute`` (epoch minutes).

        The hour that leaves the recent two goes into the baseline, unless told not to learn.
        """
        hour = (end_minute - 1) // 60
        for _ in range(min(2, hour - self.hour)):
            self._turn_once(learn=learn)
        self.hour = hour

    def _turn_once(self, *, learn: bool) -> None:
        keep, take = (_KEEP_AN_HOUR, 1) if learn else (1.0, 0)
        kept: dict[str, _Cell] = {}
        for phrase, (now, before, baseline) in self.table.items():
            learnt = round(baseline * keep + before * take, 1)
            if now or learnt >= 0.5:
                kept[phrase] = (0, now, learnt)
        now, before, slow = self.mentions
        self.mentions = [0, now, round(slow * keep + before * take, 1)]
        self.table = kept
        self._bytes = _total(kept)

    def fold(self, phrases: Mapping[str, int], hashtags: Mapping[str, int], mentions: int) -> None:
        """Count the phrases and hashtags of a minute with so many mentions."""
        self.mentions[0] += mentions
        for phrase, count in _most(phrases):
            self._add(phrase, count)
        for hashtag, count in _most(hashtags):
            self._add(_HASH + hashtag, count)
        if self._bytes > _STATE_BYTES:
            self._shed()

    def _add(self, phrase: str, count: int) -> None:
        cell = self.table.get(phrase)
        if cell is not None:
            self.table[phrase] = (cell[0] + count, cell[1], cell[2])
        elif (size := _size(phrase)) <= _LONGEST_BYTES:
            self.table[phrase] = (count, 0, 0)
            self._bytes += size

    def _shed(self) -> None:
        lately = sorted(self.table.items(), key=lambda item: (-2 * item[1][0] - item[1][1], item[0]))
        kept = _fill(lately, _SHED_BYTES // 2)
        rest = sorted((item for item in lately if item[0] not in kept), key=lambda item: (-item[1][2], item[0]))
        kept |= _fill(rest, _SHED_BYTES - _total(kept))
        self.table, self._bytes = kept, _total(kept)

    def concerns(self) -> tuple[Concern, ...]:
        """Return the phrases whose share rose most surely, strongest first, at most eight.

        Strength is the standard score of the log-odds ratio, with half a mention more on each side (Monroe,
        Colaresi and Quinn, "Fightin' Words", Political Analysis 16, 2008, section 3.3): the recent hours against
        the brand's own baseline. Once phrases had to be dropped, one that the baseline does not hold is taken to
        be as usual as the least usual that it does hold.
        """
        recent, slow = self.mentions[0] + self.mentions[1], self.mentions[2]
        floor = 0.0
        if self._bytes > _SHED_BYTES // 2:
            floor = min((cell[2] for cell in self.table.values() if cell[2] > 0), default=0.0)
        found: list[tuple[float, Concern]] = []
        for phrase, (now, before, baseline) in self.table.items():
            count = int(now + before)
            if count < _LEAST or phrase.startswith(_HASH):
                continue
            z = _log_odds_z(count, recent, max(baseline, floor), slow)
            usual = min(1.0, baseline / slow) if slow else 0.0
            share = count / max(recent, count)
            if z > _SURE:
                concern = Concern(phrase=phrase, count=count, share=round(share, 4), usual_share=round(usual, 4))
                found.append((z, concern))
        found.sort(key=lambda item: (-item[0], item[1].phrase))
        return tuple(_without_parts(concern for _, concern in found))

    def hashtags(self) -> tuple[str, ...]:
        """Return the hashtags most used in the recent hours, without `#`, at most five."""
        used = [(-int(now + before), tag) for tag, (now, before, _) in self.table.items() if tag[0] == _HASH]
        return tuple(tag[1:] for count, tag in sorted(used)[:_HASHTAGS] if count)

    def state(self) -> list[Any]:
        """State as JSON has it: hour, mentions, the phrases, and the numbers of each in a row of their own."""
        return [self.hour, self.mentions, list(self.table), list(zip(*self.table.values(), strict=True))]

    def restore(self, state: list[Any]) -> None:
        """Take over what `state` gave; ``TypeError`` or ``ValueError`` when it is something else."""
        hour, mentions, phrases, rows = state
        self.hour, self.mentions = whole(hour), numbers(mentions, 3)
        now, before, baseline = rows or ((), (), ())
        for row in (mentions[:2], now, before):
            if not {int}.issuperset(map(type, row)):
                raise TypeError("not numbers of mentions")
        numbers((*now, *before, *baseline), 3 * len(phrases))
        self.table = dict(zip(map(_phrase, phrases), zip(now, before, baseline, strict=True), strict=True))
        self._bytes = _total(self.table)


def _phrase(stored: Any) -> str:
    if isinstance(stored, str) and stored:
        return stored
    raise TypeError("not a phrase")


def _size(phrase: str) -> int:
    """Bytes of an entry of the state; of what JSON has no form for (a lone surrogate), too many."""
    if not phrase.strip():
        return _LONGEST_BYTES + 1
    try:
        return len(encode(phrase)) + _CELL_BYTES
    except TypeError:
        return _LONGEST_BYTES + 1


def _total(table: Mapping[str, _Cell]) -> int:
    """Return the sum of the sizes, at once: what a list of the phrases adds to them is brackets and commas."""
    return len(encode(list(table))) - 1 + (_CELL_BYTES - 1) * len(table) if table else 0


def _most(counts: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    if len(counts) <= _FOLDED_A_MINUTE:
        return sorted(counts.items())
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_FOLDED_A_MINUTE]


def _fill(items: list[tuple[str, _Cell]], room: int) -> dict[str, _Cell]:
    """Take items in order while there is room."""
    kept: dict[str, _Cell] = {}
    for phrase, cell in items:
        room -= _size(phrase)
        if room < 0:
            break
        kept[phrase] = cell
    return kept


def _log_odds_z(count: float, recent: float, baseline: float, slow: float) -> float:
    """Return the standard score of the log-odds of a phrase, recent against baseline.

    >>> _log_odds_z(20, 40, 10, 1000) > 5 > 1 > _log_odds_z(4, 40, 100, 1000) > -1
    True
    """
    now = log((count + 0.5) / max(recent - count + 0.5, 0.5))
    then = log((baseline + 0.5) / max(slow - baseline + _PRIOR_MENTIONS, 0.5))
    return (now - then) / sqrt(1.0 / (count + 0.5) + 1.0 / (baseline + 0.5))


def _without_parts(concerns: Iterable[Concern]) -> list[Concern]:
    """Drop a word of a pair already listed that it hardly ever occurs without, and the reverse."""
    kept: list[Concern] = []
    for concern in concerns:
        words = set(concern.phrase.split())
        if not any(_says_the_same(concern, words, other) for other in kept):
            kept.append(concern)
        if len(kept) == _CONCERNS:
            break
    return kept


def _says_the_same(concern: Concern, words: set[str], other: Concern) -> bool:
    theirs = set(other.phrase.split())
    alike = 5 * min(concern.count, other.count) >= 4 * max(concern.count, other.count)
    return alike and (words <= theirs or theirs <= words)
