"""A brand's minutes: how many posts, read as what, by how many people.

Where the numbers come from. *Measured* ones were read from public data: five brands' 5-minute counts over two months
(the benchmark's, outside its labelled windows), and a week of tweets about six airlines with the sentiment that people
gave them. None was chosen by what a detector makes of it.

- Volume, measured: around their mean for the hour of the day, weekend or not, hourly counts have a relative variance of
  0.23 (FB), 0.40 (KO), 0.48 (CVS), sampling taken off, and far more where news breaks (AAPL, UPS); an autocovariance of
  0.15 to 0.23 after an hour, about 0.06 after six, 0.03 after a day; 5-minute counts 0.5 to 1.8. `_VOLUME` is set to
  come out near the calmer three: 0.2 to 0.5 an hour; in five minutes, 0.4 to 1.0, it is tamer than they are.
- Negative share, measured: over the week of the two airlines without a known crisis (United, Virgin America) the logit
  of the hourly share wanders by 0.3 to 0.5, from day to day by 0.2 to 0.3. Hence `_MOOD`; its weeks are assumed.
- Retweets: half of them come within an hour (Kwak et al., WWW 2010). Cascade sizes have a heavy tail; the exponent 1.3
  and the bound (an hour's worth of the brand's volume, ten at least) are assumed: what spreads further is an event.
- Authors, measured: the airlines' loudest authors write 1 to 3 % of all mentions, and a week's mentions have 0.5 to 0.8
  authors each.
- The rest (questions, followers, a share of copied texts) is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.simulate.rhythm import season
from pipeline.simulate.years.brand import BrandYear
from pipeline.simulate.years.happenings import MASKS, Happening, HappeningKind
from pipeline.simulate.years.reader import SHIPPED_READER, Reader
from pipeline.simulate.years.spread import Spreading, cascades, happening_posts
from pipeline.simulate.years.wander import level, wander

__all__ = ["COLUMNS", "Traffic", "talk"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = (
    "volume",
    "negative",
    "questions",
    "retweets",
    "reach",
    "copies",
    "template",
    "fresh",
    "negative_retweets",
    "negative_fresh",
)
"""Counts of a minute. `copies` are mentions beyond the distinct texts, `template` those of the one text of a campaign,
`fresh` those whose author is seen only once, `negative_fresh` those of them that are negative and no retweets."""

_DAY = 24 * 60
_WEEK = 7 * _DAY
_VOLUME = ((0.20, 4 * 7 * 24 * 60.0), (0.20, 36 * 60.0), (0.40, 180.0), (0.60, 12.0))
"""Spread of log volume and memory in minutes: weeks, days, hours, quarters of an hour."""
_MOOD = ((0.15, 4 * 7 * 24 * 60.0), (0.25, 36 * 60.0), (0.30, 120.0))
"""The same of the logit of the negative share."""
_MINUTE_SHAPE = 4.0
"""Shape of the gamma that each minute's rate is drawn from."""
_ORIGINAL = 0.70
"""Of the mean volume; about as much as is missing comes as retweets of it."""
_QUESTIONS = 0.15
_COPIED = 0.02
_REGULARS = 0.30
"""Share of the originals that people write who write again."""
_LOUDEST = (0.015, 0.008, 0.005)
"""Shares of the three loudest."""
_FOLLOWERS_LOG = (5.7, 1.6)
"""Followers are log-normal: a median of 300, one account in a hundred with more than 12,000. Assumed."""
_SUMMER_DAYS = (88, 298)
"""Clocks go forward at the end of March and back at the end of October, from 1 January."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A brand's minutes, oldest first."""

    counts: Ints
    """A row a minute, `COLUMNS` as columns."""
    observed: NDArray[np.bool_]
    """False where the input failed."""
    known_minutes: Ints
    """Minute of each mention whose author may be seen again, ascending."""
    known_authors: Ints
    """Its author."""
    known_negative: NDArray[np.bool_]
    """Whether it is read as negative."""


def talk(brand: BrandYear, *, start_ms: int, days: int, reader: Reader = SHIPPED_READER) -> Traffic:
    """Draw the minutes of a brand.

    Parameters
    ----------
    brand : BrandYear
        Who, with what happens to it. Equal brands give equal minutes.
    start_ms : int
        Midnight UTC of the first day, epoch milliseconds.
    days : int
        How many.
    reader : Reader, optional
        Reads the sentiment.
    """
    minutes = days * _DAY
    chance = np.random.default_rng([brand.seed, 0])
    usual = _usual(brand, start_ms, days) * _shifted(brand.happenings, minutes)
    base = usual * _restless(chance, brand, minutes)
    mood = _mood(chance, brand, minutes)
    originals = chance.poisson(chance.gamma(_MINUTE_SHAPE, _ORIGINAL * base / _MINUTE_SHAPE))
    negative = chance.binomial(originals, reader.read(mood))
    retold = cascades(chance, originals, mood, reader, most=max(10.0, 60.0 * brand.talk.per_minute))
    besides = [happening_posts(chance, one, usual, reader) for one in brand.happenings if one.posts is not None]
    copies = chance.binomial(originals, _COPIED)
    known_minutes, known_authors = _known(chance, brand, originals)
    known = np.bincount(known_minutes, minlength=minutes)
    known_negative = _negative_of(np.random.default_rng([brand.seed, 3]), known_minutes, known, originals, negative)
    spread = Spreading.total([retold, *besides], minutes)
    volume = originals + spread.volume
    counts = np.stack(
        [
            volume,
            negative + spread.negative,
            chance.binomial(volume, _QUESTIONS),
            spread.retweets,
            _reach(chance, volume),
            copies,
            spread.template,
            originals - known + spread.fresh,
            spread.negative_retweets,
            negative - np.bincount(known_minutes[known_negative], minlength=minutes) + spread.negative_fresh,
        ],
        axis=1,
    )
    one_author = np.repeat(np.arange(minutes), spread.one_author)
    known_minutes = np.concatenate([known_minutes, one_author])
    known_authors = np.concatenate([known_authors, np.full(len(one_author), -1)])
    of_one = _rank(one_author) < np.repeat(spread.negative_one_author, spread.one_author)
    known_negative = np.concatenate([known_negative, of_one])
    return _masked(brand.happenings, counts, known_minutes, known_authors, known_negative)


