"""Which crisis is meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from schemas.crisis import CrisisEvent

__all__ = ["CrisisNotFound", "choose"]

_LEAST = 8
_NAMED = 8


class CrisisNotFound(LookupError):
    """No crisis, or more than one, has such an ID. The message names those that there are."""


def choose(wanted: str, crises: Mapping[str, Sequence[CrisisEvent]]) -> str:
    """Return the ID that is meant by the beginning of one.

    Raises
    ------
    CrisisNotFound
        Too short, of none, or of several.
    """
    prefix = wanted.strip().lower()
    if prefix in crises:
        return prefix
    if len(prefix) < _LEAST:
        raise CrisisNotFound(f"{wanted!r} is too short: give at least {_LEAST} characters of the crisis ID")
    found = [crisis for crisis in crises if crisis.startswith(prefix)]
    if len(found) == 1:
        return found[0]
    if found:
        raise CrisisNotFound(f"{len(found)} crises begin with {wanted!r}: {', '.join(found)}; give more of the ID")
    if not crises:
        raise CrisisNotFound(f"no crisis {wanted!r}: there is none at all in this log")
    raise CrisisNotFound(f"no crisis {wanted!r}; {_named(prefix, crises)}")


def _named(prefix: str, crises: Mapping[str, Sequence[CrisisEvent]]) -> str:
    near = get_close_matches(prefix, crises, n=1, cutoff=0.6)
    worst = sorted(crises, key=lambda crisis: (-crises[crisis][-1].peak_level, crises[crisis][0].opened_at))
    shown = [*near, *(crisis for crisis in worst if crisis not in near)][:_NAMED]
    lines = [
        f"  {crisis}  {crises[crisis][0].brand}, opened {crises[crisis][0].opened_at}, "
        f"highest level {crises[crisis][-1].peak_level.name.lower()}"
        for crisis in shown
    ]
    what = "the nearest, then the worst," if near else "the worst"
    return f"{what} of the {len(crises)} there are:\n" + "\n".join(lines)
