"""Fitting, checking and publishing what records cost, on figures made up here."""

import doctest
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from pipeline.capacity import Measured, Observation
from tests.bench import capacity, publishing
from tests.bench.capacity import checked, fitted, run, shapes
from tests.bench.costs import Observed, Shape
from tests.bench.report.scene import made_up
from tests.bench.results import Footprint, Memory, Options, Recovery, Results, Throughput

FOOTPRINT = Footprint(
    startup_s={"track": [2.0]},
    recovery=[Recovery(brands=10_000, changelog_mib=60.0, seconds=12.0)],
    memory=[Memory(role="track", brands=brands, aliases=4, rss_mib=100 + brands / 10) for brands in (10, 1_000)],
)
RESULTS = Results(footprint=FOOTPRINT)
SIZES = {"raw": 400.0, "mention": 200.0, "state": 2_000.0, "window": 100.0}


def observed(matching: float, brands: int, *, partitions: int = 1, states: int = 0, minutes: int = 0) -> Observed:
    """Return a load for which a tweet costs 10, a mention 30 and 8, a state 90, a minute 500 µs."""
    tweets = 50_000
    mentions = round(tweets * matching)
    enrich_us = tweets * 10 + mentions * 30
    track_us = mentions * 8 + states * 90 + minutes * 500
    about: dict[str, Any] = {
        "brands": brands,
        "partitions": partitions,
        "matching": matching,
        "mentions": mentions,
    }
    return Observed(
        shape=Shape(
            matching=matching,
            brands=brands,
            tweets_per_second=1_000,
            tweets=tweets,
            warm_up=0,
            raw_partitions=partitions,
            partitions=partitions,
        ),
        enrich=Observation(
            role="enrich",
            records=tweets,
            cpu_s=enrich_us / 1e6,
            broker_cpu_s=tweets * 3 / 1e6,
            rss_mib=150 + 4 * partitions if matching == 1 else 100,
            **about,
        ),
        track=Observation(
            role="track",
            records=mentions,
            states=states,
            brand_minutes=minutes,
            cpu_s=track_us / 1e6,
            broker_cpu_s=mentions * 2 / 1e6,
            **about,
        )
        if mentions
        else None,
        bytes_a_record=SIZES,
    )


LOADS = [
    observed(0.0, 10),
    observed(0.5, 10, states=500),
    observed(1.0, 10, states=1_000, partitions=4),
    observed(1.0, 1_000, states=3_200),
    observed(1.0, 1_000, states=4_000, minutes=5_000),
]


def test_what_each_record_costs_is_found_again() -> None:
    cost = fitted(LOADS, RESULTS)
    assert (cost.enrich_us_a_tweet, cost.enrich_us_a_mention) == (10, 30)
    assert (cost.track_us_a_mention, cost.track_us_a_state, cost.track_us_a_brand_minute) == (8, 90, 500)
    assert (cost.broker_us_a_tweet, cost.broker_us_a_mention) == (3, 2)
    assert (cost.enrich_mib, cost.enrich_mib_a_partition) == (150, 4)
    assert (cost.track_mib, cost.track_mib_a_brand) == (100, 0.1)
    assert (cost.recovery_s, cost.recovery_s_a_brand) == (2, 0.001)
    assert cost.state_bytes == 2_000


def test_the_broker_costs_what_it_costs_in_long_runs() -> None:
    run = made_up().throughput[0].runs[0]
    results = Results(footprint=FOOTPRINT, throughput=[Throughput(contender="vigie enrich", runs=[run])])
    cost = fitted(LOADS, results)
    assert (cost.broker_us_a_tweet, cost.broker_us_a_mention) == (run.broker_cpu_us, 2)


def test_no_cost_is_below_nothing() -> None:
    # The load with many states was cheaper by chance: plain least squares would have them give time back.
    quiet, many = observed(1.0, 10, states=1_000), observed(1.0, 1_000, states=3_200)
    assert quiet.track is not None
    assert many.track is not None
    lucky = msgspec.structs.replace(many.track, cpu_s=0.9 * quiet.track.cpu_s)
    cost = fitted([LOADS[0], quiet, replace(many, track=lucky), LOADS[4]], RESULTS)
    assert all(getattr(cost, name) >= 0 for name in cost.__struct_fields__)


def test_a_prediction_that_says_too_much_has_an_error_above_nothing() -> None:
    cost = fitted(LOADS, RESULTS)
    enrich, track = checked([observed(0.2, 50, states=100)], cost)
    assert (enrich.predicted, enrich.measured, enrich.error) == (16, 16, 0)
    # Foreseen are as many states as five batches may write, and a closed minute of each brand.
    assert track.measured == 8 + 100 / 10_000 * 90
    assert track.error > 0
    assert "20 % matching, 50 brands" in track.what


def test_loads_to_check_with_are_not_among_those_to_fit_on() -> None:
    for quick in (True, False):
        fit, check = shapes(Options(quick=quick))
        for each in check:
            assert all(each.matching != other.matching and each.brands != other.brands for other in fit)
            assert any(each.partitions != other.partitions for other in fit)
            # Whole minutes of event time: else a minute more or less is a matter of chance.
            assert each.tweets % (60 * each.tweets_per_second) == 0


def test_examples_in_the_documentation_are_right() -> None:
    assert [doctest.testmod(module).failed for module in (capacity, publishing)] == [0, 0]


def test_without_recovery_nothing_is_measured() -> None:
    with pytest.raises(SystemExit, match="recovery"):
        run(Options(), Results())


# -- what is published -----------------------------------------------------------------------------------


def test_the_capacity_page_says_what_the_coefficients_say() -> None:
    page = publishing.CAPACITY_PAGE.read_text(encoding="utf-8")
    block = publishing.capacity_block(Measured.load())
    assert publishing.replaced(page, block) == page, "python -m tests.bench.capacity --write"


def test_the_readme_is_of_the_same_bench_as_the_coefficients() -> None:
    measured = Measured.load()
    assert f"Measured on {measured.machine}, {measured.when}." in publishing.README.read_text(encoding="utf-8")


def test_examples_are_x_s_average_and_its_record() -> None:
    results = made_up()
    assert results.capacity is not None
    block = publishing.capacity_block(results.capacity)
    assert "| workers of enrich | 1 | 1 | 11 | 4 |" in block
    assert "143,199 tweets/s × 16 µs + 143,199 mentions/s × 34 µs: 50 µs a tweet" in block
    assert "\N{MINUS SIGN}6 %" in block


def test_the_readme_has_every_contender_and_every_target() -> None:
    block = publishing.readme_block(made_up())
    assert "| stock faust | 640 (608 to 698) | 1,562 |" in block
    assert "| delay at 70 % load, 99 % | at most 1,000 ms | 1,250 ms | ✗ MISSED |" in block


def test_a_page_without_its_marks_is_not_touched() -> None:
    with pytest.raises(ValueError, match="no block"):
        publishing.replaced("a page\n", "new\n")


def test_results_without_coefficients_are_not_published() -> None:
    with pytest.raises(SystemExit, match="no coefficients"):
        publishing.publish(Results())
