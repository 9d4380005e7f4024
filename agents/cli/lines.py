"""One line for people from a record of each topic."""

from __future__ import annotations

from typing import Any, TypeAlias

from schemas.crisis import CrisisEvent
from schemas.deadletter import HEADER_PREFIX, MARK_HEADER
from schemas.mention import Mention
from schemas.reading import SchemaError, read_crisis, read_mention_record, read_window

__all__ = ["crisis_line", "crisis_text", "deadletter_line", "is_mark", "mention_line", "printable", "window_line"]

Record: TypeAlias = Any
"""An aiokafka ``ConsumerRecord[bytes, bytes]`` (which ships no types)."""

_NAMES = {0: "calm", 1: "watch", 2: "alert", 3: "crisis", 4: "severe"}


def printable(text: str) -> str:
    """Replace what a terminal would act on: control characters, escapes, direction marks."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def mention_line(record: Record) -> str | None:
    """Say what one mention is; nothing for watermarks and gaps."""
    try:
        mention = read_mention_record(record.value)
    except SchemaError as exc:
        return f"unreadable: {exc}"
    if not isinstance(mention, Mention):
        return None
    marks = [name for name in ("late", "official", "question") if getattr(mention, name)]
    return printable(
        f"{mention.brand:<20} {mention.tweet_id:<20} {mention.lang:<3} {mention.sentiment.label:<8} "
        f"{' '.join(marks)} {' | '.join(mention.phrases[:5])}"
    )


def window_line(record: Record) -> str:
    """Say what one closed window is."""
    try:
        window = read_window(record.value)
    except SchemaError as exc:
        return f"unreadable: {exc}"
    hour, detection = window.windows["1h"], window.detection
    share = f"{hour.negative / hour.volume:.0%}" if hour.volume else "-"
    return printable(
        f"{window.window_end} {window.brand:<20} 1h: {hour.volume} mentions (expected {detection.expected_1h:.0f}), "
        f"{share} negative, {hour.authors} authors; level {int(detection.level)} score {detection.score:.1f}"
    )


def crisis_line(record: Record) -> str:
    """Say what one crisis event is."""
    try:
        return crisis_text(read_crisis(record.value))
    except SchemaError as exc:
        return f"unreadable: {exc}"


def crisis_text(event: CrisisEvent) -> str:
    """Say a crisis event in one line of plain words."""
    evidence = event.evidence
    concerns = ", ".join(concern.phrase for concern in evidence.concerns[:3])
    return printable(
        f"{event.time} {event.brand:<16} {event.type.upper():<11} "
        f"{_NAMES[event.previous_level]} → {_NAMES[event.level]}: "
        f"{evidence.observed.volume} mentions in {evidence.window} (expected {evidence.expected_volume:.0f}), "
        f"{evidence.negative_share:.0%} negative (usually {evidence.negative_share_expected:.0%})"
        + (f"; about: {concerns}" if concerns else "")
    )


def is_mark(record: Record) -> bool:
    """Say whether a record of the dead-letter topic is no letter, but says that one was redriven."""
    return any(name == MARK_HEADER for name, _ in record.headers)


def deadletter_line(record: Record) -> str | None:
    """Say why one record could not be used; nothing for the mark of a redriven one."""
    if is_mark(record):
        return None
    headers = {
        name.removeprefix(HEADER_PREFIX): (value or b"").decode("utf-8", "replace")
        for name, value in record.headers
        if name.startswith(HEADER_PREFIX)
    }
    where = f"{headers.get('topic', '?')}[{headers.get('partition', '?')}]@{headers.get('offset', '?')}"
    return printable(
        f"{where} {headers.get('stage', '?')}: {headers.get('reason', '?')}: {headers.get('exception.message', '')}"
    )
