"""Results made up for the tests: no figure in here was measured."""

from __future__ import annotations

import random

from pipeline.capacity import Check, Coefficients, Measured
from tests.bench.results import (
    Delay,
    Footprint,
    Machine,
    Memory,
    Point,
    Recovery,
    Results,
    Run,
    Scaling,
    Target,
    Throughput,
)

__all__ = ["COEFFICIENTS", "made_up"]

COEFFICIENTS = Coefficients(
    enrich_us_a_tweet=16.0,
    enrich_us_a_mention=34.0,
    track_us_a_mention=9.0,
    track_us_a_state=60.0,
    track_us_a_brand_minute=250.0,
    broker_us_a_tweet=3.0,
    broker_us_a_mention=2.0,
    raw_bytes=400.0,
    mention_bytes=210.0,
    state_bytes=2_000.0,
    window_bytes=180.0,
    enrich_mib=160.0,
    enrich_mib_a_partition=3.0,
    track_mib=120.0,
    track_mib_a_brand=0.04,
    recovery_s=2.5,
    recovery_s_a_brand=0.0006,
)
_PARTS = {
    "vigie enrich": {"compute": 32.0, "encode": 9.0},
    "vigie chain": {"enrich": 49.0, "track": 15.5},
    "bare loop enrich": {"parse": 8.0, "match": 5.0, "read": 12.0, "write": 7.0},
}
_US = {
    "vigie enrich": 49.0,
    "vigie track": 15.5,
    "vigie chain": 65.0,
    "bare loop enrich": 36.0,
    "bare loop chain": 48.0,
    "stock faust": 640.0,
    "quix streams": 260.0,
    "bytewax": 150.0,
}


def made_up() -> Results:
    """Return results in which everything has a figure."""
    return Results(
        machine=Machine(
            cpu="Made-up processor <2 GHz>",
            cores=2,
            memory_gib=7.8,
            os="Linux 6",
            python="3.11.9",
            when="2026-01-01T00:00:00Z",
            kafka="4.4.0",
            java="17.0.9",
            pinned="worker on core 0, Kafka on core 1",
            busy=0.12,
        ),
        throughput=[
            Throughput(
                contender=name,
                runs=[_run(us * stretch, _PARTS.get(name, {})) for stretch in (0.95, 1.0, 1.09)],
                version="made up 1.0",
                note="" if name.startswith("vigie") else "Keeps no state that survives: in its favour.",
            )
            for name, us in _US.items()
        ],
        delays=[_delays(0.3, 2.0), _delays(0.7, 4.0), _delays(0.95, 60.0)],
        scaling=[
            Scaling(
                axis="brands",
                points=[
                    Point(x=x, enrich_us=us, track_us=us / 3, rss_mib=150 + x / 20, runs=[])
                    for x, us in ((10, 49.0), (100, 50.0), (1000, 53.0), (10_000, 61.0))
                ],
            ),
            Scaling(axis="aliases", points=[Point(x=x, enrich_us=49.0 + x / 10_000) for x in (10, 1000, 100_000)]),
            Scaling(axis="workers", points=[Point(x=1, per_second=19_000.0), Point(x=2, per_second=36_000.0)]),
        ],
        footprint=Footprint(
            startup_s={"enrich": [1.9, 2.1], "track": [1.4, 1.5, 1.6]},
            recovery=[
                Recovery(brands=100, changelog_mib=0.6, seconds=2.6),
                Recovery(brands=10_000, changelog_mib=60.0, seconds=8.5),
            ],
            memory=[
                Memory(role=role, brands=brands, aliases=4, rss_mib=mib + brands / 25)
                for role, mib in (("enrich", 160.0), ("track", 120.0))
                for brands in (10, 1000, 10_000)
            ],
        ),
        ratios={"vigie chain / stock faust": 9.8, "vigie enrich / bare loop enrich": 0.73},
        targets=[
            Target(name="vigie enrich", at_least=20_000.0, measured=20_408.0, unit="tweets/s"),
            Target(name="vigie chain / stock faust", at_least=8.0, measured=9.8, unit="times"),
            Target(name="delay at 70 % load, 99 %", at_most=1_000.0, measured=1_250.0, unit="ms"),
            Target(name="transport and Faust", at_most=15.0, unit="µs"),
        ],
        capacity=Measured(
            machine="Made-up processor <2 GHz>, Python 3.11.9",
            when="2026-01-01T00:00:00Z",
            coefficients=COEFFICIENTS,
            checks=[
                Check(what="enrich, 30 % matching, 50 brands", unit="µs a tweet", predicted=26.2, measured=28.0),
                Check(what="track, 2,000 brands, 4 partitions", unit="µs a mention", predicted=40.0, measured=37.1),
            ],
        ),
    )


def _run(us: float, parts: dict[str, float]) -> Run:
    return Run(
        records=100_000, cpu_us=us, per_second=0.9e6 / us, rss_mib=180 + us / 5, broker_cpu_us=3.1, parts=dict(parts)
    )


def _delays(load: float, scale: float) -> Delay:
    chance = random.Random(1)
    found = sorted(100 + chance.expovariate(1 / (20 * scale)) for _ in range(400))
    bounds = [20.0 * n for n in range(1, 41)]
    histogram = [
        (bound, sum(before < each <= bound for each in found))
        for before, bound in zip([0.0, *bounds], [*bounds, 1e9], strict=True)
    ]
    return Delay(
        load=load,
        tweets_per_second=19_000 * load,
        p50_ms=found[200],
        p99_ms=found[396],
        max_ms=found[-1],
        samples=len(found),
        histogram=histogram,
    )
