"""How well labelled tweets are read: rows of a file, and scores of what was read in them.

Every score lies between 0 and 1. A class or language of which the file has no tweet has no recall and is left out
of means over classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.text.language import UNDECIDED, platform_language
from schemas.codec import JSONDecodeError, decode
from schemas.mention import Sentiment, SentimentLabel

__all__ = [
    "EvaluationError",
    "LanguageRow",
    "SentimentRow",
    "language_row",
    "read_rows",
    "score_language",
    "score_sentiment",
    "sentiment_row",
]

WINDOW = 200
"""Tweets of a window, about those of an hour that matters."""
WINDOWS = 2_000
"""Windows drawn, with replacement and always the same ones."""
BINS = 15
"""Bins of equal width for the expected calibration error."""
SHARES = (0.1, 0.3, 0.5, 0.7)
"""Negative shares of windows that are drawn as a crisis would change the mix."""

_LABELS = tuple(SentimentLabel)

Row = TypeVar("Row")
Floats = NDArray[np.float64]


class EvaluationError(Exception):
    """A file cannot be used; the message names the line and what was expected there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentRow:
    """A tweet whose sentiment is known."""

    text: str
    label: SentimentLabel
    lang: str | None
    """Only to tell scores apart: reading does not see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRow:
    """A tweet whose language is known."""

    text: str
    lang: str
    hint: str | None
    """What a platform said."""


def read_rows(lines: Iterable[bytes], parse: Callable[[Mapping[str, Any]], Row]) -> list[Row]:
    """Read the rows of a JSONL file; blank lines are skipped.

    Raises
    ------
    EvaluationError
        A line is no JSON object, or not as ``parse`` expects it, or there is none.
    """
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append(parse(_object(line)))
        except EvaluationError as error:
            raise EvaluationError(f"line {number}: {error}") from None
    if not rows:
        raise EvaluationError("no rows; expected one JSON object a line")
    return rows


def sentiment_row(row: Mapping[str, Any]) -> SentimentRow:
    """Read ``{"text": …, "label": 0, 1 or 2, "lang": …}``."""
    label = row.get("label")
    if type(label) is not int or not 0 <= label < len(_LABELS):
        raise EvaluationError(f"label is {_shown(row, 'label')}; expected 0 (negative), 1 (neutral) or 2 (positive)")
    return SentimentRow(text=_text(row), label=_LABELS[label], lang=_optional(row, "lang"))


def language_row(row: Mapping[str, Any]) -> LanguageRow:
    """Read ``{"text": …, "lang": …, "hint": …}``."""
    lang = row.get("lang")
    code = platform_language(lang) if isinstance(lang, str) else None
    if code is None and lang != UNDECIDED:
        raise EvaluationError(f"lang is {_shown(row, 'lang')}; expected a language code, as en or pt-BR, or und")
    return LanguageRow(text=_text(row), lang=code or UNDECIDED, hint=_optional(row, "hint"))


def score_sentiment(rows: Sequence[SentimentRow], read: Sequence[Sentiment]) -> dict[str, Any]:
    """Score sentiments against the labels of as many rows.

    Returns
    -------
    dict
        ``n``; ``accuracy``; ``macro_recall`` and ``macro_f1``, means over classes; ``classes`` with precision,
        recall, F1 and support; ``confusion``, by true class and class read; ``calibration`` of P(negative) and of
        its mean over windows; ``by_language`` where rows name one.
    """
    scores = _classification(rows, read) | {"calibration": _calibration(rows, read)}
    named = sorted({row.lang for row in rows if row.lang})
    if named:
        scores["by_language"] = {
            lang: _classification(*_only(rows, read, [row.lang == lang for row in rows])) for lang in named
        }
    return scores


def score_language(rows: Sequence[LanguageRow], read: Sequence[str]) -> dict[str, Any]:
    """Score language codes against those of as many rows.

    Returns
    -------
    dict
        ``n``; ``accuracy``; ``macro_accuracy``, its mean over languages; ``und_share``, of tweets left undecided;
        ``accuracy_of_decided``; ``languages`` with accuracy, precision, undecided share and support;
        ``confusion``, by true language and language read.
    """
    truth = [row.lang for row in rows]
    pairs = Counter(zip(truth, read, strict=True))
    named, said = Counter(truth), Counter(read)
    right = sum(pairs[lang, lang] for lang in named)
    wrong_guesses = sum(count for (lang, code), count in pairs.items() if code not in (lang, UNDECIDED))
    decided_right = sum(pairs[lang, lang] for lang in named if lang != UNDECIDED)
    languages = {
        lang: {
            "support": count,
            "accuracy": _share(pairs[lang, lang], count),
            "precision": _share(pairs[lang, lang], said[lang]),
            "und_share": _share(pairs[lang, UNDECIDED], count),
        }
        for lang, count in sorted(named.items())
    }
    return {
        "n": len(rows),
        "accuracy": _share(right, len(rows)),
        "macro_accuracy": _mean([pairs[lang, lang] / count for lang, count in named.items()]),
        "und_share": _share(said[UNDECIDED], len(rows)),
        "accuracy_of_decided": _share(decided_right, decided_right + wrong_guesses),
        "languages": languages,
        "confusion": _table(pairs, sorted(named), sorted(said)),
    }


# -- sentiment -------------------------------------------------------------------------------------------


def _classification(rows: Sequence[SentimentRow], read: Sequence[Sentiment]) -> dict[str, Any]:
    truth = [row.label for row in rows]
    labels = [sentiment.label for sentiment in read]
    pairs = Counter(zip(truth, labels, strict=True))
    classes = {label: _class_scores(pairs, label) for label in _LABELS}
    present = [scores for scores in classes.values() if scores["support"]]
    return {
        "n": len(rows),
        "accuracy": _share(sum(pairs[label, label] for label in _LABELS), len(rows)),
        "macro_recall": _mean([scores["recall"] for scores in present]),
        "macro_f1": _mean([scores["f1"] for scores in present]),
        "classes": {
            label.value: {name: _rounded(value) for name, value in scores.items()} for label, scores in classes.items()
        },
        "confusion": _table(pairs, _LABELS, _LABELS),
    }


def _class_scores(pairs: Counter[tuple[SentimentLabel, SentimentLabel]], label: SentimentLabel) -> dict[str, Any]:
    hits = pairs[label, label]
    support = sum(pairs[label, other] for other in _LABELS)
    said = sum(pairs[other, label] for other in _LABELS)
    return {
        "support": support,
        "precision": hits / said if said else None,
        "recall": hits / support if support else None,
        "f1": 2 * hits / (said + support) if support else None,
    }


def _calibration(rows: Sequence[SentimentRow], read: Sequence[Sentiment]) -> dict[str, Any]:
    """Score P(negative), of single tweets and as a mean over windows."""
    said = np.array([sentiment.negative for sentiment in read]) / 1000
    true = np.array([row.label is SentimentLabel.NEGATIVE for row in rows], np.float64)
    draws = np.random.default_rng(0).integers(0, len(rows), (WINDOWS, WINDOW))
    return {
        "brier_negative": _rounded(((said - true) ** 2).mean()),
        "expected_calibration_error_negative": _rounded(_calibration_error(said, true)),
        "negative_share": _of_windows(said, true, draws),
        "negative_share_when_it_is": {
            str(share): _of_windows(said, true, _mixed_draws(true, share)) if 0 < true.sum() < len(true) else None
            for share in SHARES
        },
        "window_tweets": WINDOW,
    }


def _calibration_error(said: Floats, true: Floats) -> float:
    """Return the expected calibration error (Guo et al. 2017) with `BINS` bins of equal width."""
    bins = np.minimum((said * BINS).astype(np.intp), BINS - 1)
    gaps = np.bincount(bins, said - true, BINS)
    return float(np.abs(gaps).sum() / len(said))


def _of_windows(said: Floats, true: Floats, draws: NDArray[np.int64]) -> dict[str, float | None]:
    """Return how far the mean P(negative) of windows is from their true negative share, and in which direction."""
    errors = said[draws].mean(axis=1) - true[draws].mean(axis=1)
    return {"error": _rounded(np.abs(errors).mean()), "bias": _rounded(errors.mean())}


def _mixed_draws(true: Floats, share: float) -> NDArray[np.int64]:
    """Draw windows with a given share of negative tweets."""
    chance = np.random.default_rng(0)
    negatives = round(share * WINDOW)
    bad, others = np.flatnonzero(true), np.flatnonzero(true == 0)
    return np.hstack([chance.choice(bad, (WINDOWS, negatives)), chance.choice(others, (WINDOWS, WINDOW - negatives))])


# -- both ------------------------------------------------------------------------------------------------


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        row = decode(line)
    except JSONDecodeError as error:
        raise EvaluationError(f"not JSON ({error})") from None
    if not isinstance(row, dict):
        raise EvaluationError(f"expected a JSON object, got a {type(row).__name__}")
    return row


def _text(row: Mapping[str, Any]) -> str:
    text = row.get("text")
    if not isinstance(text, str):
        raise EvaluationError(f"text is {_shown(row, 'text')}; expected a string")
    return text


def _optional(row: Mapping[str, Any], field: str) -> str | None:
    value = row.get(field)
    if value is not None and not isinstance(value, str):
        raise EvaluationError(f"{field} is {_shown(row, field)}; expected a string, or nothing")
    return value or None


def _shown(row: Mapping[str, Any], field: str) -> str:
    return repr(row[field])[:60] if field in row else "missing"


def _only(
    rows: Sequence[SentimentRow], read: Sequence[Sentiment], wanted: Sequence[bool]
) -> tuple[list[SentimentRow], list[Sentiment]]:
    kept = [(row, sentiment) for row, sentiment, want in zip(rows, read, wanted, strict=True) if want]
    return [row for row, _ in kept], [sentiment for _, sentiment in kept]


def _table(
    pairs: Mapping[tuple[Any, Any], int], truths: Sequence[str], codes: Sequence[str]
) -> dict[str, dict[str, int]]:
    return {str(true): {str(code): pairs.get((true, code), 0) for code in codes} for true in truths}


def _share(part: int, whole: int) -> float | None:
    return _rounded(part / whole) if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return _rounded(sum(values) / len(values)) if values else None


def _rounded(value: Any) -> Any:
    return round(float(value), 4) if isinstance(value, (float, np.floating)) else value
