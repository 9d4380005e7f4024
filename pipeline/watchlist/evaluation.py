"""How well a watchlist finds what people say a tweet is about: precision, recall and F1 against labelled rows.

A row is a JSON object: ``text`` and ``brands``, the keys of all brands it speaks of (none is an empty list);
``lang``, ``mentions``, ``hashtags`` and ``author`` are what a payload would say besides. Other keys are passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pipeline.watchlist.matching import BrandMatch, Watchlist
from schemas.codec import JSONDecodeError, decode
from schemas.tweet import Tweet

__all__ = [
    "MAX_DISAGREEMENTS",
    "Disagreement",
    "EvaluationError",
    "MatchingReport",
    "MatchingScore",
    "Row",
    "evaluate",
    "read_rows",
]

MAX_DISAGREEMENTS = 20
"""Rows shown where the watchlist and the labels do not agree: the first ones."""


class EvaluationError(ValueError):
    """A row cannot be used. The message names its line and the field, and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A labelled tweet."""

    line: int
    """Line of the file, from 1."""
    tweet: Tweet
    brands: frozenset[str]
    """Keys of the brands it speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingScore:
    """Counts of (tweet, brand) pairs, and what follows from them. A ratio of nothing is none."""

    expected: int
    """Pairs in the labels."""
    found: int
    """Pairs that the watchlist gave."""
    correct: int
    """Pairs in both."""
    precision: float | None
    """``correct / found``."""
    recall: float | None
    """``correct / expected``."""
    f1: float | None
    """``2 correct / (found + expected)``, the harmonic mean of the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A row on which the watchlist and the labels do not agree. Holds no text of the tweet."""

    line: int
    """Line of the row."""
    missed: tuple[str, ...]
    """Brands expected and not found."""
    unexpected: Mapping[str, tuple[str, ...]]
    """Brand found and not expected -> what matched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingReport:
    """What an evaluation gives."""

    rows: int
    overall: MatchingScore
    """Of all pairs together (micro-averaged)."""
    by_brand: Mapping[str, MatchingScore]
    """Of each brand of the watchlist, by key."""
    exact: float
    """Share of the rows whose set of brands was found exactly."""
    tweets_per_second: float | None
    """Rows matched in a second; none when the clock did not move."""
    disagreements: tuple[Disagreement, ...]
    """The first `MAX_DISAGREEMENTS`, by line."""
    disagreeing: int
    """How many there are in all."""


def read_rows(lines: Iterable[bytes | str]) -> list[Row]:
    """Read labelled rows, one JSON object a line; blank lines are skipped.

    Raises
    ------
    EvaluationError
        A line is no such row, or there is none at all.
    """
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            payload = decode(line)
        except JSONDecodeError as error:
            raise EvaluationError(f"line {number}: not JSON: {error}") from error
        rows.append(_row(payload, number))
    if not rows:
        raise EvaluationError('no rows: expected a line like {"text": "…", "brands": ["acme"]}')
    return rows


def evaluate(watchlist: Watchlist, rows: Sequence[Row], clock: Callable[[], float]) -> MatchingReport:
    """Match every row and compare.

    Parameters
    ----------
    watchlist : Watchlist
        What is judged.
    rows : Sequence[Row]
        At least one.
    clock : Callable[[], float]
        Seconds, never going back; only for `MatchingReport.tweets_per_second`.

    Raises
    ------
    EvaluationError
        There are no rows, or one expects a brand that the watchlist does not have.
    """
    if not rows:
        raise EvaluationError("no rows to evaluate")
    for row in rows:
        _known(row, watchlist)
    tweets = [row.tweet for row in rows]
    start_s = clock()
    results = watchlist.match_many(tweets)
    seconds = clock() - start_s
    expected: Counter[str] = Counter()
    found: Counter[str] = Counter()
    correct: Counter[str] = Counter()
    disagreements = []
    for row, matches in zip(rows, results, strict=True):
        brands = {match.brand for match in matches}
        expected.update(row.brands)
        found.update(brands)
        correct.update(brands & row.brands)
        if brands != row.brands:
            disagreements.append(_disagreement(row, matches))
    return MatchingReport(
        rows=len(rows),
        overall=_score(expected.total(), found.total(), correct.total()),
        by_brand={key: _score(expected[key], found[key], correct[key]) for key in watchlist.brands},
        exact=1 - len(disagreements) / len(rows),
        tweets_per_second=len(rows) / seconds if seconds > 0 else None,
        disagreements=tuple(disagreements[:MAX_DISAGREEMENTS]),
        disagreeing=len(disagreements),
    )


def _score(expected: int, found: int, correct: int) -> MatchingScore:
    return MatchingScore(
        expected=expected,
        found=found,
        correct=correct,
        precision=correct / found if found else None,
        recall=correct / expected if expected else None,
        f1=2 * correct / (found + expected) if found + expected else None,
    )


def _disagreement(row: Row, matches: Sequence[BrandMatch]) -> Disagreement:
    brands = {match.brand for match in matches}
    return Disagreement(
        line=row.line,
        missed=tuple(sorted(row.brands - brands)),
        unexpected={match.brand: match.matched for match in matches if match.brand not in row.brands},
    )


def _known(row: Row, watchlist: Watchlist) -> None:
    for brand in sorted(row.brands):
        if brand not in watchlist.brands:
            close = get_close_matches(brand, watchlist.brands, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise EvaluationError(f"line {row.line}: brands: {brand[:64]!r} is no brand of the watchlist{hint}")


def _row(payload: Any, line: int) -> Row:
    if type(payload) is not dict:
        raise EvaluationError(f"line {line}: expected an object with text and brands, got {_shown(payload)}")
    text, lang, author = payload.get("text"), payload.get("lang"), payload.get("author")
    if type(text) is not str:
        raise EvaluationError(f"line {line}: text: expected a string, got {_shown(text)}")
    for field, value in (("lang", lang), ("author", author)):
        if value is not None and type(value) is not str:
            raise EvaluationError(f"line {line}: {field}: expected a string, got {_shown(value)}")
    if "brands" not in payload:
        raise EvaluationError(f"line {line}: brands: expected a list of brand keys, empty for none, got nothing")
    tweet = Tweet(
        id=str(line),
        created_at_ms=0,
        text=text,
        lang=lang if lang != "und" else None,
        author_handle=author.removeprefix("@") if author else None,
        mentions=tuple(name.removeprefix("@") for name in _names(payload, "mentions", line)),
        hashtags=tuple(name.removeprefix("#") for name in _names(payload, "hashtags", line)),
    )
    return Row(line=line, tweet=tweet, brands=frozenset(_names(payload, "brands", line)))


def _names(payload: Mapping[str, Any], field: str, line: int) -> list[str]:
    names = payload.get(field)
    if names is None and field != "brands":
        return []
    if type(names) is not list or not all(type(name) is str for name in names):
        raise EvaluationError(f"line {line}: {field}: expected a list of strings, got {_shown(names)}")
    return names


def _shown(value: Any) -> str:
    """Name a value's kind; its content may be the text of a tweet."""
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "nothing"}
    return kinds.get(type(value), "a number")
