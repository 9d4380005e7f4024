"""Tweets through a polarity model, the way an engine does it: tokens worked out once, then sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.text.sentiment import GROUPS, PolarityModel
from pipeline.text.tokens import clean, tokenize


def scores(model: PolarityModel, texts: Sequence[str]) -> list[list[int]]:
    """Return three scores a text, all read in one batch."""
    tokens = [tokenize(clean(text)) for text in texts]
    distinct = list(dict.fromkeys(token for row in tokens for token in row))
    place = {token: number for number, token in enumerate(distinct)}
    entries = np.concatenate([model.entries_of(distinct), np.zeros((1, 7), np.int32)])
    flat = [number for row in tokens for number in (-1, *(place[token] for token in row))]
    starts = np.cumsum([0, *(len(row) + 1 for row in tokens[:-1])])
    found: list[list[int]] = model.scores(entries[flat], starts).tolist()
    return found


def probabilities(model: PolarityModel, texts: Sequence[str], lang: str = "en") -> list[list[int]]:
    """Return three thousandths a text."""
    groups = np.full(len(texts), GROUPS.index(lang))
    found: list[list[int]] = model.probabilities(np.array(scores(model, texts)), groups).tolist()
    return found


def label(model: PolarityModel, text: str, lang: str = "en") -> str:
    """Return the name of the most probable label."""
    (shares,) = probabilities(model, [text], lang)
    return ("negative", "neutral", "positive")[shares.index(max(shares))]
