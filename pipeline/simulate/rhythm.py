"""How many posts a minute, and in what mood: day and night, weekends, bursts, and the planted events."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from pipeline.simulate.chance import Chance
from pipeline.simulate.scenario import BrandTalk, Planted

__all__ = ["MinuteOfTalk", "Rhythm", "season", "strength"]

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_THURSDAY = 3
"""The Unix epoch's weekday, counted from Monday."""

_BY_HOUR = (
    0.38, 0.22, 0.14, 0.10, 0.10, 0.18, 0.42, 0.78, 1.08, 1.22, 1.28, 1.30,
    1.38, 1.36, 1.28, 1.26, 1.32, 1.44, 1.56, 1.66, 1.70, 1.50, 1.10, 0.70,
)  # fmt: skip
"""Relative volume at the full hours of the local clock."""
_MEAN_BY_HOUR = sum(_BY_HOUR) / 24

_MEMORY = exp(-1 / 60)
"""The slow wander of volume and mood forgets with a time constant of an hour."""
_VOLUME_WANDER = 0.28
_MOOD_WANDER = 0.30
_DISPERSION = 4.0
"""Shape of the gamma that each minute's rate is drawn from: counts are over-dispersed."""
_BURSTS_A_DAY = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteOfTalk:
    """One minute of one brand."""

    ordinary: int
    """Posts about nothing planted."""
    negative: float
    """Probability that one of them complains."""
    event: Planted | None
    """The planted event that is going on."""
    about_event: int
    """Posts about it."""


def season(brand: BrandTalk, time_ms: int) -> float:
    """Return the relative volume at a time: 1 is a weekday's mean."""
    local_ms = time_ms + brand.utc_offset_hours * _HOUR_MS
    hour, rest = divmod(local_ms % _DAY_MS, _HOUR_MS)
    part = rest / _HOUR_MS
    by_hour = _BY_HOUR[hour] * (1 - part) + _BY_HOUR[(hour + 1) % 24] * part
    weekday = (local_ms // _DAY_MS + _THURSDAY) % 7
    return by_hour / _MEAN_BY_HOUR * (brand.weekend if weekday >= 5 else 1.0)


def strength(event: Planted, time_ms: int) -> float:
    """Return the strength of an event at a time, 0 to 1."""
    since = time_ms - event.start_ms
    if since < 0 or time_ms >= event.end_ms:
        return 0.0
    if since < event.ramp_ms:
        return since / event.ramp_ms
    fading = since - event.ramp_ms - event.hold_ms
    return 1.0 if fading < 0 else exp(-fading / event.decay_ms)


class Rhythm:
    """The wandering rate of one brand. Ask for its minutes in order, each once."""

    def __init__(self, brand: BrandTalk, seed: int) -> None:
        self._brand = brand
        self._chance = Chance(seed, brand.key, "rhythm")
        self._volume = 0.0
        self._mood = 0.0
        self._burst = 0.0
        self._burst_memory = 0.9

    def minute(self, start_ms: int) -> MinuteOfTalk:
        """Draw the minute that starts at ``start_ms``."""
        chance, brand = self._chance, self._brand
        self._wander()
        mean = brand.per_minute * season(brand, start_ms)
        rate = mean * exp(self._volume - _VOLUME_WANDER**2 / 2) * (1 + self._burst)
        ordinary = chance.poisson(chance.gamma(_DISPERSION, rate / _DISPERSION))
        event, force = self._event(start_ms)
        about = 0
        if event is not None:
            about = sum(chance.happens(event.takeover * force) for _ in range(ordinary))
            ordinary -= about
            extra = mean * (event.volume - 1) * force
            about += chance.poisson(chance.gamma(_DISPERSION * 4, extra / _DISPERSION / 4))
        odds = brand.negative / (1 - brand.negative) * exp(self._mood)
        return MinuteOfTalk(ordinary=ordinary, negative=odds / (1 + odds), event=event, about_event=about)

    def _wander(self) -> None:
        """Move the slow parts on by a minute: two autoregressions, and now and then a burst that fades."""
        chance = self._chance
        step = (1 - _MEMORY**2) ** 0.5
        self._volume = _MEMORY * self._volume + step * _VOLUME_WANDER * chance.normal()
        self._mood = _MEMORY * self._mood + step * _MOOD_WANDER * chance.normal()
        self._burst *= self._burst_memory
        if chance.happens(_BURSTS_A_DAY / 1440):
            self._burst = 0.6 + 1.4 * chance.unit()
            self._burst_memory = exp(-1 / (6 + 18 * chance.unit()))

    def _event(self, time_ms: int) -> tuple[Planted | None, float]:
        for event in self._brand.events:
            force = strength(event, time_ms)
            if force > 0:
                return event, force
        return None, 0.0
