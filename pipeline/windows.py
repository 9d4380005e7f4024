"""Rolling windows of a brand as of each closed bucket: 1, 5, 15 minutes, 1, 6, 24 hours.

Counts are exact over the spans that `pipeline.rings` defines; authors and repeats are estimates over the
same spans (`pipeline.authors`, `pipeline.repeats`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from struct import Struct
from types import MappingProxyType

from pipeline.authors import SlidingAuthors
from pipeline.compression import deflate, inflate
from pipeline.openbucket import OTHER_LANGUAGES, OpenBucket, is_language
from pipeline.repeats import SlidingTexts, distinct_texts
from pipeline.rings import COLUMNS, REACH_BITS, Rings, window_starts
from schemas.window import WINDOW_NAMES, WindowCounts

__all__ = ["NO_MENTIONS", "Windows", "cut", "languages_of", "sections_of_windows"]

_FIXED = len(COLUMNS)
_VOLUME = COLUMNS.index("volume")
_OWN_POSTS = COLUMNS.index("own_posts")
_UNOBSERVED = COLUMNS.index("unobserved")
_LANGUAGES = 5
_LOW = (1 << REACH_BITS) - 1
_MOST_REACH = (1 << 51) - 1
"""Of a minute: a million mentions by accounts of two thousand million followers. Fifteen of them fit into the rings."""
_LENGTHS = Struct(">HHI")
"""Bytes of the languages, of the minutes, of the quarter hours; the authors' sketches tell their own length."""
_MOST_RECENCY = 1 << 18
"""Far more than the minutes and the sketches are."""
_UNKNOWN: list[int | None] = [None] * len(WINDOW_NAMES)
_NONE_UNOBSERVED: Mapping[str, int] = MappingProxyType({})

NO_MENTIONS = WindowCounts(
    volume=0,
    negative=0,
    neutral=0,
    positive=0,
    authors=0,
    negative_authors=0,
    reach=0,
    questions=0,
    retweets=0,
    negative_retweets=0,
    repeats=0,
    languages={},
)
"""The counts of a window without mentions."""
_NONE_ROLLED: list[tuple[list[int], WindowCounts]] = [([], NO_MENTIONS)] * len(WINDOW_NAMES)


class Windows:
    """The rolling windows of one brand. Minutes are closed one after the other, empty ones included."""

    __slots__ = (
        "_authors",
        "_negative_authors",
        "_rings",
        "_rolled",
        "_stored",
        "_texts",
        "own_posts_24h",
        "unobserved",
        "unobserved_minutes",
    )

    def __init__(self) -> None:
        self._rings = Rings()
        self._authors = SlidingAuthors()
        self._negative_authors = SlidingAuthors()
        self._texts = SlidingTexts()
        self._stored: bytes | None = None
        """The state, while it has not changed: most batches close nothing."""
        self._rolled = _NONE_ROLLED
        """By window, its sums and counts as of the last minute. Equal sums after an empty minute mean that
        nothing left the window either, so its counts, estimates included, are the same."""
        self.own_posts_24h = 0
        """Posts of the brand's own accounts in the 24-hour window."""
        self.unobserved_minutes = 0
        """Minutes of the 24-hour window in which input is known to be missing."""
        self.unobserved: Mapping[str, int] = _NONE_UNOBSERVED
        """The same by window; windows without any are left out."""

    def close(self, minute: int, bucket: OpenBucket, *, observed: bool) -> dict[str, WindowCounts]:
        """Add the minute that follows the one before (epoch minutes) and return the counts by window."""
        if bucket.volume:
            self._authors.merge(minute, bucket.authors)
            self._negative_authors.merge(minute, bucket.negative_authors)
            self._texts.merge(minute, bucket.texts)
            self._rolled = _NONE_ROLLED
        sums = self._push(minute, _counts(bucket, observed=observed), bucket.languages)
        if all(row == old or not row[_VOLUME] for row, (old, _counted) in zip(sums, self._rolled, strict=True)):
            return self._roll(sums, _UNKNOWN, _UNKNOWN, _UNKNOWN)
        starts = window_starts(minute)
        people, angry = self._authors.count(starts), self._negative_authors.count(starts)
        return self._roll(sums, people, angry, self._texts.count(starts))

    def _push(self, minute: int, counts: Sequence[int], languages: Mapping[str, int]) -> list[list[int]]:
        sums = self._rings.push(minute, counts, languages)
        self._stored = None
        self.own_posts_24h = sums[-1][_OWN_POSTS]
        self.unobserved_minutes = sums[-1][_UNOBSERVED]
        self.unobserved = _unobserved(sums) if self.unobserved_minutes else _NONE_UNOBSERVED
        return sums

    def _roll(
        self,
        sums: list[list[int]],
        authors: Sequence[int | None],
        negative_authors: Sequence[int | None],
        texts: Sequence[int | None],
    ) -> dict[str, WindowCounts]:
        codes = self._rings.languages
        self._rolled = [
            (row, counts if row == old else _window(row, codes, people, angry, distinct))
            for row, people, angry, distinct, (old, counts) in zip(
                sums, authors, negative_authors, texts, self._rolled, strict=True
            )
        ]
        return {name: counts for name, (_row, counts) in zip(WINDOW_NAMES, self._rolled, strict=True)}

    def history(self, since: int, minute: int) -> Iterator[tuple[int, bool, Windows, dict[str, WindowCounts]]]:
        """Go once more through the day up to the minute closed last: what the rings still know of it.

        The last 45 minutes at least are exact, what is older is spread over its quarter hours. Authors are
        not known any more and count as the volume, copies only within their minute.

        Parameters
        ----------
        since : int
            The first minute of the brand (epoch minutes); what lies before is not gone through.
        minute : int
            The minute closed last.

        Yields
        ------
        tuple
            Epoch minute, whether it was observed, other windows as of it, and their counts.
        """
        again = Windows()
        for at, counts, languages in self._rings.rows(minute):
            if at >= since:
                sums = again._push(at, counts, languages)
                yield at, not counts[_UNOBSERVED], again, again._roll(sums, _UNKNOWN, _UNKNOWN, _UNKNOWN)

    def dump(self, minute: int) -> bytes:
        """Write the windows as of the minute closed last."""
        if self._stored is None:
            oldest = int(window_starts(minute)[-1])
            sketches = [each.dump(minute, oldest) for each in (self._authors, self._negative_authors, self._texts)]
            self._stored = sections_of_windows(self._rings.languages, *self._rings.dump(), b"".join(sketches))
        return self._stored

    @classmethod
    def load(cls, data: bytes, minute: int) -> Windows:
        """Read what `dump` wrote as of a minute.

        Raises
        ------
        ValueError
            It is something else.
        """
        languages, minutes, quarters, sketches = _parts(data)
        windows = cls()
        windows._rings = Rings.load(languages, minutes, quarters, minute)
        authors, rest = cut(sketches, SlidingAuthors.length(sketches))
        negative_authors, texts = cut(rest, SlidingAuthors.length(rest))
        windows._authors = SlidingAuthors.load(authors, minute)
        windows._negative_authors = SlidingAuthors.load(negative_authors, minute)
        windows._texts = SlidingTexts.load(texts, minute)
        return windows


