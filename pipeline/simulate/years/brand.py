"""The brands of a simulated year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.simulate.scenario import BrandTalk
from pipeline.simulate.years.happenings import Happening

__all__ = ["LEAST_A_MINUTE", "MOST_A_MINUTE", "BrandYear", "brand_years"]

LEAST_A_MINUTE = 0.02
"""Thirty mentions a day: less is hardly worth a watch."""
MOST_A_MINUTE = 30.0
"""Above the busiest brand of the benchmark (17 a minute)."""
_OFFSETS = (-8, -5, -3, 0, 1, 1, 2, 5, 8, 9)
"""Hours from UTC: the Americas, Europe, Asia. An assumption."""
_NEGATIVE = (0.1, 0.5)
"""Usual negative shares. In public data brands lie between 0.1 and 0.8; airlines, above 0.5, are the exception."""
_WEEKEND = (0.5, 1.2)
"""Saturday's and Sunday's volume in multiples of a weekday's. An assumption: from a bank's to a shop's."""
_RESTLESS = (0.7, 1.4)
"""Brands differ in how bursty they are: hourly counts outside the labelled windows of the benchmark have a relative
variance from 0.24 to above 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandYear:
    """One brand, and what happens to it."""

    talk: BrandTalk
    """How it is ordinarily talked about; its `events` are not used."""
    restless: float
    """Multiplies how far its volume wanders; 1 is a typical brand."""
    summer_time: bool
    """Whether its customers' clocks go forward in spring."""
    seed: int
    """Of all chance of the brand."""
    happenings: tuple[Happening, ...] = ()
    """What is planted, in order of time."""


def brand_years(count: int, seed: int) -> list[BrandYear]:
    """Return brands whose volumes are spread evenly on a logarithmic scale, so that most are quiet.

    Negative share, clock, weekend and restlessness are drawn independently of the volume.

    Parameters
    ----------
    count : int
        How many, at least 1.
    seed : int
        Equal seeds give equal brands.
    """
    chance = np.random.default_rng([seed, count])
    rates = np.geomspace(LEAST_A_MINUTE, MOST_A_MINUTE, count)
    return [
        BrandYear(
            talk=BrandTalk(
                key=f"brand-{number:02d}",
                per_minute=float(rate),
                negative=float(chance.uniform(*_NEGATIVE)),
                positive=0.2,
                utc_offset_hours=int(chance.choice(_OFFSETS)),
                weekend=float(chance.uniform(*_WEEKEND)),
                languages=(("en", 1.0),),
            ),
            restless=float(np.exp(chance.uniform(*np.log(_RESTLESS)))),
            summer_time=bool(chance.random() < 0.5),
            seed=int(chance.integers(1 << 31)),
        )
        for number, rate in enumerate(rates)
    ]
