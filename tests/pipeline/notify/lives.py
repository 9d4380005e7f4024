"""Made-up lives of crises, and a world in which they are told: receivers, a clock, crashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pipeline.erasure import named_ids, redacted
from pipeline.notify.file import parse_plan
from pipeline.notify.line import Item, Line, Result
from pipeline.notify.outbox import Outbox
from pipeline.notify.routing import NotifyPlan
from pipeline.notify.step import Origin, Step
from pipeline.notify.stored import dump_outbox, load_outbox
from schemas.codec import encode
from schemas.crisis import CrisisEvent, CrisisEventType, Exemplar
from schemas.ids import crisis_event_id, crisis_id, overdue_id
from schemas.reading import read_crisis
from schemas.situation import CommunicationOverdue
from schemas.times import from_rfc3339, to_rfc3339
from schemas.window import Level
from tests.schemas.events import CRISIS

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def at(text: str) -> int:
    """Epoch milliseconds of a time in UTC, such as 2026-03-28T21:00."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


class Life:
    """The crises of one brand, a step after the other."""

    def __init__(self, brand: str = "acme") -> None:
        self.brand = brand
        self.event: CrisisEvent | None = None

    def goes_to(self, level: int, now_ms: int) -> CrisisEvent:
        """The next step, to a level; to calm is the end, and from calm a beginning."""
        before = self.event
        if before is None or before.type is CrisisEventType.RESOLVED:
            crisis, sequence, opened, was, peak = crisis_id(self.brand, now_ms), 0, to_rfc3339(now_ms), 0, 0
        else:
            crisis, sequence, opened = before.crisis_id, before.sequence + 1, before.opened_at
            was, peak = before.level, before.peak_level
        name = crisis_event_id(crisis, sequence)
        post = Exemplar(tweet_id=str(int(name[:13].replace("-", ""), 16)), engagement=1)  # each step names its own
        self.event = replace(
            CRISIS,
            id=name,
            crisis_id=crisis,
            brand=self.brand,
            type=_type(sequence, was, level),
            sequence=sequence,
            level=Level(level),
            previous_level=Level(was),
            peak_level=Level(max(peak, level)),
            time=to_rfc3339(now_ms),
            opened_at=opened,
            evidence=replace(CRISIS.evidence, exemplars=(post,)),
            authors={post.tweet_id: 7},
        )
        return self.event

    def is_silent(self, now_ms: int) -> CommunicationOverdue:
        """The word that an update is overdue in the crisis that happened last."""
        assert self.event is not None
        return CommunicationOverdue(
            id=overdue_id(self.event.crisis_id, now_ms),
            crisis_id=self.event.crisis_id,
            brand=self.brand,
            level=self.event.level,
            time=to_rfc3339(now_ms),
            due_at=to_rfc3339(now_ms),
            interval_minutes=60,
            missed=1,
        )


def _type(sequence: int, was: int, level: int) -> CrisisEventType:
    if sequence == 0:
        return CrisisEventType.OPENED
    if level == 0:
        return CrisisEventType.RESOLVED
    if level == was:
        return CrisisEventType.UPDATED
    return CrisisEventType.ESCALATED if level > was else CrisisEventType.DEESCALATED


def without_posts(event: CrisisEvent) -> CrisisEvent:
    """The event as it is published again when all posts that it names were withdrawn."""
    left = redacted(event, named_ids(event), ())
    assert isinstance(left, CrisisEvent)
    return left


def step_of(event: CrisisEvent | CommunicationOverdue, *, appended_ms: int, offset: int = 0) -> Step:
    origin = Origin(
        topic="vigie.crises",
        partition=0,
        offset=offset,
        key=event.brand,
        headers=(("ce_id", event.id),),
        appended_ms=appended_ms,
    )
    made = Step.reminder if isinstance(event, CommunicationOverdue) else Step.of
    return made(event, encode(event), origin)  # type: ignore[arg-type]


