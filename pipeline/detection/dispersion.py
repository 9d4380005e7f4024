"""How much more a quantity varies than its sampling alone explains, learnt from past errors."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MOST_TOTAL", "Dispersion", "compact"]

MOST_TOTAL = 1e15
"""No weighted sum of errors is further from 0."""


def compact(number: float) -> float:
    """Round to seven significant digits: what is learnt is not known better, and the state stays small.

    >>> compact(1234567.89), compact(0.1 + 0.2)
    (1234568.0, 0.3)
    """
    return float(f"{number:.7g}")


@dataclass(slots=True, kw_only=True)
class Dispersion:
    """Coefficient d in variance = sampling + d * scale, by weighted moments with forgetting.

    For a count, sampling = mean and scale = mean²: d is the negative binomial's dispersion. For a share
    of n, sampling = n p (1 - p) and scale = (n - 1) n p (1 - p): d is the correlation within a window.
    Each squared error is weighted by its own variance, so that windows that say little (few mentions)
    count for little, and the prior stands until there is something to learn.

    >>> d = Dispersion(prior=0.25, looks=24)
    >>> for _ in range(200):
    ...     d.learn(error=10.0, sampling=10.0, scale=100.0, keep=1.0, weight=1.0)
    >>> round(d.value, 2)  # error² = 100 = 10 + 0.9 * 100
    0.63
    """

    prior: float
    """What is believed before anything is learnt."""
    looks: float
    """Errors that this belief is worth."""
    total: float = 0.0
    """Weighted sum of the excess of squared errors over sampling."""
    weight: float = 0.0
    """Sum of the weights."""

    @property
    def value(self) -> float:
        """The coefficient, never below a tenth of the prior."""
        believed = self.looks / (self.prior * self.prior)
        learnt = (self.total + believed * self.prior) / (self.weight + believed)
        return max(learnt, 0.1 * self.prior)

    def learn(self, *, error: float, sampling: float, scale: float, keep: float, weight: float) -> None:
        """Take in one prediction error.

        Parameters
        ----------
        error : float
            Observed minus predicted.
        sampling : float
            Variance that sampling alone would give it.
        scale : float
            What the coefficient multiplies.
        keep : float
            What is kept of the past, 0 to 1.
        weight : float
            How far this one may teach, 0 to 1.
        """
        variance = sampling + self.value * scale
        if variance <= 0.0:
            return
        lever = scale / variance
        self.total = compact(self.total * keep + weight * lever * (error * error - sampling) / variance)
        self.weight = compact(self.weight * keep + weight * lever * lever)

    def numbers(self) -> list[float]:
        """State as numbers."""
        return [self.total, self.weight]

    def restore(self, total: float, weight: float) -> None:
        """Take over what `numbers` gave; ``ValueError`` when it is something else."""
        if weight < 0.0:
            raise ValueError("a weight below nothing")
        self.total, self.weight = total, weight
