"""Tokens of a tweet: one pass of one regex, and what is worth knowing of a token worked out once.

Every other module of this package reads tokens instead of text. All patterns are linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import TypeVar

__all__ = ["MAX_CHARS", "BoundedTable", "Kind", "Token", "clean", "tokenize"]

MAX_CHARS = 1_000
"""Only this many characters of a text are read: four times an ordinary tweet's. What a long post says after
that moves neither sentiment nor phrases; brands are looked for in all of it (`pipeline.watchlist`)."""

_MAX_WORD_CHARS = 40
_TABLE_SIZE = 50_000

V = TypeVar("V")


class BoundedTable(dict[str, V]):
    """What a pure function says of a string, remembered; when full, the older half is forgotten."""

    def __init__(self, function: Callable[[str], V], size: int = _TABLE_SIZE) -> None:
        super().__init__()
        self._function = function
        self._size = size

    def __missing__(self, key: str) -> V:
        value = self._function(key)
        if len(self) >= self._size:
            for old in list(self)[: self._size // 2]:
                del self[old]
        self[key] = value
        return value


class Kind(IntEnum):
    """What sort of token it is."""

    WORD = auto()
    NUMBER = auto()
    HANDLE = auto()
    HASHTAG = auto()
    CASHTAG = auto()
    URL = auto()
    EMOTICON = auto()
    MARK = auto()
    """Punctuation that ends a sentence or a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token and its forms."""

    kind: Kind
    text: str
    """As written, apostrophes made plain."""
    lower: str
    """Lower case."""
    stem: str
    """Lower case without an English ``'s`` or a French elision: "delta's" and "l'avion" as "delta" and "avion"."""
    entity: bool
    """A hashtag, handle, cashtag or URL."""
    said: bool
    """Part of what is said: a word, number, hashtag or cashtag."""


_URL = r"""(?:https?://|www\.|pic\.twitter\.com/|t\.co/)[^\s<>"«»“”]*[^\s<>"«»“”.,;:!?'()\[\]{}…]"""
_EMOTICON = r"</?3+|(?<!\d)[<>]?[:;=]'?[-o^]?[)(\]\[DPpOo/\\|3*@$]+(?!\w)|\^[_.]?\^|-_+-|\b[xX]D+\b|\bD:(?!\w)"
# The look-aheads let most characters skip what they cannot begin; they halve the cost of the whole.
_TOKEN = re.compile(
    rf"(?=[hptwHPTW])(?i:{_URL})"
    r"|(?=[^\w\s.,!?']|[xXD_])(?:"
    r"(?<![\w@])@[A-Za-z0-9_]{1,15}(?![A-Za-z0-9_@])"
    r"|(?<![\w&])\#\w*[^\W\d]\w*"
    r"|(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?!\w)"
    rf"|{_EMOTICON})"
    r"|\w+(?:['-]\w+)*"
    r"|[.!?…؟？！。]+|[,;:\n]"
)
_URL_START = re.compile(r"https?://|www\.|pic\.twitter\.com/|t\.co/", re.IGNORECASE)
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w)")

_CLEAN = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u2032`\u00b4"), "'") | {
    ord("＠"): "@",
    ord("＃"): "#",
    ord("＄"): "$",
    ord("\u2010"): "-",
    ord("\u2011"): "-",
    ord("\ufffd"): " ",
    0x00: " ",
    **dict.fromkeys((0xAD, 0x200B, 0x200C, 0x2060, 0xFEFF, 0x200E, 0x200F), None),
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), " "),
}


def clean(text: str) -> str:
    """Return the beginning of a text in NFC, without lone surrogates, zero-width marks and NULs.

    At most `MAX_CHARS` characters, cut between words where there is a space near the end. Emoji joiners stay.
    """
    if len(text) > MAX_CHARS:
        head = text[:MAX_CHARS]
        space = head.rfind(" ", MAX_CHARS - 100)
        text = head if space < 0 else head[:space]
    if text.isascii():
        return text.replace("\0", " ") if "\0" in text else text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", text).translate(_CLEAN)


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a cleaned text, in order."""
    return [_TOKENS[raw] for raw in _TOKEN.findall(text)]


def _token(raw: str) -> Token:
    kind = _kind(raw)
    lower = raw.lower()
    stem = lower
    if kind is Kind.WORD:
        stem = _ELISION.sub("", lower).removesuffix("'s")[:_MAX_WORD_CHARS]
    return Token(
        kind=kind,
        text=raw,
        lower=lower,
        stem=stem,
        entity=kind in (Kind.HANDLE, Kind.HASHTAG, Kind.CASHTAG, Kind.URL),
        said=kind in (Kind.WORD, Kind.NUMBER, Kind.HASHTAG, Kind.CASHTAG),
    )


def _kind(raw: str) -> Kind:
    first = raw[0]
    if _URL_START.match(raw) and len(raw) > 4:
        return Kind.URL
    if len(raw) > 1 and first in "@#$" and (raw[1].isalnum() or raw[1] == "_"):
        return {"@": Kind.HANDLE, "#": Kind.HASHTAG, "$": Kind.CASHTAG}[first]
    if raw.strip(".!?…؟？！。,;:\n") == "":
        return Kind.MARK
    if raw.strip("xX") in _LAUGHS or not (first.isalnum() or first == "_"):
        return Kind.EMOTICON
    if first.isdigit() and sum(c.isalpha() for c in raw) < 3:
        return Kind.NUMBER
    return Kind.WORD


_LAUGHS = frozenset(["D" * n for n in range(1, 9)] + ["D:"])
_TOKENS: BoundedTable[Token] = BoundedTable(_token)