@dataclass
class World:
    """An outbox, its receivers and the time. Its state is stored after every change, as the agent does."""

    plan: NotifyPlan
    now_ms: int
    life: Life = field(default_factory=Life)
    outbox: Outbox = field(default_factory=Outbox)
    told: dict[str, list[tuple[Step, int]]] = field(default_factory=dict)
    """What each channel has accepted, and when."""
    alarms: dict[str, list[tuple[int, Level]]] = field(default_factory=dict)
    """First attempts at what raises the level that the channel knows."""
    ended: dict[str, list[Result]] = field(default_factory=dict)
    dead: dict[str, list[Step]] = field(default_factory=dict)
    taken: list[Step] = field(default_factory=list)
    reminded: list[tuple[CommunicationOverdue, Step]] = field(default_factory=list)

    def happens(self, level: int, *, minutes: float = 0, age_ms: int = 0) -> Step:
        """Let time pass, and the brand go to a level; the event is read `age_ms` after it was published."""
        self.passes(minutes)
        event = self.life.goes_to(level, self.now_ms)
        step = step_of(event, appended_ms=self.now_ms - age_ms, offset=len(self.taken))
        self.taken.append(step)
        self._note(self.outbox.take(step, self.plan.addresses(event, self.now_ms), self.now_ms))
        return step

    def reminds(self, *, minutes: float = 0, age_ms: int = 0) -> Step:
        """Let time pass, and the brand stay silent."""
        self.passes(minutes)
        overdue = self.life.is_silent(self.now_ms)
        step = step_of(overdue, appended_ms=self.now_ms - age_ms, offset=len(self.taken) + len(self.reminded))
        self.reminded.append((overdue, step))
        self.reminds_again()
        return step

    def reminds_again(self) -> None:
        """Take in the last reminder, be it for the first time or not."""
        overdue, step = self.reminded[-1]
        addresses = self.plan.reminded(overdue, self.now_ms)
        self._note(self.outbox.remind(step, from_rfc3339(overdue.time), addresses, self.now_ms))

    def redacts(self, step: Step, offset: int) -> Step:
        """Publish the event of a step again, without the posts that it named."""
        event = without_posts(read_crisis(step.payload.encode()))
        again = step_of(event, appended_ms=self.now_ms, offset=offset)
        addresses = self.plan.addresses(event, self.now_ms)
        self._note(self.outbox.take(again, addresses, self.now_ms, redacted=True))
        return again

    def passes(self, minutes: float) -> None:
        self.now_ms += round(minutes * MINUTE_MS)

    def crashes(self) -> None:
        """Go on from the stored state."""
        self.outbox = load_outbox(dump_outbox(self.outbox))

    def tells(self, channel: str, answer: Callable[[Item], str] = lambda _: "ok") -> str:
        """Make one attempt at what is due; says what came of it."""
        line = self.outbox.line(channel)
        known = line.told
        item, ended = line.next(self.plan.budget, self.now_ms)
        self._note([(channel, result) for result in ended])
        if item is None:
            return "nothing"
        step = item.step
        knows = known.level if known is not None and known.crisis_id == step.crisis_id else Level.CALM
        if item.attempts == 1 and step.level > knows and not item.redriven and not step.reminds:
            self.alarms.setdefault(channel, []).append((self.now_ms, step.level))
        said = answer(item)
        if said == "ok":
            self.outbox.delivered(channel, item)
            self.told.setdefault(channel, []).append((step, self.now_ms))
            self._note([(channel, Result.DELIVERED)])
        elif said == "refused" or not line.failed(item, self.now_ms):
            self._dies(channel, line, item)
            return "dead"
        return said

    def _dies(self, channel: str, line: Line, item: Item) -> None:
        line.dead(item)
        self.dead.setdefault(channel, []).append(item.step)
        self._note([(channel, Result.DEAD)])

    def tells_all(self, channel: str) -> None:
        """Tell everything that is due now, to a receiver that takes it."""
        while self.tells(channel) != "nothing":
            pass

    def said(self, channel: str) -> list[tuple[str, int]]:
        """Name and level of what a channel has accepted."""
        return [(step.name, int(step.level)) for step, _ in self.told.get(channel, [])]

    def waits(self, channel: str) -> Iterator[Step]:
        return (item.step for item in self.outbox.line(channel).pending)

    def _note(self, ended: list[tuple[str, Result]]) -> None:
        for channel, result in ended:
            self.ended.setdefault(channel, []).append(result)


NOON = at("2026-03-27T12:00")
PLAN = """
version = 1
[channels.ops]
kind = "webhook"
url = "https://example.org/ops"
secret_file = "secret"
[channels.night]
kind = "webhook"
url = "https://example.org/night"
secret_file = "secret"
[[routes]]
channels = ["ops", "night"]
"""
QUIET = """
[[routes.quiet]]
start = "22:00"
end = "07:00"
timezone = "Europe/Paris"
"""


def world(more: str = "", now_ms: int = NOON) -> World:
    return World(parse_plan(PLAN + more, "notify.toml"), now_ms)
