"""Where French typography has a space that a line may not break at."""

from __future__ import annotations

__all__ = ["bound"]

_NO_BREAK = "\N{NO-BREAK SPACE}"
_BEFORE = (" :", " ;", " %", " !", " ?", " »")
_UNITS = (" h", " j", " min")


def bound(text: str) -> str:
    """Bind signs and units to the word before them, and guillemets to the word inside.

    >>> bound("Crise 1 : « retards »").count("\N{NO-BREAK SPACE}")
    3
    """
    for sign in _BEFORE:
        text = text.replace(sign, f"{_NO_BREAK}{sign[1:]}")
    for unit in _UNITS:
        text = text.replace(f"}}{unit}", f"}}{_NO_BREAK}{unit[1:]}")
    return text.replace("« ", f"«{_NO_BREAK}")
