"""Times, numbers and names as a reader wants them. English, UTC, independent of the machine's locale."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.window import Level

__all__ = ["LEVEL_WORDS", "clock", "count", "day", "duration", "moment", "number", "percent", "plural"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

LEVEL_WORDS: dict[int, str] = {int(level): level.name.lower() for level in Level}
"""The name of each level, lower case."""


def _at(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC)


def clock(time_ms: int) -> str:
    """Return hour and minute.

    >>> clock(1424570400000)
    '02:00'
    """
    return f"{_at(time_ms):%H:%M}"


def day(time_ms: int) -> str:
    """Return day of the week and of the month.

    >>> day(1424570400000)
    'Sun 22 Feb'
    """
    at = _at(time_ms)
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]}"


def moment(time_ms: int, *, year: bool = False) -> str:
    """Return day and time.

    >>> moment(1424570400000), moment(1424570400000, year=True)
    ('Sun 22 Feb 02:00', 'Sun 22 Feb 2015 02:00')
    """
    middle = f" {_at(time_ms).year}" if year else ""
    return f"{day(time_ms)}{middle} {clock(time_ms)}"


def duration(length_ms: int) -> str:
    """Return a length in the two largest units.

    >>> duration(40_000), duration(4_500_000), duration(7_200_000), duration(93_600_000)
    ('under a minute', '1 h 15 min', '2 h', '1 d 2 h')
    """
    minutes = max(0, length_ms) // 60_000
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    shown = [f"{amount} {unit}" for amount, unit in (parts[:2] if days else parts[1:]) if amount]
    return " ".join(shown) or "under a minute"


def count(value: float) -> str:
    """Return a whole number with thousands parted.

    >>> count(12345.6)
    '12,346'
    """
    return f"{value:,.0f}"


def number(value: float) -> str:
    """Shorten a number of any size to what can be read.

    >>> number(1234.5), number(12.34), number(0.456), number(0.0)
    ('1,234', '12.3', '0.46', '0')
    """
    if value == int(value) or abs(value) >= 100:
        return count(value)
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percent(share: float) -> str:
    """Return a share as a whole percentage; below one per cent with one digit.

    >>> percent(0.784), percent(0.004)
    ('78%', '0.4%')
    """
    return f"{share:.1%}" if 0 < share < 0.01 else f"{share:.0%}"


def plural(amount: int, one: str, many: str) -> str:
    """Return amount and word.

    >>> plural(1, "crisis", "crises"), plural(2, "crisis", "crises")
    ('1 crisis', '2 crises')
    """
    return f"{count(amount)} {one if amount == 1 else many}"
