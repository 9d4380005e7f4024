"""The times of posts: every form that the platform and archives write, as epoch milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

__all__ = ["MAX_TIME_MS", "digits_ms", "row_time_ms", "snowflake_ms", "time_ms"]

MAX_TIME_MS = 253_402_300_799_999
"""The last millisecond of the year 9999: later times have no RFC 3339 form."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
_SPACED_OFFSET = re.compile(r" ?(?:(Z|UTC|GMT)|([+-]\d\d:?\d\d)(?: UTC)?)$", re.ASCII | re.IGNORECASE)
_MINUTE = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d", re.ASCII)
_WITHIN_MINUTE = {f":{second:02d}.000Z": second * 1000 for second in range(60)}
"""How API v2 ends its times, which are of whole seconds: what is left is the minute, the same for many posts."""
_EPOCH_NUMBER = re.compile(r"(\d{9,11})(?:\.\d+)?|(\d{12,13})(?:\.0+)?", re.ASCII)

_FIRST_SNOWFLAKE = 1 << 35
"""IDs were sequential up to about 2.97e10 (4 Nov 2010); the snowflakes begin above, 8 s into their epoch."""
_END_OF_SNOWFLAKES = 1 << 63
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657


def snowflake_ms(post_id: str) -> int | None:
    """Return the time a post ID holds, or none: not a number, or from before November 2010.

    ``(id >> 22) + 1288834974657``, see https://docs.x.com/fundamentals/x-ids

    >>> snowflake_ms("569318041890627585"), snowflake_ms("20")
    (1424570973261, None)
    """
    if len(post_id) > 19 or not (post_id.isascii() and post_id.isdigit()):
        return None
    number = int(post_id)
    if not _FIRST_SNOWFLAKE <= number < _END_OF_SNOWFLAKES:
        return None
    return (number >> 22) + _SNOWFLAKE_EPOCH_MS


def time_ms(value: object) -> int | None:
    """Read ISO 8601 (API v2) or ``Wed Oct 10 20:19:24 +0000 2018`` (v1.1) text.

    A time without an offset is taken as UTC. Anything unreadable, before 1970 or after 9999 is none.

    >>> time_ms("2018-10-10T20:19:24.000Z") == time_ms("Wed Oct 10 20:19:24 +0000 2018")
    True
    """
    if type(value) is not str:
        return None
    within_ms = _WITHIN_MINUTE.get(value[16:])
    if within_ms is not None and (minute_ms := _minute_ms(value[:16])) is not None:
        return minute_ms + within_ms
    try:
        moment = _classic(value) if value[3:4] == " " else datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return None
    return _epoch_ms(moment)


@lru_cache(maxsize=4096)
def _minute_ms(text: str) -> int | None:
    """Read ``2018-10-10T20:19``, in UTC; none for any other form, which may mean something else by its end."""
    if _MINUTE.fullmatch(text) is None:
        return None
    try:
        return _epoch_ms(datetime.fromisoformat(f"{text}:00Z"))
    except ValueError:
        return None


def digits_ms(value: object) -> int | None:
    """Read epoch milliseconds, a number or its digits (`timestamp_ms`)."""
    if type(value) is str and len(value) <= 15 and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is int and 0 <= value <= MAX_TIME_MS:
        return value
    return None


def row_time_ms(value: object) -> int | None:
    """Read what archives write: the forms of `time_ms`, spaced or named offsets, epoch numbers.

    >>> row_time_ms("2015-02-24 11:35:52 -0800") == time_ms("2015-02-24T19:35:52Z")
    True
    >>> row_time_ms("1424806552"), row_time_ms("1424806552000")
    (1424806552000, 1424806552000)
    """
    if type(value) is int or type(value) is float:
        value = repr(value)
    if type(value) is not str or len(value) > 64:
        return None
    text = value.strip()
    number = _EPOCH_NUMBER.fullmatch(text)
    if number is not None:
        return int(number[1]) * 1000 if number[1] else int(number[2])
    if text[19:20] == " " and text[4:5] == "-":
        text = text[:19] + text[20:]  # a spaced offset, which `fromisoformat` does not read
    known = time_ms(text)
    if known is None and (offset := _SPACED_OFFSET.search(text)) is not None:
        known = time_ms(text[: offset.start()] + (offset[2] or "Z"))
    return known


def _classic(text: str) -> datetime:
    """Cut the v1.1 form by position: `strptime` costs ten times as much."""
    if len(text) != 30 or text[13] != ":" or text[16] != ":":
        raise ValueError
    return datetime(
        int(text[26:30]),
        _MONTHS.index(text[4:7]) + 1,
        int(text[8:10]),
        int(text[11:13]),
        int(text[14:16]),
        int(text[17:19]),
        tzinfo=_zone(text[20:25]),
    )


@lru_cache(maxsize=64)
def _zone(text: str) -> timezone:
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def _epoch_ms(moment: datetime) -> int | None:
    since = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - _EPOCH
    if since.days < 0:
        return None
    ms = since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
    return ms if ms <= MAX_TIME_MS else None
