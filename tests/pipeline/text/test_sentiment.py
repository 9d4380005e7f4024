from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.lexicon import Role, load, load_emoji
from pipeline.text.lexicon.inflection import english, french
from pipeline.text.sentiment import SentimentReader, probabilities
from pipeline.text.tokens import clean, tokenize
from schemas.mention import SentimentLabel
from tests.pipeline.text.tweets import read


def net(text: str, lang: str = "en") -> float:
    good, bad = SentimentReader(lang).weigh(tokenize(clean(text)), ())
    return good - bad


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("the crew was great", "positive"),
        ("the crew was not great", "negative"),
        ("they will never be good", "negative"),
        ("thanks for nothing", "negative"),
        ("thank you so much, amazing service", "positive"),
        ("been on hold for two hours", "negative"),
        ("my flight was cancelled and nobody answers the phone", "negative"),
        ("their app is down, another outage, still waiting", "negative"),
        ("hackers leaked our data", "negative"),
        ("boycott these people", "negative"),
        ("salmonella recall at the store", "negative"),
        ("#WorstAirlineEver", "negative"),
        ("see you there :)", "positive"),
        ("again :(((", "negative"),
        ("well 😡", "negative"),
        ("my new phone 😍", "positive"),
        ("👍🏽", "positive"),
        ("can't wait for the concert", "positive"),
        ("the new store opens in Paris at nine", "neutral"),
        ("", "neutral"),
        ("service client injoignable, une honte", "negative"),
        ("train annulé sans aucune information", "negative"),
        ("je n'aime pas du tout", "negative"),
        ("j'aime pas ce produit", "negative"),
        ("pas content du tout de votre réponse", "negative"),
        ("decu de votre service", "negative"),
        ("merci beaucoup pour votre aide", "positive"),
        ("sans problème, équipe au top", "positive"),
        ("plus jamais chez vous", "negative"),
        ("je prends le train pour Lyon demain matin", "neutral"),
    ],
)
def test_a_tweet_has_the_sentiment_a_reader_would_give_it(text: str, label: str) -> None:
    assert read(text).sentiment.label == label


@pytest.mark.parametrize(
    ("stronger", "weaker", "lang"),
    [
        ("very good", "good", "en"),
        ("good", "slightly good", "en"),
        ("GOOD", "good", "en"),
        ("good!!!", "good", "en"),
        ("gooood", "good", "en"),
        ("good", "not bad", "en"),
        ("not bad", "bad", "en"),
        ("it was bad but the food good", "it was good but the food bad", "en"),
        ("it was not. good", "it was not good", "en"),
        ("très bon accueil", "bon accueil", "fr"),
        ("mauvais mais rapide", "rapide mais mauvais", "fr"),
        ("c'est bon", "c'est pas bon", "fr"),
        ("c'est bon", "ce n'est pas bon", "fr"),
        ("pas mauvais", "mauvais", "fr"),
    ],
)
def test_words_around_a_word_bend_its_weight(stronger: str, weaker: str, lang: str) -> None:
    assert net(stronger, lang) > net(weaker, lang)


def test_a_negator_without_anything_to_turn_is_slightly_bad() -> None:
    assert net("they won't tell us") < 0
    assert SentimentReader("en").read(tokenize("no"), ()).label is SentimentLabel.NEUTRAL


def test_short_english_words_do_not_count_in_other_languages() -> None:
    assert net("die Menschen, die da war", "de") == 0
    assert net("die", "en") < 0
    assert net("un servicio horrible", "es") < 0


def test_a_link_makes_a_tweet_less_sure() -> None:
    assert net("great news") > net("great news https://t.co/x") > 0


def test_words_inside_links_and_handles_say_nothing() -> None:
    assert net("@awful https://t.co/horrible www.disgusting.com/worst") == 0


@given(good=st.floats(0, 1e6), bad=st.floats(0, 1e6))
def test_probabilities_are_thousandths_that_sum_to_1000_and_the_label_is_the_largest(good: float, bad: float) -> None:
    result = probabilities(good, bad)
    counts = (result.negative, result.neutral, result.positive)
    assert sum(counts) == 1000
    assert min(counts) >= 0
    assert counts[tuple(SentimentLabel).index(result.label)] == max(counts)


@given(weight=st.floats(0, 50), more=st.floats(0.1, 10))
def test_more_weight_on_one_side_never_makes_a_tweet_less_so(weight: float, more: float) -> None:
    assert probabilities(weight + more, 0).positive >= probabilities(weight, 0).positive
    assert probabilities(0, weight + more).negative >= probabilities(0, weight).negative


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_lexicon_is_large_and_its_weights_are_bounded(language: str) -> None:
    lexicon = load(language)
    assert lexicon.entries >= 1_500
    assert all(-3 <= weight <= 3 for weight in lexicon.weights.values())
    assert all(word == word.lower() and "/" not in word for word in lexicon.weights)
    assert set(lexicon.roles.values()) >= {Role.NEGATOR, Role.INTENSIFIER, Role.DIMINISHER, Role.CONTRAST}
    assert sum(weight < 0 for weight in lexicon.weights.values()) > 700
    assert sum(weight > 0 for weight in lexicon.weights.values()) > 400


def test_every_face_of_the_list_can_be_met_in_a_tweet() -> None:
    for face in load_emoji():
        good, bad = read(face).sentiment.positive, read(face).sentiment.negative
        assert good != bad, face


def test_english_forms_follow_the_rules() -> None:
    assert english("rude", "a") == ["rude", "rudely", "ruder", "rudest"]
    assert english("annoy", "v") == ["annoy", "annoys", "annoyed", "annoying"]
    assert english("worry", "v")[1:3] == ["worries", "worried"]
    assert "robbed" in english("rob", "v")
    assert english("glitch", "n") == ["glitch", "glitches"]


def test_french_forms_follow_the_rules() -> None:
    assert {"annulé", "annulées", "annulait", "annule"} <= set(french("annuler", "v"))
    assert {"rageant", "rageait"} <= set(french("rager", "v"))
    assert {"agaçant", "agaçait"} <= set(french("agacer", "v"))
    assert french("agressif", "a")[2] == "agressive"
    assert french("cher", "a") == ["cher", "chers", "chère", "chères"]
    assert french("bateau", "n") == ["bateau", "bateaux"]


@pytest.mark.parametrize("inflect", [english, french])
def test_an_unknown_flag_is_an_error(inflect: Callable[[str, str], list[str]]) -> None:
    with pytest.raises(ValueError, match="unknown flag /q of word"):
        inflect("word", "q")
