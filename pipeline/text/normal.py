"""NFC, in time that is linear in the text.

ADR: towers of combining marks are cut
--------------------------------------
NFC puts the marks above and below a letter in order, and every library does so by insertion: n marks take n * n / 4
steps, so one post of 25,000 would cost as much as ten thousand others. No letter of any language has more than a
handful; Unicode's own format for streams (UAX #15, "Stream-Safe Text Format") allows thirty in a row. Those above are
left out before the marks are put in order.
"""

from __future__ import annotations

import unicodedata
from unicodedata import combining

import regex

__all__ = ["MOST_MARKS", "nfc"]

MOST_MARKS = 30
"""Combining marks in a row that are kept."""
_MADE_OF_MARKS = {0x0F73: "\u0f71\u0f72", 0x0F75: "\u0f71\u0f74", 0x0F81: "\u0f71\u0f80"}
"""The only characters that are no marks to `combining` and become nothing but marks in NFC."""
_TOWER = regex.compile(rf"(\P{{ccc=0}}{{{MOST_MARKS}}})\P{{ccc=0}}+")


def nfc(text: str) -> str:
    r"""Return the text in NFC; of combining marks in a row, the first thirty.

    >>> nfc("e\u0301"), len(nfc("e" + "\u0316\u0301" * 10_000))
    ('é', 30)
    """
    if "\u0f73" in text or "\u0f75" in text or "\u0f81" in text:
        text = text.translate(_MADE_OF_MARKS)
    # Whatever is too high stands on one of these places, which is a thirtieth of the cost of looking at all.
    if any(map(combining, text[MOST_MARKS :: MOST_MARKS + 1])):
        text = _TOWER.sub(r"\1", text)
    return unicodedata.normalize("NFC", text)
