"""A share of the mentions (the negative ones, the questions), tested as a change of proportion."""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

from pipeline.detection import stored
from pipeline.detection.dispersion import MOST_TOTAL, Dispersion, compact
from pipeline.detection.tails import beta_binomial_surprise
from pipeline.detection.volume import HORIZON_LOOKS, HORIZON_MINUTES, HORIZONS

__all__ = ["ShareModel"]

_HOUR = HORIZONS.index("1h")
_WEEK_HOURS = 7 * 24.0
_WEEK_MINUTES = 7 * 24 * 60
_PRIOR_TRIALS = 8.0
_PRIOR_CORRELATION = 0.01
_PRIOR_DAYS = 3.0
"""What is believed of the correlation beforehand counts as so many days of it. A share wanders over days, so a week has
few windows that are independent: an estimate from them alone is often half of the truth, and then ordinary days alarm.
In simulated quarters, alarms a brand-day: 0.023 with one day, 0.013 with three, 0.009 with seven; and crises later."""
_CLIP = 3.0


class ShareModel:
    """Beta-binomial counts around an exponentially forgotten share.

    The share of a window is never compared with the usual share as such: what is tested is the number of
    hits among that many mentions, given how far the brand's own shares wander from window to window and
    how well its usual share is known.
    """

    __slots__ = ("hits", "hours", "prior", "spreads", "trials")

    def __init__(self, prior: float) -> None:
        self.prior = prior
        """The share of a brand nobody has seen yet; counts as eight mentions."""
        self.hits = 0.0
        self.trials = 0.0
        self.hours = 0.0
        """Hours they were learnt from; like both counts, forgotten over a week."""
        self.spreads = [Dispersion(prior=_PRIOR_CORRELATION, looks=_PRIOR_DAYS * n) for n in HORIZON_LOOKS]

    @property
    def usual(self) -> float:
        """The brand's usual share, 0 to 1, never quite either."""
        return (self.hits + self.prior * _PRIOR_TRIALS) / (self.trials + _PRIOR_TRIALS)

    def correlation(self, horizon: int) -> float:
        """Correlation within a window: of the brand's own wandering, and of our doubt about its share."""
        return self.spreads[horizon].value + self._doubt()

    def _doubt(self) -> float:
        return 1.0 / (self.trials + _PRIOR_TRIALS) + self.spreads[_HOUR].value / (self.hours + 1.0)

    def surprise(self, horizon: int, hits: float, trials: float) -> float:
        """Surprise of so many hits in a window of a horizon (its index), in bans."""
        return beta_binomial_surprise(hits, trials, self.usual, self.correlation(horizon))

    def learn_window(self, horizon: int, hits: float, trials: float, *, weight: float, clip: bool) -> float:
        """Learn how far the share wanders; windows of one horizon must not overlap.

        Returns the hits as far as they may teach the share; parameters as those of `VolumeModel`.
        """
        usual = self.usual
        sampling = trials * usual * (1.0 - usual)
        scale = sampling * max(0.0, trials - 1.0)
        if clip:
            hits = min(hits, trials * usual + _CLIP * sqrt(sampling + self.correlation(horizon) * scale))
        self.spreads[horizon].learn(
            error=hits - trials * usual,
            sampling=sampling + self._doubt() * scale,
            scale=scale,
            keep=exp(-HORIZON_MINUTES[horizon] / _WEEK_MINUTES),
            weight=weight if clip else 0.0,
        )
        return hits

    def learn_share(self, hits: float, trials: float, weight: float) -> None:
        """Learn the usual share from an hour."""
        if trials <= 0.0:
            return
        keep = exp(-weight / _WEEK_HOURS)
        self.hits = compact(self.hits * keep + weight * hits)
        self.trials = compact(self.trials * keep + weight * trials)
        self.hours = compact(self.hours * keep + weight)

    def accept(self) -> None:
        """Forget all but a day's worth, so that half of a lasting change is taken in within a day."""
        share = min(1.0, 24.0 / max(self.hours, 1e-9))
        self.hits = compact(self.hits * share)
        self.trials = compact(self.trials * share)
        self.hours = compact(self.hours * share)

    def numbers(self) -> list[float]:
        """State as numbers."""
        return [self.hits, self.trials, self.hours, *(n for d in self.spreads for n in d.numbers())]

    def restore(self, numbers: list[Any]) -> None:
        """Take over what `numbers` gave."""
        self.hits, self.trials, self.hours = stored.numbers(numbers[:3], 3)
        spreads = stored.numbers(numbers[3:], 2 * len(self.spreads), least=-MOST_TOTAL)
        if self.hits > self.trials:
            raise ValueError("a share above one")
        for dispersion, total, weight in zip(self.spreads, spreads[::2], spreads[1::2], strict=True):
            dispersion.restore(total, weight)
