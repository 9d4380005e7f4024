"""Rolling windows of a brand as of each closed bucket: 1, 5, 15 minutes, 1, 6, 24 hours.

Counts are exact over the spans that `pipeline.rings` defines; authors and repeats are estimates over the
same spans (`pipeline.authors`, `pipeline.repeats`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.authors import SlidingAuthors
from pipeline.openbucket import OTHER_LANGUAGES, OpenBucket
from pipeline.repeats import SlidingTexts, distinct_texts
from pipeline.rings import COLUMNS, Rings, window_starts
from schemas.window import WINDOW_NAMES, WindowCounts

__all__ = ["Windows"]

_FIXED = len(COLUMNS)
_VOLUME = COLUMNS.index("volume")
_OWN_POSTS = COLUMNS.index("own_posts")
_UNOBSERVED = COLUMNS.index("unobserved")
_LANGUAGES = 5
_UNKNOWN: list[int | None] = [None] * len(WINDOW_NAMES)

_NOTHING = WindowCounts(
    volume=0,
    negative=0,
    neutral=0,
    positive=0,
    authors=0,
    reach=0,
    questions=0,
    retweets=0,
    repeats=0,
    languages={},
)
_NONE_ROLLED: list[tuple[list[int], WindowCounts]] = [([], _NOTHING)] * len(WINDOW_NAMES)


class Windows:
    """The rolling windows of one brand. Minutes are closed one after the other, empty ones included."""

    __slots__ = ("_authors", "_rings", "_rolled", "_stored", "_texts", "own_posts_24h", "unobserved_minutes")

    def __init__(self) -> None:
        self._rings = Rings()
        self._authors = SlidingAuthors()
        self._texts = SlidingTexts()
        self._stored: list[Any] | None = None
        """The state, while it has not changed: most batches close nothing."""
        self._rolled = _NONE_ROLLED
        """By window, its sums and counts as of the last minute. Equal sums after an empty minute mean that
        nothing left the window either, so its counts, estimates included, are the same."""
        self.own_posts_24h = 0
        """Posts of the brand's own accounts in the 24-hour window."""
        self.unobserved_minutes = 0
        """Minutes of the 24-hour window in which input is known to be missing."""

    def close(self, minute: int, bucket: OpenBucket, *, observed: bool) -> dict[str, WindowCounts]:
        """Add the minute that follows the one before (epoch minutes) and return the counts by window."""
        if bucket.volume:
            self._authors.merge(minute, bucket.authors)
            self._texts.merge(minute, bucket.texts)
            self._rolled = _NONE_ROLLED
        sums = self._push(minute, _counts(bucket, observed=observed), bucket.languages)
        if all(row == old or not row[_VOLUME] for row, (old, _counted) in zip(sums, self._rolled, strict=True)):
            return self._roll(sums, _UNKNOWN, _UNKNOWN)
        starts = window_starts(minute)
        return self._roll(sums, self._authors.count(starts), self._texts.count(starts))

    def _push(self, minute: int, counts: Sequence[int], languages: Mapping[str, int]) -> list[list[int]]:
        sums = self._rings.push(minute, counts, languages)
        self._stored = None
        self.own_posts_24h = sums[-1][_OWN_POSTS]
        self.unobserved_minutes = sums[-1][_UNOBSERVED]
        return sums

    def _roll(
        self, sums: list[list[int]], authors: Sequence[int | None], texts: Sequence[int | None]
    ) -> dict[str, WindowCounts]:
        codes = self._rings.languages
        self._rolled = [
            (row, counts if row == old else _window(row, codes, people, distinct))
            for row, people, distinct, (old, counts) in zip(sums, authors, texts, self._rolled, strict=True)
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
                yield at, not counts[_UNOBSERVED], again, again._roll(sums, _UNKNOWN, _UNKNOWN)

    def state(self, minute: int) -> list[Any]:
        """Return the windows as JSON has them, as of the minute closed last."""
        if self._stored is None:
            oldest = int(window_starts(minute)[-1])
            self._stored = [
                *self._rings.state(),
                self._authors.dump(minute, oldest),
                self._texts.dump(minute, oldest),
            ]
        return self._stored

    @classmethod
    def restore(cls, state: Sequence[Any], minute: int) -> Windows:
        """Return the windows that gave a state as of a minute; ``TypeError`` or ``ValueError`` if it is none."""
        *rings, authors, texts = state
        windows = cls()
        windows._rings = Rings.restore(rings, minute)
        windows._authors = SlidingAuthors.load(authors, minute)
        windows._texts = SlidingTexts.load(texts, minute)
        return windows


def _counts(bucket: OpenBucket, *, observed: bool) -> tuple[int, ...]:
    """Return the row of a bucket, in the order of `COLUMNS`."""
    originals = bucket.volume - bucket.retweets
    texts = distinct_texts(bucket.texts)
    copies = 0 if texts is None else max(0, originals - texts)
    return (
        bucket.volume,
        bucket.negative,
        bucket.neutral,
        bucket.retweets,
        bucket.questions,
        bucket.reach,
        copies,
        bucket.own_posts,
        not observed,
    )


def _window(row: list[int], codes: list[str], authors: int | None, texts: int | None) -> WindowCounts:
    volume, negative, neutral, retweets, questions, reach, copies = row[:7]
    if not volume:
        return _NOTHING
    originals = volume - retweets
    if texts is not None:
        copies = max(copies, originals - texts)
    return WindowCounts(
        volume=volume,
        negative=negative,
        neutral=neutral,
        positive=volume - negative - neutral,
        authors=volume if authors is None else min(max(authors, 1), volume),
        reach=reach,
        questions=questions,
        retweets=retweets,
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
