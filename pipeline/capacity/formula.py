"""The formula: a demand and what records cost, in; cores, workers, partitions, memory, broker and disk, out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from pipeline.capacity.coefficients import Coefficients

__all__ = [
    "STATES_A_BATCH",
    "Demand",
    "Role",
    "Sizing",
    "brands_in_a_batch",
    "enrich_us_a_tweet",
    "size",
    "track_us_a_mention",
]

_LEAST_PARTITIONS = 8
_COMPACTED_AFTER_S = 20 * 60
"""What was written to a changelog within this time may still be there: its segments are closed after ten minutes and
compacted ten minutes later (`vigie topics create`)."""
STATES_A_BATCH = 16
"""Most brands whose state a batch writes (`agents.track`); what is left waits for the next."""
_WINDOWS_KEPT_H = 30 * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is asked for."""

    tweets_per_second: float
    """On average: disk is sized by it."""
    peak_per_second: float
    """In the worst minute that is to be kept up with: workers and broker are sized by it."""
    brands: int
    matching: float = 1.0
    """Share of the tweets that speak of a brand, 0 to 1."""
    mentions_a_match: float = 1.0
    """Brands in a tweet that speaks of any."""
    loudest: float = 0.0
    """Share of all mentions that the loudest brand has; a brand cannot be shared out among workers."""
    headroom: float = 0.7
    """How busy a core may be at the peak, above 0 and up to 1."""
    replication: int = 3
    raw_retention_h: float = 22.0
    """How long raw tweets are kept."""
    retention_h: float = 168.0
    """How long mentions are kept."""
    lateness_s: float = 30.0
    batch_records: int = 2000
    """Records of one step at most (VIGIE_MAX_BATCH_RECORDS); workers near their capacity take full batches."""
    raw_bytes: float | None = None
    """A raw tweet on the wire; without it that of the coefficients."""
    mention_bytes: float | None = None

    @property
    def peak_mentions(self) -> float:
        """Mentions a second at the peak."""
        return self.peak_per_second * self.mentions_a_tweet

    @property
    def mentions_a_tweet(self) -> float:
        """Mentions for each tweet that comes in."""
        return self.matching * self.mentions_a_match

    @property
    def brand_minutes_per_second(self) -> float:
        """Each brand that was ever spoken of closes a minute a minute."""
        return self.brands / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What one role needs."""

    us_a_record: float
    """CPU for each tweet (enrich) or mention (track) at the peak."""
    cores: float
    """Busy at the peak."""
    workers: int
    """With the headroom."""
    partitions: int
    """Of the topic it reads: room for twice the workers, since they cannot be changed under existing state."""
    mib: float
    """Memory of each worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """What a demand asks for."""

    enrich: Role
    track: Role
    loudest_cores: float
    """What the loudest brand keeps busy of one core at the peak; above the headroom no number of workers helps."""
    broker_cores: float
    """Of all brokers together, with the copies."""
    broker_in: float
    """Bytes a second from clients at the peak, all topics."""
    broker_out: float
    """Bytes a second to Vigie at the peak."""
    broker_copies: float
    """Bytes a second between brokers at the peak."""
    disk: float
    """Bytes of all brokers together."""
    recovery_s: float
    """From the start of a worker of track to its first record."""
    catch_up: float
    """Seconds to read what came in during one second of standstill, at the average rate."""
    states_per_second: float


@cache
def brands_in_a_batch(brands: int, records: int) -> float:
    """Return how many brands a batch speaks of.

    Brands are talked about by Zipf's law (the second half as much as the first, the third a third), and a brand is in
    a batch unless all its records are of others.

    >>> [round(brands_in_a_batch(brands, 1000)) for brands in (10, 1000, 100_000)]
    [10, 350, 648]
    """
    others = (1 - math.log1p(1 / rank) / math.log(brands + 1) for rank in range(1, brands + 1))
    return sum(1 - other**records for other in others)


def enrich_us_a_tweet(demand: Demand, cost: Coefficients) -> float:
    """Return the CPU of enrich for each tweet, in microseconds."""
    return cost.enrich_us_a_tweet + demand.mentions_a_tweet * cost.enrich_us_a_mention


def track_us_a_mention(demand: Demand, cost: Coefficients, partitions: int) -> float:
    """Return the CPU of track for each mention at the peak, in microseconds."""
    return _track_cores(demand, cost, partitions) * 1e6 / demand.peak_mentions if demand.peak_mentions else 0.0


