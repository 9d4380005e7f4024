"""Numbers read back from a state. What no state of ours holds is refused here, so that no formula ever meets it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["number", "numbers", "whole"]

_MOST = 1e15
"""Above anything that is learnt from counts, and far from where a float overflows."""
_MOST_WHOLE = 1 << 53


def number(value: Any, least: float = 0.0, most: float = _MOST) -> float:
    """Return a number as a float; ``ValueError`` when it is out of bounds (NaN is), ``TypeError`` when it is none.

    >>> number(3)
    3.0
    """
    if type(value) not in (int, float):
        raise TypeError("not a number")
    if not least <= value <= most:
        raise ValueError("no such number")
    return float(value)


def numbers(values: Sequence[Any], count: int, least: float = 0.0) -> list[float]:
    """Return so many numbers as they are; errors as those of `number`."""
    if len(values) != count:
        raise ValueError("not so many numbers")
    if not count:
        return []
    if not {int, float}.issuperset(map(type, values)):
        raise TypeError("not numbers")
    if not (min(values) >= least and max(values) <= _MOST):
        raise ValueError("no such number")
    return list(values)


def whole(value: Any) -> int:
    """Return a whole number that is not negative; errors as those of `number`."""
    if type(value) is not int:
        raise TypeError("not a whole number")
    if not 0 <= value < _MOST_WHOLE:
        raise ValueError("no such number")
    return value
