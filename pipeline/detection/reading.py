"""What is read out of a rolling window: its mentions, and how many of those that count are negative.

ADR: of each author two posts count, and one negative one: what is posted beyond them is as if it had not been. Authors
of all mentions are no bound on that, since whoever writes beside one angry account would lend it their number; so those
of negative posts are counted by themselves. They are estimated, and may be more than the estimate: so many are let
through. Two negative posts each would be no bound, either: most write one, and one account could have the other half.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pipeline.authors import STANDARD_ERROR
from pipeline.detection.volume import HORIZONS

__all__ = ["Read", "features", "read_window"]

_COUNTS = ("volume", "negative", "authors", "negative_authors", "retweets", "negative_retweets", "repeats")
_NAMES = tuple(tuple(f"{count}_{w}" for count in _COUNTS) for w in HORIZONS)
_WHOLE: Mapping[str, int] = MappingProxyType({})
_POSTS_OF_ONE = 2.0
"""Posts of one author that count in full; more of them add nothing."""
_ONCE = 1.0 + 2.0 * STANDARD_ERROR
"""Negative posts for each of their authors, as many as the estimate may be too low by."""


def features(end_minute: int, windows: Mapping[str, Any], unobserved: Mapping[str, int] = _WHOLE) -> dict[str, float]:
    """Flatten rolling windows (`schemas.WindowCounts` by name) into the features `BrandModel` reads.

    ``unobserved`` is how many of their minutes were not observed, by window; windows that were in full are left out.
    """
    x: dict[str, float] = {"end_minute": end_minute, "volume_1m": windows["1m"].volume}
    for window, (volume, negative, authors, angry, retweets, retold, repeats) in zip(HORIZONS, _NAMES, strict=True):
        counts = windows[window]
        x[volume] = counts.volume
        x[negative] = counts.negative
        x[authors] = counts.authors
        if counts.negative_authors is not None:
            x[angry] = counts.negative_authors
        x[retweets] = counts.retweets
        x[retold] = counts.negative_retweets
        x[repeats] = counts.repeats
    hour = windows["1h"]
    x["questions_1h"] = hour.questions
    x["reach_1h"] = hour.reach
    if HORIZONS[0] in unobserved:
        x["unobserved_15m"] = unobserved[HORIZONS[0]]
    return x


class Read(NamedTuple):
    """What a window says."""

    volume: float
    hits: float
    """Negative mentions that count."""
    trials: float
    """Mentions that count."""
    authors: float
    """Distinct authors."""
    negative_authors: float
    """Of the negative mentions that count."""


_NOTHING = Read(0.0, 0.0, 0.0, 0.0, 0.0)


def read_window(h: int, x: Mapping[Any, Any], usual: float) -> Read:
    """Read a window.

    Retweets tell the opinion of one and are read alike, right or wrong, so they are left out. So are repeated
    texts, but what is negative among them is not known: of all readings the one is taken that is nearest to the
    usual share. So a wave of copies is never evidence; what it cannot explain is.

    Where it is not known who is negative (no `negative_authors_*`), it is taken to be a part of all like another.
    """
    of_volume, of_negative, of_authors, of_angry, of_retweets, of_retold, of_repeats = _NAMES[h]
    volume = x.get(of_volume, 0)
    if volume <= 0:
        return _NOTHING
    negative = _within(x.get(of_negative, 0), volume)
    authors = _within(x.get(of_authors, 0), volume)
    trials, hits = volume, negative
    if retweets := _within(x.get(of_retweets, 0), volume):
        trials -= retweets
        hits = _within(negative - _within(x.get(of_retold, 0), retweets), trials)
    if copies := _within(x.get(of_repeats, 0), trials):
        trials -= copies
        hits = min(max(usual * trials, hits - copies), hits, trials)
    angry = x.get(of_angry)
    if angry is not None:
        angry = _within(angry, authors)
        beyond = hits - _ONCE * angry
        if beyond > 0.0:
            hits, trials = hits - beyond, trials - beyond
    full = _POSTS_OF_ONE * authors
    if trials > full:
        hits, trials = hits * full / trials, full
    return Read(volume, hits, trials, authors, hits * authors / volume if angry is None else min(angry, hits))


def _within(number: float, most: float) -> float:
    if number < 0:
        return 0.0
    return number if number < most else most  # noqa: FURB136 - min() costs three times as much, here
