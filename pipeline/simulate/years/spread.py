"""Posts that come in crowds: retweet cascades, and what is posted about something that happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.simulate.years.happenings import Happening, Posts
from pipeline.simulate.years.reader import Reader

__all__ = ["Spreading", "cascades", "happening_posts"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STARTS = 0.10
"""Share of the originals that are retweeted at all."""
_TAIL = 1.3
"""P(size >= s) = s ** -1.3."""
_MEDIAN_MINUTES = 60.0
_DELAY_SPREAD = 1.5
_TOLD = 5
"""Posts that the retweets of a happening are of, the first of them retweeted most."""
_MINUTE_SHAPE = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreading:
    """Counts of some stretch of minutes."""

    start: int
    """The first minute."""
    volume: Ints
    negative: Ints
    """Read as negative."""
    retweets: Ints
    negative_retweets: Ints
    template: Ints
    """Copies of one text."""
    one_author: Ints
    """Posts of one and the same author."""
    negative_one_author: Ints
    """Of these, those that are read as negative."""

    @property
    def fresh(self) -> Ints:
        """Posts of authors who are seen only once."""
        return self.volume - self.one_author

    @property
    def negative_fresh(self) -> Ints:
        """Of these, those that are read as negative and no retweets."""
        return self.negative - self.negative_retweets - self.negative_one_author

    @staticmethod
    def total(parts: Sequence[Spreading], minutes: int) -> Spreading:
        """Add up over so many minutes from the first; what lies beyond them is cut."""
        sums = np.zeros((7, minutes), np.int64)
        for part in parts:
            rows = np.stack(
                [
                    part.volume,
                    part.negative,
                    part.retweets,
                    part.negative_retweets,
                    part.template,
                    part.one_author,
                    part.negative_one_author,
                ]
            )
            room = sums[:, part.start : part.start + rows.shape[1]]
            room += rows[:, : room.shape[1]]
        volume, negative, retweets, negative_retweets, template, one_author, negative_one_author = sums
        return Spreading(
            start=0,
            volume=volume,
            negative=negative,
            retweets=retweets,
            negative_retweets=negative_retweets,
            template=template,
            one_author=one_author,
            negative_one_author=negative_one_author,
        )


def cascades(chance: np.random.Generator, originals: Ints, mood: Floats, reader: Reader, *, most: float) -> Spreading:
    """Return the retweets of ordinary posts.

    All retweets of a post are read as one thing, since they are one text: right or wrong, many times over.

    Parameters
    ----------
    chance : numpy.random.Generator
        Where chance comes from.
    originals : ndarray of int
        Ordinary posts of each minute.
    mood : ndarray of float
        Their true negative share.
    reader : Reader
        Reads the sentiment.
    most : float
        Retweets of one post at most.
    """
    minutes = len(originals)
    at = np.repeat(np.arange(minutes), chance.binomial(originals, _STARTS))
    sizes = np.minimum(chance.random(len(at)) ** (-1.0 / _TAIL), most).astype(np.int64)
    complains = chance.random(len(at)) < reader.read(mood[at])
    delays = np.exp(np.log(_MEDIAN_MINUTES) + _DELAY_SPREAD * chance.standard_normal(int(sizes.sum())))
    when = np.repeat(at, sizes) + np.minimum(delays, minutes).astype(np.int64)
    bad = np.repeat(complains, sizes)
    inside = when < minutes
    volume = np.bincount(when[inside], minlength=minutes)
    negative = np.bincount(when[inside & bad], minlength=minutes)
    nothing = np.zeros(minutes, np.int64)
    return Spreading(
        start=0,
        volume=volume,
        negative=negative,
        retweets=volume,
        negative_retweets=negative,
        template=nothing,
        one_author=nothing,
        negative_one_author=nothing,
    )


def happening_posts(chance: np.random.Generator, one: Happening, usual: Floats, reader: Reader) -> Spreading:
    """Return what is posted about a happening, on top of the ordinary.

    Parameters
    ----------
    chance : numpy.random.Generator
        Where chance comes from.
    one : Happening
        One that has posts.
    usual : ndarray of float
        Expected ordinary volume of every minute of the simulation.
    reader : Reader
        Reads the sentiment.
    """
    posts = one.posts
    if posts is None:
        raise ValueError(f"{one.kind}: nothing is posted about it")
    length = min(one.end, len(usual)) - one.start
    shape = np.array([posts.strength(minute + 0.5) for minute in range(length)])
    if posts.one_author:
        volume = np.bincount(chance.integers(0, length, int(posts.times)), minlength=length)
    else:
        mean = usual[one.start : one.start + length] * posts.times * shape
        volume = chance.poisson(chance.gamma(_MINUTE_SHAPE, mean / _MINUTE_SHAPE))
    retweets = chance.binomial(volume, posts.retweets)
    written = volume - retweets
    told = written if posts.template else np.zeros_like(written)
    read = _read(chance, written, posts, reader)
    retold = _retold(chance, retweets, posts, reader)
    return Spreading(
        start=one.start,
        volume=volume,
        negative=read + retold,
        retweets=retweets,
        negative_retweets=retold,
        template=told,
        one_author=volume if posts.one_author else np.zeros_like(volume),
        negative_one_author=read if posts.one_author else np.zeros_like(volume),
    )


def _read(chance: np.random.Generator, written: Ints, posts: Posts, reader: Reader) -> Ints:
    """Return how many are read as negative: each by itself, or all alike when they are one text."""
    probability = float(reader.read(np.array(posts.negative)))
    if posts.template:
        return written * int(chance.random() < probability)
    return chance.binomial(written, probability)


def _retold(chance: np.random.Generator, retweets: Ints, posts: Posts, reader: Reader) -> Ints:
    """Return the retweets of posts that are read as negative.

    The posts told share the retweets as 1 : 1/2 : 1/3 and so on; when all there is are retweets, it is one post.
    """
    shares = np.array([1.0]) if posts.retweets >= 1.0 else 1.0 / np.arange(1, _TOLD + 1)
    negative = chance.random(len(shares)) < reader.read(np.full(len(shares), posts.negative))
    return chance.binomial(retweets, float(shares[negative].sum() / shares.sum()))
