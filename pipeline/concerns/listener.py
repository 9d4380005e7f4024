"""What people talk about now and did not before: the ear of one brand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import Any

from pipeline.concerns.baseline import Baseline
from pipeline.concerns.clusters import Cluster, cluster
from pipeline.concerns.contrast import Contrast, Risen
from pipeline.concerns.document import Document, hashtags_of, phrases_of
from pipeline.concerns.pool import CALM_ROOM, TENSE_ROOM, Heard, Pool
from pipeline.concerns.trend import newer_half, trend
from schemas.crisis import Concern
from schemas.situation import RisingHashtag

__all__ = ["Listener"]

_JOINS = 1.0
"""Standard score of a phrase that may be part of a concern."""
_SURE = 2.0
"""Standard score of a hashtag that rises."""
_EXEMPLARS = 3
_HASHTAGS = 5
_HASH = "#"


class Listener:
    """The documents of the recent hours, and ordinary talk to hold them against.

    Everything it says is worked out when it is asked, in a few milliseconds at most. Its state is at most 5 KiB of JSON
    while the brand is calm and 40 KiB while it is not: a quarter and a third when compressed.
    """

    __slots__ = ("_baseline", "_pool")

    def __init__(self) -> None:
        self._pool = Pool()
        self._baseline = Baseline()

    def fold(self, end_minute: int, documents: Sequence[Document], mentions: int, *, tense: bool, usual: bool) -> None:
        """Take in a minute with mentions.

        Parameters
        ----------
        end_minute : int
            Its end, epoch minutes.
        documents : sequence of Document
            A uniform sample of what was said in it.
        mentions : int
            All of its mentions.
        tense : bool
            Whether there is reason to listen to more than usual.
        usual : bool
            Whether what is said now may become ordinary talk, and what was said hours ago has.
        """
        room = TENSE_ROOM if tense else CALM_ROOM
        for document in self._pool.fold(end_minute, documents, mentions, room=room, usual=usual):
            if usual:
                self._baseline.learn(_terms(document))

    def concerns(self) -> tuple[Concern, ...]:
        """Return what people are concerned about, surest first, at most six."""
        recent, mentions = self._pool.recent()
        contrast = Contrast(
            [(phrases_of(one.document), one.document.is_negative) for one in recent],
            self._baseline.count,
            self._baseline.documents,
        )
        newer = newer_half([one.minute for one in recent])
        return tuple(
            Concern(
                phrase=one.label,
                count=_scaled(share := _share(recent, one.documents), mentions),
                share=round(share, 4),
                usual_share=self._usual(one.label),
                phrases=_label_first(one),
                trend=trend(one.documents, newer, len(recent)),
                exemplars=_exemplars(recent, one.terms),
            )
            for one in cluster(contrast.risen(_JOINS), len(recent))
        )

    def rising_hashtags(self) -> tuple[RisingHashtag, ...]:
        """Return the hashtags that travel with the brand now and did not before, surest first, at most five."""
        recent, mentions = self._pool.recent()
        tags = [dict(hashtags_of(one.document)) for one in recent]
        known = {tag for each in tags for tag, is_known in each.items() if is_known}
        contrast = Contrast(
            [(map(_HASH.__add__, each), False) for each in tags],
            self._baseline.count,
            self._baseline.documents,
            by_mood=False,
        )
        return tuple(
            RisingHashtag(
                hashtag=one.term[1:],
                count=_scaled(share := _share(recent, one.documents), mentions),
                share=round(share, 4),
                usual_share=self._usual(one.term),
                on_watchlist=one.term[1:] in known,
                exemplars=_exemplars(recent, [one]),
            )
            for one in contrast.risen(_SURE)[:_HASHTAGS]
        )

    def hashtags(self) -> tuple[str, ...]:
        """Return the hashtags most used in the recent hours, without `#`, at most five."""
        used: Counter[str] = Counter()
        for one in self._pool.recent().heard:
            for tag, _is_known in hashtags_of(one.document):
                used[tag] += one.document.mentions
        return tuple(sorted(used, key=lambda tag: (-used[tag], tag))[:_HASHTAGS])

    def _usual(self, term: str) -> float:
        documents = self._baseline.documents
        return round(self._baseline.count(term) / documents, 4) if documents else 0.0

    def take_over(self, ordinary: Mapping[str, float], mentions: float) -> None:
        """Take over ordinary talk as an earlier version knew it: mentions by phrase or `#hashtag`, of so many."""
        self._baseline.take_over(ordinary, mentions)

    def named(self) -> Iterator[str]:
        """Yield the IDs of the posts whose documents are kept."""
        return self._pool.named()

    def forget(self, gone: Collection[str]) -> None:
        """Name these posts no more, and drop their words; how often what was said stays counted."""
        self._pool.forget(gone)

    def state(self) -> list[Any]:
        """State as JSON has it."""
        return [self._pool.state(), self._baseline.state()]

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` gave; ``TypeError``, ``ValueError``, ``AttributeError`` when it is something else."""
        pool, baseline = state
        self._pool.restore(pool)
        self._baseline.restore(baseline)


def _terms(document: Document) -> list[str]:
    return phrases_of(document) + [_HASH + tag for tag, _is_known in hashtags_of(document)]


def _label_first(one: Cluster) -> tuple[str, ...]:
    label = one.label
    return (label, *(risen.term for risen in one.terms if risen.term != label))


def _share(recent: Sequence[Heard], documents: int) -> float:
    """Return the share of mentions that a set of documents has among all that were kept."""
    among = [one.document.mentions for one in recent]
    return sum(compress(among, _flags(documents, len(recent)))) / sum(among)


def _scaled(share: float, mentions: int) -> int:
    return round(share * mentions)


def _flags(documents: int, count: int) -> Iterable[bool]:
    return (bool(documents >> place & 1) for place in range(count))


def _exemplars(recent: Sequence[Heard], terms: Sequence[Risen]) -> tuple[str, ...]:
    """Return the IDs of the posts that say most of it, then of most engagement, then lowest, at most three."""
    said = Counter(place for one in terms for place, is_in in enumerate(_flags(one.documents, len(recent))) if is_in)
    order = sorted(
        (-count, -document.engagement, len(document.tweet_id), document.tweet_id)
        for place, count in said.items()
        if (document := recent[place].document).tweet_id
    )
    return tuple(tweet_id for *_, tweet_id in order[:_EXEMPLARS])
