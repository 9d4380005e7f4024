from __future__ import annotations

import doctest
import re
from string import Formatter

import pytest

from pipeline.explain import LANGUAGES, english, french, speech, sums
from pipeline.explain.comparison import Reason


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert list(french.WORDS) == list(english.WORDS)


@pytest.mark.parametrize("key", english.WORDS)
def test_both_languages_fill_in_the_same_things(key: str) -> None:
    assert blanks(french.WORDS[key]) == blanks(english.WORDS[key])


def test_no_text_is_the_same_in_both_but_names_and_marks() -> None:
    same = {key for key in english.WORDS if french.WORDS[key] == english.WORDS[key]}
    spoken_alike = {"moment", "row_score", "row_tweets", "name_volume", "name_question_share", "name_repeats"}
    alike = {"sum_one", "sum", "mentions", "mentions_one", "check_score", "percent", "name_copies"}
    assert same <= spoken_alike | alike


@pytest.mark.parametrize("text", french.WORDS.values())
def test_french_marks_stand_off_by_a_space_that_does_not_break(text: str) -> None:
    assert not re.search(r"[^\N{NO-BREAK SPACE}][;!?»%]", text)
    assert not re.search("« ", text)
    assert "'" not in text


@pytest.mark.parametrize("module", [speech, sums], ids=lambda m: m.__name__)
def test_every_number_in_the_docstrings_is_right(module: object) -> None:
    tried = doctest.testmod(module)  # type: ignore[arg-type]
    assert tried.attempted > 0
    assert tried.failed == 0


def test_numbers_are_written_as_the_language_does() -> None:
    english_, french_ = LANGUAGES["en"], LANGUAGES["fr"]
    assert english_.number(14640.26, 1) == "14,640.3"
    assert french_.number(14640.26, 1) == "14\N{NARROW NO-BREAK SPACE}640,3"
    assert french_.share(0.31) == "31\N{NO-BREAK SPACE}%"
    assert french_.moment("2015-02-01T13:04:00Z") == "1 février 2015, 13:04 UTC"
    assert english_.length(10.0**4) == "420 days"
    assert french_.length(10.0**6) == "110 ans"


def test_one_is_singular_and_so_are_none_and_a_half_in_french() -> None:
    assert LANGUAGES["en"].say_of("mentions", 1) == "1 mention"
    assert LANGUAGES["en"].say_of("mentions", 0) == "0 mentions"
    assert LANGUAGES["fr"].say_of("mentions", 0) == "0 mention"
    assert LANGUAGES["fr"].say_of("mentions", 2) == "2 mentions"


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_every_reason_can_be_said(language: speech.Language) -> None:
    for reason in (
        Reason("why_removed", {"records": 12000, "partition": 3}),
        Reason("why_empty", {}),
        Reason("why_begins", {"begins": "2015-02-01T13:04:00Z", "opened": "2015-02-01T14:04:00Z"}),
        Reason("why_settings", {"published": "a", "recomputed": "b"}),
        Reason("why_model", {"published": "a", "recomputed": "b"}),
        Reason("why_withdrawn", {"notices": 1200}),
        Reason("why_other", {}),
    ):
        assert "{" not in language.reason(*reason)
