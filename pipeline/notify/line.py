"""What one channel knows of one brand, and what it is still to be told: the rules of telling.

In order, and as seldom as that allows:

- Steps are told in the order in which they happened. A pending `updated` gives way to whatever comes after it.
- A channel hears of a crisis first by an alarm (`opened`, `escalated`) of a level that a route of its own asks for.
  Steps of a crisis that it has not heard of (updates, lower levels, the end) are not told.
- An alarm is a step that raises the level above what the channel knows. The budget counts alarms when they are first
  tried. One that it does not allow is not told; the next one of the crisis is judged anew.
- What waits for quiet hours to end, and what was read long after it happened, is told only as the newest step of a
  crisis that goes on: *a channel wants to know how things are, not how they were.* If the crisis is over by then, and
  the channel has not heard of it, nothing is told.
- A step that nobody took within `GIVE_UP_MS` and `LEAST_ATTEMPTS` is given up, as is one that the receiver will never
  take. If that was how the channel would have heard of the crisis, it is *owed* the crisis: the next step tells of it,
  if it is still open.
- Of a step that is published again, redacted, the new content is told, and kept; it is not told anew.
- A reminder that the brand is silent goes behind every step. It is dropped when a newer one comes, when its crisis
  ends, in quiet hours, and when it could not be told for `STALE_MS`; it counts in no budget, and never tells of a level
  that the channel has not heard of.

Pure: the clock is a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.notify.routing import Address, Budget
from pipeline.notify.step import Step
from schemas.crisis import CrisisEventType
from schemas.window import Level

__all__ = ["GIVE_UP_MS", "LEAST_ATTEMPTS", "STALE_MS", "Item", "Line", "Result"]

GIVE_UP_MS = 3_600_000
"""For how long a step is tried; an hour later there is a newer one, as a rule."""
LEAST_ATTEMPTS = 5
"""How often at least, after a worker was away, or when a step has waited for those before it."""
STALE_MS = 900_000
"""How long a reminder is worth telling: after that the brand may well have spoken, and if not, another one comes."""
_FIRST_DELAY_MS = 1_000
_LAST_DELAY_MS = 60_000
_SPREAD = 0x1_0000


class Result(StrEnum):
    """How a notification ended. The value is the metric label."""

    DELIVERED = "delivered"
    """The receiver took it."""
    DEAD = "dead"
    """It became a dead letter."""
    WITHHELD_QUIET = "withheld_quiet"
    """It waited for quiet hours to end, and something newer came, or the crisis was over. Of a reminder: it came in
    quiet hours."""
    WITHHELD_BUDGET = "withheld_budget"
    """The alert budget did not allow it, or the alarm that it follows."""
    SUPERSEDED = "superseded"
    """Something newer is told in its place, or there is nobody to tell it to any more."""


@dataclass(slots=True, kw_only=True)
class Item:
    """A step that a channel is to be told of."""

    step: Step
    """Which."""
    since_ms: int
    """Since when it is to be told."""
    held_until_ms: int = 0
    """Quiet hours end then."""
    opens: bool = False
    """Its level is one of which a channel is told."""
    first: bool = False
    """The channel may hear of the crisis by it."""
    newest_only: bool = False
    """It is told only if nothing newer comes before."""
    redriven: bool = False
    """Somebody has asked for it: no rule withholds it."""
    attempts: int = 0
    """How often it was tried."""
    not_before_ms: int = 0
    """When it may be tried again."""

    def due_ms(self) -> int:
        """Return when it is to be tried next."""
        return max(self.held_until_ms, self.not_before_ms)


@dataclass(slots=True, kw_only=True)
class Line:
    """From one brand to one channel."""

    told: Step | None = None
    """The last step told of a crisis that is open as far as the channel knows."""
    owed: str = ""
    """ID of a crisis that the channel should have heard of."""
    alarms_ms: list[int] = field(default_factory=list)
    """When the last alarms were told."""
    pending: list[Item] = field(default_factory=list)
    """To be told, in order."""
    under_way: Item | None = None
    """What is being told at the moment. Not part of the stored state."""

    # -- what is to be told --------------------------------------------------------------------------

    def take(self, step: Step, address: Address | None, now_ms: int, *, late: bool) -> list[Result]:
        """Take in the next step of the brand. Returns how what it replaces has ended."""
        gone = [item for item in self.pending if item is not self.under_way and self._gives_way(item, step)]
        self.pending = [item for item in self.pending if item not in gone]
        held_ms = address.held_until_ms if address else 0
        item = Item(
            step=step,
            since_ms=max(now_ms, held_ms),
            held_until_ms=held_ms,
            opens=address is not None and address.opens and not step.ends,
            first=step.alarms or late or any(item.first for item in gone if item.step.crisis_id == step.crisis_id),
            newest_only=late or held_ms > 0,
        )
        if self._will_know(step.crisis_id) or self._may_open(item):
            for before in self.pending:
                before.held_until_ms = min(before.held_until_ms, held_ms)
            self.pending.insert(self._before_reminders(), item)
        return [Result.WITHHELD_QUIET if item.held_until_ms else Result.SUPERSEDED for item in gone]

    def remind(self, reminder: Step, address: Address, now_ms: int) -> list[Result]:
        """Take in a reminder. Returns how what it replaces, or it itself, has ended."""
        if not self._will_know(reminder.crisis_id):
            return []
        gone = [item for item in self.pending if item.step.reminds and not item.redriven and item is not self.under_way]
        self.pending = [item for item in self.pending if item not in gone]
        superseded = [Result.SUPERSEDED for _ in gone]
        if address.held_until_ms:
            return [*superseded, Result.WITHHELD_QUIET]
        self.pending.append(Item(step=reminder, since_ms=now_ms))
        return superseded

    def rewrite(self, version: Step) -> None:
        """Replace the content of a step, wherever it is held, by another version's: also where it has been told."""
        if self.told is not None and self.told.event_id == version.event_id:
            self.told = self.told.rewritten(version)
        for item in self.pending:
            if item.step.event_id == version.event_id:
                item.step = item.step.rewritten(version)

    def redrive(self, step: Step, now_ms: int) -> None:
        """Take in a step that is to be told once more."""
        if all(item.step.event_id != step.event_id for item in self.pending):
            self.pending.append(Item(step=step, since_ms=now_ms, redriven=True))

    def _gives_way(self, item: Item, step: Step) -> bool:
        if item.redriven:
            return False
        if item.step.reminds:
            return step.ends or item.step.crisis_id != step.crisis_id
        if item.step.crisis_id == step.crisis_id:
            return item.step.type is CrisisEventType.UPDATED or (item.newest_only and not item.attempts)
        # An older crisis, whose end was never read.
        return item.newest_only and not item.attempts and not self._knows(item.step.crisis_id)

    def _knows(self, crisis_id: str) -> bool:
        return self.told is not None and self.told.crisis_id == crisis_id

    def _will_know(self, crisis_id: str) -> bool:
        return self._knows(crisis_id) or any(
            item.step.crisis_id == crisis_id and not item.redriven and not item.step.reminds for item in self.pending
        )

    def _before_reminders(self) -> int:
        """Return the place in `pending` before those reminders at its end that nobody has begun to tell."""
        place = len(self.pending)
        while place and self.pending[place - 1].step.reminds and self.pending[place - 1] is not self.under_way:
            place -= 1
        return place

    def _may_open(self, item: Item) -> bool:
        return item.opens and (item.first or self.owed == item.step.crisis_id)

    # -- telling -------------------------------------------------------------------------------------

    def due_ms(self) -> int | None:
        """Return when something is to be done next, epoch milliseconds; none when nothing is pending."""
        return self.pending[0].due_ms() if self.pending else None

    def next(self, budget: Budget, now_ms: int) -> tuple[Item | None, list[Result]]:
        """Begin telling what is due, if anything is. Returns it, and how what is not told has ended."""
        ended: list[Result] = []
        while self.pending and self.pending[0].due_ms() <= now_ms:
            item = self.pending[0]
            withheld = None if item.redriven else self._withheld(item, budget, now_ms)
            if withheld is None:
                self._begin(item, budget, now_ms)
                return item, ended
            self.pending.remove(item)
            ended.append(withheld)
        return None, ended

    def _withheld(self, item: Item, budget: Budget, now_ms: int) -> Result | None:
        if not self._knows(item.step.crisis_id) and not self._may_open(item):
            return Result.SUPERSEDED if self.owed == item.step.crisis_id else Result.WITHHELD_BUDGET
        if item.step.reminds:
            if now_ms - item.since_ms > STALE_MS:
                return Result.SUPERSEDED
            return Result.WITHHELD_BUDGET if self._raises(item) else None
        if item.attempts or not self._is_alarm(item) or budget.allows(item.step.level, self.alarms_ms, now_ms):
            return None
        return Result.WITHHELD_BUDGET

    def _is_alarm(self, item: Item) -> bool:
        return not item.step.reminds and self._raises(item)

    def _raises(self, item: Item) -> bool:
        """Whether its level is above the one that the channel knows."""
        known = self.told.level if self.told is not None and self._knows(item.step.crisis_id) else Level.CALM
        return item.step.level > known

    def _begin(self, item: Item, budget: Budget, now_ms: int) -> None:
        if not item.attempts and not item.redriven and self._is_alarm(item):
            kept = [at_ms for at_ms in self.alarms_ms if now_ms - at_ms < budget.span_ms]
            self.alarms_ms = [*kept, now_ms]
        item.attempts += 1
        self.under_way = item

    def delivered(self, item: Item, *, goes_on: str) -> None:
        """Note that the receiver took it; ``goes_on`` is the crisis of the brand that is open."""
        self._end(item)
        step = item.step
        if step.reminds:
            return
        # What was asked for again may be of a crisis that has long been over.
        current = not item.redriven or step.crisis_id == goes_on
        if current and (self.told is None or step.position > self.told.position):
            self.told = None if step.ends else step
        if self.owed == step.crisis_id:
            self.owed = ""

    def failed(self, item: Item, now_ms: int, retry_after_ms: int = 0) -> bool:
        """Note that it is to be tried again, and say whether it is: false when it is to be given up."""
        self.under_way = None
        left_ms = item.since_ms + GIVE_UP_MS - now_ms
        if left_ms <= 0 and item.attempts >= LEAST_ATTEMPTS:
            return False
        delay_ms = max(_delay_ms(item), min(retry_after_ms, GIVE_UP_MS))
        item.not_before_ms = now_ms + (min(delay_ms, left_ms) if left_ms > 0 else delay_ms)
        return True

    def dead(self, item: Item) -> None:
        """Note that it became a dead letter."""
        self._end(item)
        if not item.redriven and not item.step.ends and not item.step.reminds and not self._knows(item.step.crisis_id):
            self.owed = item.step.crisis_id

    def _end(self, item: Item) -> None:
        self.under_way = None
        self.pending = [other for other in self.pending if other is not item]


def _delay_ms(item: Item) -> int:
    """Return how long to wait after an attempt: twice as long each time, spread by what the event's ID says.

    Spread, so that a receiver that comes back is not met by all at once; by the ID, so that it can be told beforehand.
    """
    longest_ms: int = min(_FIRST_DELAY_MS << min(item.attempts - 1, 16), _LAST_DELAY_MS)
    share = int(item.step.event_id.replace("-", "")[:4] or "0", 16) / _SPREAD
    return round(longest_ms * (0.75 + share / 4))