def _track_cores(demand: Demand, cost: Coefficients, partitions: int) -> float:
    us = demand.peak_mentions * cost.track_us_a_mention
    us += _states_per_second(demand, partitions) * cost.track_us_a_state
    return (us + demand.brand_minutes_per_second * cost.track_us_a_brand_minute) / 1e6


def _states_per_second(demand: Demand, partitions: int) -> float:
    batches = demand.peak_mentions / demand.batch_records
    if not batches:
        return demand.brand_minutes_per_second
    changed = brands_in_a_batch(math.ceil(demand.brands / partitions), demand.batch_records)
    return batches * min(STATES_A_BATCH, changed + demand.brand_minutes_per_second / batches)


def _workers(cores: float, headroom: float) -> int:
    # A core that is a hair too small by rounding alone is no reason for another.
    return max(1, math.ceil(cores / headroom - 1e-9))


def _room(workers: int) -> int:
    """Return partitions for twice the workers, a power of two.

    >>> [_room(workers) for workers in (1, 4, 5, 11)]
    [8, 8, 16, 32]
    """
    return max(_LEAST_PARTITIONS, 1 << (2 * workers - 1).bit_length())


def size(demand: Demand, cost: Coefficients) -> Sizing:
    """Return what a demand asks for, with what records cost."""
    enrich = _enrich(demand, cost)
    track = _track(demand, cost)
    states = _states_per_second(demand, track.partitions)
    raw = cost.raw_bytes if demand.raw_bytes is None else demand.raw_bytes
    mention = cost.mention_bytes if demand.mention_bytes is None else demand.mention_bytes
    windows = demand.brand_minutes_per_second * cost.window_bytes
    out = demand.peak_per_second * raw + demand.peak_mentions * mention
    broker_in = out + windows + states * cost.state_bytes
    broker_us = demand.peak_per_second * cost.broker_us_a_tweet + demand.peak_mentions * cost.broker_us_a_mention
    kept = demand.tweets_per_second * raw * demand.raw_retention_h * 3600
    kept += demand.tweets_per_second * demand.mentions_a_tweet * mention * demand.retention_h * 3600
    kept += windows * _WINDOWS_KEPT_H * 3600
    kept += (demand.brands + states * _COMPACTED_AFTER_S) * cost.state_bytes
    return Sizing(
        enrich=enrich,
        track=track,
        loudest_cores=demand.loudest * demand.peak_mentions * cost.track_us_a_mention / 1e6,
        broker_cores=broker_us * demand.replication / 1e6,
        broker_in=broker_in,
        broker_out=out,
        broker_copies=broker_in * (demand.replication - 1),
        disk=kept * demand.replication,
        recovery_s=cost.recovery_s + demand.brands / track.workers * cost.recovery_s_a_brand,
        catch_up=_catch_up(demand, enrich, track),
        states_per_second=states,
    )


def _enrich(demand: Demand, cost: Coefficients) -> Role:
    us = enrich_us_a_tweet(demand, cost)
    cores = demand.peak_per_second * us / 1e6
    workers = _workers(cores, demand.headroom)
    partitions = _room(workers)
    mib = cost.enrich_mib + partitions / workers * cost.enrich_mib_a_partition
    return Role(us_a_record=us, cores=cores, workers=workers, partitions=partitions, mib=mib)


def _track(demand: Demand, cost: Coefficients) -> Role:
    partitions = _LEAST_PARTITIONS
    # More partitions do not mean more work: this ends.
    while _room(_workers(_track_cores(demand, cost, partitions), demand.headroom)) > partitions:
        partitions *= 2
    cores = _track_cores(demand, cost, partitions)
    workers = _workers(cores, demand.headroom)
    return Role(
        us_a_record=track_us_a_mention(demand, cost, partitions),
        cores=cores,
        workers=workers,
        partitions=partitions,
        mib=cost.track_mib + demand.brands / workers * cost.track_mib_a_brand,
    )


def _catch_up(demand: Demand, enrich: Role, track: Role) -> float:
    """Return the seconds it takes to read a second's tweets that have waited, while new ones come in."""
    share = max(role.cores / role.workers for role in (enrich, track)) * demand.tweets_per_second
    busy = share / demand.peak_per_second if demand.peak_per_second else 0.0
    return busy / (1 - busy) if busy < 1 else math.inf
