"""How numbers are published."""

from __future__ import annotations

__all__ = ["short"]


def short(number: float) -> float:
    """Round to six significant digits, as published.

    >>> short(0.123456789), short(1234567.0), short(-0.0)
    (0.123457, 1234570.0, 0.0)
    """
    return float(f"{number:.6g}") + 0.0
