"""Fields of a watchlist that several of its parts have, with errors that say where and what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pipeline.watchlist.folding import fold
from pipeline.watchlist.model import WatchlistError, joined

__all__ = ["MAX_NAME_CHARS", "known_fields", "listed", "named", "shown"]

MAX_NAME_CHARS = 100
"""Longest alias, name or word of a rule."""


def named(value: Any, where: str) -> str:
    """Return a name as it is written, without space around it."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= MAX_NAME_CHARS:
        raise WatchlistError(f"{where}: expected a string of 1 to {MAX_NAME_CHARS} characters, got {shown(value)}")
    if not joined(fold(value)):
        raise WatchlistError(f"{where}: expected at least one letter or digit, got {shown(value)}")
    return value.strip()


def listed(table: Mapping[str, Any], field: str, where: str) -> list[Any]:
    """Return a list, empty when the field is absent."""
    value = table.get(field, [])
    if not isinstance(value, list):
        raise WatchlistError(f'{where}: {field}: expected a list, as in {field} = ["…"], got {shown(value)}')
    return value


def known_fields(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Refuse a field that is not known: it is a slip, as a rule."""
    for field in table:
        if field not in known:
            close = get_close_matches(field, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(known)}"
            raise WatchlistError(f"{where}: {field}: unknown field; {hint}")


def shown(value: Any) -> str:
    """Return a wrong value as a message shows it."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a table" if value else "an empty table"
        case _:
            text = repr(value)
            return text if len(text) <= 60 else text[:57] + "..."
