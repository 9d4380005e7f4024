"""Steps that people made: what an explanation says of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.explain import LANGUAGES, tell
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.feedback import DismissReason, FeedbackHeld, FeedbackVerdict
from schemas.window import Level
from tests.pipeline.explain.events import CRISIS

UPDATED = next(event for event in CRISIS if event.type is CrisisEventType.UPDATED)


def after(verdict: FeedbackVerdict, **changes: str | DismissReason) -> CrisisEvent:
    """The step that somebody's verdict made of a crisis that goes on."""
    held = FeedbackHeld(id="f-1", verdict=verdict, by="press office", held_from=UPDATED.time)
    event = replace(UPDATED, feedback=replace(held, **changes))  # type: ignore[arg-type]
    if verdict is FeedbackVerdict.DISMISS:
        return replace(event, type=CrisisEventType.RESOLVED, level=Level.CALM)
    return event


def level_row(event: CrisisEvent, lang: str) -> str:
    language = LANGUAGES[lang]
    told = tell(event, language)
    assert told.agrees, "the minute's own level is checked as ever"
    return next(text for name, text in told.rows if name == language.say("row_level"))


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "Dismissed by “press office”: the mentions were misread"),
        (
            "fr",
            "Écartée par «\N{NARROW NO-BREAK SPACE}press office\N{NARROW NO-BREAK SPACE}» : les mentions ont été mal",
        ),
    ],
)
def test_a_dismissal_is_told_instead_of_what_the_minute_would_have_made(lang: str, said: str) -> None:
    row = level_row(after(FeedbackVerdict.DISMISS, reason=DismissReason.MISREAD), lang)
    assert said.replace("\xa0", " ").replace("\u202f", " ") in row.replace("\xa0", " ").replace("\u202f", " ")
    assert LANGUAGES[lang].words["fell"].partition("(")[2][:12] not in row


@pytest.mark.parametrize("reason", DismissReason)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_has_its_words(reason: DismissReason, lang: str) -> None:
    assert LANGUAGES[lang].words[f"because_{reason}"] in level_row(
        after(FeedbackVerdict.DISMISS, reason=reason, by=""), lang
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_confirmation_is_told_before_why_the_level_stays(lang: str) -> None:
    plain, row = level_row(UPDATED, lang), level_row(after(FeedbackVerdict.CONFIRM), lang)
    assert row.endswith(plain.rpartition(". ")[2])
    assert "press office" in row
    assert len(row) > len(plain)


@pytest.mark.parametrize(("lang", "until"), [("en", "7 February 2025, 12:00"), ("fr", "7 février 2025")])
def test_a_snooze_says_until_when(lang: str, until: str) -> None:
    assert until in level_row(after(FeedbackVerdict.SNOOZE, until="2025-02-07T12:00:00Z"), lang)
