"""Tweets for the tests of this folder."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pipeline.text import StandardAnalyzer, TextAnalysis
from pipeline.text.entities import Entities
from schemas.tweet import Tweet

ANY_TEXT = st.one_of(
    st.text(st.characters(), max_size=200),  # lone surrogates included
    st.lists(
        st.sampled_from(
            ["\ud83d", "\0", "\u200b", "\u2066", "😡", "👩‍👩‍👧", "🇫", "#", "@", "$", "http://", "!", "?", " ", "not ",
             "good", "soooo", "mais", "n'", "'", "-", ":", ")", "É", "e\u0301", "1", "<3", "\n", "ﬁ", "pas "]
        ),
        max_size=60,
    ).map("".join),
)  # fmt: skip


def tweet(text: str, **fields: Any) -> Tweet:
    return Tweet(id="1", created_at_ms=0, text=text, **fields)


def read(text: str, **fields: Any) -> TextAnalysis:
    """Read one tweet with an analyzer of its own."""
    (analysis,) = StandardAnalyzer().analyze([tweet(text, **fields)])
    return analysis


def entities(text: str, **fields: Any) -> Entities:
    """Read the entities of one tweet."""
    return read(text, **fields).entities
