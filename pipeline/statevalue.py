"""Values of the state table: a version, the mentions partition they belong to, and the state itself.

Never pickle: a changelog that can run code is a hole. Reading one never raises anything but `UnusableState`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from schemas.codec import decode, encode

__all__ = ["DAMAGE", "StateProblem", "UnusableState", "unwrap", "wrap"]

_VERSION = 1
DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What taking a damaged state apart may raise."""


class StateProblem(StrEnum):
    """Why a value of the state table could not be used as it is."""

    CORRUPT = "corrupt"
    """Not what we write: the brand begins anew."""
    UNKNOWN_VERSION = "unknown_version"
    """Written by an older or newer Vigie: the brand begins anew."""
    UNKNOWN_DETECTOR = "unknown_detector"
    """The counts were taken over; the detector learns anew from what they still know."""


class UnusableState(ValueError):
    """A value of the state table that cannot be used."""

    def __init__(self, problem: StateProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def wrap(partition: int, state: Mapping[str, Any]) -> bytes:
    """Return a value of the state table: the version, the mentions partition, then the state itself."""
    return encode({"v": _VERSION, "partition": partition, **state})


def unwrap(value: bytes) -> tuple[int, Mapping[str, Any]]:
    """Return the mentions partition and the state of a value of the state table.

    Raises
    ------
    UnusableState
        It is not what `wrap` writes, or another version of it.
    """
    try:
        state = decode(value)
        version, partition = state["v"], state["partition"]
    except DAMAGE as error:
        raise UnusableState(StateProblem.CORRUPT) from error
    if version != _VERSION:
        raise UnusableState(StateProblem.UNKNOWN_VERSION)
    if type(partition) is not int:
        raise UnusableState(StateProblem.CORRUPT)
    return partition, state
