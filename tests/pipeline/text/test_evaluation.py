"""Scores of what was read, against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.evaluation import (
    EvaluationError,
    LanguageRow,
    SentimentRow,
    language_row,
    read_rows,
    score_language,
    score_sentiment,
    sentiment_row,
)
from schemas.codec import encode
from schemas.mention import Sentiment, SentimentLabel

NEGATIVE, NEUTRAL, POSITIVE = SentimentLabel


def row(label: SentimentLabel, lang: str | None = None) -> SentimentRow:
    return SentimentRow(text="", label=label, lang=lang)


def mood(negative: int, neutral: int, positive: int) -> Sentiment:
    counts = (negative, neutral, positive)
    label = tuple(SentimentLabel)[counts.index(max(counts))]
    return Sentiment(label=label, negative=negative, neutral=neutral, positive=positive)


BAD, DULL, GOOD = mood(1000, 0, 0), mood(0, 1000, 0), mood(0, 0, 1000)
MOODS = {NEGATIVE: BAD, NEUTRAL: DULL, POSITIVE: GOOD}


def test_recall_precision_and_f1_are_those_of_the_books() -> None:
    rows = [row(NEGATIVE), row(NEGATIVE), row(NEGATIVE), row(NEUTRAL), row(POSITIVE), row(POSITIVE)]
    scores = score_sentiment(rows, [BAD, BAD, DULL, DULL, GOOD, BAD])
    assert scores["accuracy"] == 0.6667
    assert scores["classes"]["negative"] == {"precision": 0.6667, "recall": 0.6667, "f1": 0.6667, "support": 3}
    assert scores["classes"]["neutral"] == {"precision": 0.5, "recall": 1.0, "f1": 0.6667, "support": 1}
    assert scores["classes"]["positive"] == {"precision": 1.0, "recall": 0.5, "f1": 0.6667, "support": 2}
    assert scores["macro_recall"] == 0.7222
    assert scores["macro_f1"] == 0.6667
    assert scores["confusion"]["negative"] == {"negative": 2, "neutral": 1, "positive": 0}


def test_a_class_without_tweets_is_left_out_of_means() -> None:
    scores = score_sentiment([row(NEGATIVE), row(POSITIVE)], [BAD, DULL])
    assert scores["macro_recall"] == 0.5
    assert scores["classes"]["neutral"] == {"precision": 0.0, "recall": None, "f1": None, "support": 0}
    assert scores["classes"]["positive"]["precision"] is None


def test_scores_by_language_are_those_of_its_rows_alone() -> None:
    rows = [row(NEGATIVE, "en"), row(NEGATIVE, "fr"), row(POSITIVE, "fr"), row(POSITIVE)]
    by_language = score_sentiment(rows, [BAD, DULL, GOOD, BAD])["by_language"]
    assert {lang: (scores["n"], scores["accuracy"]) for lang, scores in by_language.items()} == {
        "en": (1, 1.0),
        "fr": (2, 0.5),
    }
    assert "by_language" not in score_sentiment([row(NEGATIVE)], [BAD])


def test_calibration_is_perfect_for_one_who_knows_and_biased_for_one_who_always_says_bad() -> None:
    rows = [row(NEGATIVE)] * 25 + [row(NEUTRAL)] * 75
    knows = score_sentiment(rows, [BAD] * 25 + [DULL] * 75)["calibration"]
    assert knows["brier_negative"] == knows["expected_calibration_error_negative"] == 0.0
    assert knows["negative_share"] == {"error": 0.0, "bias": 0.0}
    assert knows["negative_share_when_it_is"]["0.7"] == {"error": 0.0, "bias": 0.0}
    grim = score_sentiment(rows, [BAD] * 100)["calibration"]
    assert grim["brier_negative"] == grim["expected_calibration_error_negative"] == 0.75
    assert grim["negative_share"]["bias"] == pytest.approx(0.75, abs=0.01)
    assert grim["negative_share_when_it_is"]["0.1"] == {"error": 0.9, "bias": 0.9}


def test_one_who_says_the_usual_share_of_every_tweet_is_calibrated_but_blind_to_a_crisis() -> None:
    rows = [row(NEGATIVE)] * 30 + [row(NEUTRAL)] * 70
    scores = score_sentiment(rows, [mood(300, 700, 0)] * 100)["calibration"]
    assert scores["expected_calibration_error_negative"] == 0.0
    assert scores["negative_share"]["bias"] == pytest.approx(0, abs=0.01)
    assert scores["negative_share_when_it_is"]["0.7"]["bias"] == pytest.approx(-0.4)


def test_shares_that_cannot_be_drawn_are_none() -> None:
    calibration = score_sentiment([row(NEUTRAL)], [DULL])["calibration"]
    assert set(calibration["negative_share_when_it_is"].values()) == {None}


@settings(max_examples=30)  # draws its windows each time
@given(st.lists(st.tuples(st.sampled_from(SentimentLabel), st.integers(0, 1000)), min_size=1, max_size=30))
def test_any_scores_are_json_between_0_and_1_and_the_same_each_time(pairs: list[tuple[SentimentLabel, int]]) -> None:
    rows, read = [row(label, "en") for label, _ in pairs], [mood(n, 1000 - n, 0) for _, n in pairs]
    scores = score_sentiment(rows, read)
    assert encode(scores) == encode(score_sentiment(rows, read))
    assert 0 <= scores["macro_f1"] <= 1
    assert 0 <= scores["calibration"]["expected_calibration_error_negative"] <= 1
    assert scores["by_language"]["en"]["accuracy"] == scores["accuracy"]


def lang_row(lang: str) -> LanguageRow:
    return LanguageRow(text="", lang=lang, hint=None)


def test_undecided_tweets_count_as_wrong_but_not_as_wrongly_decided() -> None:
    rows = [lang_row(lang) for lang in ("fr", "fr", "en", "en", "und", "und")]
    scores = score_language(rows, ["fr", "und", "en", "fr", "und", "en"])
    assert (scores["accuracy"], scores["macro_accuracy"], scores["und_share"]) == (0.5, 0.5, 0.3333)
    assert scores["accuracy_of_decided"] == 0.5
    assert scores["languages"]["fr"] == {"support": 2, "accuracy": 0.5, "precision": 0.5, "und_share": 0.5}
    assert scores["confusion"]["en"] == {"en": 1, "fr": 1, "und": 0}


def test_rows_are_read_and_blank_lines_skipped() -> None:
    lines = [b'{"text": "a", "label": 2, "lang": ""}\n', b"\n", b'{"text": "b", "label": 0, "lang": "fr", "x": 1}']
    assert read_rows(lines, sentiment_row) == [
        SentimentRow(text="a", label=POSITIVE, lang=None),
        SentimentRow(text="b", label=NEGATIVE, lang="fr"),
    ]
    lines = [b'{"text": "a", "lang": "pt-BR"}', b'{"text": "b", "lang": "und", "hint": "en"}']
    assert [row.lang for row in read_rows(lines, language_row)] == ["pt", "und"]


@pytest.mark.parametrize(
    ("line", "parse", "message"),
    [
        (b"nonsense", sentiment_row, r"line 2: not JSON"),
        (b"[1]", sentiment_row, r"line 2: expected a JSON object, got a list"),
        (b'{"label": 1}', sentiment_row, r"line 2: text is missing; expected a string"),
        (b'{"text": 7, "label": 1}', sentiment_row, r"line 2: text is 7; expected a string"),
        (b'{"text": "a"}', sentiment_row, r"line 2: label is missing; expected 0 \(negative\)"),
        (b'{"text": "a", "label": true}', sentiment_row, r"line 2: label is True"),
        (b'{"text": "a", "label": "0"}', sentiment_row, r"line 2: label is '0'"),
        (b'{"text": "a", "label": -1}', sentiment_row, r"line 2: label is -1"),
        (
            b'{"text": "a", "label": 1, "lang": 3}',
            sentiment_row,
            r"line 2: lang is 3; expected a string, or nothing",
        ),
        (b'{"text": "a", "lang": "Klingon"}', language_row, r"line 2: lang is 'Klingon'; expected a language code"),
        (b'{"text": "a"}', language_row, r"line 2: lang is missing"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_what_was_expected(line: bytes, parse: Any, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_rows([b'{"text": "a", "label": 1, "lang": "en"}', line], parse)


def test_a_file_without_rows_is_refused() -> None:
    with pytest.raises(EvaluationError, match=r"no rows"):
        read_rows([b"\n"], sentiment_row)
