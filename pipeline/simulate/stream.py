"""The stream: every brand's talk in the order of arrival, a little out of order, now and then broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from pipeline.simulate.chance import Chance
from pipeline.simulate.payload import malformed, snowflake, v1_status, v2_line
from pipeline.simulate.scenario import Scenario
from pipeline.simulate.talk import Draft, Talk
from schemas.mention import SentimentLabel

__all__ = ["MAX_DELAY_MS", "SimulatedTweet", "simulate"]

_MINUTE_MS = 60_000
MAX_DELAY_MS = 8_000
"""No tweet arrives later than this after its own time: the bound of the disorder."""
_MEAN_DELAY_MS = 900.0
_V1 = 0.08
"""Share of v1.1 statuses; the rest are lines of the v2 stream."""
_MALFORMED = 0.0008


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedTweet:
    """One raw record, and what is known of it that the record itself does not say."""

    value: bytes
    """The payload: JSON without a line end, or deliberately broken. Never empty."""
    key: bytes
    """The tweet's ID, decimal."""
    time_ms: int
    """When it was posted, epoch milliseconds; also in the ID."""
    brand: str | None
    """Whom it was written about; none for a broken record."""
    tone: SentimentLabel | None
    """What its author meant; none for a broken record."""


def simulate(scenario: Scenario) -> Iterator[SimulatedTweet]:
    """Yield the scenario's tweets in order of arrival.

    A tweet arrives up to `MAX_DELAY_MS` after its time, so later ones overtake it. Memory does not grow
    with the length of the scenario.
    """
    talks = [Talk(brand, scenario.seed, number=i) for i, brand in enumerate(scenario.brands)]
    chance = Chance(scenario.seed, "stream")
    pending: list[tuple[int, int, Draft]] = []
    sequence = 0
    for start_ms in range(scenario.start_ms, scenario.end_ms, _MINUTE_MS):
        drafts = [draft for talk in talks for draft in talk.minute(start_ms)]
        for draft in sorted(drafts, key=lambda draft: draft.time_ms):
            draft.tweet_id = snowflake(draft.time_ms, chance.below(1024), sequence)
            sequence += 1
            delay_ms = min(int(chance.exponential(_MEAN_DELAY_MS)), MAX_DELAY_MS)
            heappush(pending, (draft.time_ms + delay_ms, draft.tweet_id, draft))
        while pending and pending[0][0] < start_ms + _MINUTE_MS:
            yield from _records(heappop(pending)[2], chance)
    while pending:
        yield from _records(heappop(pending)[2], chance)


def _records(draft: Draft, chance: Chance) -> Iterator[SimulatedTweet]:
    value = v1_status(draft) if chance.happens(_V1) else v2_line(draft, chance)
    key = str(draft.tweet_id).encode()
    if chance.happens(_MALFORMED):
        broken = malformed(value, chance)
        yield SimulatedTweet(value=broken, key=key, time_ms=draft.time_ms, brand=None, tone=None)
    yield SimulatedTweet(value=value, key=key, time_ms=draft.time_ms, brand=draft.brand, tone=draft.tone)
