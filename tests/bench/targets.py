"""What was asked of speed, and what of it was reached: computed from `Results`, after each part.

Whatever was not measured has no figure, and is neither met nor missed.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

from tests.bench.results import Axis, Point, Results, Target, Throughput

__all__ = ["judge"]

_RATIOS = {
    "vigie enrich / bare loop enrich": ("vigie enrich", "bare loop enrich", 0.7),
    "vigie chain / bare loop chain": ("vigie chain", "bare loop chain", None),
    "vigie chain / stock faust": ("vigie chain", "stock faust", 8.0),
    "vigie chain / quix streams": ("vigie chain", "quix streams", 3.0),
    "vigie chain / bytewax": ("vigie chain", "bytewax", 2.0),
}
"""How many times as much the first does with the same CPU, and what was asked for."""
_RATES = {"vigie enrich": 20_000.0, "vigie track": 60_000.0, "vigie chain": 15_000.0}
_LOAD = 0.7


def judge(results: Results) -> None:
    """Compute the ratios of the throughput, and hold everything against what was asked for."""
    cpu = {each.contender: [run.cpu_us for run in each.runs] for each in results.throughput if each.runs}
    results.ratios.clear()
    for name, (one, other, asked) in _RATIOS.items():
        pairs = list(zip(cpu.get(one, []), cpu.get(other, []), strict=False))
        if pairs:
            # By run: what slowed the machine down slowed both.
            results.ratios[name] = statistics.median(theirs / ours for ours, theirs in pairs)
        if asked is not None:
            results.judge(Target(name=name, at_least=asked, measured=results.ratios.get(name), unit="times"))
    for name, asked in _RATES.items():
        measured = 1e6 / statistics.median(cpu[name]) if name in cpu else None
        results.judge(Target(name=f"{name} on one core", at_least=asked, measured=measured, unit="records/s"))
    engine = [_beside_the_functions(results.contender(name)) for name in ("vigie enrich", "vigie track")]
    results.judge(
        Target(
            name="transport and Faust, enrich and track together",
            at_most=15.0,
            measured=None if None in engine else sum(filter(None, engine)),
            unit="µs a tweet",
        )
    )
    results.judge(
        Target(
            name=f"append to crisis event at {_LOAD:.0%} load, beyond the lateness: 99 % within",
            at_most=1000.0,
            measured=next((each.p99_ms for each in results.delays if each.load == _LOAD), None),
            unit="ms",
        )
    )
    results.judge(
        Target(
            name="cost at 10,000 brands / at 10",
            at_most=1.3,
            measured=_growth(results, "brands", 10, 10_000, _chain_us),
            unit="times",
        )
    )
    results.judge(
        Target(
            name="two workers on two cores / one",
            at_least=1.8,
            measured=_growth(results, "workers", 1, 2, lambda point: point.per_second),
            unit="times",
        )
    )


def _beside_the_functions(found: Throughput | None) -> float | None:
    """Return what a worker's process spends that its stage does not, microseconds a record."""
    runs = [run.cpu_us - sum(run.parts.values()) for run in found.runs if run.parts] if found else []
    return statistics.median(runs) if runs else None


def _chain_us(point: Point) -> float | None:
    """Return the cost of a tweet that is one mention."""
    return None if point.enrich_us is None or point.track_us is None else point.enrich_us + point.track_us


def _growth(results: Results, axis: Axis, low: int, high: int, of: Callable[[Point], float | None]) -> float | None:
    """Return how many times as much something is at one place on an axis as at another."""
    scaling = results.axis(axis)
    at = {point.x: of(point) for point in scaling.points} if scaling else {}
    one, other = at.get(low), at.get(high)
    return other / one if one and other else None
