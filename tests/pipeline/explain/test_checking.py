from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.detection import laws
from pipeline.detection.tails import beta_binomial_surprise, count_surprise
from pipeline.explain import sums
from pipeline.explain.checking import recheck
from schemas.crisis import CrisisEvent, Evidence, Law
from schemas.window import Level
from tests.pipeline.detection.streams import DAY, HOUR, talk
from tests.pipeline.explain.events import ALL, CRISIS, published


def wrong(event: CrisisEvent) -> list[str]:
    return [check.name for check in recheck(event) if not check.agrees]


@pytest.mark.parametrize("event", ALL, ids=lambda event: f"{event.type}-{event.level}-{event.sequence}")
def test_every_number_of_an_event_follows_from_the_others(event: CrisisEvent) -> None:
    names = [check.name for check in recheck(event)]
    assert {"volume", "negative_share", "copies", "authors", "question_share", "score", "level"} <= set(names)
    assert not wrong(event)


@settings(max_examples=9)
@given(
    seed=st.integers(0, 10**6),
    rate=st.sampled_from([0.05, 0.4, 3.0]),
    louder=st.sampled_from([1.0, 3.0, 12.0]),
    share=st.sampled_from([0.5, 0.8, 1.0]),
    copies=st.sampled_from([0.0, 0.15]),
    authors=st.sampled_from([0.3, 0.6, 1.0]),
    angry=st.sampled_from([0.4, 0.7, 1.0]),
)
def test_every_number_follows_from_the_others_whatever_the_crisis(
    seed: int, rate: float, louder: float, share: float, copies: float, authors: float, angry: float
) -> None:
    rng = Random(seed)
    loud = talk(rng, 3 * HOUR, rate=rate * louder, share=share)
    for minute in loud:
        minute.repeats, minute.authors = int(minute.volume * copies), int(minute.volume * authors)
        minute.negative_authors = int(minute.negative * angry)
    minutes = [*talk(rng, 30 * HOUR, rate=rate, share=0.25), *loud, *talk(rng, DAY // 2, rate=rate, share=0.25)]
    for event in published(minutes):
        assert not wrong(event)


def changed(event: CrisisEvent, name: str, **changes: object) -> CrisisEvent:
    signals = tuple(
        replace(signal, **changes) if signal.name == name else signal  # type: ignore[arg-type]
        for signal in event.evidence.signals
    )
    return replace(event, evidence=replace(event.evidence, signals=signals))


ALERT = next(event for event in CRISIS if event.level >= Level.ALERT)


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (changed(ALERT, "volume", surprise=9.0), "volume"),
        (changed(ALERT, "negative_share", surprise=9.0), "negative_share"),
        (changed(ALERT, "negative_share", spread=0.2), "negative_share"),
        (changed(ALERT, "authors", expected=0.5), "authors"),
        (changed(ALERT, "looks", contribution=2.0), "score"),
        (replace(ALERT, evidence=replace(ALERT.evidence, score=9.9)), "score"),
    ],
)
def test_a_number_that_was_tampered_with_is_named(event: CrisisEvent, name: str) -> None:
    assert wrong(event) == [name]


def with_decision(evidence: Evidence, **changes: object) -> Evidence:
    assert evidence.decision is not None
    return replace(evidence, decision=replace(evidence.decision, **changes))  # type: ignore[arg-type]


def test_a_level_that_does_not_follow_from_scores_and_thresholds_is_named() -> None:
    higher = with_decision(ALERT.evidence, thresholds=(30.0, 40.0, 60.0, 90.0))
    assert wrong(replace(ALERT, evidence=higher)) == ["level"]
    lonely = with_decision(ALERT.evidence, authors_needed=(1e9, 1e9, 1e9, 1e9))
    assert wrong(replace(ALERT, evidence=lonely)) == ["level"]


def test_an_event_of_before_there_was_such_evidence_has_nothing_to_check() -> None:
    assert recheck(replace(ALERT, evidence=replace(ALERT.evidence, decision=None))) == ()


@given(st.integers(1, 30_000), st.floats(0.01, 5_000), st.floats(1e-4, 20))
def test_summing_a_count_the_long_way_gives_what_the_model_computes(count: int, mean: float, spread: float) -> None:
    law, width = laws.of_count(count, mean, spread)
    if law is Law.NEGATIVE_BINOMIAL and count > mean:
        expected = count_surprise(count, mean, spread)
        assert sums.negative_binomial(count, mean, width) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@example(trials=65, above=0.5, share=0.25, correlation=0.875)
@given(
    trials=st.integers(1, 3_000),
    above=st.floats(0, 1),
    share=st.floats(0.02, 0.95),
    correlation=st.floats(1e-4, 0.9),
)
def test_summing_a_share_the_long_way_gives_what_the_model_computes(
    trials: int, above: float, share: float, correlation: float
) -> None:
    hits = int(trials * (share + (1 - share) * above))
    law, width = laws.of_share(hits, trials, share, correlation)
    if hits <= trials * share or law is Law.NORMAL:
        return
    long_way = sums.beta_share if law is Law.BETA else sums.beta_binomial
    expected = beta_binomial_surprise(hits, trials, share, correlation)
    assert long_way(hits, trials, share, width) == pytest.approx(expected, rel=2e-6, abs=2e-6)
