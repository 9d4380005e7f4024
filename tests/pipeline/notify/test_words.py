from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.notify import words_english, words_french
from pipeline.notify.channels import Language
from pipeline.notify.words import exemplar_links, in_words
from schemas import Concern, CrisisEvent, CrisisEventType, Exemplar, Level
from schemas.crisis import Planned
from schemas.feedback import FeedbackHeld
from schemas.situation import CommunicationOverdue
from tests.pipeline.notify.crises import crises, overdue, reminders, step
from tests.schemas.events import CRISIS, NOON

NB = "\N{NO-BREAK SPACE}"
OPENED = step(CrisisEventType.OPENED)


def test_an_opened_crisis_says_in_english_what_was_seen_and_what_is_usual() -> None:
    words = in_words(OPENED, "en")
    assert words.title == "acme is no longer calm: alert"
    assert words.lines == (
        "12 mentions in the last hour, by about 11 people; about 5 were expected.",
        f"7 were negative, which is 58{NB}%; usual is 30{NB}%.",
        f"What people talk about: “refund” in 40{NB}% of the recent mentions (usually 2{NB}%).",
        "Hashtags: #fail.",
        "Mentions that ask something: 4. Posts of the brand itself in the last 24 hours: 0.",
        "Since 2 March 2026, 12:00 UTC. Highest level: alert.",
    )


def test_the_same_in_french_has_no_break_spaces_where_french_typography_wants_them() -> None:
    words = in_words(OPENED, "fr")
    assert words.title == f"acme n’est plus au calme{NB}: alerte"
    assert words.lines == (
        f"12 mentions au cours de la dernière heure, par 11 personnes environ{NB}; on en attendait environ 5.",
        f"7 étaient négatives, soit 58{NB}%, contre 30{NB}% d’habitude.",
        f"Ce dont on parle{NB}: «{NB}refund{NB}» dans 40{NB}% des mentions récentes (d’habitude 2{NB}%).",
        f"Mots-dièse{NB}: #fail.",
        f"Mentions qui posent une question{NB}: 4. Messages de la marque elle-même en 24 heures{NB}: 0.",
        f"Depuis le 2 mars 2026, 12:00 UTC. Niveau le plus élevé{NB}: alerte.",
    )


def test_french_numbers_have_a_decimal_comma() -> None:
    evidence = replace(CRISIS.evidence, expected_volume=1.5, negative_share=0.004)
    first, second, *_ = in_words(replace(OPENED, evidence=evidence), "fr").lines
    assert "on en attendait environ 1,5." in first
    assert f"soit 0,4{NB}%" in second


@pytest.mark.parametrize(
    ("event", "english", "french"),
    [
        (
            step(CrisisEventType.ESCALATED, level=Level.CRISIS, previous=Level.ALERT),
            "acme: escalated from alert to crisis",
            f"acme{NB}: aggravation, de «{NB}alerte{NB}» à «{NB}crise{NB}»",
        ),
        (
            step(CrisisEventType.UPDATED, level=Level.SEVERE, previous=Level.SEVERE),
            "acme: still severe",
            f"acme{NB}: toujours «{NB}crise grave{NB}»",
        ),
        (
            step(CrisisEventType.DEESCALATED, level=Level.WATCH, previous=Level.CRISIS),
            "acme: eased from crisis to watch",
            f"acme{NB}: apaisement, de «{NB}crise{NB}» à «{NB}vigilance{NB}»",
        ),
        (
            step(CrisisEventType.RESOLVED, level=Level.CALM, previous=Level.WATCH),
            "acme is calm again",
            f"acme{NB}: retour au calme",
        ),
    ],
)
def test_each_step_has_a_title_of_its_own(event: CrisisEvent, english: str, french: str) -> None:
    assert in_words(event, "en").title == english
    assert in_words(event, "fr").title == french


def test_one_mention_by_one_person_is_told_in_the_singular() -> None:
    counts = replace(CRISIS.evidence.observed, volume=1, negative=1, authors=1)
    event = replace(OPENED, evidence=replace(CRISIS.evidence, observed=counts, negative_share=1.0))
    assert in_words(event, "en").numbers == (
        "One mention in the last hour; about 5 were expected.",
        f"1 was negative, which is 100{NB}%; usual is 30{NB}%.",
    )


def test_no_mention_at_all_has_no_negative_share() -> None:
    counts = replace(CRISIS.evidence.observed, volume=0, negative=0, authors=0)
    event = replace(OPENED, evidence=replace(CRISIS.evidence, observed=counts, negative_share=0.0))
    assert in_words(event, "en").numbers == ("No mention in the last hour; 5 were expected.",)


def test_a_planned_event_and_missing_input_are_told_beside_the_numbers() -> None:
    planned = Planned(name="launch day", start=NOON, end=NOON, expect=3.0, ordinary_volume=2.0)
    evidence = replace(CRISIS.evidence, planned=planned, unobserved_minutes=12)
    assert in_words(replace(OPENED, evidence=evidence), "en").notes[1:] == (
        "“launch day” is planned: 3 times as many mentions are expected while it lasts.",
        "Input is missing for 12 minutes of the last 24 hours: the numbers may be too low.",
    )


