from __future__ import annotations

import pytest

from tests.bench.results import Delay, Point, Results, Run, Scaling, Throughput
from tests.bench.targets import judge


def measured(**cpu_us: list[float]) -> Results:
    return Results(
        throughput=[
            Throughput(
                contender=name.replace("_", " "),
                runs=[Run(records=1, cpu_us=each, per_second=1.0, parts={"enrich compute": 30.0}) for each in found],
            )
            for name, found in cpu_us.items()
        ]
    )


def target(results: Results, name: str) -> tuple[float | None, bool | None]:
    [found] = [each for each in results.targets if each.name == name]
    return found.measured, found.met


def test_a_ratio_is_that_of_runs_that_were_side_by_side() -> None:
    # The machine was three times slower in the second run.
    results = measured(vigie_chain=[50.0, 150.0, 50.0], stock_faust=[500.0, 1500.0, 450.0])
    judge(results)
    assert results.ratios == {"vigie chain / stock faust": 10.0}
    assert target(results, "vigie chain / stock faust") == (10.0, True)


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    results = measured(vigie_chain=[50.0])
    judge(results)
    assert target(results, "vigie chain / bytewax") == (None, None)
    assert target(results, "vigie chain on one core") == (20_000.0, True)


def test_the_engine_is_what_the_workers_do_beside_the_functions() -> None:
    name = "transport and Faust, enrich and track together"
    results = measured(vigie_enrich=[50.0, 46.0])
    judge(results)
    assert target(results, name) == (None, None)
    results = measured(vigie_enrich=[50.0, 46.0], vigie_track=[34.0])
    judge(results)
    measured_us, met = target(results, name)
    assert measured_us == pytest.approx(22.0)
    assert met is False


def test_growth_is_of_the_whole_chain_and_of_points_that_were_measured() -> None:
    brands = [Point(x=10, enrich_us=50.0, track_us=10.0), Point(x=10_000, enrich_us=52.0, track_us=32.0)]
    workers = [Point(x=1, per_second=10.0), Point(x=2)]
    results = Results(scaling=[Scaling(axis="brands", points=brands), Scaling(axis="workers", points=workers)])
    judge(results)
    ratio, met = target(results, "cost at 10,000 brands / at 10")
    assert ratio == pytest.approx(1.4)
    assert met is False
    assert target(results, "two workers on two cores / one") == (None, None)


def test_the_delay_is_that_of_the_load_that_was_named() -> None:
    delays = [
        Delay(load=load, tweets_per_second=1.0, p50_ms=1.0, p99_ms=1000.0 * load, max_ms=1.0, samples=1)
        for load in (0.3, 0.7, 0.95)
    ]
    results = Results(delays=delays)
    judge(results)
    assert target(results, "append to crisis event at 70% load, beyond the lateness: 99 % within") == (700.0, True)
