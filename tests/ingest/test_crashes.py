"""The ingester ends, by a signal or by a power cut, and another one goes on."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from tests.ingest.ingester import Ingester
from tests.ingest.trial import Trial
from tests.ingest.x import X

Make = Callable[..., Trial]

pytestmark = pytest.mark.kafka


def _put(ingester: Ingester) -> float:
    return ingester.metric("vigie_ingest_posts_total")


@pytest.mark.parametrize("backfill", [False, True])
def test_killed_at_any_moment_it_loses_nothing_that_it_had(make_ingest_trial: Make, full: bool, backfill: bool) -> None:
    trial = make_ingest_trial(x_access="enterprise" if backfill else "pro")
    x = trial.x(backfill=backfill, rate=150.0)
    rng, deaths = Random(7), 8 if full else 2
    for _ in range(deaths):
        ingester = trial.ingest("x")
        trial.connected(x)
        trial.flows(x, posts=rng.randrange(1, 60))
        had = _put(ingester)
        ingester.kill()
        assert had > 0
        trial.publishes(x, 60)
    trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.settle(x)
    outcome = trial.judge(f"killed {deaths} times, {'backfill' if backfill else 'no backfill'}", x, lost=not backfill)
    assert bool(outcome.gaps) != backfill
    assert {each["reason"] for each in trial.stored().gaps[0]} <= {"restart"}


def test_killed_while_kafka_is_away_it_loses_nothing_that_it_had(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial(x_access="pro")
    x = trial.x(rate=100.0)
    ingester = trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.broker.kill()  # with what is on its way
    trial.publishes(x, 200)
    had = _put(ingester)
    ingester.kill()
    dead_ms = x.now_ms()
    trial.ingest("x")
    trial.connected(x)
    trial.publishes(x, 50)
    trial.broker.start()
    trial.flows(x)
    trial.settle(x)
    trial.judge("killed while Kafka is away", x, lost=True)
    known = trial.stored().lines
    stored = sum(each["line"] in known for each in x.published() if each["time_ms"] <= dead_ms)
    assert stored >= had, f"{had:.0f} were in the journal when it was killed, {stored} are stored"


@pytest.mark.parametrize("backfill", [False, True])
def test_stopped_and_started_it_goes_on(make_ingest_trial: Make, full: bool, backfill: bool) -> None:
    if backfill and not full:
        pytest.skip("only in the long run: make test-ingest-full")
    trial = make_ingest_trial(x_access="enterprise" if backfill else "pro")
    x = trial.x(backfill=backfill)
    trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.stop()
    trial.publishes(x, 60)
    trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.settle(x)
    outcome = trial.judge(f"stopped and started, {'backfill' if backfill else 'no backfill'}", x, lost=not backfill)
    assert bool(outcome.gaps) != backfill


def test_stopped_while_kafka_is_away_it_ends_in_time_and_the_next_one_delivers(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial()
    x = trial.x(backfill=True)
    trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.broker.pause()
    trial.publishes(x, 50)
    trial.stop()
    trial.broker.resume()
    trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.settle(x)
    outcome = trial.judge("stopped while Kafka is away, backfill", x, lost=False)
    assert outcome.gaps == 0


def test_a_second_one_of_the_same_source_is_refused(ingest: Trial) -> None:
    x = ingest.x()
    first = ingest.ingest("x")
    ingest.connected(x)
    second = ingest.ingest("x")
    assert second.process.wait(30) == 78
    assert "Traceback" not in second.text()
    assert first.process.poll() is None


def test_a_connection_that_ends_while_posts_are_sent_again_has_brought_nothing_for_sure(ingest: Trial) -> None:
    x = ingest.x(backfill=True, shuffled=True, skew_ms=-3_600_000)
    ingester = ingest.ingest("x")
    ingest.connected(x)
    ingest.flows(x)
    ingester.kill()
    ingest.until(lambda: not x.open(), "X has noticed")
    x.ask("jump", ms=240_000, posts=240)
    x.ask("change", cut_backfill=[40, 100])
    ingest.ingest("x")
    ingest.until(lambda: len(x.spans()) == 4, "it has come three times")
    ingest.connected(x)
    ingest.flows(x)
    ingest.settle(x)
    outcome = ingest.judge("killed, backfill broken off twice", x, lost=False)
    assert outcome.gaps == 0


def test_away_for_longer_than_backfill_reaches_leaves_a_gap_of_the_rest(
    make_ingest_trial: Make, long_run: None
) -> None:
    trial = make_ingest_trial()
    x: X = trial.x(backfill=True, skew_ms=-3_600_000)
    ingester = trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    ingester.kill()
    trial.until(lambda: not x.open(), "X has noticed")
    x.ask("jump", ms=600_000, posts=120)
    trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.settle(x)
    outcome = trial.judge("away for 10 minutes, backfill of 5", x, lost=True)
    assert outcome.gap_s == pytest.approx(300.0, abs=20.0)
    assert outcome.missing == pytest.approx(60, abs=25)
