"""When things happen in a simulated year, and how strongly.

How often and how strongly is assumed, not measured: a brand that people talk about has a few of each kind a year.
Sizes of spikes follow the issue's own terms: harmless ones are 5 to 30 times the usual volume.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from pipeline.simulate.years.brand import BrandYear
from pipeline.simulate.years.happenings import Happening, HappeningKind, Posts

__all__ = ["CRISIS_STRENGTHS", "FIRST_DAYS", "plan_crises", "plan_harmless"]

_HOUR = 60
_DAY = 24 * _HOUR
_YEAR_DAYS = 365
_APART = 12 * _HOUR
"""What happens is kept apart by this much, so that an alarm has one cause."""
_TRIES = 50

FIRST_DAYS = 14
"""Days at the start in which nothing happens: a brand is first learnt."""

CRISIS_STRENGTHS = {
    HappeningKind.VOLUME_CRISIS: (2.0, 5.0, 15.0),
    HappeningKind.CREEP_CRISIS: (0.15, 0.30, 0.45),
}
"""Complaints in multiples of the usual volume; rise of the true negative share."""
_EVERY_DAYS = 8
"""A crisis each week and a day: at every hour, on every weekday, and time to become calm in between."""

_Chance: TypeAlias = np.random.Generator
_Draw: TypeAlias = Callable[[_Chance, int, BrandYear], Happening]


def plan_harmless(brand: BrandYear, days: int) -> tuple[Happening, ...]:
    """Return the harmless things that happen to a brand, in order of time.

    None overlaps another, but that a changed level stays while other things happen. Every second brand by its seed has
    a newsletter, in each week in which nothing else happens on that day.
    """
    chance = np.random.default_rng([brand.seed, 1])
    taken: list[Happening] = []
    for a_year, draw in _HARMLESS.values():
        for _ in range(int(chance.poisson(a_year * days / _YEAR_DAYS))):
            found = _placed(chance, brand, days, draw, taken)
            if found is not None:
                taken.append(found)
    if brand.seed % 2:
        taken += [one for one in _newsletters(chance, brand, days) if not _clashes(one, taken)]
    return tuple(sorted(taken, key=lambda happening: happening.start))


def plan_crises(brand: BrandYear, days: int) -> tuple[Happening, ...]:
    """Return the crises that befall a brand, one every eight days after the first weeks.

    Kinds and strengths take turns, beginning at a place of the brand's own; the minute of the day is drawn.
    """
    chance = np.random.default_rng([brand.seed, 2])
    all_kinds = [(kind, strength) for kind, strengths in CRISIS_STRENGTHS.items() for strength in strengths]
    first = int(chance.integers(len(all_kinds)))
    crises = []
    for number, day in enumerate(range(FIRST_DAYS, days - 2, _EVERY_DAYS)):
        kind, strength = all_kinds[(first + number) % len(all_kinds)]
        crises.append(_crisis(kind, strength, day * _DAY + int(chance.integers(_DAY))))
    return tuple(crises)


def _crisis(kind: HappeningKind, strength: float, start: int) -> Happening:
    """Return a crisis: sudden and over in a day's quarter, or six hours rising, eight high, four falling."""
    if kind is HappeningKind.CREEP_CRISIS:
        return Happening(kind=kind, start=start, end=start + 18 * _HOUR, strength=strength)
    posts = Posts(times=strength, ramp=10, hold=2 * _HOUR, decay=1.5 * _HOUR, negative=0.85, retweets=0.3)
    return Happening(kind=kind, start=start, end=start + 6 * _HOUR, strength=strength, posts=posts)


def _placed(chance: _Chance, brand: BrandYear, days: int, draw: _Draw, taken: list[Happening]) -> Happening | None:
    """Return a happening where there is room for it; none when no room was found."""
    first, last = FIRST_DAYS * _DAY, (days - 1) * _DAY
    if last <= first:
        return None
    for _ in range(_TRIES):
        found = draw(chance, int(chance.integers(first, last)), brand)
        if found.until <= days * _DAY and not _clashes(found, taken):
            return found
    return None


def _clashes(one: Happening, taken: list[Happening]) -> bool:
    """Say whether a happening comes so close to another that an alarm might be due to either."""
    return any(
        one.start < other.until + _APART
        and other.start < one.until + _APART
        and not (other.kind is HappeningKind.LEVEL_SHIFT and one.kind is HappeningKind.NEWSLETTER)
        for other in taken
    )


def _spiky(kind: HappeningKind, start: int, posts: Posts) -> Happening:
    """Return a happening that is over when a twentieth of its strength is left."""
    end = start + int(posts.ramp + posts.hold + 3 * posts.decay) + 1
    return Happening(kind=kind, start=start, end=end, strength=posts.times, posts=posts)


def _times(chance: _Chance, least: float, most: float) -> float:
    return float(np.exp(chance.uniform(np.log(least), np.log(most))))


