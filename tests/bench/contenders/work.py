"""The work that every contender does, by Vigie's own pure functions; only schemas and pipeline are imported."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from river.anomaly import HalfSpaceTrees

from pipeline.enrich import Enricher
from pipeline.records import LogRecord
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from schemas import cloudevents
from schemas.cloudevents import EventType
from schemas.codec import encode
from schemas.mention import Mention, SentimentLabel, Watermark
from schemas.times import to_rfc3339

__all__ = ["MINUTE_MS", "Outgoing", "Reader", "Scores", "is_negative", "outgoing", "quiet_collector"]

MINUTE_MS = 60_000
Outgoing = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, value and headers of a record to be written."""


def quiet_collector() -> None:
    """Do for every contender what Vigie's worker does for itself (`agents.processes.calm_collector`)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


class Reader:
    """Raw records in, mentions out: parse, match, language, sentiment, entities and the rest."""

    def __init__(self, watchlist: str) -> None:
        self.settings = EngineSettings()
        self._enricher = Enricher(self.settings, Watchlist.load(Path(watchlist)), StandardAnalyzer())
        self._clock = self._enricher.new_clock(0)

    def read(self, records: Sequence[LogRecord]) -> list[Mention]:
        """Return the mentions of consecutive records of the raw topic's one partition."""
        return self._enricher.enrich(self._clock, records).mentions

    def watermark(self) -> Watermark:
        """Return how far event time has come."""
        return self._enricher.watermark(self._clock, 1)


def outgoing(mention: Mention) -> Outgoing:
    """Return the record that Vigie writes for a mention."""
    headers = cloudevents.headers(
        id=mention.id, type=EventType.MENTION, subject=mention.brand, time_ms=mention.time_ms, stage="enrich"
    )
    return mention.brand.encode(), encode(mention), headers


class Scores:
    """One anomaly score for each brand and closed minute, by one of river's models a brand."""

    def __init__(self) -> None:
        self._models: dict[str, Any] = {}

    def score(self, brand: str, minute_ms: int, volume: int, negative: int) -> tuple[bytes, bytes]:
        """Score a closed minute, then learn it; return key and value of the record that says so."""
        model = self._models.get(brand)
        if model is None:
            model = self._models[brand] = HalfSpaceTrees(n_trees=10, height=6, seed=3, limits={"negative": (0, 1)})
        observed = {"volume": min(1.0, volume / 100_000), "negative": negative / max(1, volume)}
        score = model.score_one(observed)
        model.learn_one(observed)
        end = to_rfc3339(minute_ms + MINUTE_MS)
        said = {"brand": brand, "window_end": end, "volume": volume, "negative": negative, "score": score}
        return brand.encode(), encode(said)


def is_negative(mention: Mention) -> bool:
    """Say whether a mention counts as negative."""
    return mention.sentiment.label is SentimentLabel.NEGATIVE
