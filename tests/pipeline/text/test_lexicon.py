"""The word lists: what they hold, and the forms that words are written down for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.text.lexicon import Role, load, load_emoji
from pipeline.text.lexicon.inflection import english, french
from tests.pipeline.text.tweets import read


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_lexicon_is_large_and_its_weights_are_bounded(language: str) -> None:
    lexicon = load(language)
    assert lexicon.entries >= 1_200
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
