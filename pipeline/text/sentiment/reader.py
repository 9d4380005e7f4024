"""`PolarityModel` over the rows of a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.text.sentiment.model import PolarityModel, group_of
from pipeline.text.vocabulary import TokenBatch, Vocabulary
from schemas.mention import Sentiment, SentimentLabel

__all__ = ["VocabularySentiment"]

_LABELS = tuple(SentimentLabel)


class VocabularySentiment:
    """Reads the sentiment of texts with a model of Vigie's kind."""

    def __init__(self, model: PolarityModel, vocabulary: Vocabulary) -> None:
        self._model = model
        self._entries = vocabulary.column(self._model.entries_of, width=7)
        self._met: dict[int, Sentiment] = {}

    def read(self, batch: TokenBatch, langs: Sequence[str]) -> list[Sentiment]:
        """Return the sentiment of each text."""
        entries = self._entries.values.take(batch.rows, axis=0)
        scores = self._model.scores(entries, batch.starts)
        groups = np.fromiter(map(group_of, langs), np.intp, len(langs))
        met = self._met
        return [
            met.get(negative << 10 | neutral) or self._meet(negative, neutral, positive)
            for negative, neutral, positive in self._model.probabilities(scores, groups).tolist()
        ]

    def _meet(self, negative: int, neutral: int, positive: int) -> Sentiment:
        """Return the one object for these probabilities: there are half a million at most."""
        shares = (negative, neutral, positive)
        label = _LABELS[shares.index(max(shares))]
        sentiment = Sentiment(label=label, negative=negative, neutral=neutral, positive=positive)
        self._met[negative << 10 | neutral] = sentiment
        return sentiment
