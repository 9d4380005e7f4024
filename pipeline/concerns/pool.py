"""The documents of a brand's recent hours: a uniform sample, small while the brand is calm.

Concerns are worth most when something happens, so that is when there is room to hear more. How much room there is
changes at the end of a minute only, by what was decided in the minutes before: it does not depend on how the log was
cut into batches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pipeline.concerns.document import MOST_MENTIONS, Document, blank, from_row, place_of, whole

__all__ = ["CALM_ROOM", "TENSE_ROOM", "Heard", "Pool", "Recent", "Room"]

_BLOCK = 30
"""Minutes by which the recent hours are counted back."""
_LEAST_BLOCKS = 4
"""What is recent: two hours, and the half hour that has begun."""
_MOST_BLOCKS = 12
"""A brand of which little is said is listened to for as long as six."""
_ENOUGH = 60
"""Documents for which nobody has to go back further."""
_ROW_BYTES = 24
"""What the numbers of a document take, about."""
_MOST_MENTIONS = 1 << 53


class Room(NamedTuple):
    """How much is kept."""

    documents: int
    size: int
    """Bytes of their texts and numbers, about."""


CALM_ROOM = Room(24, 2560)
TENSE_ROOM = Room(240, 24 * 1024)
"""About 12 KiB when it is compressed."""


class Heard(NamedTuple):
    """A document, and when it was heard."""

    minute: int
    """End of the minute in which it was heard last, epoch minutes."""
    usual: bool
    """Whether it was heard first in ordinary times."""
    document: Document


class Recent(NamedTuple):
    """What was said of late."""

    heard: list[Heard]
    """By the minute, then by key."""
    mentions: int
    """All mentions in that time; 0 when nothing was said."""


class Pool:
    """The documents of the recent hours with the lowest keys, as many as there is room for."""

    __slots__ = ("_blocks", "_heard", "_now", "_size")

    def __init__(self) -> None:
        self._heard: dict[int, Heard] = {}
        self._blocks: list[tuple[int, int]] = []
        """Half hours of the clock (epoch half hours) with mentions, and how many: oldest first."""
        self._now = 0
        """The minute heard last."""
        self._size = 0
        """Bytes of the documents, as `Room.size` has them."""

    def fold(
        self, end_minute: int, documents: Sequence[Document], mentions: int, *, room: Room, usual: bool
    ) -> list[Document]:
        """Take in the minute that ends at ``end_minute``, and make room.

        Returns
        -------
        list of Document
            Those of ordinary times that are not recent any more and leave: they have become what was said before.
        """
        begun = (end_minute - 1) // _BLOCK != (self._now - 1) // _BLOCK
        self._now = end_minute
        self._count((end_minute - 1) // _BLOCK, mentions)
        for document in documents:
            self._keep(document, usual=usual)
        gone = self._too_old() if begun else []
        if len(self._heard) > room.documents or self._size > room.size:
            gone += self._too_many(room)
        recent = self._start(_LEAST_BLOCKS)
        past = [one for one in gone if one.usual and one.minute < recent]
        past.sort(key=_place)  # a restored pool holds its documents in another order than the one that it was
        return [one.document for one in past]

    def _keep(self, document: Document, *, usual: bool) -> None:
        one = Heard(self._now, usual, document)
        old = self._heard.get(document.key)
        if old is not None:
            one = Heard(self._now, old.usual and usual, _joined(old.document, document))
            self._size -= _size(old)
        self._heard[document.key] = one
        self._size += _size(one)

    def _count(self, block: int, mentions: int) -> None:
        blocks = self._blocks
        if blocks and blocks[-1][0] == block:
            blocks[-1] = (block, min(blocks[-1][1] + mentions, _MOST_MENTIONS))
        else:
            blocks.append((block, mentions))
            self._blocks = [one for one in blocks if one[0] >= block - _MOST_BLOCKS]

    def _start(self, blocks: int) -> int:
        """Return the first minute (its end) that is recent when so many half hours are looked back on."""
        return ((self._now - 1) // _BLOCK - blocks) * _BLOCK + 1

    def _too_old(self) -> list[Heard]:
        """Drop what nobody goes back to."""
        oldest = self._start(_MOST_BLOCKS)
        return [self._drop(one) for one in list(self._heard.values()) if one.minute < oldest]

    def _too_many(self, room: Room) -> list[Heard]:
        """Drop for want of room: first what is not recent, oldest first, then the highest keys."""
        recent, heard = self._start(_LEAST_BLOCKS), self._heard
        old = sorted([(one.minute, -key) for key, one in heard.items() if one.minute < recent])
        order = [-key for _minute, key in old]
        order += sorted([key for key, one in heard.items() if one.minute >= recent], reverse=True)
        gone = []
        for key in order:
            if len(heard) <= room.documents and self._size <= room.size:
                break
            gone.append(self._drop(heard[key]))
        return gone

    def _drop(self, one: Heard) -> Heard:
        del self._heard[one.document.key]
        self._size -= _size(one)
        return one

    def recent(self) -> Recent:
        """Return what was said in the last two hours; of a brand of which little is said, in up to six."""
        heard = sorted(self._heard.values(), key=_place)
        blocks = _LEAST_BLOCKS
        while blocks < _MOST_BLOCKS and sum(one.minute >= self._start(blocks) for one in heard) < _ENOUGH:
            blocks += 1
        start, first = self._start(blocks), (self._now - 1) // _BLOCK - blocks
        return Recent(
            [one for one in heard if one.minute >= start], sum(count for block, count in self._blocks if block >= first)
        )

    def named(self) -> Iterator[str]:
        """Yield the IDs of the posts that stand for their copies."""
        for one in self._heard.values():
            if one.document.tweet_id:
                yield one.document.tweet_id

    def forget(self, gone: Collection[str]) -> None:
        """Name these posts no more, and drop their words; their places and counts stay."""
        for key, one in self._heard.items():
            if one.document.tweet_id in gone:
                self._size -= _size(one)
                self._heard[key] = less = one._replace(document=blank(one.document))
                self._size += _size(less)

    def state(self) -> list[Any]:
        """State as JSON has it: the last minute, the half hours, and the documents, each field in a row of its own."""
        heard = sorted(self._heard.values(), key=_place)
        rows = [(one.minute, int(one.usual), *one.document) for one in heard]
        return [self._now, self._blocks, list(zip(*rows, strict=True))]

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` gave; ``TypeError`` or ``ValueError`` when it is something else."""
        now, blocks, columns = state
        self._now = whole(now)
        self._blocks = [(whole(block), whole(mentions)) for block, mentions in blocks]
        if len(self._blocks) > _MOST_BLOCKS + 1 or len(set(map(len, columns))) > 1:
            raise ValueError("not a pool")
        heard = list(_heard(self._now, zip(*columns, strict=True)))
        if len(heard) > TENSE_ROOM.documents:
            raise ValueError("more than the pool can hold")
        self._heard = {one.document.key: one for one in heard}
        if len(self._heard) < len(heard):
            raise ValueError("a document twice")
        self._size = sum(map(_size, heard))


def _heard(now: int, rows: Iterable[Sequence[Any]]) -> Iterator[Heard]:
    for minute, usual, *row in rows:
        yield Heard(whole(minute, now), bool(whole(usual, 1)), from_row(row))


def _place(one: Heard) -> tuple[int, int]:
    return one.minute, one.document.key


def _size(one: Heard) -> int:
    document = one.document
    return len(document.said) + len(document.tags) + len(document.tweet_id) + _ROW_BYTES


def _joined(old: Document, new: Document) -> Document:
    """Return what stands for both.

    Where a post had to be forgotten, others who wrote the same themselves stand for it, and retweets of it do not.
    """
    first = min(old, new, key=lambda one: (place_of(one)[0], not (one.tweet_id or one.said), place_of(one), one[:5]))
    return first._replace(
        engagement=max(old.engagement, new.engagement), mentions=min(old.mentions + new.mentions, MOST_MENTIONS)
    )
