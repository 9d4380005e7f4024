from __future__ import annotations

import re
from string import Formatter

import pytest

from pipeline.present import SPEECHES, english, french
from schemas import ToneIssue, Trend


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    assert set(english.WORDS) == set(french.WORDS)


@pytest.mark.parametrize("key", sorted(english.WORDS))
def test_a_text_has_the_same_blanks_in_both_languages(key: str) -> None:
    # The English singular is written out where the French one also stands for 0.
    assert slots(english.WORDS[key]) - {"number"} == slots(french.WORDS[key]) - {"number"}


@pytest.mark.parametrize("lang", sorted(SPEECHES))
def test_there_is_a_word_for_every_tone_and_trend(lang: str) -> None:
    words = SPEECHES[lang].language.words
    assert {f"tone_{issue}" for issue in ToneIssue} | {f"trend_{trend}" for trend in Trend} <= set(words)


def test_french_puts_no_plain_space_before_high_punctuation() -> None:
    assert not [text for text in french.WORDS.values() if re.search(r" [:;?»%]|« ", text)]


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_600_000, "1 h"),
        (5_400_000, "1 h 30 min"),
        (90_000_000, "1 d 1 h"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(ms: int, said: str) -> None:
    assert SPEECHES["en"].duration(ms).replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_text_of_the_playbook_in_no_language_of_ours_is_told_all_the_same() -> None:
    assert SPEECHES["fr"].text({"de": "Ruhe bewahren"}) == "Ruhe bewahren"
    assert SPEECHES["fr"].text({}) == ""
