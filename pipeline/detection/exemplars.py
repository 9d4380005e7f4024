"""The tweets worth reading: the most engaging of the last hour."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pipeline.detection.stored import whole
from pipeline.postid import LONGEST
from schemas.codec import encode
from schemas.crisis import Exemplar

__all__ = ["Exemplars"]

_SHOWN = 5
_KEPT = 8
_HOUR_MINUTES = 60
_LONGEST_BYTES = LONGEST + 2
"""With quotation marks around it; an ID that is longer than this is not kept."""


class Exemplars:
    """Candidates of the last hour, bounded: what five newer ones beat is dropped, then the least."""

    __slots__ = ("kept",)

    def __init__(self) -> None:
        self.kept: list[tuple[int, int, str]] = []
        """End of the minute (epoch minutes), engagement, ID; most engaging first."""

    def fold(self, end_minute: int, exemplars: Iterable[Exemplar]) -> None:
        """Take in those of the minute that ends at ``end_minute``."""
        fresh = [(end_minute, e.engagement, e.tweet_id) for e in exemplars if _fits(e.tweet_id)]
        if fresh:
            ids = {tweet_id for _, _, tweet_id in fresh}
            self.kept += fresh
            self.kept = [one for one in self._recent(end_minute) if one[2] not in ids or one[0] == end_minute]
            self._bound()

    def _recent(self, end_minute: int) -> list[tuple[int, int, str]]:
        return [one for one in self.kept if one[0] > end_minute - _HOUR_MINUTES]

    def _bound(self) -> None:
        """Keep what can still be among the five of some coming minute."""
        self.kept.sort(key=lambda one: (-one[1], one[2]))
        kept: list[tuple[int, int, str]] = []
        for one in self.kept:
            newer = sum(other[0] >= one[0] for other in kept)
            if newer < _SHOWN:
                kept.append(one)
        self.kept = kept[:_KEPT]

    def top(self, end_minute: int) -> tuple[Exemplar, ...]:
        """Return at most five of the hour that ends at a minute, by engagement, then ID."""
        return tuple(
            Exemplar(tweet_id=tweet_id, engagement=engagement)
            for _, engagement, tweet_id in self._recent(end_minute)[:_SHOWN]
        )

    def named(self) -> Iterator[str]:
        """Yield the IDs of the candidates."""
        return (tweet_id for _, _, tweet_id in self.kept)

    def forget(self, gone: Collection[str]) -> None:
        """Name these posts no more."""
        self.kept = [one for one in self.kept if one[2] not in gone]

    def state(self) -> list[Any]:
        """State as JSON has it."""
        return [list(one) for one in self.kept]

    def restore(self, state: list[Any]) -> None:
        """Take over what `state` gave."""
        self.kept = [(whole(minute), whole(engagement), str(tweet_id)) for minute, engagement, tweet_id in state]


def _fits(tweet_id: str) -> bool:
    try:
        return len(encode(tweet_id)) <= _LONGEST_BYTES
    except TypeError:
        return False
