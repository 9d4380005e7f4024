"""Quiet brands with a crisis each while one brand is flooded: what is sent, what should come of it, and what came when.

Fifteen minutes of event time pass in a second, so that there are many closed minutes to measure. A quiet brand has two
posts a minute, as in the two days before that it has learnt from, and a hundred complaints in the minute of its crisis;
the noisy one has a hundred times a quiet one's posts, all the time. Everything goes over the same raw partitions, and
enrich and track are one process each: the least that anybody runs.

The delay is as `tests.bench.delay` has it: from the append of the first tweet that lets a minute be closed to the
append of what came of the minute, both by the broker's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from agents.settings import Settings
from pipeline.enrich import Enricher
from pipeline.records import Record
from pipeline.text import StandardAnalyzer
from pipeline.tracker import Tracker
from pipeline.watchlist import Watchlist
from schemas.codec import decode
from schemas.crisis import CrisisEvent
from schemas.times import from_rfc3339
from tests.bench.arrivals import Told
from tests.bench.delay import appended, percentile
from tests.bench.load import START_MS
from tests.bench.outbursts import COMPLAINTS, TALK_A_MINUTE, Outbursts, brand_key, watchlist
from tests.bench.pasts import keyed, partition_of

__all__ = [
    "PARTITIONS",
    "Cast",
    "Delays",
    "Phase",
    "Said",
    "Timed",
    "delays_of",
    "expected",
    "in_order",
    "rate_of",
    "said_in",
    "watch",
]

PARTITIONS = 2
MINUTES = 60
"""Of event time, of each phase."""
SPEED = 15.0
"""Minutes of event time to a second."""
NOISE = 100
"""How many times as much is said of the noisy brand as of a quiet one."""
_CRISES = 2
_BEGINS = 10
"""The minute of a phase in which the first crisis begins; the others begin as much later."""
_MINUTE_MS = 60_000

Timed = tuple[int, bytes]
"""When it is posted, event time, and a line of the filtered stream."""
Said = tuple[str, str, str, int]
"""A step of a crisis: brand, type, event time and level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Numbers of brands (`tests.bench.outbursts`): all quiet ones share a mentions partition."""

    quiet: tuple[int, ...]
    beside: int
    """The noisy brand in the same partition."""
    apart: int
    """And the one in another."""

    @classmethod
    def chosen(cls, phases: int) -> Cast:
        """Return brands enough for so many phases."""
        numbers = {side: [n for n in range(200) if _side(n) == side] for side in (0, 1)}
        quiet = tuple(numbers[0][: phases * _CRISES])
        return cls(quiet=quiet, beside=numbers[0][len(quiet)], apart=numbers[1][0])

    def brands(self) -> list[str]:
        """Return the keys of all of them."""
        return [brand_key(number) for number in (*self.quiet, self.beside, self.apart)]

    def quiet_brands(self) -> frozenset[str]:
        """Return the keys of the quiet ones."""
        return frozenset(map(brand_key, self.quiet))


def _side(number: int) -> int:
    return partition_of(brand_key(number).encode(), PARTITIONS)


def watch() -> str:
    """Return the watchlist, TOML."""
    return f"version = 1\n{watchlist(200)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of event time."""

    number: int
    noisy: int | None
    """The brand that is flooded; none in the first phase."""

    @property
    def start_ms(self) -> int:
        """When it begins, event time, epoch milliseconds."""
        return START_MS + self.number * MINUTES * _MINUTE_MS

    def quiet(self, cast: Cast, talk: Outbursts) -> list[Timed]:
        """Return what is said of the quiet brands."""
        own = cast.quiet[self.number * _CRISES : (self.number + 1) * _CRISES]
        bursts = {_BEGINS * (n + 1): brand for n, brand in enumerate(own)}
        lines: list[Timed] = []
        for minute in range(MINUTES):
            said = [(brand, "neutral" if at else "positive") for brand in cast.quiet for at in range(TALK_A_MINUTE)]
            if minute in bursts:
                said += [(bursts[minute], "negative")] * COMPLAINTS
            for at, (brand, tone) in enumerate(said):
                time_ms = self.start_ms + minute * _MINUTE_MS + at * _MINUTE_MS // len(said)
                lines.append((time_ms, talk.line(brand, tone, time_ms)))
        return lines

    def noise(self, talk: Outbursts) -> list[Timed]:
        """Return what is said of the noisy one."""
        if self.noisy is None:
            return []
        a_minute = NOISE * TALK_A_MINUTE
        times = [self.start_ms + n * _MINUTE_MS // a_minute for n in range(MINUTES * a_minute)]
        return [(time_ms, talk.line(self.noisy, "neutral", time_ms)) for time_ms in times]


def in_order(lines: Iterable[Timed]) -> list[bytes]:
    """Return lines in the order in which they are posted."""
    return [line for _, line in sorted(lines, key=itemgetter(0))]


def rate_of(lines: Sequence[bytes]) -> float:
    """Return the tweets a second at which those of a phase arrive."""
    return len(lines) / MINUTES * SPEED


def expected(settings: Settings, lines: Sequence[bytes], states: Mapping[str, bytes]) -> set[Said]:
    """Return the steps of all crises that come of lines by the pure engine, after these states of brands."""
    brands = Watchlist.parse(watch())
    enricher = Enricher(settings.engine(), brands, StandardAnalyzer())
    clock, steps = enricher.new_clock(0), set[Said]()
    trackers = [Tracker(settings.engine(), partition, unheard=brands.unheard) for partition in range(PARTITIONS)]
    for number, tracker in enumerate(trackers):
        for key, partition, value in keyed(list(states), list(states.values()), PARTITIONS):
            if partition == number:
                tracker.restore(key.decode(), value)
    for at in range(0, len(lines), 200):
        part = enumerate(lines[at : at + 200], at)
        enriched = enricher.enrich(clock, [Record(offset, None, None, line) for offset, line in part])
        mark = enricher.watermark(clock, 1)
        for number, tracker in enumerate(trackers):
            own = [m for m in enriched.mentions if partition_of(m.brand.encode(), PARTITIONS) == number]
            steps |= {_step(e) for e in tracker.step([*own, mark]).events if isinstance(e, CrisisEvent)}
    return steps


def _step(event: CrisisEvent) -> Said:
    return event.brand, event.type.value, event.time, int(event.level)


async def said_in(settings: Settings, brands: frozenset[str]) -> set[Said]:
    """Return the steps of crises of some brands that are on the topic."""
    found = set()
    async for record in appended(settings, settings.topics.crises):
        event = decode(record.value)
        if event["brand"] in brands and "evidence" in event:
            found.add((event["brand"], event["type"], event["time"], event["level"]))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Of quiet brands, in one phase, milliseconds."""

    crises: list[float]
    windows: list[float]

    def told(self) -> str:
        """Say the median and the worst of both."""
        parts = []
        for name, values in (("crises", self.crises), ("closed minutes", self.windows)):
            p50 = percentile(values, 50)
            parts.append(f"{name} p50 {p50:,.0f} ms, max {max(values):,.0f} ms (of {len(values):,})")
        return "; ".join(parts)


async def delays_of(settings: Settings, phase: Phase, told: Told, brands: frozenset[str]) -> Delays:
    """Return the delays of what came of the minutes of a phase that its own tweets let be closed."""
    closings = {each.end_ms: each.appended_ms for each in told.closings if each.end_ms > phase.start_ms}
    delays = Delays(crises=[], windows=[])
    async for record in appended(settings, settings.topics.windows):
        window = decode(record.value)
        cause = closings.get(from_rfc3339(window["window_end"]))
        if cause is not None and window["brand"] in brands:
            delays.windows.append(record.timestamp - cause)
    async for record in appended(settings, settings.topics.crises):
        event = decode(record.value)
        cause = closings.get(from_rfc3339(event["time"]))
        if cause is not None and event["brand"] in brands and "evidence" in event:
            delays.crises.append(record.timestamp - cause)
    return delays
