"""A sizing in words: what is needed, and how that was worked out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.capacity.coefficients import Coefficients
from pipeline.capacity.formula import STATES_A_BATCH, Demand, Role, Sizing

__all__ = ["Line", "amount", "as_text", "bytes_in_words", "per_cent", "working"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One result: what it is, its value, and the working."""

    what: str
    value: str
    how: str


def amount(number: float, digits: int = 3) -> str:
    """Return a number with so many digits that count.

    >>> [amount(number) for number in (0.01234, 1.5, 31.25, 143_199, 0.0)]
    ['0.0123', '1.5', '31.2', '143,199', '0']
    """
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{float(f'{number:.{digits}g}'):.10f}".rstrip("0").rstrip(".")


def bytes_in_words(number: float) -> str:
    """Return bytes in the unit that suits.

    >>> [bytes_in_words(number) for number in (812, 2_500_000, 1.9e12)]
    ['812 B', '2.5 MB', '1.9 TB']
    """
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{amount(number)} {unit}"
        number /= 1000
    return f"{amount(number)} TB"


def per_cent(share: float) -> str:
    """Return a share in words.

    >>> per_cent(0.025)
    '2.5 %'
    """
    return f"{amount(100 * share)} %"


def as_text(lines: Iterable[Line]) -> str:
    """Return results with their working, one a line.

    >>> as_text([Line(what="enrich", value="2 cores", how="1 + 1")])
    'enrich                              2 cores                 1 + 1'
    """
    return "\n".join(f"{line.what:<35} {line.value:<23} {line.how}" for line in lines)


def working(demand: Demand, cost: Coefficients, sizing: Sizing) -> list[Line]:
    """Return every result with its working, in the order in which they follow from one another."""
    return [
        *_cpu(demand, cost, sizing),
        *_memory(demand, cost, sizing),
        *_broker(demand, cost, sizing),
        *_time(demand, cost, sizing),
    ]


def _cpu(demand: Demand, cost: Coefficients, sizing: Sizing) -> list[Line]:
    mentions = amount(demand.peak_mentions)
    states, minutes = amount(sizing.states_per_second), amount(demand.brand_minutes_per_second)
    return [
        Line(
            what="mentions at the peak",
            value=f"{mentions}/s",
            how=f"{amount(demand.peak_per_second)} tweets/s × {per_cent(demand.matching)} matching × "
            f"{amount(demand.mentions_a_match)} brands each",
        ),
        Line(
            what="enrich",
            value=_cores(sizing.enrich),
            how=f"{amount(demand.peak_per_second)} tweets/s × {amount(cost.enrich_us_a_tweet)} µs + "
            f"{mentions} mentions/s × {amount(cost.enrich_us_a_mention)} µs: "
            f"{amount(sizing.enrich.us_a_record)} µs a tweet",
        ),
        _workers("enrich", sizing.enrich, demand, "tweets.raw"),
        Line(
            what="states written",
            value=f"{states}/s",
            how=f"each brand at most once in a batch of {demand.batch_records:,} mentions, "
            f"at most {STATES_A_BATCH} of them",
        ),
        Line(
            what="track",
            value=_cores(sizing.track),
            how=f"{mentions} mentions/s × {amount(cost.track_us_a_mention)} µs + {states} states/s × "
            f"{amount(cost.track_us_a_state)} µs + {minutes} brand-minutes/s × "
            f"{amount(cost.track_us_a_brand_minute)} µs",
        ),
        _workers("track", sizing.track, demand, "vigie.mentions"),
        *_loudest(demand, cost, sizing),
        Line(what="notify", value="1 worker", how="it reads crises only, a few an hour"),
    ]


def _cores(role: Role) -> str:
    return f"{amount(role.cores)} cores"


def _workers(name: str, role: Role, demand: Demand, topic: str) -> Line:
    return Line(
        what=f"workers of {name}",
        value=f"{role.workers:,}",
        how=f"{amount(role.cores)} cores / {per_cent(demand.headroom)} busy, rounded up; {topic} with "
        f"{role.partitions:,} partitions has room for twice as many",
    )