def _usual(brand: BrandYear, start_ms: int, days: int) -> Floats:
    """Return the expected volume of each minute: level and rhythm."""
    winter = np.array([season(brand.talk, start_ms + minute * 60_000) for minute in range(_WEEK)])
    path: Floats = np.resize(winter, days * _DAY)
    if brand.summer_time:
        summer = np.resize(np.roll(winter, -60), days * _DAY)
        first, last = (day * _DAY for day in _SUMMER_DAYS)
        path[first:last] = summer[first:last]
    path *= brand.talk.per_minute
    return path


def _shifted(happenings: tuple[Happening, ...], minutes: int) -> Floats:
    factors = np.ones(minutes)
    for one in happenings:
        if one.kind is HappeningKind.LEVEL_SHIFT:
            factors[one.start :] *= one.strength
    return factors


def _restless(chance: np.random.Generator, brand: BrandYear, minutes: int) -> Floats:
    paths = [wander(chance, minutes, spread=spread * brand.restless, memory=memory) for spread, memory in _VOLUME]
    return level(np.sum(paths, axis=0))


def _mood(chance: np.random.Generator, brand: BrandYear, minutes: int) -> Floats:
    """Return the true negative share of each minute's talk, crises that creep included."""
    usual = brand.talk.negative
    logit = np.log(usual / (1.0 - usual)) + np.sum(
        [wander(chance, minutes, spread=spread, memory=memory) for spread, memory in _MOOD], axis=0
    )
    share: Floats = 1.0 / (1.0 + np.exp(-logit))
    for one in brand.happenings:
        if one.kind is HappeningKind.CREEP_CRISIS:
            hours = (np.arange(minutes) - one.start) / 60.0
            share += one.strength * np.interp(hours, (0, 6, 14, 18), (0, 1, 1, 0))
    np.clip(share, 0.01, 0.95, out=share)
    return share


def _known(chance: np.random.Generator, brand: BrandYear, originals: Ints) -> tuple[Ints, Ints]:
    """Return minute and author of the originals whose author may write again: regulars, and the loudest.

    There are as many regulars as a tenth of a week's mentions, twenty at least.
    """
    regulars = max(20, int(brand.talk.per_minute * _WEEK / 10))
    counts = chance.binomial(originals, _REGULARS)
    minutes = np.repeat(np.arange(len(originals)), counts)
    authors = chance.integers(len(_LOUDEST), len(_LOUDEST) + regulars, len(minutes))
    bounds = np.cumsum(np.array(_LOUDEST) / _REGULARS)
    drawn = chance.random(len(minutes))
    loud = drawn < bounds[-1]
    authors[loud] = np.searchsorted(bounds, drawn[loud], side="right")
    return minutes, authors


def _negative_of(
    chance: np.random.Generator, known_minutes: Ints, known: Ints, originals: Ints, negative: Ints
) -> NDArray[np.bool_]:
    """Say which of the known authors' mentions are read as negative: a minute's are no more negative than its others.

    Parameters
    ----------
    chance : numpy.random.Generator
        Where chance comes from.
    known_minutes : ndarray of int
        Minute of each, ascending; within a minute their order says nothing.
    known, originals, negative : ndarray of int
        By minute, how many they are, how many there are in all, and how many of all are negative.
    """
    of_known = chance.hypergeometric(negative, originals - negative, known)
    found: NDArray[np.bool_] = _rank(known_minutes) < of_known[known_minutes]
    return found


def _rank(minutes: Ints) -> Ints:
    """Return the place of each mention within its minute, from 0; minutes ascend."""
    found: Ints = np.arange(len(minutes)) - np.searchsorted(minutes, minutes)
    return found


def _reach(chance: np.random.Generator, volume: Ints) -> Ints:
    """Return the followers of each minute's authors, summed; a week at a time, since each is drawn."""
    sums = []
    for first in range(0, len(volume), _WEEK):
        part = volume[first : first + _WEEK]
        followers = chance.lognormal(*_FOLLOWERS_LOG, int(part.sum()))
        sums.append(np.bincount(np.repeat(np.arange(len(part)), part), followers, len(part)))
    return np.concatenate(sums).astype(np.int64)


def _masked(
    happenings: tuple[Happening, ...],
    counts: Ints,
    known_minutes: Ints,
    known_authors: Ints,
    known_negative: NDArray[np.bool_],
) -> Traffic:
    """Return the traffic with nothing in it where nobody speaks, or nobody listens."""
    heard = np.ones(len(counts), bool)
    observed = np.ones(len(counts), bool)
    for one in happenings:
        if one.kind in MASKS:
            heard[one.start : one.end] = False
        if one.kind is HappeningKind.OUTAGE:
            observed[one.start : one.end] = False
    counts[~heard] = 0
    kept = heard[known_minutes]
    order = np.argsort(known_minutes[kept], kind="stable")
    return Traffic(
        counts=counts,
        observed=observed,
        known_minutes=known_minutes[kept][order],
        known_authors=known_authors[kept][order],
        known_negative=known_negative[kept][order],
    )
