"""One line for people from a record of each topic."""

from __future__ import annotations

from typing import Any, TypeAlias

from schemas.crisis import CrisisEvent
from schemas.deadletter import HEADER_PREFIX, MARK_HEADER
from schemas.mention import Gap, Mention
from schemas.reading import SchemaError, read_crisis_record, read_mention_record, read_window
from schemas.situation import CommunicationOverdue, CrisisRecord, DutyStatus, Situation
from schemas.times import from_rfc3339, to_rfc3339

__all__ = ["crisis_line", "crisis_text", "deadletter_line", "is_mark", "mention_line", "printable", "window_line"]

Record: TypeAlias = Any
"""An aiokafka ``ConsumerRecord[bytes, bytes]`` (which ships no types)."""

_YEAR_10000_MS = 253_402_300_800_000
_NAMES = {0: "calm", 1: "watch", 2: "alert", 3: "crisis", 4: "severe"}


def printable(text: str) -> str:
    """Replace what a terminal would act on: control characters, escapes, direction marks."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def mention_line(record: Record) -> str | None:
    """Say what one mention, or a gap in the input, is; nothing for watermarks and erasures."""
    try:
        mention = read_mention_record(record.value)
    except SchemaError as exc:
        return f"unreadable: {exc}"
    if isinstance(mention, Gap):
        return printable(_gap(mention))
    if not isinstance(mention, Mention):
        return None
    marks = [name for name in ("late", "official", "question") if getattr(mention, name)]
    return printable(
        f"{mention.brand:<20} {mention.tweet_id:<20} {mention.lang:<3} {mention.sentiment.label:<8} "
        f"{' '.join(marks)} {' | '.join(mention.phrases[:5])}"
    )


def _gap(gap: Gap) -> str:
    start, end = _moment(gap.start_ms), _moment(gap.end_ms)
    told = f"GAP {start} to {end} of {gap.source or 'a source'}: {gap.reason or 'no reason told'}"
    if gap.posts is not None:
        told += f", {gap.posts} posts"
    told += f"; from raw partition {gap.source_partition}"
    if gap.late_from_ms is not None:
        told += f"; it began {_moment(gap.late_from_ms)}, and what lies before counts as observed"
    return told


def _moment(time_ms: int) -> str:
    """Write a time; one that has no such form, as it is."""
    return to_rfc3339(time_ms) if 0 <= time_ms < _YEAR_10000_MS else f"{time_ms} ms"


def window_line(record: Record) -> str:
    """Say what one closed window is."""
    try:
        window = read_window(record.value)
    except SchemaError as exc:
        return f"unreadable: {exc}"
    hour, detection = window.windows["1h"], window.detection
    share = f"{hour.negative / hour.volume:.0%}" if hour.volume else "-"
    told = (
        f"{window.window_end} {window.brand:<20} 1h: {hour.volume} mentions (expected {detection.expected_1h:.0f}), "
        f"{share} negative, {hour.authors} authors; level {int(detection.level)} score {detection.score:.1f}"
    )
    if missing := window.unobserved.get("1h"):
        told += f"; {missing} min of the hour missing"
    return printable(told if window.observed else f"{told}; NO INPUT")


def crisis_line(record: Record) -> str:
    """Say what one record of the crises topic is."""
    try:
        return crisis_text(read_crisis_record(record.value))
    except SchemaError as exc:
        return f"unreadable: {exc}"


def crisis_text(record: CrisisRecord) -> str:
    """Say a record of the crises topic in one line of plain words."""
    what, told = _told(record)
    return printable(f"{record.time} {record.brand:<16} {what:<11} {told}")


def _told(record: CrisisRecord) -> tuple[str, str]:
    match record:
        case CrisisEvent():
            return record.type.upper(), _step(record)
        case Situation():
            return "FINAL" if record.final else "SITUATION", _situation(record)
        case CommunicationOverdue():
            return "OVERDUE", _overdue(record)


def _step(event: CrisisEvent) -> str:
    evidence = event.evidence
    said = event.feedback
    told = (
        f"{_NAMES[event.previous_level]} → {_NAMES[event.level]}: "
        f"{evidence.observed.volume} mentions in {evidence.window} (expected {evidence.expected_volume:.0f}), "
        f"{evidence.negative_share:.0%} negative (usually {evidence.negative_share_expected:.0%})"
    )
    if evidence.unobserved_minutes:
        told += f"; input missing for {evidence.unobserved_minutes} min of the last 24 h"
    if said is not None:
        told += f"; people: {said.verdict}" + (f", {said.reason}" if said.reason is not None else "")
    return told + _about([concern.phrase for concern in evidence.concerns])


def _situation(situation: Situation) -> str:
    questions, voice = situation.questions, situation.voice
    late = [duty.id for duty in situation.duties if duty.status is DutyStatus.LATE]
    parts = [
        f"{_NAMES[situation.level]}, {situation.mentions} mentions since it began, {situation.negative} negative",
        f"questions: {questions.asked} asked, {questions.answered} answered, {questions.waiting} waiting",
        f"own voice: {voice.updates} updates, {voice.answers} answers"
        + (f", {voice.off_tone} off tone" if voice.off_tone else "")
        + (", UPDATE OVERDUE" if voice.overdue else ""),
    ]
    if late:
        parts.append(f"late: {', '.join(late[:6])}")
    if situation.unobserved_minutes:
        parts.append(f"input missing for {situation.unobserved_minutes} min of the last 24 h")
    return "; ".join(parts) + _about([concern.phrase for concern in situation.concerns])


def _overdue(overdue: CommunicationOverdue) -> str:
    if overdue.last_update_at is None:
        silence = "no update yet"
    else:
        silent_min = (from_rfc3339(overdue.time) - from_rfc3339(overdue.last_update_at)) // 60_000
        silence = f"no update for {silent_min} min"
    told = f"{_NAMES[overdue.level]}: {silence}, one is due every {overdue.interval_minutes} min"
    if overdue.unobserved_minutes:
        told += f" (input missing for {overdue.unobserved_minutes} min of the last 24 h)"
    if overdue.waiting:
        told += f"; {overdue.waiting} questions wait"
    return told + (f"; nothing said on: {', '.join(overdue.silent_on[:3])}" if overdue.silent_on else "")


def _about(phrases: list[str]) -> str:
    return f"; about: {', '.join(phrases[:3])}" if phrases else ""


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
