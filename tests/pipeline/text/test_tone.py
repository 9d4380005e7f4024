"""The tone of a brand's own posts, on made-up ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text import tonewords
from pipeline.text.tokens import Kind, clean, tokenize
from pipeline.text.tone import tone_of
from schemas.tone import ToneIssue
from tests.pipeline.text.ownposts import FINE, OFF
from tests.pipeline.text.tweets import ANY_TEXT


@pytest.mark.parametrize(("lang", "text"), FINE)
def test_an_apology_or_a_plain_update_is_clean(lang: str, text: str) -> None:
    assert tone_of(text, lang) == ()
    assert tone_of(text, "und") == ()


@pytest.mark.parametrize(("lang", "text", "wrong"), OFF)
def test_a_post_that_is_off_says_why(lang: str, text: str, wrong: set[ToneIssue]) -> None:
    assert set(tone_of(text, lang)) == wrong


@pytest.mark.parametrize(
    ("said", "clean_form"),
    [
        ("It is your fault.", "It is not your fault."),
        ("C'est votre faute.", "Ce n'est pas de votre faute."),
        ("The airport is to blame.", "Our own software is to blame."),
        ("C'est la faute du fournisseur.", "C'est la faute de nos équipes."),
        ("Calm down.", "We wait for the winds to calm down."),
        ("Deal with it.", "We will deal with it."),
        ("Enter our giveaway!", "That giveaway is a scam, do not enter."),
        ("From only $49!", "We refund tickets from $49 up to $900."),
        ("Dès 29 € !", "Indemnisation dès 29 € et sans démarche."),
        ("READ THE PAGE FIRST, PEOPLE", "JFK, LGA, EWR and BOS are open."),
        ("So sorry!! It works.", "Thanks! Sorry! It works!"),
        ("shut up", "Doors are shut up to five minutes before."),
    ],
)
def test_words_that_can_be_meant_well_are_not_taken_amiss(said: str, clean_form: str) -> None:
    assert tone_of(said, "und")
    assert tone_of(clean_form, "und") == ()


def test_issues_come_in_the_order_of_the_enum_and_once_each() -> None:
    found = tone_of("lol lol oops 😂🙄 CALM DOWN YOU IDIOTS!! our promo is not your fault, it is your fault", "en")
    assert list(found) == [issue for issue in ToneIssue if issue in found]
    assert {ToneIssue.SHOUTING, ToneIssue.INSULT, ToneIssue.BLAME, ToneIssue.SARCASM, ToneIssue.FLIPPANT} <= set(found)


def test_an_emoji_counts_with_any_skin_and_sign() -> None:
    assert tone_of("🤷🏽‍♀️", "und") == (ToneIssue.FLIPPANT,)
    assert tone_of("Thank you 🙏🏽💙", "en") == ()


def test_words_are_judged_in_their_own_language_only() -> None:
    assert tone_of("los cons de la oferta, cons", "es") == ()
    assert tone_of("¡¡Último aviso!!", "es") == (ToneIssue.SHOUTING,)


def test_each_phrase_of_the_lists_can_be_said() -> None:
    phrases = [phrase for langs in tonewords.PHRASES.values() for listed in langs.values() for phrase in listed]
    assert [phrase for phrase in phrases if not phrase.strip("~^| ") or as_said(phrase) != phrase.lstrip("~^ ")] == []


def test_each_phrase_of_the_lists_is_found_in_its_own_language_wherever_it_is_said() -> None:
    unheard = [
        phrase
        for issue, by_lang in tonewords.PHRASES.items()
        for lang, phrases in by_lang.items()
        for phrase in phrases
        for said in [phrase.lstrip("~^ ").replace("|", ".")]
        for text in (f"lorem {said}", f"Note 1. Lorem, ipsum {said}" if said[0] != "." else f"Lorem ipsum! {said} 🙏")
        if issue not in tone_of(text, "en" if lang == "any" else lang)
    ]
    assert set(unheard) == {"| well done genius"}  # "well" is left out where a clause begins


def as_said(phrase: str) -> str:
    """Return a phrase as its tokens say it."""
    tokens = tokenize(clean(phrase.lstrip("~^ ").replace("|", ".")))
    return " ".join("|" if token.kind is Kind.MARK else token.lower for token in tokens)


@given(ANY_TEXT | st.sampled_from(["!" * 25_000, "not your fault " * 2_000, "ha" * 12_000, "1" * 25_000, "\ud800 LOL"]))
def test_no_text_is_too_hostile(text: str) -> None:
    for lang in ("en", "fr", "und", "xx", ""):
        found = tone_of(text, lang)
        assert len(set(found)) == len(found)
