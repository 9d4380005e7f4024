"""Erasures whose posts may still come: the notice was read before the post was.

A post is older than the notice that it must go. So once event time has passed the notice's time, and a margin for
clocks that disagree, whatever still comes of it is late, counted as such, and named nowhere. Until then it is
remembered here, per mentions partition, and stored with its clock. What an account posts after that time is not meant,
whenever the erasure is read, or read again: so it makes no difference how often that is.

ADR: what is remembered of an ID is its CRC-32, not the ID. A state must not hold the ID of a post that is gone, this
one neither; it is asked for every mention, so it has to cost little; and one innocent post of half a million that is
counted and not named does no harm. There is room for ten thousand posts and as many authors' hashes. If more are on
their way, the oldest notices are forgotten first: those whose posts have had most time to come.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Self
from zlib import crc32

from pipeline.compression import deflate, inflate
from schemas.codec import decode, encode
from schemas.mention import Erasure, Mention

__all__ = ["Early", "until_ms"]

_MARGIN_MS = 600_000
_PERIOD_MS = 600_000
"""Times are rounded up to this: to a minute's end, as minutes close whole, and so that what has passed is seldom looked
for."""
_MOST = 10_000
_MOST_BYTES = 1 << 20
_HASHES = 1 << 53


def until_ms(erasure: Erasure) -> int:
    """Return up to when posts are meant (epoch milliseconds, exclusive; the end of a minute).

    >>> until_ms(Erasure(time_ms=1)), until_ms(Erasure(time_ms=600_001))
    (1200000, 1800000)
    """
    return -(-(erasure.time_ms + _MARGIN_MS) // _PERIOD_MS) * _PERIOD_MS


class Early:
    """Posts and authors that are named no more, each until a time."""

    __slots__ = ("_authors", "_posts", "_stored", "until")

    def __init__(self) -> None:
        self._posts: dict[int, int] = {}
        """CRC-32 of a post's ID, and until when (epoch milliseconds); what was said last comes last."""
        self._authors: dict[int, int] = {}
        """Likewise, by the author's hash."""
        self.until = 0
        """When the first of them may be forgotten, epoch milliseconds; 0 when nothing is remembered."""
        self._stored: bytes | None = b""
        """The state, while it has not changed."""

    def remember(self, erasure: Erasure, time_ms: int | None) -> None:
        """Remember what posts may still come, as of an event time (epoch milliseconds)."""
        until = until_ms(erasure)
        if until <= (time_ms or 0):
            return
        _add(self._posts, map(_crc, erasure.tweet_ids), until)
        _add(self._authors, erasure.coming, until)
        self._changed()

    def expire(self, time_ms: int | None) -> None:
        """Forget what no post can come of any more at an event time."""
        if not self.until or (time_ms or 0) < self.until:
            return
        for known in (self._posts, self._authors):
            for name in [name for name, until in known.items() if until <= (time_ms or 0)]:
                del known[name]
        self._changed()

    def _changed(self) -> None:
        self.until = min((*self._posts.values(), *self._authors.values()), default=0)
        self._stored = None

    def covers(self, mention: Mention) -> bool:
        """Whether a post is to be named nowhere."""
        return mention.time_ms < self._authors.get(mention.author, 0) or _crc(mention.tweet_id) in self._posts

    def state(self) -> bytes:
        """Return it as it is stored; nothing at all when nothing is remembered."""
        if self._stored is None:
            state = [[list(known), list(known.values())] for known in (self._posts, self._authors)]
            self._stored = deflate(encode(state)) if self.until else b""
        return self._stored

    @classmethod
    def restore(cls, state: bytes) -> Self:
        """Return what gave a state; one of `pipeline.statevalue.DAMAGE` is raised when nothing did."""
        early = cls()
        if state:
            early._posts, early._authors = (_known(*columns) for columns in decode(inflate(state, _MOST_BYTES)))
            early._changed()
            early._stored = state
        return early


def _add(known: dict[int, int], names: Iterable[int], until: int) -> None:
    for name in names:
        known[name] = max(known.pop(name, 0), until)
    for name in list(islice(known, max(0, len(known) - _MOST))):
        del known[name]


def _crc(tweet_id: str) -> int:
    return crc32(tweet_id.encode("utf-8", "replace"))


def _known(names: list[Any], untils: list[Any]) -> dict[int, int]:
    known = dict(zip(names, untils, strict=True))
    if not all(type(n) is int and 0 <= n < _HASHES for n in (*known, *known.values())):
        raise ValueError("not what is remembered")
    return known
