"""Bluesky's stream breaks; the server sends again what was missed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ingest.jet import Jet
from tests.ingest.trial import Trial

pytestmark = pytest.mark.kafka


@pytest.fixture
def jet() -> Iterator[Jet]:
    """A local Jetstream that publishes."""
    with Jet() as running:
        yield running


def test_drops_and_an_outage_are_filled_from_the_cursor(ingest: Trial, jet: Jet) -> None:
    ingester = ingest.ingest("jetstream", jetstream_url=jet.url)
    ingest.connected(jet)
    ingest.flows(jet)
    jet.drop()
    ingest.connected(jet)
    ingest.flows(jet)
    jet.refuse()
    ingest.publishes(jet, 60)
    jet.listen()
    ingest.connected(jet)
    ingest.flows(jet)
    assert ingester.metric("vigie_ingest_passed_over_total", what="unmatched") > 0
    ingest.settle(jet)
    outcome = ingest.judge("jetstream dropped, and refused", jet, lost=False)
    assert outcome.gaps == 0


def test_killed_it_goes_on_from_the_cursor(ingest: Trial, jet: Jet) -> None:
    for _ in range(2):
        ingester = ingest.ingest("jetstream", jetstream_url=jet.url)
        ingest.connected(jet)
        ingest.flows(jet, posts=40)
        ingester.kill()
        ingest.publishes(jet, 60)
    ingest.ingest("jetstream", jetstream_url=jet.url)
    ingest.connected(jet)
    ingest.flows(jet)
    ingest.settle(jet)
    outcome = ingest.judge("jetstream, killed twice", jet, lost=False)
    assert outcome.gaps == 0
    counts = ingest.enriched()
    assert counts["duplicates"] == outcome.twice
    assert counts["tweets"] - counts["duplicates"] == outcome.stored
