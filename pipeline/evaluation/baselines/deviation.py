"""River's standard absolute deviation, as it comes."""

from __future__ import annotations

from typing import Any

from river import base

__all__ = ["StandardDeviations"]


class StandardDeviations(base.AnomalyDetector):
    """Standard deviations between a count and the mean of all before: ``river.anomaly.StandardAbsoluteDeviation``.

    Only its form differs: river's takes the count as a target, this one takes it from the features. Three is the
    rule of thumb that river's documentation cites (J. Hochenbaum et al., "Automatic anomaly detection in the cloud
    via statistical learning", 2017, arXiv 1704.07706).
    """

    def __init__(self) -> None:
        from river import anomaly  # noqa: PLC0415 - it loads scipy.stats, which takes a second

        self._model: Any = anomaly.StandardAbsoluteDeviation()

    def score_one(self, x: dict[Any, Any]) -> float:
        """Score a count."""
        return float(self._model.score_one(None, x.get("volume", 0)))

    def learn_one(self, x: dict[Any, Any]) -> None:
        """Take a count into mean and variance."""
        self._model.learn_one(None, x.get("volume", 0))
