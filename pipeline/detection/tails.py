"""Tail probabilities of the count models, in bans: surprise = -log10 P(this much or more).

Everything is computed in log space, so that one in 10^40 is as exact as one in a hundred. A count that is
not above its expectation has no surprise: 0.
"""

from __future__ import annotations

from math import erfc, exp, inf, lgamma, log, log1p, log10, sqrt

__all__ = [
    "EXACT_BELOW",
    "MAX_CORRELATION",
    "MAX_DISPERSION",
    "MIN_CORRELATION",
    "MIN_DISPERSION",
    "NEAR",
    "SAMPLING_MATTERS",
    "beta_binomial_surprise",
    "combined",
    "count_interval",
    "count_surprise",
    "joined",
    "log10_beta_cdf",
    "normal_surprise",
]

_LN10 = log(10.0)
EXACT_BELOW = 64
"""Up to this many trials the beta-binomial tail is always summed."""
SAMPLING_MATTERS = 16.0
"""Up to this many trials times correlation too: above, the continuous limit is as good."""
MAX_DISPERSION = 1e3
MIN_DISPERSION = 1e-4
MIN_CORRELATION = 1e-4
MAX_CORRELATION = 0.9
NEAR = 2.25
"""Within 1.5 standard deviations (squared) the normal tail stands in: nobody acts on it, and it is cheap."""
_Z98 = 2.3263478740408408
"""Normal quantile of 99 %: a 98 % interval leaves one per cent on each side."""


def log10_beta_cdf(x: float, a: float, b: float) -> float:
    """log10 of the regularised incomplete beta function I_x(a, b).

    Lentz's continued fraction (Numerical Recipes, 3rd edition, section 6.4; DLMF 8.17.22).

    >>> round(log10_beta_cdf(0.5, 2.0, 3.0), 6) == round(log10(11 / 16), 6)
    True
    >>> round(log10_beta_cdf(1e-30, 2.0, 1.0), 6)
    -60.0
    """
    if x <= 0.0:
        return -inf
    if x >= 1.0:
        return 0.0
    if x > (a + 1.0) / (a + b + 2.0):
        rest = 10.0 ** log10_beta_cdf(1.0 - x, b, a)
        return log1p(-rest) / _LN10 if rest < 1.0 else -inf
    front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x) - log(a)
    return (front + log(_continued_fraction(x, a, b))) / _LN10


def _continued_fraction(x: float, a: float, b: float) -> float:
    ab, a1, a2 = a + b, a + 1.0, a - 1.0
    c = 1.0
    d = 1.0 / (1.0 - ab * x / a1)
    h = d
    for m in range(1, 1000):
        m2 = a + 2 * m
        even = m * (b - m) * x / ((a2 + 2 * m) * m2)
        d = 1.0 / (1.0 + even * d)
        c = 1.0 + even / c
        h *= d * c
        odd = -(a + m) * (ab + m) * x / (m2 * (m2 + 1.0))
        d = 1.0 / (1.0 + odd * d)
        c = 1.0 + odd / c
        step = d * c
        h *= step
        if -1e-10 < step - 1.0 < 1e-10:
            break
    return h


def count_surprise(count: float, mean: float, dispersion: float) -> float:
    """Surprise of a count under a negative binomial: variance = mean + dispersion * mean².

    P(X >= x) = I_p(x, 1 / dispersion) with p = mean / (mean + 1 / dispersion) (DLMF 8.17.5 and the
    usual relation of the two distributions), which also serves counts that are no integers.

    >>> round(count_surprise(10, 1.0, 0.5), 4)
    3.8866
    >>> round(count_surprise(10, 1.0, 0.0001), 2)  # hardly over-dispersed: Poisson's 1.1e-7
    6.95
    >>> count_surprise(3, 5.0, 0.2)
    0.0
    """
    if count <= mean or count <= 0.0:
        return 0.0
    dispersion = min(max(dispersion, MIN_DISPERSION), MAX_DISPERSION)
    squared = (count - mean) ** 2 / (mean + dispersion * mean * mean)
    if squared < NEAR:
        return normal_surprise(sqrt(squared))
    size = 1.0 / dispersion
    return max(0.0, -log10_beta_cdf(mean / (mean + size), count, size))


