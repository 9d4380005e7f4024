"""What records cost, and the capacity formula held against runs that it has not seen.

Loads that differ in the share of matching tweets, in brands and in tweets a second go through both roles
(`tests.bench.costs`). The CPU of enrich is fitted as tweets × a + mentions × b, that of track as mentions × c +
states × d + brand-minutes × e; memory likewise, over partitions and brands. Bytes are read from the broker's disk.

ADR: plain least squares on relative errors, with no coefficient below 0 (`scipy.optimize.nnls`), so that a small load
counts as much as a large one and a cost cannot pay for another. Everything counted is a count of that run; the check
gets only what a user knows (the demand), so it also tells how well the number of states is foreseen.

``python -m tests.bench.capacity`` measures this part alone; ``--write`` puts what a bench measured into
``pipeline/capacity/measured.json``, ``deploy/capacity.md`` and the README.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import nnls  # type: ignore[import-untyped]

from pipeline.capacity import (
    Check,
    Coefficients,
    Demand,
    Measured,
    Observation,
    enrich_us_a_tweet,
    track_us_a_mention,
)
from tests.bench.cluster import Cluster
from tests.bench.costs import Observed, Shape, observe
from tests.bench.measuring import machine, pinned
from tests.bench.pasts import learnt_states
from tests.bench.publishing import publish
from tests.bench.results import DEFAULT_PATH, Footprint, Machine, Options, Results, Throughput
from tests.bench.state import Kind

__all__ = ["checked", "fitted", "machine_in_words", "run"]

_ORDINARY = Kind(brands=1, a_minute=2.0, share=0)
_MIB = 1 << 20


def shapes(options: Options) -> tuple[list[Shape], list[Shape]]:
    """Return the loads to fit on, and those to check with."""
    tweets, warm_up = (24_000, 6_000) if options.quick else (60_000, 20_000)

    def shape(
        matching: float, brands: int, tweets_per_second: float, raw: int = 1, partitions: int = 1, times: int = 1
    ) -> Shape:
        return Shape(
            matching=matching,
            brands=brands,
            tweets_per_second=tweets_per_second,
            tweets=times * tweets,
            warm_up=warm_up,
            raw_partitions=raw,
            partitions=partitions,
        )

    # At so few tweets a second of event time a load has whole minutes, and closes them all.
    in_minutes = tweets / 60
    fit = [shape(0.0, 10, 6_000), shape(1.0, 10, 6_000), shape(1.0, 1_000, 6_000), shape(1.0, 1_000, in_minutes / 5)]
    # Of fewer mentions a partition would not have full batches.
    check = [shape(0.4, 50, in_minutes, 2, 2, times=2)]
    if not options.quick:
        fit += [shape(0.5, 10, 6_000), shape(1.0, 100, in_minutes / 20), shape(1.0, 10, 6_000, 8, 8)]
        check.append(shape(0.75, 300, in_minutes / 4, 1, 4, times=2))
    return fit, check


def run(options: Options, results: Results) -> None:
    """Measure, fit and check.

    Raises
    ------
    SystemExit
        Something did not start, or took too long; or recovery was not measured, which the formula needs.
    """
    if results.footprint is None or not results.footprint.recovery:
        raise SystemExit("recovery was not measured, and the formula needs it: footprint comes first")
    fit, check = shapes(options)
    rounds = 1 if options.quick else 2
    states = learnt_states(_ORDINARY, 1 if options.quick else 3)
    found: list[list[Observed]] = [[] for _ in range(len(fit) + len(check))]
    with Cluster(pin=options.pin) as cluster:
        for turn in range(rounds):
            for number, shape in enumerate([*fit, *check]):
                print(f"capacity, {turn + 1} of {rounds}: {shape.told()}", file=sys.stderr, flush=True)
                prefix = f"capacity{turn}-{number}."
                found[number].append(observe(cluster, shape, states, prefix=prefix, seed=options.seed))
    where = machine(pinned(pin=options.pin))
    fitted_on = [observed for each in found[: len(fit)] for observed in each]
    cost = fitted(fitted_on, results)
    results.capacity = Measured(
        machine=machine_in_words(where),
        when=where.when,
        coefficients=cost,
        observations=[each for observed in fitted_on for each in _both(observed)],
        checks=[check for each in found[len(fit) :] for check in checked(each, cost)],
    )


def machine_in_words(where: Machine) -> str:
    """Return a machine in a few words."""
    cores = "1 core" if where.cores == 1 else f"{where.cores} cores"
    return f"{where.cpu}, {cores}, Python {where.python}, Apache Kafka {where.kafka or 'of unknown version'}"


def _both(observed: Observed) -> Iterable[Observation]:
    yield observed.enrich
    if observed.track:
        yield observed.track


# -- fitting ---------------------------------------------------------------------------------------------


def fitted(observed: Sequence[Observed], results: Results) -> Coefficients:
    """Return the coefficients.

    Parameters
    ----------
    observed
        Loads of several shapes.
    results
        What else the bench measured. Recovery must be there; memory in steady state, and Kafka's CPU beside each role,
        are taken from there if they are, else from the loads.
    """
    footprint = results.footprint or Footprint()
    enrich = [each.enrich for each in observed]
    full = [each for each in enrich if each.matching == 1]  # the others load less, or nothing, of the models
    track = [each.track for each in observed if each.track]
    tweet, mention = _least_squares([(e.records, e.mentions) for e in enrich], [e.cpu_s * 1e6 for e in enrich])
    counted, state, minute = _least_squares(
        [(t.mentions, t.states, t.brand_minutes) for t in track], [t.cpu_s * 1e6 for t in track]
    )
    enrich_mib, a_partition = _line([(each.partitions, each.rss_mib or 0.0) for each in full])
    track_mib, a_brand = _line(_track_memory(track, footprint))
    recovery_s, recovery_s_a_brand = _line(_recovery(footprint))
    return Coefficients(
        enrich_us_a_tweet=tweet,
        enrich_us_a_mention=mention,
        track_us_a_mention=counted,
        track_us_a_state=state,
        track_us_a_brand_minute=minute,
        broker_us_a_tweet=_broker(full, results.contender("vigie enrich")),
        broker_us_a_mention=_broker(track, results.contender("vigie track")),
        **{f"{kind}_bytes": _bytes(observed, kind) for kind in ("raw", "mention", "state", "window")},
        enrich_mib=enrich_mib,
        enrich_mib_a_partition=a_partition,
        track_mib=track_mib,
        track_mib_a_brand=a_brand,
        recovery_s=recovery_s,
        recovery_s_a_brand=recovery_s_a_brand,
    )


def _least_squares(counts: Sequence[Sequence[float]], totals: Sequence[float]) -> list[float]:
    """Return what one of each costs, at least 0, so that relative errors are least.

    >>> [round(each, 6) for each in _least_squares([(100, 0), (100, 50), (10, 10)], [200, 450, 70])]
    [2.0, 5.0]
    """
    of_total = np.array(counts, dtype=float) / np.array(totals, dtype=float)[:, None]
    costs, _ = nnls(of_total, np.ones(len(totals)))
    return [_rounded(cost) for cost in costs]


def _line(points: Sequence[tuple[float, float]]) -> list[float]:
    """Return the height at 0 and the rise of a line through points; of a single one, its height.

    >>> [round(each, 6) for each in _line([(1, 12.0), (3, 16.0)])], _line([(5, 2.0)])
    ([10.0, 2.0], [2.0, 0.0])
    """
    xs = {x for x, _ in points}
    if len(xs) == 1:
        return [_rounded(statistics.median(y for _, y in points)), 0.0]
    return _least_squares([(1, x) for x, _ in points], [y for _, y in points])


def _rounded(number: float) -> float:
    """Return four digits: more were not measured.

    >>> _rounded(12.34567)
    12.35
    """
    return float(f"{number:.4g}")


def _broker(observations: Iterable[Observation], contender: Throughput | None) -> float:
    """Return Kafka's CPU a record, µs: of long runs if there are any, since it does something at all times."""
    longer = [run.broker_cpu_us for run in contender.runs if run.broker_cpu_us] if contender else []
    own = ((each.broker_cpu_s or 0.0) / each.records * 1e6 for each in observations)
    return _rounded(statistics.median(longer or own))


