"""A team's own models at work: what they return is checked and, if probabilities, rounded to thousandths.

A model that raises, or returns what is no answer, raises `ModelMisbehaves` for the batch; enrich then reads the
tweets one by one, and those that still fail are dead letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.text.models import LanguageReader, SentimentModel
from schemas.mention import Sentiment, SentimentLabel

__all__ = ["ModelMisbehaves", "PluggedLanguage", "PluggedSentiment", "sentiments"]

_SLACK = 1e-3
"""How far a sum of probabilities may be from 1, for models that compute in half precision."""
_LABELS = tuple(SentimentLabel)
_CODE = re.compile(r"[a-z]{2,3}", re.ASCII)


class ModelMisbehaves(Exception):
    """A model raised, or returned something that is no answer. The message holds no text of a tweet."""


class PluggedSentiment:
    """A `SentimentModel` behind a guard."""

    def __init__(self, model: SentimentModel) -> None:
        self._model = model
        self.name = model.name

    def read(self, texts: Sequence[str], langs: Sequence[str]) -> list[Sentiment]:
        """Return one sentiment a text, in order.

        Raises
        ------
        ModelMisbehaves
            The model failed on the batch.
        """
        if not texts:
            return []
        try:
            returned = self._model.probabilities(texts, langs)
            shares = np.asarray(returned, np.float64)
        except Exception as error:  # whatever somebody else's model raises
            raise _failed(self.name, error) from error
        wrong = _what_is_wrong(shares, len(texts))
        if wrong:
            raise ModelMisbehaves(f"sentiment model {self.name}: {wrong}")
        return sentiments(shares)


class PluggedLanguage:
    """A `LanguageReader` behind a guard."""

    def __init__(self, model: LanguageReader) -> None:
        self._model = model
        self.name = model.name

    def read(self, texts: Sequence[str], hints: Sequence[str | None]) -> list[str]:
        """Return one language code a text, in order.

        Raises
        ------
        ModelMisbehaves
            The model failed on the batch.
        """
        if not texts:
            return []
        try:
            codes: list[Any] = list(self._model.languages(texts, hints))
        except Exception as error:  # as in `PluggedSentiment.read`
            raise _failed(self.name, error) from error
        if len(codes) != len(texts):
            raise ModelMisbehaves(f"language model {self.name}: {len(codes)} codes for {len(texts)} texts")
        for code in codes:
            if not isinstance(code, str) or not _CODE.fullmatch(code):
                raise ModelMisbehaves(f"language model {self.name}: a code must be two or three small letters")
        return codes


def sentiments(shares: NDArray[np.float64]) -> list[Sentiment]:
    """Turn probabilities, shape (n, 3), into thousandths that sum to 1000.

    What rounding leaves over goes to the largest remainders. Of equal ones the label is negative before neutral
    before positive; so are thousandths handed out.

    >>> sentiments(np.array([[1 / 3, 1 / 3, 1 / 3]]))[0].negative
    334
    """
    exact = 1000 * shares / shares.sum(axis=1, keepdims=True)
    counts = np.floor(exact)
    by_remainder = np.argsort(counts - exact, axis=1, kind="stable")
    left_over = 1000 - counts.sum(axis=1, keepdims=True)
    extra = np.zeros_like(counts)
    np.put_along_axis(extra, by_remainder, np.arange(3) < left_over, axis=1)
    thousandths = (counts + extra).astype(np.int64)
    labels = thousandths.argmax(axis=1).tolist()
    return [
        Sentiment(label=_LABELS[label], negative=negative, neutral=neutral, positive=positive)
        for label, (negative, neutral, positive) in zip(labels, thousandths.tolist(), strict=True)
    ]


def _what_is_wrong(shares: NDArray[np.float64], count: int) -> str:
    """Say why something is no answer for so many texts; empty when it is one."""
    if shares.shape != (count, 3):
        return f"expected 3 probabilities for each of {count} texts, got an array of shape {shares.shape}"
    if not np.isfinite(shares).all():
        return "a probability is not a number"
    if ((shares < 0) | (shares > 1)).any():
        return "a probability is below 0 or above 1"
    if (np.abs(shares.sum(axis=1) - 1) > _SLACK).any():
        return "the three probabilities of a text do not sum to 1"
    return ""


def _failed(name: str, error: Exception) -> ModelMisbehaves:
    # Its message may hold text of the tweet, so only the class is told.
    return ModelMisbehaves(f"model {name} raised {type(error).__name__}")
