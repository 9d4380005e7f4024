"""Values read back from a state of the situation. What no state of ours holds is refused here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.postid import is_keepable
from pipeline.situation.moments import LAST_MS
from schemas.tone import ToneIssue

__all__ = ["count", "moment", "short_text", "terms", "times", "tones", "total", "tweet", "whole"]

_MOST = 1 << 53
_LONGEST = 200


def whole(value: Any, below: int) -> int:
    """Return a whole number that is not negative and below a bound; ``TypeError`` or ``ValueError`` if it is none."""
    if type(value) is not int:
        raise TypeError("not a whole number")
    if not 0 <= value < below:
        raise ValueError("no such number")
    return value


def total(number: int, more: int) -> int:
    """Return a count and what comes to it, as far as the state can hold that."""
    return min(number + more, _MOST - 1)


def count(value: Any) -> int:
    """Return a count; errors as those of `whole`."""
    return whole(value, _MOST)


def moment(value: Any) -> int:
    """Return a time in epoch milliseconds, 0 for none; errors as those of `whole`."""
    return whole(value, LAST_MS + 1)


def times(values: Iterable[Any]) -> list[int]:
    """Return times, each as `moment` has it."""
    return list(map(moment, values))


def short_text(value: Any) -> str:
    """Return a text of bounded length; ``TypeError`` or ``ValueError`` if it is none."""
    if type(value) is not str:
        raise TypeError("not a text")
    if len(value) > _LONGEST:
        raise ValueError("too long a text")
    return value


def tweet(value: Any) -> str:
    """Return the ID of a post; ``TypeError`` or ``ValueError`` if it is none."""
    if not is_keepable(short_text(value)):
        raise ValueError("not the ID of a post")
    return str(value)


def terms(values: Sequence[Any], most: int) -> tuple[str, ...]:
    """Return at most so many texts; ``TypeError`` or ``ValueError`` if they are none."""
    if type(values) is not list or len(values) > most:
        raise TypeError("not so many texts")
    return tuple(map(short_text, values))


def tones(values: Sequence[Any]) -> tuple[ToneIssue, ...]:
    """Return what is wrong with a tone; ``TypeError`` or ``ValueError`` if it is nothing that we know."""
    return tuple(map(ToneIssue, terms(values, len(ToneIssue))))
