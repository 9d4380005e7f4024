"""The stream: every brand's talk in the order of arrival, a little out of order, now and then broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from pipeline.simulate.chance import Chance
from pipeline.simulate.draft import Draft
from pipeline.simulate.payload import malformed, snowflake, v1_status, v2_line
from pipeline.simulate.scenario import Scenario
from pipeline.simulate.talk import Talk
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
    lanes = (_Lane(Chance(scenario.seed, "stream")), _Lane(Chance(scenario.seed, "stream", "voice")))
    pending: list[tuple[int, int, Draft]] = []
    for start_ms in range(scenario.start_ms, scenario.end_ms, _MINUTE_MS):
        drafts: list[Draft] = []
        for talk in talks:
            heard = talk.minute(start_ms)
            drafts += heard
            drafts += talk.voice.minute(start_ms, heard)
        for draft in sorted(drafts, key=lambda draft: draft.time_ms):
            heappush(pending, lanes[draft.apart].put_in_order(draft))
        while pending and pending[0][0] < start_ms + _MINUTE_MS:
            yield from _records(heappop(pending)[2], lanes)
    while pending:
        yield from _records(heappop(pending)[2], lanes)


class _Lane:
    """The chance that posts are numbered, delayed and written by; what the brand says in a crisis has its own."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self._sequence = 0

    def put_in_order(self, draft: Draft) -> tuple[int, int, Draft]:
        """Give a draft its ID; return when it arrives, the ID, and the draft."""
        draft.tweet_id = snowflake(draft.time_ms, self.chance.below(1024), self._sequence)
        self._sequence += 1
        delay_ms = min(int(self.chance.exponential(_MEAN_DELAY_MS)), MAX_DELAY_MS)
        return draft.time_ms + delay_ms, draft.tweet_id, draft


def _records(draft: Draft, lanes: tuple[_Lane, _Lane]) -> Iterator[SimulatedTweet]:
    chance = lanes[draft.apart].chance
    value = v1_status(draft) if chance.happens(_V1) else v2_line(draft, chance)
    key = str(draft.tweet_id).encode()
    if chance.happens(_MALFORMED):
        broken = malformed(value, chance)
        if not draft.withheld:
            yield SimulatedTweet(value=broken, key=key, time_ms=draft.time_ms, brand=None, tone=None)
    if draft.withheld:
        return
    yield SimulatedTweet(value=value, key=key, time_ms=draft.time_ms, brand=draft.brand, tone=draft.tone)