def sections_of_windows(languages: Sequence[str], minutes: bytes, quarters: bytes, sketches: bytes) -> bytes:
    """Put the parts of stored windows together.

    The quarter hours come compressed, since they change only once in so many minutes; the rest is compressed here.
    """
    codes = " ".join(languages).encode("ascii")
    lengths = _LENGTHS.pack(len(codes), len(minutes), len(quarters))
    return b"".join((lengths, codes, quarters, deflate(minutes + sketches)))


def languages_of(codes: bytes) -> list[str]:
    """Read the languages of stored windows; ``ValueError`` when they are none."""
    languages = codes.decode("ascii").split()
    if len(set(languages)) != len(languages) or not all(map(is_language, languages)):
        raise ValueError("not languages")
    return languages


def _parts(data: bytes) -> tuple[list[str], bytes, bytes, bytes]:
    """Take stored windows apart: languages, minutes, compressed quarter hours, sketches."""
    if len(data) < _LENGTHS.size:
        raise ValueError("cut")
    named, counted, packed = _LENGTHS.unpack_from(data)
    codes, quarters, rest = cut(data[_LENGTHS.size :], named, packed)
    minutes, sketches = cut(inflate(rest, _MOST_RECENCY), counted)
    return languages_of(codes), minutes, quarters, sketches


def cut(data: bytes, *lengths: int) -> list[bytes]:
    """Cut pieces of these lengths from the front; the last piece is what is left."""
    pieces, start = [], 0
    for length in lengths:
        pieces.append(data[start : start + length])
        start += length
    return [*pieces, data[start:]]


def _unobserved(sums: Sequence[Sequence[int]]) -> dict[str, int]:
    return {name: row[_UNOBSERVED] for name, row in zip(WINDOW_NAMES, sums, strict=True) if row[_UNOBSERVED]}


def _counts(bucket: OpenBucket, *, observed: bool) -> tuple[int, ...]:
    """Return the row of a bucket, in the order of `COLUMNS`."""
    originals = bucket.volume - bucket.retweets
    texts = distinct_texts(bucket.texts)
    copies = 0 if texts is None else max(0, originals - texts)
    reach = min(bucket.reach, _MOST_REACH)
    return (
        bucket.volume,
        bucket.negative,
        bucket.neutral,
        bucket.retweets,
        bucket.questions,
        reach & _LOW,
        reach >> REACH_BITS,
        copies,
        bucket.own_posts,
        not observed,
        bucket.negative_retweets,
    )


def _window(
    row: list[int], codes: list[str], authors: int | None, negative_authors: int | None, texts: int | None
) -> WindowCounts:
    volume, negative, neutral, retweets, questions, low, high, copies, *_, retold = row[:_FIXED]
    if not volume:
        return NO_MENTIONS
    originals = volume - retweets
    if texts is not None:
        copies = max(copies, originals - texts)
    people = volume if authors is None else min(max(authors, 1), volume)
    angry = min(negative - retold, people)
    return WindowCounts(
        volume=volume,
        negative=negative,
        neutral=neutral,
        positive=volume - negative - neutral,
        authors=people,
        negative_authors=angry if negative_authors is None else min(max(negative_authors, min(angry, 1)), angry),
        reach=(high << REACH_BITS) + low,
        questions=questions,
        retweets=retweets,
        negative_retweets=retold,
        repeats=min(copies, max(originals - 1, 0)),
        languages=_languages(codes, row[_FIXED:]),
    )


def _languages(codes: list[str], counts: list[int]) -> dict[str, int]:
    """Return at most five languages, most frequent first, ties by code, and the rest as `other`."""
    spoken = [(-n, code) for code, n in zip(codes, counts, strict=True) if n]
    rest = 0
    if OTHER_LANGUAGES in codes:
        rest = counts[codes.index(OTHER_LANGUAGES)]
        spoken = [item for item in spoken if item[1] != OTHER_LANGUAGES]
    spoken.sort()
    languages = {code: -n for n, code in spoken[:_LANGUAGES]}
    for n, _code in spoken[_LANGUAGES:]:
        rest -= n
    if rest:
        languages[OTHER_LANGUAGES] = rest
    return languages
