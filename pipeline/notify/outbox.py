"""The outbox of a brand: which channels know what of its crisis, and what each is still to be told.

Decision: *telling is driven by state, not by the log.* A step's effect on the outbox is written to the state table
before its record is acked, and whoever owns the brand tells from there. So a receiver that is down holds back neither
the log nor another receiver, and a worker that dies leaves to its successor exactly what was not acknowledged: it is
told again under the same idempotency key.

Decision: *a step is known by its place* (`pipeline.notify.step.Position`), not by a list of IDs: crises of a brand do
not overlap, so what is at or before the last step seen is a repetition, for however long ago it was published.

Decision: *a step that was read more than `LATE_MS` after it was published is no alarm of its own.* A new consumer group
reads a year of history, a worker may have been away for a weekend: then only the newest step of a crisis that is still
open is told. A worker delivers once it has read its partition to the end, so it knows which that is.

Decision: *an event that is published again, redacted, tells nothing new.* Posts that it named were withdrawn, so its
content replaces what is held of it: what is still to be told, and what a receiver is told again and again. Only a step
that was never read before (its first version was compacted away meanwhile) is news, and then no alarm of its own.

Decision: *a reminder that an update is overdue is no step.* It is known by its time, is only ever told of the crisis
that goes on, and is dropped where a step would wait: by the time it could be told the brand may have spoken.

The rules of a single channel are in `pipeline.notify.line`. Pure: the clock is a parameter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pipeline.notify.line import STALE_MS, Item, Line, Result
from pipeline.notify.routing import Address
from pipeline.notify.step import NOWHERE, Position, Step

__all__ = ["LATE_MS", "Ended", "Outbox"]

LATE_MS = 3_600_000
"""A step read so long after it was published is told only if nothing newer has come since."""

Ended = tuple[str, Result]
"""A channel, and how a notification to it has ended."""


@dataclass(slots=True, kw_only=True)
class Outbox:
    """All that is to be told of one brand."""

    seen: Position = NOWHERE
    """The last step that was taken in."""
    goes_on: str = ""
    """ID of its crisis while that is open, else empty."""
    reminded_ms: int = -1
    """Event time of the last reminder that was taken in; reminders of a brand follow one another."""
    lines: dict[str, Line] = field(default_factory=dict)
    """By channel; a channel that knows nothing and is to be told nothing may have none."""

    def take(self, step: Step, addresses: Mapping[str, Address], now_ms: int, *, redacted: bool = False) -> list[Ended]:
        """Take in a step; one that was taken in before changes nothing, unless its event was redacted since.

        Parameters
        ----------
        step : Step
            What happened.
        addresses : mapping
            The channels that it concerns (`NotifyPlan.addresses`).
        now_ms : int
            The wall clock, epoch milliseconds.
        redacted : bool
            Its event is published again, without posts that were withdrawn.

        Returns
        -------
        list of (str, Result)
            Notifications that it makes pointless, by channel.
        """
        if redacted:
            for line in self.lines.values():
                line.rewrite(step)
        if step.position <= self.seen:
            return []
        self.seen = step.position
        self.goes_on = "" if step.ends else step.crisis_id
        late = redacted or now_ms - step.origin.appended_ms > LATE_MS
        return [
            (channel, result)
            for channel in sorted({*addresses, *self.lines})
            for result in self.line(channel).take(step, addresses.get(channel), now_ms, late=late)
        ]

    def remind(self, reminder: Step, time_ms: int, addresses: Mapping[str, Address], now_ms: int) -> list[Ended]:
        """Take in a reminder of ``time_ms``, event time; one that was taken in before changes nothing.

        Only channels that know of the crisis, or are about to, are told. ``addresses`` and what is returned are as of
        `take`.
        """
        if time_ms <= self.reminded_ms:
            return []
        self.reminded_ms = time_ms
        if reminder.crisis_id != self.goes_on or now_ms - reminder.origin.appended_ms > STALE_MS:
            return []
        return [
            (channel, result)
            for channel in sorted(addresses.keys() & self.lines.keys())
            for result in self.lines[channel].remind(reminder, addresses[channel], now_ms)
        ]

    def redrive(self, step: Step, channel: str, now_ms: int) -> None:
        """Tell a channel of a step again, because somebody has asked for it."""
        self.line(channel).redrive(step, now_ms)

    def delivered(self, channel: str, item: Item) -> None:
        """Note that the receiver took it."""
        self.line(channel).delivered(item, goes_on=self.goes_on)

    def line(self, channel: str) -> Line:
        """Return the line to a channel."""
        return self.lines.setdefault(channel, Line())

    def keep_only(self, channels: Collection[str]) -> list[Ended]:
        """Forget channels that are no longer in the notification file. Returns what had been pending for them."""
        gone = [channel for channel in self.lines if channel not in channels]
        return [(channel, Result.SUPERSEDED) for channel in gone for _ in self.lines.pop(channel).pending]

    def pending(self, channel: str) -> int:
        """Return how many notifications wait for a channel."""
        line = self.lines.get(channel)
        return len(line.pending) if line else 0
