"""How many mentions a brand should have: level, rhythm and dispersion, learnt online."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, sqrt
from typing import Any

from pipeline.detection.dispersion import MOST_TOTAL, Dispersion, compact
from pipeline.detection.season import Season
from pipeline.detection.stored import numbers
from pipeline.planned import Stretch

__all__ = ["HORIZONS", "HORIZON_LOOKS", "HORIZON_MINUTES", "VolumeModel"]

HORIZONS: tuple[str, ...] = ("15m", "1h", "6h")
"""The rolling windows that are tested."""

HORIZON_MINUTES: tuple[int, ...] = (15, 60, 360)
"""Their lengths, minutes."""

HORIZON_LOOKS: tuple[float, ...] = tuple(24 * 60 / minutes for minutes in HORIZON_MINUTES)
"""Windows of each in a day: what is believed of the volume's dispersion beforehand counts as a day of it."""

_HOUR = HORIZONS.index("1h")
_LEVEL_HOURS = 3 * 24.0
_WEEK_MINUTES = 7 * 24 * 60
_PRIOR_MENTIONS = 0.5
_PRIOR_HOURS = 1.0
_PRIOR_DISPERSION = 0.25
_CLIP = 3.0
"""An hour teaches at most its expectation + 3 standard deviations: past spikes must not raise the bar."""


class VolumeModel:
    """Negative binomial counts around an exponentially forgotten level times a rhythm.

    The level is a gamma posterior (mentions over average hours, both forgotten over three days), so a
    brand that was hardly seen has a wide prediction; the dispersion of each horizon is learnt from the
    errors of past predictions. Small counts need no special case.
    """

    __slots__ = ("dispersions", "hours", "mentions", "season")

    def __init__(self) -> None:
        self.season = Season()
        self.mentions = 0.0
        """Mentions learnt from, forgotten over three days."""
        self.hours = 0.0
        """Average hours they came in, forgotten alike."""
        self.dispersions = [Dispersion(prior=_PRIOR_DISPERSION, looks=n) for n in HORIZON_LOOKS]

    @property
    def level(self) -> float:
        """Mentions of an average hour."""
        return (self.mentions + _PRIOR_MENTIONS) / (self.hours + _PRIOR_HOURS)

    def predict(self, horizon: int, end_minute: int) -> tuple[float, float]:
        """Return mean and dispersion of the count in the horizon (its index) that ends at a minute."""
        mean = self.level * self.season.exposure(end_minute, HORIZON_MINUTES[horizon])
        return mean, self.dispersions[horizon].value + self._doubt(horizon)

    def raised(
        self, horizon: int, end_minute: int, ordinary: tuple[float, float], stretches: Iterable[Stretch]
    ) -> tuple[float, float]:
        """Return mean and dispersion of the most that is expected of a horizon with planned events in it.

        The mean takes each planned minute times its event's factor. The factor is somebody's guess: the part of the
        mean that rests on it is as uncertain as the mentions of a brand that nobody has seen.

        Parameters
        ----------
        horizon : int
            Its index in `HORIZONS`.
        end_minute : int
            Its end, epoch minutes.
        ordinary : tuple of float
            What `predict` says of it.
        stretches : iterable of Stretch
            Apart from each other; what lies outside of the horizon does not count.
        """
        length = HORIZON_MINUTES[horizon]
        begin, more = end_minute - length, 0.0
        for start, end, event in stretches:
            first, after = max(start, begin), min(end, end_minute)
            if first < after:
                more += (event.expect - 1.0) * self.season.exposure(after, after - first)
        if not more:
            return ordinary
        times = 1.0 + more / self.season.exposure(end_minute, length)
        guessed = 1.0 - 1.0 / times
        return ordinary[0] * times, ordinary[1] + _PRIOR_DISPERSION * guessed * guessed

    def _doubt(self, horizon: int) -> float:
        """Relative variance of the expectation itself: learnt from few mentions, few hours, few days.

        Smoothing leaves 3/8 of the variance of an hour's factor, and a window of many hours averages it.
        """
        hourly = self.dispersions[_HOUR].value
        level = 1.0 / (self.mentions + _PRIOR_MENTIONS) + hourly / (self.hours + _PRIOR_HOURS)
        return level + self.season.doubt * min(0.375, 60.0 / HORIZON_MINUTES[horizon])

    def learn_window(self, horizon: int, end_minute: int, count: float, *, weight: float, clip: bool) -> float:
        """Learn dispersion, and from an hour the rhythm; windows of one horizon must not overlap.

        Parameters
        ----------
        horizon : int
            Index in `HORIZONS`.
        end_minute : int
            Its end, epoch minutes.
        count : float
            Mentions in it.
        weight : float
            How far it may teach, 0 to 1.
        clip : bool
            Whether what is far above the prediction teaches no more than what is well above it.

        Returns
        -------
        float
            The count as far as it may teach the level.
        """
        mean, dispersion = self.predict(horizon, end_minute)
        if clip:
            count = min(count, mean + _CLIP * sqrt(mean + dispersion * mean * mean))
        self.dispersions[horizon].learn(
            error=count - mean,
            sampling=mean + self._doubt(horizon) * mean * mean,
            scale=mean * mean,
            keep=exp(-HORIZON_MINUTES[horizon] / _WEEK_MINUTES),
            weight=weight if clip else 0.0,  # the first errors are those of not knowing the brand
        )
        if horizon == _HOUR:
            self.season.learn(end_minute // 60 - 1, count, self.dispersions[_HOUR].value, weight)
        return count

    def learn_level(self, count: float, exposure: float, weight: float) -> None:
        """Learn the level from a whole hour with so many mentions that is worth so many average hours."""
        keep = exp(-weight / _LEVEL_HOURS)
        self.mentions = compact(self.mentions * keep + weight * count)
        self.hours = compact(self.hours * keep + weight * exposure)

    def accept(self) -> None:
        """Forget all but a day's worth of the level, so that half of a lasting change is taken in within a day."""
        share = min(1.0, 24.0 / max(self.hours, 1e-9))
        self.mentions = compact(self.mentions * share)
        self.hours = compact(self.hours * share)

    def state(self) -> dict[str, Any]:
        """State as JSON has it."""
        return {
            "level": [self.mentions, self.hours],
            "season": self.season.numbers(),
            "spread": [d.numbers() for d in self.dispersions],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.mentions, self.hours = numbers(state["level"], 2)
        for dispersion, spread in zip(self.dispersions, state["spread"], strict=True):
            dispersion.restore(*numbers(spread, 2, least=-MOST_TOTAL))
        self.season.restore(state["season"], self.dispersions[_HOUR].value)
