"""A crisis that has just been: a day of ordinary talk, then an outage, until now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.simulate.scenario import BrandTalk, Scenario, default_scenario
from pipeline.simulate.stream import SimulatedTweet, simulate

__all__ = ["Brief", "brief_talk"]

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS
_BEFORE_MS = 30 * _HOUR_MS
"""As much as it takes until a brand's usual talk is known."""
_GOOSE_BEFORE_MS = 3 * _HOUR_MS
_AFTER_MS = 270 * _MINUTE_MS
"""Until it is all but over."""
_LEAD_MS = 30 * _MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The demo's brands, the sudden crisis of one, the harmless spike of another, all within a day and a half."""

    scenario: Scenario
    live_from_ms: int
    """Half an hour before the crisis: what lies before is ordinary talk."""
    end_ms: int
    """First instant after it, epoch milliseconds. The scenario itself is longer."""

    def tweets(self) -> Iterator[SimulatedTweet]:
        """Yield the tweets in order of arrival; none is of the end or later."""
        return (tweet for tweet in simulate(self.scenario) if tweet.time_ms < self.end_ms)


def brief_talk(end_ms: int, *, seed: int = 7) -> Brief:
    """Return talk that ends at a time. Customers live by clocks by which it begins around midnight.

    Parameters
    ----------
    end_ms : int
        First instant after it, epoch milliseconds.
    seed : int
        Of all chance.
    """
    end_ms -= end_ms % _MINUTE_MS
    outage_ms = end_ms - _AFTER_MS
    start_ms = outage_ms - _BEFORE_MS
    planted = {"nimbus-mobile": outage_ms, "brightcart": outage_ms - _GOOSE_BEFORE_MS}
    shift_hours = round(start_ms % _DAY_MS / _HOUR_MS)
    brands = tuple(_moved(brand, planted.get(brand.key), shift_hours) for brand in default_scenario(seed=seed).brands)
    return Brief(
        scenario=Scenario(seed=seed, start_ms=start_ms, days=2, brands=brands),
        live_from_ms=outage_ms - _LEAD_MS,
        end_ms=end_ms,
    )


def _moved(brand: BrandTalk, event_ms: int | None, shift_hours: int) -> BrandTalk:
    """Return a brand whose only event, if any, begins at a time, and whose clock is so many hours behind."""
    events = () if event_ms is None else (replace(brand.events[0], start_ms=event_ms),)
    return replace(brand, events=events, utc_offset_hours=brand.utc_offset_hours - shift_hours)