def test_a_resolved_crisis_says_when_it_was_opened_and_how_bad_it_got() -> None:
    event = step(CrisisEventType.RESOLVED, level=Level.CALM, previous=Level.CRISIS)
    assert in_words(event, "en").notes == ("Opened on 2 March 2026, 12:00 UTC. Highest level: crisis.",)
    assert in_words(event, "fr").notes == (f"Ouverture le 2 mars 2026, 12:00 UTC. Niveau le plus élevé{NB}: crise.",)


def test_what_people_wrote_cannot_turn_hide_or_break_the_text_around_it() -> None:
    concerns = (Concern(phrase="\u202ekcatta\x00\nfirst line", count=1, share=0.1, usual_share=0.0),)
    talk = in_words(replace(OPENED, evidence=replace(CRISIS.evidence, concerns=concerns)), "en").talk
    assert talk[0] == f"What people talk about: “kcatta first line” in 10{NB}% of the recent mentions (usually 0{NB}%)."


def test_an_emoji_of_several_characters_stays_whole() -> None:
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}"
    event = replace(OPENED, evidence=replace(CRISIS.evidence, hashtags=(family,)))
    assert f"Hashtags: #{family}." in in_words(event, "en").talk


def test_only_what_can_be_a_tweet_id_becomes_a_link() -> None:
    ids = ("17", "../../evil", "", "18|x>", "١٢", "19", "20", "21")
    exemplars = tuple(Exemplar(tweet_id=each, engagement=1) for each in ids)
    event = replace(OPENED, evidence=replace(CRISIS.evidence, exemplars=exemplars))
    assert exemplar_links(event) == {
        "17": "https://x.com/i/web/status/17",
        "19": "https://x.com/i/web/status/19",
        "20": "https://x.com/i/web/status/20",
    }


@pytest.mark.parametrize(
    ("kind", "feedback", "language", "title", "note"),
    [
        ("updated", {"verdict": "confirm"}, "en", "acme: confirmed as a crisis (alert)", "Said by the press office."),
        (
            "updated",
            {"verdict": "snooze", "until": NOON, "by": ""},
            "en",
            "acme: put off until 2 March 2026, 12:00 UTC (alert)",
            "Said by somebody who gave no name.",
        ),
        (
            "resolved",
            {"verdict": "dismiss", "reason": "copies"},
            "fr",
            f"acme{NB}: alarme écartée, pas de crise",
            f"Avis donné par the press office{NB}: peu de gens, beaucoup de copies.",
        ),
    ],
)
def test_what_people_made_of_a_crisis_is_said_with_who_and_why(
    kind: str, feedback: dict[str, str], language: Language, title: str, note: str
) -> None:
    held = FeedbackHeld(**({"id": "1", "by": "the press office", "held_from": NOON} | feedback))  # type: ignore[arg-type]
    words = in_words(replace(step(CrisisEventType(kind)), feedback=held), language)
    assert words.title == title
    assert words.notes[0] == note


def test_a_reminder_says_since_when_nothing_was_said_and_what_is_asked_for() -> None:
    words = in_words(overdue(), "en")
    assert words.title == "acme: an update is overdue (alert)"
    assert words.lines == (
        "The brand’s last update is of 2 March 2026, 10:30 UTC.",
        "The playbook asks for one every 60 minutes at this level; it was due on 2 March 2026, 12:00 UTC.",
        "No update speaks to: “refund”, “hold music”.",
        "Questions that wait for an answer: 7.",
    )


def test_a_reminder_in_french_and_of_a_brand_that_has_said_nothing_at_all() -> None:
    noon = "2 mars 2026, 12:00 UTC"
    unseen = in_words(replace(overdue(), unobserved_minutes=40), "en").notes
    assert unseen == ("Input is missing for 40 minutes of the last 24 hours: an update posted then was not seen.",)
    assert "40 minutes" in in_words(replace(overdue(), unobserved_minutes=40), "fr").notes[0]

    words = in_words(replace(overdue(level=Level.SEVERE), last_update_at=None, silent_on=(), waiting=0, missed=3), "fr")
    assert words.title == f"acme{NB}: un point d’information est en retard (crise grave)"
    assert words.lines == (
        "Aucun point d’information de la marque n’a été vu.",
        f"À ce niveau, le plan de crise en demande un toutes les 60 minutes{NB}; il était attendu le {noon}.",
        f"Points manqués de suite{NB}: 3.",
    )


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return {part.split("}")[0] for part in text.split("{")[1:]}

    english, french = words_english.WORDS, words_french.WORDS
    assert list(english) == list(french)
    assert {key: blanks(text) for key, text in english.items()} == {key: blanks(text) for key, text in french.items()}


@given(crises() | reminders(), st.sampled_from(["en", "fr"]))
def test_whatever_happened_each_text_is_one_short_line(
    event: CrisisEvent | CommunicationOverdue, language: Language
) -> None:
    words = in_words(event, language)
    assert len(words.title) <= 200
    for line in (words.title, *words.lines):
        assert line
        assert len(line.splitlines()) == 1
        assert len(line) < 4000
        assert not any(unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "RLI", "LRI") for c in line)
