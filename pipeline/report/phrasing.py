"""Times, numbers and names as a reader of a language wants them. UTC, independent of the machine's locale."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite

from pipeline.explain import speech
from pipeline.report.words import english, english_situation, french, french_situation
from schemas.times import from_rfc3339
from schemas.window import Level

__all__ = ["ENGLISH", "PHRASINGS", "Phrasing", "plain"]

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
"""Not printable to Python, but words, emoji and numbers are written with them."""
_LONGEST = 80
"""Characters of a phrase or a name."""


def plain(text: str, longest: int = _LONGEST) -> str:
    r"""Make one short line of what people wrote: nothing in it may turn or hide the text around it.

    >>> plain("a\u202eb\n<i>"), plain("abcdef", 4)
    ('a b <i>', 'abc…')
    """
    if not text.isprintable():
        text = " ".join("".join(c if c.isprintable() or c in _JOINERS else " " for c in text).split(" "))
        text = " ".join(part for part in text.split(" ") if part)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


class Phrasing(speech.Language):
    """A language as the report writes it."""

    __slots__ = ()

    def clock(self, time_ms: int) -> str:
        """Return hour and minute.

        >>> ENGLISH.clock(1424570400000)
        '02:00'
        """
        return f"{_at(time_ms):%H:%M}"

    def day(self, time_ms: int, *, year: bool = False) -> str:
        """Return day of the week and of the month.

        >>> ENGLISH.day(1424570400000), PHRASINGS["fr"].day(1424570400000)
        ('Sun 22 Feb', 'dim. 22 févr.')
        """
        at = _at(time_ms)
        return self.say(
            "day_year" if year else "day",
            weekday=self.words["days_short"].split()[at.weekday()],
            day=self.words["first_day"] if at.day == 1 else at.day,
            month=self.words["months_short"].split()[at.month - 1],
            year=at.year,
        )

    def tick(self, time_ms: int, *, month: bool) -> str:
        """Return a day as shortly as a time axis on a phone needs it: with its month, or else that of the week.

        >>> ENGLISH.tick(1424570400000, month=False), PHRASINGS["fr"].tick(1424570400000, month=True)
        ('Sun 22', '22 févr.')
        """
        at = _at(time_ms)
        return self.say(
            "tick_month" if month else "tick_week",
            weekday=self.words["days_short"].split()[at.weekday()],
            day=self.words["first_day"] if at.day == 1 else at.day,
            month=self.words["months_short"].split()[at.month - 1],
        )

    def at(self, time_ms: int, *, year: bool = False) -> str:
        """Return day and time.

        >>> ENGLISH.at(1424570400000), ENGLISH.at(1424570400000, year=True)
        ('Sun 22 Feb 02:00', 'Sun 22 Feb 2015 02:00')
        """
        return self.say("at", day=self.day(time_ms, year=year), clock=self.clock(time_ms))

    def time(self, text: str | None) -> str:
        """Return day and time of RFC 3339; what is none is said to be not known."""
        return self.words["unknown"] if text is None else self.at(from_rfc3339(text))

    def duration(self, length_ms: float) -> str:
        """Return a length in the two largest units.

        >>> [ENGLISH.duration(ms) for ms in (40_000, 4_500_000, 7_200_000, 93_600_000)]
        ['under a minute', '1 h 15 min', '2 h', '1 d 2 h']
        """
        minutes = int(max(0.0, length_ms) // 60_000) if isfinite(length_ms) else 0
        days, rest = divmod(minutes, 1440)
        hours, minutes = divmod(rest, 60)
        parts = [(days, "unit_days"), (hours, "unit_hours"), (minutes, "unit_minutes")]
        shown = [
            self.say(unit, number=self.number(amount)) for amount, unit in (parts[:2] if days else parts[1:]) if amount
        ]
        return " ".join(shown) or self.words["under_a_minute"]

    def whole(self, value: float) -> str:
        """Return a whole number with thousands parted.

        >>> ENGLISH.whole(12345.6)
        '12,346'
        """
        return self.number(value) if isfinite(value) else self.words["unknown"]

    def figure(self, value: float) -> str:
        """Shorten a number of any size to what can be read; see `amount`."""
        return self.amount(value) if isfinite(value) else self.words["unknown"]

    def percent(self, share: float) -> str:
        """Return a share as a whole percentage; below one per cent with one digit.

        >>> ENGLISH.percent(0.784), ENGLISH.percent(0.004)
        ('78%', '0.4%')
        """
        return self.share(share) if isfinite(share) else self.words["unknown"]

    def plural(self, key: str, number: int) -> str:
        """Return an amount and its word, the text of which is under `key`, and under `key` + ``_one``.

        >>> ENGLISH.plural("mentions", 1), ENGLISH.plural("mentions", 1200)
        ('1 mention', '1,200 mentions')
        """
        one = number == 1 or number < self.singular_below
        return self.say(f"{key}_one" if one else key, number=self.whole(number))

    def quoted(self, labels: Sequence[str]) -> str:
        """Return phrases in quotation marks, one after the other."""
        return self.listed(self.say("quoted", text=plain(label)) for label in labels)

    def named(self, prefix: str, name: str) -> str:
        """Return the word for a name of ours, such as a signal's; a name without one as it is."""
        return self.words.get(f"{prefix}_{name}", plain(name.replace("_", " ")))

    @property
    def level_words(self) -> dict[int, str]:
        """The name of each level."""
        return {int(level): self.level(level) for level in Level}


def _at(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC)


def _phrasing(code: str, *words: dict[str, str]) -> Phrasing:
    spoken = speech.LANGUAGES[code]
    merged = dict(spoken.words)
    for more in words:
        merged |= more
    return Phrasing(merged, spoken.months, spoken.singular_below)


ENGLISH = _phrasing("en", english.WORDS, english_situation.WORDS)
"""The language that stands in for one that is not there."""
PHRASINGS: dict[str, Phrasing] = {
    "en": ENGLISH,
    "fr": _phrasing("fr", french.WORDS, french_situation.WORDS),
}
"""By code."""
