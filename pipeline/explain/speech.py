"""A language: its words, and how it writes numbers, shares and times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pipeline.explain import english, french
from schemas.times import from_rfc3339
from schemas.window import Level

__all__ = ["LANGUAGES", "Language"]

_MANY_BANS = 9.0


class Language(NamedTuple):
    """One language."""

    words: dict[str, str]
    """Texts by key."""
    months: tuple[str, ...]
    singular_below: float
    """Smaller numbers are followed by the singular, as 1 is."""

    def say(self, key: str, /, **values: Any) -> str:
        """Return a text with its blanks filled in."""
        return self.words[key].format(**values)

    def say_of(self, key: str, number: float, /, **values: Any) -> str:
        """Return the text for one or for many of something; `{number}` is how many."""
        one = number == 1 or number < self.singular_below
        return self.say(f"{key}_one" if one else key, number=self.amount(number), **values)

    def number(self, value: float, digits: int = 0) -> str:
        """Write a number with so many digits after the point.

        >>> LANGUAGES["en"].number(14640), LANGUAGES["en"].number(0.6021, 2)
        ('14,640', '0.60')
        """
        text = f"{abs(value):,.{digits}f}"
        sign = "\N{MINUS SIGN}" if value < 0 and any(c not in "0.," for c in text) else ""
        parts = {",": self.words["thousands"], ".": self.words["decimal"]}
        return sign + "".join(parts.get(c, c) for c in text)

    def bans(self, value: float) -> str:
        """Write a surprise."""
        return self.number(value, 2)

    def amount(self, value: float) -> str:
        """Write a number that may be small: as many digits as say something.

        >>> LANGUAGES["en"].amount(115.278), LANGUAGES["en"].amount(4.03), LANGUAGES["en"].amount(0.123)
        ('115', '4', '0.12')
        """
        rounded = round(value, 2 if abs(value) < 1.0 else 1 if abs(value) < 10.0 else 0)
        whole = rounded == int(rounded)
        return self.number(rounded, 0 if whole else 2 if abs(value) < 1.0 else 1)

    def share(self, value: float) -> str:
        r"""Write a share as a percentage.

        >>> LANGUAGES["en"].share(0.306), LANGUAGES["en"].share(0.0042)
        ('31\xa0%', '0.4\xa0%')
        """
        return self.say("percent", number=self.number(100.0 * value, 1 if 0.0 < value < 0.01 else 0))

    def odds(self, bans: float) -> str:
        """Write a surprise as the number of looks in which chance gives it once, with two digits that count.

        >>> LANGUAGES["en"].odds(3.634), LANGUAGES["en"].odds(0.3), LANGUAGES["en"].odds(40.0)
        ('4,300', '2', '10^40.0')
        """
        if bans > _MANY_BANS:
            return f"10^{self.number(bans, 1)}"
        looks = 10.0**bans
        return self.amount(float(f"{looks:.2g}"))

    def length(self, hours: float) -> str:
        """Write a number of hours in days or years."""
        days = hours / 24.0
        if days < 730.0:
            return self.say("days", number=self.amount(float(f"{days:.2g}")))
        return self.say("years", number=self.amount(float(f"{days / 365.25:.2g}")))

    def moment(self, time: str) -> str:
        """Write a time, given as RFC 3339."""
        at = datetime.fromtimestamp(from_rfc3339(time) // 1000, UTC)
        return self.say("moment", day=at.day, month=self.months[at.month - 1], year=at.year, clock=f"{at:%H:%M}")

    def level(self, level: int) -> str:
        """Name a level."""
        return self.words[f"level_{int(Level(level))}"]

    def window(self, window: str) -> str:
        """Say over which window."""
        return self.words[f"last_{window}"]

    def reason(self, key: str, values: dict[str, Any]) -> str:
        """Say why something may not have been reproduced: numbers and times as the language writes them."""
        written = {
            name: self.number(value)
            if isinstance(value, int)
            else self.moment(value)
            if name in ("begins", "opened")
            else value
            for name, value in values.items()
        }
        return self.say(key, **written)

    def listed(self, items: Iterable[str]) -> str:
        """Write several things one after the other."""
        return ", ".join(items)


LANGUAGES: dict[str, Language] = {
    "en": Language(english.WORDS, english.MONTHS, 0.0),
    "fr": Language(french.WORDS, french.MONTHS, 2.0),
}
"""By code."""
