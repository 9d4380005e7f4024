"""Clocks that are wrong, watchlists that change, notices of deletion."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ingest.trial import Trial

Make = Callable[..., Trial]
HOUR_MS = 3_600_000
FOREIGN = {"id": "1", "value": "cats has:images", "tag": "somebody else's"}

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("hours", [-1, 1])
def test_gaps_are_told_in_the_time_of_x_whatever_this_machine_thinks(
    make_ingest_trial: Make, full: bool, hours: int
) -> None:
    if hours > 0 and not full:
        pytest.skip("only in the long run: make test-ingest-full")
    trial = make_ingest_trial(x_access="pro")
    x = trial.x(skew_ms=hours * HOUR_MS)
    ingester = trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    x.ask("refuse")
    trial.publishes(x, 40)
    x.ask("listen")
    trial.connected(x)
    trial.flows(x)
    assert ingester.metric("vigie_ingest_clock_offset_seconds") == pytest.approx(-hours * 3600, abs=3)
    ingester.kill()
    trial.publishes(x, 40)
    trial.ingest("x")
    trial.connected(x)
    trial.flows(x)
    trial.settle(x)
    trial.judge(f"X's clock {hours:+d} h, network refused, killed", x, lost=True)


def test_rules_follow_the_watchlist_and_leave_those_of_others_alone(ingest: Trial) -> None:
    x = ingest.x(rules=[FOREIGN])

    def ours() -> str:
        rules = x.ask("state")["rules"]
        assert FOREIGN in rules
        return " ".join(rule["value"] for rule in rules if rule["tag"].startswith("vigie:"))

    ingester = ingest.ingest("x")
    ingest.connected(x)
    assert "contoso" in ours().lower()
    ingest.flows(x)
    first = ingest.watchlist.read_text(encoding="utf-8")
    fabrikam = '\n[brands.fabrikam]\nname = "Fabrikam"\naliases = ["Fabrikam"]\n'
    ingest.watchlist.write_text(first + fabrikam, encoding="utf-8")
    ingest.until(lambda: "fabrikam" in ours().lower(), "the new brand has a rule")
    ingest.until(lambda: ingester.metric("vigie_ingest_rules_synced") == 1, "it says so")
    ingest.watchlist.write_text("this is no watchlist", encoding="utf-8")
    ingest.until(lambda: ingester.metric("vigie_ingest_rules_synced") == 0, "a wrong one is told")
    assert "fabrikam" in ours().lower()
    ingest.watchlist.write_text(first, encoding="utf-8")
    ingest.until(lambda: "fabrikam" not in ours().lower(), "the brand that is gone has none")
    assert "contoso" in ours().lower()
    ingest.flows(x)
    ingest.settle(x)
    outcome = ingest.judge("watchlist changed four times", x, lost=False)
    assert outcome.gaps == 0


def test_notices_of_deletion_come_in_as_well(ingest: Trial) -> None:
    x = ingest.x(rate=0.0, notices=80.0)
    ingester = ingest.ingest("x-compliance")
    streams = [f"{kind}/{partition}" for kind in ("tweets", "users") for partition in range(1, 5)]
    for stream in streams:
        ingest.connected(x, stream)
    ingest.flows(x, posts=40)
    x.ask("drop", how="rst", of="tweets/2")
    ingest.connected(x, "tweets/2")
    ingest.flows(x, posts=40)
    ingester.kill()
    ingest.until(lambda: not any(x.open(stream) for stream in streams), "X has noticed")
    ingest.publishes(x, 100)
    ingest.ingest("x-compliance")
    for stream in streams:
        ingest.connected(x, stream)
    ingest.flows(x, posts=40)
    x.ask("refuse")
    ingest.publishes(x, 200)
    x.ask("listen")
    for stream in streams:
        ingest.connected(x, stream)
    ingest.flows(x, posts=40)
    ingest.settle(x)
    outcome = ingest.judge("compliance streams", x, topic="")
    assert outcome.missing > 0
    assert {each["of"] for each in ingest.stored().gaps[0]} == {"compliance"}
    counts = ingest.enriched()
    assert counts["compliance"] == outcome.stored + outcome.twice
    assert counts["rejected"] == counts["gaps"] == 0
