"""`PolarityModel` over the rows of a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.text.sentiment.model import PolarityModel, group_of
from pipeline.text.vocabulary import TokenBatch, Vocabulary
from schemas.mention import Sentiment, SentimentLabel

__all__ = ["VocabularySentiment"]


class VocabularySentiment:
    """Reads the sentiment of texts with a model of Vigie's kind."""

    def __init__(self, model: PolarityModel, vocabulary: Vocabulary) -> None:
        self._model = model
        self._entries = vocabulary.column(self._model.entries_of, width=7)

    def read(self, batch: TokenBatch, langs: Sequence[str]) -> list[Sentiment]:
        """Return the sentiment of each text."""
        entries = self._entries.values.take(batch.rows, axis=0)
        scores = self._model.scores(entries, batch.starts)
        groups = np.fromiter(map(group_of, langs), np.intp, len(langs))
        return list(map(_sentiment, *self._model.probabilities(scores, groups).T.tolist()))


def _sentiment(negative: int, neutral: int, positive: int) -> Sentiment:
    if negative >= neutral and negative >= positive:
        label = SentimentLabel.NEGATIVE
    else:
        label = SentimentLabel.NEUTRAL if neutral >= positive else SentimentLabel.POSITIVE
    return Sentiment(label=label, negative=negative, neutral=neutral, positive=positive)