def _loudest(demand: Demand, cost: Coefficients, sizing: Sizing) -> list[Line]:
    if not demand.loudest:
        return []
    fits = sizing.loudest_cores <= demand.headroom
    return [
        Line(
            what="the loudest brand",
            value=f"{amount(sizing.loudest_cores)} of a core" + ("" if fits else ": TOO MUCH"),
            how=f"{per_cent(demand.loudest)} of the mentions × {amount(cost.track_us_a_mention)} µs; a brand is with "
            "one worker, whatever their number",
        )
    ]


def _memory(demand: Demand, cost: Coefficients, sizing: Sizing) -> list[Line]:
    enrich, track = sizing.enrich, sizing.track
    return [
        Line(
            what="memory of a worker of enrich",
            value=f"{amount(enrich.mib)} MiB",
            how=f"{amount(cost.enrich_mib)} MiB + {amount(enrich.partitions / enrich.workers)} partitions × "
            f"{amount(cost.enrich_mib_a_partition)} MiB",
        ),
        Line(
            what="memory of a worker of track",
            value=f"{amount(track.mib)} MiB",
            how=f"{amount(cost.track_mib)} MiB + {amount(demand.brands / track.workers)} brands × "
            f"{amount(cost.track_mib_a_brand)} MiB",
        ),
    ]


def _broker(demand: Demand, cost: Coefficients, sizing: Sizing) -> list[Line]:
    raw = cost.raw_bytes if demand.raw_bytes is None else demand.raw_bytes
    mention = cost.mention_bytes if demand.mention_bytes is None else demand.mention_bytes
    read = f"{amount(demand.peak_per_second)} × {amount(raw)} B + {amount(demand.peak_mentions)} × {amount(mention)} B"
    return [
        Line(
            what="into the brokers",
            value=f"{bytes_in_words(sizing.broker_in)}/s",
            how=f"{read} + {amount(sizing.states_per_second)} states × {amount(cost.state_bytes)} B + "
            f"{amount(demand.brand_minutes_per_second)} windows × {amount(cost.window_bytes)} B",
        ),
        Line(what="out to Vigie", value=f"{bytes_in_words(sizing.broker_out)}/s", how=read),
        Line(
            what="between brokers",
            value=f"{bytes_in_words(sizing.broker_copies)}/s",
            how=f"what comes in × {demand.replication - 1} more copies",
        ),
        Line(
            what="brokers",
            value=f"{amount(sizing.broker_cores)} cores",
            how=f"(tweets/s × {amount(cost.broker_us_a_tweet)} µs + mentions/s × "
            f"{amount(cost.broker_us_a_mention)} µs) × {demand.replication} copies; without what brings the tweets",
        ),
        Line(
            what="disk of all brokers",
            value=bytes_in_words(sizing.disk),
            how=f"{amount(demand.tweets_per_second)} tweets/s for {amount(demand.raw_retention_h)} h, mentions for "
            f"{amount(demand.retention_h)} h, windows for 30 days, states, × {demand.replication} copies",
        ),
    ]


def _time(demand: Demand, cost: Coefficients, sizing: Sizing) -> list[Line]:
    return [
        Line(
            what="a crisis is said",
            value=f"{amount(demand.lateness_s)} s after its minute",
            how="the allowed lateness, then the delay that the bench measures",
        ),
        Line(
            what="a worker of track is back after",
            value=f"{amount(sizing.recovery_s)} s",
            how=f"{amount(cost.recovery_s)} s + {amount(demand.brands / sizing.track.workers)} brands × "
            f"{amount(cost.recovery_s_a_brand * 1000)} ms",
        ),
        Line(
            what="an hour of standstill is made up in",
            value=f"{amount(sizing.catch_up * 60)} min" if sizing.catch_up < 1e6 else "never",
            how="while new tweets come at the average rate",
        ),
    ]
