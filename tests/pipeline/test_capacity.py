"""The capacity formula, on costs made up here."""

import doctest
import math
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from agents import track
from agents.settings import Settings
from pipeline.capacity import (
    Coefficients,
    Demand,
    Measured,
    coefficients,
    enrich_us_a_tweet,
    formula,
    size,
    track_us_a_mention,
    words,
    working,
)

COST = Coefficients(
    enrich_us_a_tweet=10.0,
    enrich_us_a_mention=40.0,
    track_us_a_mention=10.0,
    track_us_a_state=100.0,
    track_us_a_brand_minute=600.0,
    broker_us_a_tweet=4.0,
    broker_us_a_mention=2.0,
    raw_bytes=500.0,
    mention_bytes=200.0,
    state_bytes=2_000.0,
    window_bytes=100.0,
    enrich_mib=150.0,
    enrich_mib_a_partition=5.0,
    track_mib=120.0,
    track_mib_a_brand=0.05,
    recovery_s=2.0,
    recovery_s_a_brand=0.001,
)
DEMAND = Demand(tweets_per_second=5_000.0, peak_per_second=10_000.0, brands=60, replication=1, batch_records=1_000)


def test_a_tweet_that_speaks_of_nobody_costs_only_its_reading() -> None:
    assert enrich_us_a_tweet(replace(DEMAND, matching=0.0), COST) == 10.0
    assert enrich_us_a_tweet(replace(DEMAND, matching=0.5), COST) == 30.0
    assert enrich_us_a_tweet(replace(DEMAND, matching=0.5, mentions_a_match=2.0), COST) == 50.0


def test_track_pays_for_mentions_states_and_closed_minutes() -> None:
    # 10,000 mentions; 10 batches, each with all 6 brands; a brand-minute every ten seconds, and its state.
    us = track_us_a_mention(replace(DEMAND, brands=6), COST, partitions=1)
    assert us == pytest.approx((10_000 * 10 + (10 * 6 + 0.1) * 100 + 0.1 * 600) / 10_000)


def test_a_batch_writes_no_more_states_than_track_does() -> None:
    assert formula.STATES_A_BATCH == track._STATES_A_BATCH
    many = replace(DEMAND, brands=100_000)
    assert size(many, COST).states_per_second == 10 * formula.STATES_A_BATCH


def test_without_mentions_track_has_nothing_to_do_but_to_close() -> None:
    sizing = size(replace(DEMAND, matching=0.0), COST)
    assert sizing.track.us_a_record == 0.0
    assert sizing.track.cores == pytest.approx((100 + 600) / 1e6)
    assert sizing.track.workers == 1


def test_workers_leave_the_headroom_free() -> None:
    # 10,000 tweets a second of 50 µs are half a core.
    assert size(DEMAND, COST).enrich.cores == 0.5
    assert size(replace(DEMAND, headroom=0.5), COST).enrich.workers == 1
    assert size(replace(DEMAND, headroom=0.49), COST).enrich.workers == 2
    assert size(replace(DEMAND, peak_per_second=70_000.0), COST).enrich.workers == 5


@pytest.mark.parametrize("peak", [10.0, 6_000.0, 143_199.0, 5_000_000.0])
def test_there_are_partitions_for_twice_the_workers(peak: float) -> None:
    sizing = size(replace(DEMAND, peak_per_second=peak), COST)
    for role in (sizing.enrich, sizing.track):
        assert role.partitions >= max(8, 2 * role.workers)
        assert role.partitions & (role.partitions - 1) == 0
        assert role.workers * DEMAND.headroom >= role.cores > (role.workers - 1) * DEMAND.headroom or role.workers == 1


def test_memory_and_recovery_are_those_of_a_worker_s_own_share() -> None:
    one = size(replace(DEMAND, brands=10_000), COST)
    assert one.track.workers == 1
    assert one.track.mib == 120 + 10_000 * 0.05
    assert one.enrich.mib == 150 + 8 * 5
    assert one.recovery_s == 2 + 10_000 * 0.001
    two = size(replace(DEMAND, brands=10_000, headroom=0.2), COST)
    assert two.track.workers == 2
    assert two.track.mib == 120 + 5_000 * 0.05


