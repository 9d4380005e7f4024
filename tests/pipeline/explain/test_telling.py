from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.erasure import named_ids, redacted
from pipeline.explain import LANGUAGES, Language, Told, tell
from schemas.crisis import CrisisEvent, Planned
from schemas.window import Level
from tests.pipeline.explain.events import ALL, CRISIS, crowd, first_day

EN = LANGUAGES["en"]
ALERT = next(event for event in CRISIS if event.level >= Level.ALERT)


def row(told: Told, name: str) -> str:
    return next((text for label, text in told.rows if label == name), "")


@pytest.mark.parametrize("event", ALL, ids=lambda event: f"{event.type}-{event.level}-{event.sequence}")
@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_step_can_be_told(event: CrisisEvent, language: Language) -> None:
    told = tell(event, language)
    texts = [told.heading, told.seen, *(part.text for part in told.parts), *(text for _, text in told.rows)]
    assert all(texts)
    assert not any("{" in text or "}" in text for text in texts)
    assert told.agrees


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_a_step_all_of_whose_tweets_were_withdrawn_is_told_without_them(language: Language) -> None:
    left = redacted(ALERT, named_ids(ALERT), ())
    assert isinstance(left, CrisisEvent)
    names, ours = ({row.name for row in tell(event, language).rows} for event in (ALERT, left))
    assert names - ours == {language.say("row_tweets")}
    assert tell(left, language).agrees


def test_what_was_seen_is_told_beside_what_was_expected() -> None:
    told, counts = tell(ALERT, EN), ALERT.evidence.observed
    assert f"{counts.volume} mentions in the last" in told.seen
    assert f"{counts.negative} were negative" in told.seen
    assert "→ " in told.heading


def test_the_parts_are_written_with_the_sum_that_they_make() -> None:
    said = row(tell(ALERT, EN), "Score")
    shown = [signal.contribution for signal in ALERT.evidence.signals if abs(signal.contribution) >= 0.005]
    assert len(shown) >= 3
    for number in shown:
        assert f"{abs(number):.2f}" in said
    assert f"= {ALERT.evidence.score:.2f} bans" in said


def test_copies_and_repeated_authors_that_were_left_out_are_told() -> None:
    told = tell(CRISIS[-2], EN)
    of_all = [tell(event, EN) for event in CRISIS]
    assert told.parts
    assert any(
        part.text.startswith("Copies:") and part.adds.startswith("\N{MINUS SIGN}") for t in of_all for part in t.parts
    )
    assert any(part.text.startswith("Repeated authors:") for t in of_all for part in t.parts)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (7, "one negative one (a quarter more, since authors are estimated). From about {people} people, about 7 of"),
        (None, "two posts of each author count. From about {people} people that makes"),
    ],
)
def test_authors_are_told_as_far_as_they_were_counted(known: int | None, said: str) -> None:
    event = next(e for e in CRISIS for part in tell(e, EN).parts if part.text.startswith("Repeated authors:"))
    observed = replace(event.evidence.observed, negative_authors=known)
    told = tell(replace(event, evidence=replace(event.evidence, observed=observed)), EN)
    text = next(part.text for part in told.parts if part.text.startswith("Repeated authors:"))
    assert said.format(people=observed.authors) in text


def test_volume_alone_is_told_to_stop_below_alert() -> None:
    told = tell(crowd()[-1], EN)
    assert any(part.text.startswith("Limit: volume alone counts up to just below alert (4)") for part in told.parts)


def test_a_baseline_that_is_being_learnt_says_how_far_it_is_and_what_is_missing() -> None:
    event = first_day()[-1]
    told = tell(event, EN)
    assert event.evidence.to_learn is not None
    assert f"minutes observed {event.evidence.to_learn.minutes}" in row(told, "Level")
    assert f"× {event.evidence.learning:.2f} learnt" in row(told, "Score")


def test_the_threshold_that_the_score_passes_is_named() -> None:
    for event in ALL:
        decision, said = event.evidence.decision, row(tell(event, EN), "Level")
        assert decision is not None
        assert (f"{event.evidence.score:.2f} is below watch (3)" in said) == (event.evidence.score < 3.0)
        if decision.earned > Level.CALM:
            assert f"{event.evidence.score:.2f} passes {decision.earned.name.lower()} (" in said


def test_a_level_says_why_it_rose_and_why_it_fell() -> None:
    risen = [row(tell(event, EN), "Level") for event in CRISIS if event.level > event.previous_level]
    fallen = [row(tell(event, EN), "Level") for event in CRISIS if event.level < event.previous_level]
    assert all("in a row, and it was" in text or "counted at once" in text for text in risen)
    assert all("so it was given up" in text for text in fallen)


def test_a_score_whose_authors_are_too_few_says_so() -> None:
    decision = ALERT.evidence.decision
    assert decision is not None
    lonely = replace(
        decision,
        earned=Level.CALM,
        windows=tuple(replace(window, negative_authors=2.0) for window in decision.windows),
    )
    event = replace(ALERT, level=Level.WATCH, previous_level=Level.WATCH)
    told = tell(replace(event, evidence=replace(ALERT.evidence, decision=lonely)), EN)
    assert "distinct authors of negative mentions, and there were about 2" in row(told, "Level")


def test_a_planned_event_is_named() -> None:
    planned = Planned(
        name="Launch", start="2026-03-02T12:00:00Z", end="2026-03-02T13:00:00Z", expect=5.0, ordinary_volume=3.0
    )
    told = tell(replace(ALERT, evidence=replace(ALERT.evidence, planned=planned)), EN)
    assert "“Launch” is planned: 5 times as many mentions" in told.seen


def test_a_number_that_does_not_agree_is_told_as_such() -> None:
    told = tell(replace(ALERT, evidence=replace(ALERT.evidence, score=99.0)), EN)
    assert not told.agrees
    assert "score: published 99, recomputed by hand" in row(told, "Check")


def test_an_event_of_before_there_was_such_evidence_is_told_all_the_same() -> None:
    told = tell(replace(ALERT, evidence=replace(ALERT.evidence, decision=None)), EN)
    assert told.checks == ()
    assert "before evidence held" in row(told, "Check")


def test_concerns_and_tweets_are_told() -> None:
    told = tell(ALERT, EN)
    assert "“lost bag” in" in row(told, "About")
    assert ALERT.evidence.exemplars[0].tweet_id in row(told, "Tweets")