def beta_binomial_surprise(successes: float, trials: float, share: float, correlation: float) -> float:
    """Surprise of so many successes under a beta-binomial.

    Variance = trials * share * (1 - share) * (1 + (trials - 1) * correlation). Summed exactly (both numbers
    rounded down) while sampling matters; where many trials leave only the wandering of the share itself,
    the beta distribution of equal mean and variance with a continuity correction.

    >>> round(beta_binomial_surprise(8, 10, 0.2, 0.05), 4)
    2.8448
    >>> round(beta_binomial_surprise(68, 100, 0.4, 0.02), 3)
    3.158
    >>> beta_binomial_surprise(2, 10, 0.2, 0.05)
    0.0
    """
    if trials <= 0.0 or successes <= trials * share:
        return 0.0
    correlation = min(max(correlation, MIN_CORRELATION), MAX_CORRELATION)
    spread = trials * share * (1.0 - share) * (1.0 + (trials - 1.0) * correlation)
    squared = (successes - trials * share) ** 2 / spread
    if squared < NEAR:
        return normal_surprise(sqrt(squared))
    if trials <= EXACT_BELOW or trials * correlation <= SAMPLING_MATTERS:
        return _exact(int(successes), int(trials), share, 1.0 / correlation - 1.0)
    concentration = 1.0 / (1.0 / trials + correlation * (1.0 - 1.0 / trials)) - 1.0
    at = (successes - 0.5) / trials
    return max(0.0, -log10_beta_cdf(1.0 - at, (1.0 - share) * concentration, share * concentration))


def _exact(k: int, n: int, share: float, concentration: float) -> float:
    if k <= n * share:
        return 0.0
    a, b = share * concentration, (1.0 - share) * concentration
    first = (
        lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
        + lgamma(k + a) + lgamma(n - k + b) - lgamma(n + a + b)
        + lgamma(a + b) - lgamma(a) - lgamma(b)
    )  # fmt: skip
    term = total = 1.0
    for j in range(k, n):
        term *= (n - j) * (a + j) / ((j + 1) * (n - j - 1 + b))
        total += term
        if term < 1e-7 * total and b >= 1.0:  # from there on the terms only fall
            break
    return max(0.0, -(first + log(total)) / _LN10)


def normal_surprise(z: float) -> float:
    """Surprise of a standard normal at ``z``, bounded at 30 standard deviations.

    >>> round(normal_surprise(3.0), 3)
    2.87
    """
    return -log10(0.5 * erfc(min(z, 30.0) / sqrt(2.0))) if z > 0.0 else 0.0


def combined(one: float, other: float) -> float:
    """Surprise of two independent surprises together: Fisher's method for two, in closed form.

    P = p q (1 - ln(p q)) (Fisher, Statistical Methods for Research Workers, section 21.1).

    >>> round(combined(3.0, 3.0), 3)
    4.829
    >>> round(combined(6.0, 0.0), 3)
    4.829
    """
    both = one + other
    return both - log10(1.0 + _LN10 * both)


def joined(worse: float, loud: float) -> float:
    """Surprise of a share and of a volume, together when that says more; volume counts no more than the share does.

    >>> joined(3.0, 0.0), round(joined(3.0, 2.0), 3), joined(3.0, 9.0) == joined(3.0, 3.0)
    (3.0, 3.903, True)
    """
    return max(worse, combined(worse, min(loud, worse)))


def count_interval(mean: float, dispersion: float) -> tuple[float, float]:
    """98 % interval of a negative binomial: its quantiles of 1 % and 99 %.

    Summed up to a mean of 40; above, Wilson and Hilferty's cube root (1931) on the gamma distribution of
    the same mean and variance.

    >>> count_interval(5.0, 0.2)
    (0.0, 14.0)
    >>> count_interval(1000.0, 0.01)
    (772.0, 1261.0)
    """
    dispersion = min(max(dispersion, MIN_DISPERSION), MAX_DISPERSION)
    if mean <= 40.0:
        exact = _summed_interval(mean, dispersion)
        if exact is not None:
            return exact
    ninth = (1.0 / mean + dispersion) / 9.0
    low, high = (mean * max(0.0, 1.0 - ninth + z * sqrt(ninth)) ** 3 for z in (-_Z98, _Z98))
    return float(int(low)), float(int(high) + 1)


def _summed_interval(mean: float, dispersion: float) -> tuple[float, float] | None:
    size = 1.0 / dispersion
    p = mean / (mean + size)
    mass = exp(size * log1p(-p)) if p < 1.0 else 0.0
    below, low = mass, 0 if mass >= 0.01 else -1
    for j in range(400):
        if low < 0 and below >= 0.01:
            low = j
        if below >= 0.99:
            return float(max(low, 0)), float(j)
        mass *= p * (j + size) / (j + 1)
        below += mass
    return None