def test_the_brokers_carry_the_peak_and_keep_the_average() -> None:
    sizing = size(DEMAND, COST)
    states = sizing.states_per_second
    assert sizing.broker_out == 10_000 * (500 + 200)
    assert sizing.broker_in == sizing.broker_out + 1 * 100 + states * 2_000
    assert sizing.broker_copies == 0
    kept = 5_000 * (500 * 22 + 200 * 168) * 3600 + 100 * 720 * 3600 + (60 + states * 1200) * 2_000
    assert sizing.disk == pytest.approx(kept)
    three = size(replace(DEMAND, replication=3), COST)
    assert three.disk == pytest.approx(3 * kept)
    assert three.broker_copies == 2 * sizing.broker_in
    assert three.broker_cores == pytest.approx(3 * 10_000 * 6 / 1e6)


def test_sizes_of_one_s_own_records_take_the_place_of_those_measured() -> None:
    assert size(replace(DEMAND, raw_bytes=1_000, mention_bytes=300), COST).broker_out == 10_000 * 1_300


def test_a_standstill_is_made_up_by_what_is_left_idle() -> None:
    # On average enrich's one worker is a quarter busy: a second of standstill takes a third of a second.
    assert size(DEMAND, COST).catch_up == pytest.approx(0.25 / 0.75)
    assert size(replace(DEMAND, tweets_per_second=20_000.0, peak_per_second=20_000.0, headroom=1.0), COST).catch_up == (
        math.inf
    )


def test_a_brand_that_is_too_loud_for_one_core_is_named() -> None:
    quiet = replace(DEMAND, loudest=0.5)
    loud = replace(quiet, peak_per_second=200_000.0)
    for demand, too_much in ((quiet, False), (loud, True)):
        told = {line.what: line.value for line in working(demand, COST, size(demand, COST))}
        assert ("TOO MUCH" in told["the loudest brand"]) is too_much
    assert "the loudest brand" not in {line.what for line in working(DEMAND, COST, size(DEMAND, COST))}


def test_full_batches_are_those_of_the_settings() -> None:
    assert Settings.model_fields["max_batch_records"].default == Demand.__dataclass_fields__["batch_records"].default


@pytest.mark.parametrize("module", [coefficients, formula, words])
def test_examples_in_the_documentation_are_right(module: ModuleType) -> None:
    tried = doctest.testmod(module)
    assert tried.attempted > 0
    assert tried.failed == 0


def test_every_result_shows_its_working() -> None:
    lines = working(DEMAND, COST, size(DEMAND, COST))
    assert all(line.value and line.how for line in lines)
    told = {line.what: f"{line.value} | {line.how}" for line in lines}
    assert told["enrich"] == "0.5 cores | 10,000 tweets/s × 10 µs + 10,000 mentions/s × 40 µs: 50 µs a tweet"
    assert told["out to Vigie"] == "7 MB/s | 10,000 × 500 B + 10,000 × 200 B"


def test_coefficients_are_read_from_a_file_and_from_a_bench_s_results(tmp_path: Path) -> None:
    measured = Measured(machine="this one", when="2026-01-01T00:00:00Z", coefficients=COST)
    measured.save(tmp_path / "own.json")
    assert Measured.load(tmp_path / "own.json") == measured
    (tmp_path / "results.json").write_bytes(msgspec.json.encode({"version": 1, "capacity": measured}))
    assert Measured.load(tmp_path / "results.json") == measured


@pytest.mark.parametrize("text", ["", "[]", '{"capacity": null}', '{"machine": "m", "when": "w", "coefficients": {}}'])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(msgspec.MsgspecError):
        Measured.load(tmp_path / "own.json")
