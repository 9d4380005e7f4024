"""How a sentiment model reads: the truth through its errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHIPPED_READER", "Reader"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Probabilities of the label `negative`, the same at all times and for all brands."""

    hit: float
    """Of a mention that is negative."""
    false_alarm: float
    """Of a mention that is not."""

    def read(self, negative: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share read as negative, of true shares.

        >>> Reader(hit=0.6, false_alarm=0.1).read(np.array([0.0, 0.5])).round(3).tolist()
        [0.1, 0.35]
        """
        return self.false_alarm + (self.hit - self.false_alarm) * negative


SHIPPED_READER = Reader(hit=0.64, false_alarm=0.10)
"""The shipped sentiment model: recall 0.64 of negative tweets; about one in ten others is read as negative."""
