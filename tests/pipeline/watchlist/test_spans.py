"""Matches shown in the original text."""

from __future__ import annotations

import pytest
from hypothesis import given

from pipeline.watchlist import MatchSpan, fold
from tests.pipeline.watchlist.test_matching import TEXTS, WATCHLIST, tweet


def shown(text: str) -> list[tuple[str, str]]:
    return [(span.brand, text[span.start : span.end]) for span in WATCHLIST.spans(tweet(text))]


@pytest.mark.parametrize(
    ("text", "brand", "written"),
    [
        ("I love US Airways!", "us-airways", "US Airways"),
        ("US \n  Airways", "us-airways", "US \n  Airways"),
        ("the US-Airways desk", "us-airways", "US-Airways"),
        ("chez la Société  Générale’s", "socgen", "Société  Générale"),
        ("la Socie\u0301te\u0301 Ge\u0301ne\u0301rale", "socgen", "Socie\u0301te\u0301 Ge\u0301ne\u0301rale"),
        ("straße ﬁ \U0001f621 DL", "delta", "DL"),
        ("https://united.com/x?y late @SG_etVous", "socgen", "@SG_etVous"),
        ("see www.x.fr  and (https://y.fr) 達美航空", "socgen", "達美航空"),
        ("  so   \u200blate #Unit\u2060edFail", "united", "#Unit\u2060edFail"),
    ],
)
def test_a_match_is_shown_as_it_was_written(text: str, brand: str, written: str) -> None:
    assert shown(text) == [(brand, written)]


def test_spans_are_listed_by_place_then_brand() -> None:
    assert shown("@united and US Airways, united") == [
        ("united", "@united"),
        ("us-airways", "US Airways"),
        ("united", "united"),
    ]


def test_what_only_the_payload_says_has_no_place() -> None:
    assert WATCHLIST.spans(tweet("late", mentions=("united",), author_handle="usairways")) == ()
    assert WATCHLIST.spans(tweet("@united late", mentions=("united",))) == (
        MatchSpan(brand="united", matched="@united", start=0, end=7),
    )


@given(text=TEXTS)
def test_spans_are_the_matches_of_the_text_and_read_as_they_are_labelled(text: str) -> None:
    spans = WATCHLIST.spans(tweet(text))
    labels = {(match.brand, label) for match in WATCHLIST.match(tweet(text)) for label in match.matched}
    assert {(span.brand, span.matched) for span in spans} == labels
    for span in spans:
        if "/" not in text and "." not in text:  # an address between two words of a name is part of the span
            assert fold(text[span.start : span.end]).strip() == span.matched
