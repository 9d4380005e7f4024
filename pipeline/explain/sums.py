"""Tail probabilities once more, the long way: terms summed and densities integrated, with nothing of the model's.

`pipeline.detection.tails` is fast and never adds up more than it must; this is slow and plain, so that the two agree
only when both are right. All results are surprises in bans: -log10 P.
"""

from __future__ import annotations

from math import erfc, inf, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

__all__ = ["beta_binomial", "beta_share", "negative_binomial", "normal"]

Floats = NDArray[np.float64]

_LN10 = log(10.0)
_TERMS = 1 << 16
_NOTHING = 1e-14
_STEPS = 20_000


def normal(z: float) -> float:
    """Surprise of a standard normal at ``z`` or above, bounded at 30.

    >>> round(normal(1.0), 4)
    0.7995
    """
    return -log(0.5 * erfc(min(z, 30.0) / sqrt(2.0))) / _LN10


def negative_binomial(count: int, mean: float, dispersion: float) -> float:
    """Surprise of ``count`` or more, variance = mean + dispersion * mean².

    >>> round(negative_binomial(10, 1.0, 0.5), 4)
    3.8866
    """
    size = 1.0 / dispersion
    share = mean / (mean + size)
    first = lgamma(count + size) - lgamma(count + 1) - lgamma(size) + size * log(1.0 - share) + count * log(share)
    total, start, at = 1.0, 0.0, count
    while True:
        k = np.arange(at, at + _TERMS, dtype=np.float64)
        logs = start + np.cumsum(log(share) + np.log((k + size) / (k + 1.0)))
        total += float(np.exp(logs).sum())
        start, at = float(logs[-1]), at + _TERMS
        ratio = share * (at + size) / (at + 1.0)
        if ratio < 1.0 and np.exp(start) / (1.0 - ratio) < _NOTHING * total:
            return -(first + log(total)) / _LN10


def beta_binomial(hits: int, trials: int, share: float, correlation: float) -> float:
    """Surprise of ``hits`` or more, variance = n p (1 - p) (1 + (n - 1) correlation).

    >>> round(beta_binomial(8, 10, 0.2, 0.05), 4)
    2.8448
    """
    concentration = 1.0 / correlation - 1.0
    a, b = share * concentration, (1.0 - share) * concentration
    whole = lgamma(trials + 1) - lgamma(trials + a + b) + lgamma(a + b) - lgamma(a) - lgamma(b)
    logs = np.array(
        [
            lgamma(k + a) + lgamma(trials - k + b) - lgamma(k + 1) - lgamma(trials - k + 1)
            for k in range(hits, trials + 1)
        ]
    )
    return -(whole + _log_sum(logs)) / _LN10


def beta_share(hits: float, trials: float, share: float, correlation: float) -> float:
    """Surprise of a share of ``hits`` or more under a beta distribution of the beta-binomial's mean and variance.

    >>> round(beta_share(500, 1000, 0.2, 0.05), 3)
    2.523
    """
    concentration = 1.0 / (1.0 / trials + correlation * (1.0 - 1.0 / trials)) - 1.0
    a, b = share * concentration, (1.0 - share) * concentration
    at = (hits - 0.5) / trials
    if at >= 1.0:
        return inf

    def density(u: Floats) -> Floats:
        """Logarithm of the density at share 1 - (1 - at) exp(-u), times the change of measure."""
        left = log(1.0 - at) - u  # as a logarithm: it may be next to nothing
        result: Floats = (a - 1.0) * np.log1p(-np.exp(left)) + b * left
        return result

    reach = 1.0
    while density(np.array([reach]))[0] > density(np.linspace(0.0, reach, 100)).max() - 60.0:
        reach *= 2.0
    u = np.linspace(0.0, reach, _STEPS + 1)
    logs = density(u) + np.log(_simpson(_STEPS) * reach / _STEPS)
    front = lgamma(a + b) - lgamma(a) - lgamma(b)
    return -(front + _log_sum(logs)) / _LN10


def _simpson(steps: int) -> Floats:
    """Weights of Simpson's rule for an even number of steps of length 1."""
    weights = np.full(steps + 1, 2.0 / 3.0)
    weights[1::2] = 4.0 / 3.0
    weights[[0, -1]] = 1.0 / 3.0
    return weights


def _log_sum(logs: Floats) -> float:
    highest = float(logs.max())
    return highest + log(float(np.exp(logs - highest).sum()))
