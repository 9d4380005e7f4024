"""A language that tells the present: its words, and how it writes what only the present needs."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from pipeline.explain import LANGUAGES, Language
from pipeline.present import english, french
from schemas.times import from_rfc3339, to_rfc3339

__all__ = ["SPEECHES", "Line", "Mood", "Speech"]

_SECOND_MS = 1_000
_MINUTE_MS = 60_000
_DAY_MINUTES = 24 * 60


class Mood(StrEnum):
    """What a line is to its reader. The words say it too: colour is an addition."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    QUIET = "quiet"
    """Beside the point, such as an ID."""


class Line(NamedTuple):
    """One line: a label, empty for one that goes on, and what it says."""

    label: str
    text: str
    mood: Mood = Mood.PLAIN


class Speech(NamedTuple):
    """One language."""

    code: str
    """``en`` or ``fr``."""
    language: Language

    def say(self, key: str, /, **values: Any) -> str:
        """Return a text with its blanks filled in."""
        return self.language.say(key, **values)

    def many(self, key: str, number: int, /, **values: Any) -> str:
        """Return the text for one or for many of something; `{number}` is how many."""
        one = number == 1 or number < self.language.singular_below
        return self.say(f"{key}_one" if one else key, number=self.language.number(number), **values)

    def duration(self, ms: int) -> str:
        r"""Write a length of time.

        >>> SPEECHES["en"].duration(40_000), SPEECHES["en"].duration(12_000_000), SPEECHES["fr"].duration(180_000_000)
        ('40\xa0s', '3\xa0h\xa020\xa0min', '2\xa0j\xa02\xa0h')
        """
        if ms < _MINUTE_MS:
            return self.say("seconds", number=max(0, ms) // _SECOND_MS)
        minutes = ms // _MINUTE_MS
        days, hours, rest = minutes // _DAY_MINUTES, minutes % _DAY_MINUTES // 60, minutes % 60
        if days:
            return self._two("in_days", days, "hours", hours)
        return self._two("hours", hours, "minutes", rest) if hours else self.say("minutes", number=rest)

    def _two(self, large: str, number: int, small: str, rest: int) -> str:
        said = self.say(large, number=self.language.number(number))
        return f"{said}\N{NO-BREAK SPACE}{self.say(small, number=rest)}" if rest else said

    def moment(self, time: str | int) -> str:
        """Write a time, given as RFC 3339 or epoch milliseconds."""
        return self.language.moment(to_rfc3339(time) if isinstance(time, int) else time)

    def clock(self, time: str, as_of_ms: int) -> str:
        """Write a time shortly: without the day when it is that of ``as_of_ms``."""
        day, _, clock = to_rfc3339(from_rfc3339(time)).partition("T")
        if day == to_rfc3339(as_of_ms).partition("T")[0]:
            return self.say("clock", clock=clock[:5])
        return self.moment(time)

    def level(self, level: int) -> str:
        """Name a level with its number."""
        return self.say("level", number=int(level), name=self.language.level(level))

    def text(self, texts: dict[str, str]) -> str:
        """Return the text in this language, else in the first there is."""
        return texts.get(self.code) or next(iter(texts.values()), "")


SPEECHES: dict[str, Speech] = {
    code: Speech(code, LANGUAGES[code]._replace(words={**LANGUAGES[code].words, **words}))
    for code, words in (("en", english.WORDS), ("fr", french.WORDS))
}
"""By code."""
