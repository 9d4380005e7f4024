"""A partition of ``vigie.crises`` as this worker has it: the outboxes of its brands, and their state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from agents.state import Ownership
from pipeline.notify.line import Line
from pipeline.notify.outbox import Ended, Outbox
from pipeline.notify.stored import dump_outbox, load_outbox
from pipeline.statevalue import UnusableState

__all__ = ["REPEAT_MS", "Call", "Share"]

REPEAT_MS = 60_000
"""How often a receiver that forgets open alerts is told again. Alertmanager forgets after five minutes by default."""


class Call(NamedTuple):
    """Something to be done about one brand and channel."""

    due_ms: int
    """When, epoch milliseconds."""
    share: Share
    """Where."""
    brand: str
    """Whose."""
    line: Line
    """What the channel knows."""
    repeats: bool
    """The last step told is to be told again; otherwise the next one."""


@dataclass(slots=True, kw_only=True)
class Share:
    """One partition, for as long as it is assigned to this worker."""

    owned: Ownership
    outboxes: dict[str, Outbox] = field(default_factory=dict)
    """By brand."""
    caught_up: bool = False
    """All of it has been read: what is newest is known, and may be told."""
    newest_ms: int | None = None
    """Newest event time read."""
    problems: Counter[str] = field(default_factory=Counter)
    """Values of the state table that could not be used, by reason."""
    repeated_ms: dict[tuple[str, str], int] = field(default_factory=dict)
    """When a brand and channel was last told, for those that have to be told again."""

    @classmethod
    def restored(cls, owned: Ownership) -> Share:
        """Take over a partition with what its state table says."""
        share = cls(owned=owned)
        for key, value in owned.items():
            try:
                share.outboxes[key.decode("utf-8", "replace")] = load_outbox(value)
            except UnusableState as exc:
                share.problems[exc.problem.value] += 1
        return share

    def outbox(self, brand: str) -> Outbox:
        """Return the outbox of a brand."""
        return self.outboxes.setdefault(brand, Outbox())

    async def write(self, brands: Iterable[str]) -> None:
        """Write the state of some brands, and return when the changelog has it.

        Raises
        ------
        agents.publishing.WriteRefused
            The changelog has refused it for too long.
        """
        await self.owned.write({brand.encode(): dump_outbox(self.outboxes[brand]) for brand in brands})

    def keep_only(self, channels: Collection[str]) -> list[Ended]:
        """Forget channels that are no longer in the notification file."""
        return [ended for outbox in self.outboxes.values() for ended in outbox.keep_only(channels)]

    def calls(self, channel: str, *, repeats: bool) -> Iterator[Call]:
        """Yield what is to be done for a channel, now or later; nothing before the partition was read to its end."""
        if not self.caught_up:
            return
        for brand, outbox in self.outboxes.items():
            line = outbox.lines.get(channel)
            if line is None:
                continue
            if (due_ms := line.due_ms()) is not None:
                yield Call(due_ms, self, brand, line, repeats=False)
            if repeats and line.told is not None:
                last_ms = self.repeated_ms.get((brand, channel), -REPEAT_MS)
                yield Call(last_ms + REPEAT_MS, self, brand, line, repeats=True)

    def pending(self, channel: str) -> int:
        """Return how many notifications wait for a channel."""
        return sum(outbox.pending(channel) for outbox in self.outboxes.values())

    def waiting_brands(self) -> int:
        """Return how many brands have something pending."""
        return sum(any(line.pending for line in outbox.lines.values()) for outbox in self.outboxes.values())
