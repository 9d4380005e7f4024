"""How well tweets are read, on labelled tweets that are not part of the project and that nothing was trained on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pipeline.text import StandardAnalyzer
from schemas.codec import decode
from tests.pipeline.text.tweets import tweet

DATA = Path(__file__).parents[4] / "shared" / "data" / "sentiment"
LABELS = ("negative", "neutral", "positive")


@pytest.mark.parametrize(("name", "floor"), [("tweeteval_val.jsonl", 0.69), ("xlmt_french_val.jsonl", 0.63)])
def test_macro_recall_of_sentiment_stays_where_it_was(name: str, floor: float) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no {name}: development data is not part of the project")
    rows = [decode(line) for line in path.read_bytes().splitlines()]
    read = StandardAnalyzer().analyze([tweet(row["text"]) for row in rows])
    total = Counter(row["label"] for row in rows)
    right = Counter(
        row["label"] for row, r in zip(rows, read, strict=True) if LABELS[row["label"]] == r.sentiment.label
    )
    assert sum(right[label] / total[label] for label in total) / 3 >= floor