def _bytes(observed: Sequence[Observed], kind: str) -> float:
    return _rounded(statistics.median(sizes[kind] for each in observed if kind in (sizes := each.bytes_a_record)))


def _track_memory(track: Sequence[Observation], footprint: Footprint) -> list[tuple[float, float]]:
    steady = [(float(each.brands), each.rss_mib) for each in footprint.memory if each.role == "track"]
    return steady or [(float(each.brands), each.rss_mib or 0.0) for each in track]


def _recovery(footprint: Footprint) -> list[tuple[float, float]]:
    started = [(0.0, seconds) for seconds in footprint.startup_s.get("track", [])]
    return started + [(float(each.brands), each.seconds) for each in footprint.recovery]


# -- checking --------------------------------------------------------------------------------------------


def checked(observed: Sequence[Observed], cost: Coefficients) -> list[Check]:
    """Hold the formula against runs of one load; it is told what a user knows of it."""
    shape = observed[0].shape
    enrich = [each.enrich for each in observed]
    demand = Demand(
        tweets_per_second=shape.tweets_per_second,
        peak_per_second=shape.tweets_per_second,
        brands=shape.brands,
        matching=shape.matching,
        mentions_a_match=enrich[0].mentions / (enrich[0].records * shape.matching),
    )
    checks = [_check("enrich", "µs a tweet", shape, enrich_us_a_tweet(demand, cost), enrich)]
    if track := [each.track for each in observed if each.track]:
        predicted = track_us_a_mention(demand, cost, shape.partitions)
        checks.append(_check("track", "µs a mention", shape, predicted, track))
    return checks


def _check(role: str, unit: str, shape: Shape, predicted: float, measured: Sequence[Observation]) -> Check:
    us = statistics.median(each.cpu_s / each.records * 1e6 for each in measured)
    return Check(what=f"{role}: {shape.told()}", unit=unit, predicted=_rounded(predicted), measured=_rounded(us))


# -- the command -----------------------------------------------------------------------------------------


def main() -> int:
    """Measure or write; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.capacity", description="What records cost, and how good the capacity formula is."
    )
    parser.add_argument("--results", type=Path, default=DEFAULT_PATH, help="of a bench; default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="fewer loads and fewer tweets")
    parser.add_argument(
        "--write",
        action="store_true",
        help="measure nothing: put the results into pipeline/capacity/measured.json, deploy/capacity.md, README.md",
    )
    arguments = parser.parse_args()
    if not arguments.results.exists():
        print(f"{arguments.results} is not there: run `make bench` first", file=sys.stderr)
        return 66
    results = Results.load(arguments.results)
    if arguments.write:
        for path in publish(results):
            print(f"Written: {path}", file=sys.stderr)
        return 0
    run(Options(quick=arguments.quick), results)
    results.save(arguments.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