def _viral(chance: _Chance, start: int, brand: BrandYear) -> Happening:
    posts = Posts(
        times=_times(chance, 5, 30),
        ramp=chance.uniform(20, 60),
        hold=chance.uniform(30, 180),
        decay=chance.uniform(60, 240),
        negative=brand.talk.negative * chance.uniform(0, 1),
        retweets=0.55,
    )
    return _spiky(HappeningKind.VIRAL, start, posts)


def _launch(chance: _Chance, start: int, brand: BrandYear) -> Happening:
    local = start // _DAY * _DAY + int(chance.integers(9, 19)) * _HOUR
    posts = Posts(
        times=_times(chance, 3, 10),
        ramp=10,
        hold=chance.uniform(60, 240),
        decay=chance.uniform(120, 480),
        negative=brand.talk.negative * chance.uniform(0.5, 1),
        retweets=0.35,
    )
    return _spiky(HappeningKind.LAUNCH, local - brand.talk.utc_offset_hours * _HOUR, posts)


def _giveaway(chance: _Chance, start: int, _brand: BrandYear) -> Happening:
    posts = Posts(
        times=_times(chance, 3, 20),
        ramp=15,
        hold=chance.uniform(30, 720),
        decay=60,
        negative=0.0,
        template=True,
    )
    return _spiky(HappeningKind.GIVEAWAY, start, posts)


def _tv(chance: _Chance, start: int, brand: BrandYear) -> Happening:
    posts = Posts(
        times=_times(chance, 5, 20),
        ramp=2,
        hold=chance.uniform(10, 30),
        decay=20,
        negative=brand.talk.negative,
        retweets=0.2,
    )
    return _spiky(HappeningKind.TV, start, posts)


def _cascade(chance: _Chance, start: int, _brand: BrandYear) -> Happening:
    """One post, retweeted two to ten times as much as all else is said, half of it within the hour."""
    posts = Posts(times=_times(chance, 2, 10), ramp=5, hold=30, decay=90, negative=0.0, retweets=1.0)
    return _spiky(HappeningKind.CASCADE, start, posts)


def _rant(chance: _Chance, start: int, _brand: BrandYear) -> Happening:
    """Twenty to sixty posts within one to three hours, whatever the brand's volume."""
    count, minutes = float(chance.integers(20, 61)), chance.uniform(60, 180)
    posts = Posts(times=count, ramp=0, hold=minutes, decay=1, negative=1.0, one_author=True)
    end = start + int(minutes) + 1
    return Happening(kind=HappeningKind.RANT, start=start, end=end, strength=count, posts=posts)


def _level_shift(chance: _Chance, start: int, _brand: BrandYear) -> Happening:
    factor = _times(chance, 1.5, 3)
    factor = factor if chance.random() < 0.5 else 1 / factor
    return Happening(kind=HappeningKind.LEVEL_SHIFT, start=start, end=start + _DAY, strength=factor)


def _silence(chance: _Chance, start: int, _brand: BrandYear) -> Happening:
    end = start + int(chance.uniform(1, 4) * _DAY)
    return Happening(kind=HappeningKind.SILENCE, start=start, end=end, strength=(end - start) / _DAY)


def _outage(chance: _Chance, start: int, _brand: BrandYear) -> Happening:
    end = start + int(_times(chance, 5, 720))
    return Happening(kind=HappeningKind.OUTAGE, start=start, end=end, strength=float(end - start))


_HARMLESS: dict[HappeningKind, tuple[float, _Draw]] = {
    HappeningKind.LEVEL_SHIFT: (2, _level_shift),
    HappeningKind.SILENCE: (2, _silence),
    HappeningKind.VIRAL: (6, _viral),
    HappeningKind.LAUNCH: (4, _launch),
    HappeningKind.GIVEAWAY: (4, _giveaway),
    HappeningKind.TV: (6, _tv),
    HappeningKind.CASCADE: (6, _cascade),
    HappeningKind.RANT: (6, _rant),
    HappeningKind.OUTAGE: (12, _outage),
}
"""How often a year, and how one is drawn; what takes longest is placed first."""


def _newsletters(chance: _Chance, brand: BrandYear, days: int) -> list[Happening]:
    weekday, hour = int(chance.integers(5)), int(chance.integers(8, 18))
    posts = Posts(
        times=_times(chance, 1, 4),
        ramp=5,
        hold=30,
        decay=45,
        negative=brand.talk.negative * chance.uniform(0.5, 1),
    )
    at = weekday * _DAY + hour * _HOUR - brand.talk.utc_offset_hours * _HOUR
    starts = range(at + FIRST_DAYS * _DAY, (days - 1) * _DAY, 7 * _DAY)
    return [_spiky(HappeningKind.NEWSLETTER, start, posts) for start in starts]
