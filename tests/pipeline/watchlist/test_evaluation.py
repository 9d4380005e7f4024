from __future__ import annotations

from collections.abc import Mapping
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.watchlist import Watchlist
from pipeline.watchlist.evaluation import (
    MAX_DISAGREEMENTS,
    Disagreement,
    EvaluationError,
    MatchingReport,
    MatchingScore,
    evaluate,
    read_rows,
)
from schemas.codec import encode

WATCHLIST = Watchlist.parse(
    """
version = 1
[brands.acme]
aliases = ["Acme"]
handles = ["acme"]
official = ["acme_air"]
[brands.bolt]
aliases = [{ text = "Bolt", languages = ["en"] }]
hashtags = ["bolt"]
[brands.calm]
aliases = ["Calm"]
"""
)


def report(*rows: Mapping[str, object], seconds: float = 0.5) -> MatchingReport:
    ticks = count()
    return evaluate(WATCHLIST, read_rows(encode(row) for row in rows), lambda: next(ticks) * seconds)


def error_of(*lines: bytes | str) -> str:
    with pytest.raises(EvaluationError) as caught:
        evaluate(WATCHLIST, read_rows(lines), float)
    return str(caught.value)


def test_pairs_are_counted_in_all_and_by_brand() -> None:
    result = report(
        {"text": "acme and bolt", "brands": ["acme", "bolt"]},
        {"text": "acme", "brands": ["bolt"]},
        {"text": "nothing", "brands": []},
        {"text": "the bolt came loose", "brands": []},
    )
    assert result.rows == 4
    assert result.overall == MatchingScore(expected=3, found=4, correct=2, precision=0.5, recall=2 / 3, f1=4 / 7)
    assert result.by_brand["acme"] == MatchingScore(expected=1, found=2, correct=1, precision=0.5, recall=1.0, f1=2 / 3)
    assert result.by_brand["bolt"] == MatchingScore(expected=2, found=2, correct=1, precision=0.5, recall=0.5, f1=0.5)
    assert result.by_brand["calm"] == MatchingScore(
        expected=0, found=0, correct=0, precision=None, recall=None, f1=None
    )
    assert result.exact == 0.5


def test_what_a_payload_says_besides_the_text_is_used() -> None:
    result = report(
        {"text": "x", "mentions": ["@Acme"], "brands": ["acme"]},
        {"text": "x", "hashtags": ["#Bolt"], "brands": ["bolt"]},
        {"text": "x", "author": "@acme_air", "brands": ["acme"]},
        {"text": "bolt", "lang": "fr", "brands": []},
        {"text": "bolt", "lang": "und", "mentions": None, "author": "", "brands": ["bolt"], "id": 7},
    )
    assert result.exact == 1.0
    assert result.disagreements == ()


def test_disagreements_name_lines_and_labels_but_no_text() -> None:
    rows = read_rows([b"", b'{"text": "a secret about @acme", "brands": ["bolt"]}'])
    (only,) = evaluate(WATCHLIST, rows, float).disagreements
    assert only == Disagreement(line=2, missed=("bolt",), unexpected={"acme": ("@acme",)})


def test_only_the_first_disagreements_are_kept_and_all_are_counted() -> None:
    result = report(*[{"text": "acme", "brands": []}] * 30)
    assert result.disagreeing == 30
    assert [shown.line for shown in result.disagreements] == list(range(1, MAX_DISAGREEMENTS + 1))


def test_speed_is_rows_by_the_time_of_the_clock_given() -> None:
    row: dict[str, object] = {"text": "acme", "brands": ["acme"]}
    assert report(row, row, seconds=0.25).tweets_per_second == 8.0
    assert report(row, seconds=0.0).tweets_per_second is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 3: not JSON"),
        ("[]", "line 3: expected an object with text and brands, got a list"),
        ('{"brands": []}', "line 3: text: expected a string, got nothing"),
        ('{"text": 5, "brands": []}', "line 3: text: expected a string, got a number"),
        ('{"text": "x"}', "line 3: brands: expected a list of brand keys, empty for none, got nothing"),
        ('{"text": "x", "brands": "acme"}', "line 3: brands: expected a list of strings, got a string"),
        ('{"text": "x", "brands": [1]}', "line 3: brands: expected a list of strings, got a list"),
        ('{"text": "x", "brands": null}', "line 3: brands: expected a list of strings, got nothing"),
        ('{"text": "x", "brands": [], "lang": ["en"]}', "line 3: lang: expected a string, got a list"),
        ('{"text": "x", "brands": [], "author": {}}', "line 3: author: expected a string, got an object"),
        (
            '{"text": "x", "brands": [], "mentions": true}',
            "line 3: mentions: expected a list of strings, got a",
        ),
        (
            '{"text": "x", "brands": ["acmee"]}',
            "line 3: brands: 'acmee' is no brand of the watchlist; did you mean",
        ),
        ('{"text": "x", "brands": ["zzz"]}', "line 3: brands: 'zzz' is no brand of the watchlist"),
    ],
)
def test_a_row_that_cannot_be_used_is_an_error_with_its_line(line: str, message: str) -> None:
    assert error_of('{"text": "acme", "brands": ["acme"]}', "  ", line).startswith(message)


def test_a_file_without_rows_is_an_error() -> None:
    assert error_of("", "\n").startswith("no rows")
    with pytest.raises(EvaluationError, match="no rows"):
        evaluate(WATCHLIST, [], float)


TEXTS = st.lists(st.sampled_from(["acme", "bolt", "calm", "@acme", "x"]), max_size=4).map(" ".join)
LABELS = st.lists(st.sampled_from(["acme", "bolt", "calm"]), max_size=3)


@given(st.lists(st.tuples(TEXTS, LABELS), min_size=1, max_size=8))
def test_the_brands_add_up_to_the_whole(rows: list[tuple[str, list[str]]]) -> None:
    result = report(*({"text": text, "brands": brands} for text, brands in rows))
    scores = result.by_brand.values()
    assert result.overall.expected == sum(score.expected for score in scores) == sum(len(set(b)) for _, b in rows)
    assert result.overall.found == sum(score.found for score in scores)
    assert result.overall.correct == sum(score.correct for score in scores)
    assert (result.exact == 1.0) is (result.disagreements == ()) is (result.disagreeing == 0)
    encode(result)
