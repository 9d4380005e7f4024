import re
import string

import pytest

from pipeline.report.phrasing import ENGLISH, PHRASINGS, plain
from pipeline.report.words import french, french_situation

FRENCH = PHRASINGS["fr"]


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts_with_the_same_blanks() -> None:
    assert ENGLISH.words.keys() == FRENCH.words.keys()
    for key, text in ENGLISH.words.items():
        assert blanks(text) == blanks(FRENCH.words[key]), key


def test_no_french_text_breaks_before_a_sign_or_a_unit() -> None:
    for key, text in (french.WORDS | french_situation.WORDS).items():
        assert not re.search(r"(?<=\S) [:;?!%»]|« |\} (h|min|j)\b", text), key


def test_french_writes_numbers_and_times_as_the_french_do() -> None:
    assert FRENCH.whole(1234567) == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"
    assert FRENCH.figure(5.25) == "5,2"
    assert FRENCH.percent(0.78) == "78\N{NO-BREAK SPACE}%"
    assert FRENCH.duration(93_600_000) == "1\N{NO-BREAK SPACE}j 2\N{NO-BREAK SPACE}h"
    assert FRENCH.at(1425168000000, year=True) == "dim. 1er mars 2015 à 00:00"
    assert [FRENCH.plural("mentions", n) for n in (0, 1, 2)] == ["0 mention", "1 mention", "2 mentions"]


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_is_none_is_not_known(value: float) -> None:
    assert {ENGLISH.whole(value), ENGLISH.figure(value), ENGLISH.percent(value)} == {"not known"}
    assert ENGLISH.duration(value) == "under a minute"


def test_what_people_wrote_is_one_line_that_turns_nothing_around_it() -> None:
    assert plain("a\u202e\u2066b\x00\ud800\r\nc\u200bd") == "a b c d"
    assert plain("👩\u200d👧 « oui\N{NO-BREAK SPACE}»") == "👩\u200d👧 « oui\N{NO-BREAK SPACE}»"
    assert plain("x" * 500) == "x" * 79 + "…"
