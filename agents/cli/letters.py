"""How dead letters look: on a terminal, and as JSON."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from agents.cli.lines import deadletter_line, printable
from agents.letters.letter import Letter, Place
from agents.letters.purge import Purge
from agents.letters.redrive import Plan
from agents.letters.survey import Survey
from schemas.times import to_rfc3339

__all__ = ["letter_json", "letter_lines", "list_json", "list_lines", "plan_lines", "purge_lines"]

_MOST_BYTES = 4_000
"""Of a value, for people."""
_MOST_HEADER_BYTES = 500


def list_lines(found: Survey, topic: str) -> Iterator[str]:
    """Say what lies in the topic."""
    groups = found.groups
    letters, redriven = sum(group.letters for group in groups), sum(group.redriven for group in groups)
    yield f"{topic}: {letters:,} letters, {redriven:,} of them redriven"
    if groups:
        yield f"  {'stage':<8} {'reason':<14} {'letters':>9} {'redriven':>9}  first, last"
    for group in groups:
        yield printable(
            f"  {group.stage or '?':<8} {group.reason or '?':<14} {group.letters:>9,} {group.redriven:>9,}  "
            f"{_said(group.first)} {to_rfc3339(group.first_ms)}, {_said(group.last)} {to_rfc3339(group.last_ms)}"
        )
    newest = list(found.newest())
    if newest:
        yield f"the newest {len(newest):,}:" if len(newest) < letters else "newest first:"
    for letter, done in newest:
        yield f"  {_said(letter.place)}  {deadletter_line(letter.record)}{'  (redriven)' if done else ''}"


def list_json(found: Survey) -> dict[str, Any]:
    """Say the same for programs."""
    groups = found.groups
    return {
        "letters": sum(group.letters for group in groups),
        "redriven": sum(group.redriven for group in groups),
        "groups": [
            {
                "stage": group.stage,
                "reason": group.reason,
                "letters": group.letters,
                "redriven": group.redriven,
                "first": _said(group.first),
                "first_time": to_rfc3339(group.first_ms),
                "last": _said(group.last),
                "last_time": to_rfc3339(group.last_ms),
            }
            for group in groups
        ],
        "newest": [{**_about(letter), "redriven": done} for letter, done in found.newest()],
    }


def _about(letter: Letter) -> dict[str, Any]:
    partition, offset = letter.place
    return {
        "partition": partition,
        "offset": offset,
        "time": to_rfc3339(letter.time_ms),
        "stage": letter.stage,
        "reason": letter.reason,
        "message": letter.message,
        "topic": letter.topic,
        "origin": _said(letter.origin) if letter.origin else None,
        "channel": letter.channel or None,
        "omitted_bytes": letter.omitted or None,
    }


def letter_json(letter: Letter) -> dict[str, Any]:
    """Return all of a letter; what may be any bytes is in base 64, None stays None."""
    record = letter.record
    return {
        **_about(letter),
        "headers": [{"name": name, "base64": _base64(value)} for name, value in record.headers],
        "key_base64": _base64(record.key),
        "value_base64": _base64(record.value),
    }


def letter_lines(letter: Letter) -> Iterator[str]:
    """Say what a letter is, and show its headers, its key and the beginning of its value."""
    record = letter.record
    yield f"letter    {_said(letter.place)}, written {to_rfc3339(letter.time_ms)}"
    origin = f"{letter.topic}[{letter.origin[0]}]@{letter.origin[1]}" if letter.origin else "?"
    yield printable(f"record    {origin}")
    yield printable(f"stage     {letter.stage or '?'}")
    yield printable(f"reason    {letter.reason or '?'}: {letter.message}")
    if letter.omitted:
        yield printable(f"omitted   its {letter.omitted} bytes were too many to be kept; see {origin}")
    for name, value in record.headers:
        yield printable(f"header    {name} = {_shown(value, _MOST_HEADER_BYTES)}")
    yield f"key       {printable(_shown(record.key, _MOST_HEADER_BYTES))}"
    if record.value is None:
        yield "value     none (a tombstone)"
        return
    yield f"value     {len(record.value):,} bytes"
    for line in _shown(record.value, _MOST_BYTES).split("\n"):
        yield "  " + printable(line.replace("\t", " "))


def _shown(content: bytes | None, most: int) -> str:
    if content is None:
        return "none"
    text = content[:most].decode("utf-8", "backslashreplace")
    left_out = len(content) - most
    return f"{text}\n... and {left_out:,} bytes more; --raw writes them all" if left_out > 0 else text


def plan_lines(found: Plan) -> Iterator[str]:
    """Say what redriving would do."""
    if not found.chosen and not found.refused:
        yield "no letter matches"
    for topic, count in sorted(found.by_topic.items()):
        yield printable(f"{count:,} letters to redrive to {topic}")
    if found.done_before:
        what = "and are redriven once more" if found.again else "and are left out; --again redrives them once more"
        yield f"{found.done_before:,} letters were redriven before {what}"
    for why, count in sorted(found.refused.items()):
        yield printable(f"{count:,} letters cannot be redriven: {why}")


def purge_lines(found: Purge, topic: str) -> Iterator[str]:
    """Say what purging would delete."""
    if not found.before:
        yield "there is nothing to delete"
        return
    for partition, offset in sorted(found.before.items()):
        yield f"everything before offset {offset} of {topic}[{partition}]:"
    for (stage, reason), count in sorted(found.letters.items()):
        yield printable(f"  {count:,} letters, {stage or '?'}: {reason or '?'}")
    yield f"  {found.never_redriven:,} of these letters were never redriven"


def _said(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


def _base64(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()
