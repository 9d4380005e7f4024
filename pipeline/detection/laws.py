"""Which distribution a surprise is of, and how wide it is: what `pipeline.detection.tails` has computed, by name."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from pipeline.detection.tails import (
    EXACT_BELOW,
    MAX_CORRELATION,
    MAX_DISPERSION,
    MIN_CORRELATION,
    MIN_DISPERSION,
    NEAR,
    SAMPLING_MATTERS,
)
from schemas.crisis import Law

__all__ = ["Width", "of_count", "of_share"]


class Width(NamedTuple):
    """A law and its `spread`, as a signal carries them."""

    law: Law
    spread: float


def of_count(count: float, mean: float, dispersion: float) -> Width:
    """Return what `count_surprise` of the same numbers is the tail of.

    >>> of_count(10, 1.0, 0.5)
    Width(law=<Law.NEGATIVE_BINOMIAL: 'negative_binomial'>, spread=0.5)
    >>> of_count(12, 10.0, 0.5).law.value
    'normal'
    """
    dispersion = min(max(dispersion, MIN_DISPERSION), MAX_DISPERSION)
    variance = mean + dispersion * mean * mean
    if mean < count and (count - mean) ** 2 / variance < NEAR:
        return Width(Law.NORMAL, sqrt(variance))
    return Width(Law.NEGATIVE_BINOMIAL, dispersion)


def of_share(hits: float, trials: float, share: float, correlation: float) -> Width:
    """Return what `beta_binomial_surprise` of the same numbers is the tail of.

    >>> of_share(8, 10, 0.2, 0.05), of_share(500, 1000, 0.2, 0.05).law.value, of_share(3, 10, 0.2, 0.05).law.value
    (Width(law=<Law.BETA_BINOMIAL: 'beta_binomial'>, spread=0.05), 'beta', 'normal')
    """
    correlation = min(max(correlation, MIN_CORRELATION), MAX_CORRELATION)
    if trials <= 0.0 or hits <= trials * share:
        return Width(Law.BETA_BINOMIAL, correlation)
    variance = trials * share * (1.0 - share) * (1.0 + (trials - 1.0) * correlation)
    if (hits - trials * share) ** 2 / variance < NEAR:
        return Width(Law.NORMAL, sqrt(variance) / trials)
    if trials <= EXACT_BELOW or trials * correlation <= SAMPLING_MATTERS:
        return Width(Law.BETA_BINOMIAL, correlation)
    return Width(Law.BETA, correlation)
