"""The filtered stream breaks in every documented way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from pipeline.formats import parse
from tests.ingest.shapes import MALFORMED, SHAPES, Expected
from tests.ingest.trial import Trial
from tests.ingest.x import X
from tests.ingest.xconnection import ENDINGS

Make = Callable[..., Trial]
WITHOUT_BACKFILL = {"x_access": "pro"}

pytestmark = pytest.mark.kafka


def test_a_calm_run_stores_every_post_of_every_shape_as_it_came(ingest: Trial) -> None:
    x = ingest.x(rate=60.0)
    ingest.ingest("x")
    ingest.connected(x)
    x.ask("malformed")
    ingest.flows(x, posts=3 * len(SHAPES))
    x.ask("malformed")
    ingest.settle(x)
    outcome = ingest.judge("calm, every shape, malformed lines", x, lost=False)
    assert outcome.gaps == outcome.twice == 0
    published = x.published()
    assert {each["shape"] for each in published} >= {*SHAPES, *MALFORMED}
    for each in published:
        if each["id"] is not None:
            parsed = parse(each["line"], max_bytes=1 << 20)
            assert not parsed.rejects, f"{each['shape']}: {parsed.rejects}"
            _as_expected(each["shape"], each["id"], parsed.tweets[0], SHAPES[each["shape"]].expected)


def _as_expected(shape: str, post_id: str, tweet: object, expected: Expected) -> None:
    assert getattr(tweet, "id") == post_id, shape  # noqa: B009
    assert getattr(tweet, "kind") == expected.kind, shape  # noqa: B009
    assert expected.text in {None, getattr(tweet, "text")}, shape  # noqa: B009


def _dropped(trial: Trial, x: X) -> None:
    """Break the stream off in every way, one after the other."""
    for how in ENDINGS:
        trial.connected(x)
        trial.flows(x, posts=3)
        x.ask("drop", how=how)
    trial.connected(x)
    trial.flows(x)
    trial.settle(x)


def test_drops_of_every_kind_cost_nothing_with_backfill_and_what_comes_twice_is_counted_once(ingest: Trial) -> None:
    x = ingest.x(backfill=True)
    ingest.ingest("x")
    _dropped(ingest, x)
    outcome = ingest.judge("dropped in six ways, backfill", x, lost=False)
    assert outcome.gaps == 0
    assert outcome.twice >= 60, "a minute comes again each time"
    counts = ingest.enriched()
    assert counts["duplicates"] == outcome.twice
    assert counts["tweets"] - counts["duplicates"] == outcome.stored


def test_drops_of_every_kind_are_gaps_without_backfill(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial(**WITHOUT_BACKFILL)
    x = trial.x()
    trial.ingest("x")
    _dropped(trial, x)
    outcome = trial.judge("dropped in six ways, no backfill", x)
    assert outcome.gaps > 0


@pytest.mark.parametrize("backfill", [False, True])
def test_a_network_that_refuses_for_a_while(make_ingest_trial: Make, full: bool, backfill: bool) -> None:
    if not (backfill or full):
        pytest.skip("only in the long run: make test-ingest-full")
    trial = make_ingest_trial(**{} if backfill else WITHOUT_BACKFILL)
    x = trial.x(backfill=backfill)
    trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    x.ask("refuse")
    trial.publishes(x, 60)
    x.ask("listen")
    trial.connected(x)
    trial.flows(x)
    trial.settle(x)
    outcome = trial.judge(f"network refused, {'backfill' if backfill else 'no backfill'}", x, lost=not backfill)
    assert bool(outcome.gaps) != backfill
    if backfill:
        assert outcome.twice > 0, "a minute back brings posts again that were there"


def test_what_was_on_its_way_when_the_network_broke_is_missed_as_well(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial(**WITHOUT_BACKFILL)
    x = trial.x(delay_ms=6000)
    trial.ingest("x")
    trial.connected(x)
    trial.publishes(x, 200)
    trial.flows(x)
    x.ask("refuse")
    refused_ms = x.now_ms()
    trial.publishes(x, 40)
    x.ask("listen")
    trial.connected(x)
    trial.flows(x)
    trial.settle(x)
    trial.judge("network refused, 6 s on the way", x, lost=True)
    known = trial.stored().lines
    late = [each for each in x.published() if each["at_ms"] < refused_ms - 2000 and each["line"] not in known]
    assert late, "a post of two seconds before is missing, too"


def test_a_silent_connection_is_given_up(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial(**WITHOUT_BACKFILL)
    x = trial.x()
    trial.ingest("x", "--stall", "4")
    trial.connected(x)
    trial.flows(x)
    x.ask("change", connections=2)  # X has not noticed that the first one is dead
    x.ask("stall")
    trial.until(lambda: len(x.spans()) == 2, "it has connected again")
    trial.flows(x)
    trial.settle(x)
    trial.judge("stalled", x, lost=True)
    assert {each["reason"] for each in trial.stored().gaps[0]} == {"stalled"}


def test_a_silent_connection_costs_nothing_with_backfill(ingest: Trial, long_run: None) -> None:
    x = ingest.x(backfill=True, connections=2)
    ingest.ingest("x", "--connections", "1", "--stall", "4")
    ingest.connected(x)
    ingest.flows(x)
    x.ask("stall")
    ingest.until(lambda: len(x.spans()) == 2, "it has connected again")
    ingest.flows(x)
    ingest.settle(x)
    outcome = ingest.judge("stalled, backfill", x, lost=False)
    assert outcome.gaps == 0


def test_too_many_requests_are_waited_out_as_the_headers_say(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial(**WITHOUT_BACKFILL)
    x = trial.x()
    trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    asked = len(x.ask("state")["requests"])
    x.ask("answer", status=429, reset_s=2, count=2)
    trial.until(lambda: len(x.ask("state")["requests"]) >= asked + 3, "it comes again, and again")
    trial.connected(x)
    trial.flows(x)
    trial.settle(x)
    trial.judge("429 twice, reset after 2 s", x, lost=True)
    refused = [each for each in x.ask("state")["requests"][asked:] if each["path"].endswith("/stream")]
    assert [each["status"] for each in refused] == [429, 429, 200]
    waits = [after["at_ms"] - before["at_ms"] for before, after in pairwise(refused)]
    assert all(wait >= 2000 for wait in waits), f"X was asked before it said: {waits}"
    assert {each["reason"] for each in trial.stored().gaps[0]} <= {"disconnected", "rate_limited"}


def test_errors_of_the_server_are_waited_out(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial(**WITHOUT_BACKFILL)
    x = trial.x()
    trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    asked = len(x.ask("state")["requests"])
    x.ask("answer", status=503, count=2)
    trial.until(lambda: len(x.ask("state")["requests"]) >= asked + 3, "it comes again, and again")
    trial.connected(x)
    trial.flows(x)
    trial.settle(x)
    trial.judge("503 twice", x, lost=True)
    refused = [each for each in x.ask("state")["requests"][asked:] if each["path"].endswith("/stream")]
    waits = [after["at_ms"] - before["at_ms"] for before, after in pairwise(refused)]
    assert waits[0] >= 5000
    assert waits[1] >= 10_000


def test_of_two_connections_one_may_end_and_nothing_is_missing(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial()
    x = trial.x(connections=2, backfill=False)
    trial.ingest("x", "--connections", "2", "--backfill", "0")
    trial.connected(x, count=2)
    for _ in range(3):
        trial.publishes(x, 80)  # both know X's time to a second or two
        trial.flows(x, posts=5)
        x.ask("drop", how="rst", count=1)
        trial.connected(x, count=2)
    trial.flows(x)
    trial.settle(x)
    outcome = trial.judge("two connections, one ends three times", x, lost=False)
    assert outcome.gaps == 0
    assert outcome.twice > 0


def test_of_two_connections_both_may_end(make_ingest_trial: Make) -> None:
    trial = make_ingest_trial()
    x = trial.x(connections=2, backfill=False)
    trial.ingest("x", "--connections", "2", "--backfill", "0")
    trial.connected(x, count=2)
    trial.flows(x)
    x.ask("refuse")
    trial.publishes(x, 60)
    x.ask("listen")
    trial.connected(x, count=2)
    trial.flows(x)
    trial.settle(x)
    trial.judge("two connections, both end", x, lost=True)


def test_a_token_that_is_rotated_is_taken_from_its_file(ingest: Trial) -> None:
    x = ingest.x(backfill=True)
    ingest.ingest("x")
    ingest.connected(x)
    ingest.flows(x)
    x.ask("change", tokens=["token-2"])
    x.ask("drop", how="rst")
    ingest.until(lambda: any(each["status"] == 401 for each in x.ask("state")["requests"]), "the old one is refused")
    ingest.token.write_text("token-2\n", encoding="utf-8")
    ingest.connected(x)
    ingest.flows(x)
    ingest.settle(x)
    outcome = ingest.judge("token rotated, backfill", x, lost=False)
    assert outcome.gaps == 0
