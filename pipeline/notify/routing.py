"""Who is told of what: the routes of the notification file.

Decision: *whom a step concerns follows from the step alone.* A channel is concerned once the crisis has reached the
level that a route asks for, its `peak_level`, which every step carries. So what follows an alarm (updates, lower
levels, the end) goes where the alarm went, and no state is needed to know where that was.

Decision: *a reminder that an update is overdue goes to people who write, and to programs that ask for everything.* For
Alertmanager and PagerDuty a crisis is one incident that is open or not; a reminder would page those on duty for a post
that somebody else has to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.notify.channels import Channel, Slack, Webhook
from pipeline.notify.quiet import QuietHours, quiet_until
from schemas.crisis import CrisisEvent
from schemas.situation import CommunicationOverdue
from schemas.window import Level

__all__ = ["ALL_BRANDS", "Address", "Budget", "NotifyPlan", "Route"]

ALL_BRANDS = "*"
_HOUR_MS = 3_600_000
_REMINDED = (Slack, Webhook)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many alarms of one brand a channel is told of at most. Level 4 is always told, and counts."""

    alerts: int = 6
    """So many. Six a day is a page every four hours: who gets more stops reading them."""
    per_hours: int = 24
    """In so many hours."""

    @property
    def span_ms(self) -> int:
        """The hours in milliseconds."""
        return self.per_hours * _HOUR_MS

    def allows(self, level: Level, told_ms: list[int], now_ms: int) -> bool:
        """Whether one alarm more may be told, when there were some at ``told_ms``."""
        return level >= Level.SEVERE or sum(now_ms - at_ms < self.span_ms for at_ms in told_ms) < self.alerts


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which brands, from which level on, go to which channels."""

    channels: tuple[str, ...]
    """Names of channels."""
    brands: tuple[str, ...] = (ALL_BRANDS,)
    """Keys of the watchlist, or `*` for every brand."""
    min_level: Level = Level.ALERT
    """The crisis must have reached it."""
    quiet: tuple[QuietHours, ...] = ()
    """When less is told."""
    reminders: bool = True
    """Whether it is told, too, that an update of the brand's is overdue while the level is one that it asks for."""

    def concerns(self, brand: str, level: Level) -> bool:
        """Whether a crisis of a brand that has reached a level goes this way."""
        return level >= self.min_level and (ALL_BRANDS in self.brands or brand in self.brands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A channel that a step concerns."""

    opens: bool
    """The level now is one for which a channel is told of a crisis that it has not heard of."""
    held_until_ms: int
    """Until when quiet hours hold it, epoch milliseconds; 0 when they do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyPlan:
    """What the notification file says."""

    channels: Mapping[str, Channel]
    """By name."""
    routes: tuple[Route, ...]
    """In the order of the file, which means nothing."""
    budget: Budget = Budget()
    """A brand and channel."""

    def addresses(self, event: CrisisEvent, now_ms: int) -> dict[str, Address]:
        """Return the channels that a step concerns. Of several routes to one, the most permissive counts."""
        concerned = (route for route in self.routes if route.concerns(event.brand, event.peak_level))
        return self._addresses(concerned, event.level, now_ms)

    def reminded(self, overdue: CommunicationOverdue, now_ms: int) -> dict[str, Address]:
        """Return the channels that are to be reminded, as of `addresses`."""
        concerned = (route for route in self.routes if route.reminders and route.concerns(overdue.brand, overdue.level))
        found = self._addresses(concerned, overdue.level, now_ms)
        return {name: found[name] for name in found if self.reminds(name)}

    def reminds(self, channel: str) -> bool:
        """Whether a channel is of a kind that is reminded."""
        return isinstance(self.channels.get(channel), _REMINDED)

    def _addresses(self, routes: Iterable[Route], level: Level, now_ms: int) -> dict[str, Address]:
        found: dict[str, Address] = {}
        for route in routes:
            held_ms = quiet_until(route.quiet, level, now_ms)
            for channel in route.channels:
                other = found.get(channel)
                found[channel] = Address(
                    opens=level >= route.min_level or (other is not None and other.opens),
                    held_until_ms=held_ms if other is None else min(held_ms, other.held_until_ms),
                )
        return found
