"""Tokens of a tweet: words, numbers, handles, tags, links, emoticons, emoji and the marks between them.

Every other module of this package reads tokens instead of text. No token spans a space, so a text's tokens are
those of its chunks, the pieces between spaces; `pipeline.text.vocabulary` rests on that. All patterns are linear
in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum, auto
from itertools import islice
from typing import NamedTuple

import regex

from pipeline.text.normal import nfc

__all__ = [
    "BREAK",
    "HANDLE",
    "MAX_CHARS",
    "URL",
    "Kind",
    "Token",
    "clean",
    "emoji_of",
    "is_url",
    "pieces_of",
    "token_of",
    "tokenize",
]

MAX_CHARS = 1_000
"""Only this many characters of a text are read: four times an ordinary tweet's. What a long post says after
that moves neither sentiment nor phrases; brands are looked for in all of it (`pipeline.watchlist`)."""

BREAK = "\x1e"
"""The chunk that stands between texts; no cleaned text holds it."""

_MAX_WORD_CHARS = 40


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
    EMOJI = auto()
    """One emoji: joined sequences, flags and keycaps are one."""


class Token(NamedTuple):
    """One token and its forms."""

    kind: Kind
    text: str
    """As written, apostrophes made plain."""
    lower: str
    """Lower case."""
    stem: str
    """Lower case without an English ``'s`` or a French elision: "delta's" and "l'avion" as "delta" and "avion"."""


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
_EMOJI = regex.compile(
    r"\p{RI}\p{RI}"  # flags
    r"|[0-9#*]\uFE0F?\u20E3"  # keycaps
    r"|(?:[©®™]\uFE0F|(?![©®™])\p{Extended_Pictographic})"
    r"\uFE0F?\p{EMod}?(?:[\U000E0020-\U000E007E]{1,8}\U000E007F)?"
    r"(?:\u200D\p{Extended_Pictographic}\uFE0F?\p{EMod}?){0,8}"
)
_URL_START = re.compile(r"https?://|www\.|pic\.twitter\.com/|t\.co/", re.IGNORECASE)
_URL_ONLY = re.compile(rf"(?i:{_URL})")
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w)")

_CLEAN = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u2032\u00b4"), "'") | {
    ord("＠"): "@",
    ord("＃"): "#",
    ord("＄"): "$",
    ord("\u2010"): "-",
    ord("\u2011"): "-",
    ord("\ufffd"): " ",
    0x00: " ",
    ord(BREAK): " ",
    **dict.fromkeys((0xAD, 0x200B, 0x200C, 0x2060, 0xFEFF, 0x200E, 0x200F), None),
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), " "),
}
_UNCLEAN = re.compile(f"[{re.escape(''.join(map(chr, _CLEAN)))}]")


def clean(text: str) -> str:
    """Return the beginning of a text in NFC (`nfc`), without lone surrogates, zero-width marks and NULs.

    At most `MAX_CHARS` characters, cut between words where there is a space near the end. Emoji joiners stay.
    """
    if len(text) > MAX_CHARS:
        head = text[:MAX_CHARS]
        space = head.rfind(" ", MAX_CHARS - 100)
        text = head if space < 0 else head[:space]
    if text.isascii():
        return text.translate(_CLEAN) if "\0" in text or BREAK in text else text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode("utf-8")
    text = nfc(text)
    return text.translate(_CLEAN) if _UNCLEAN.search(text) else text  # to look first costs a fifth of translating


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a cleaned text, in order."""
    return [token_of(piece) for chunk in text.split(" ") for piece in pieces_of(chunk)]


def pieces_of(chunk: str) -> list[str]:
    """Return how one chunk of a cleaned text, a piece without spaces, is written as tokens.

    >>> pieces_of("late!😡👍🏽#fail")
    ['late', '!', '😡', '👍🏽', '#fail']
    """
    if chunk.isalpha():
        return [chunk]
    if chunk[-1:] in _PLAIN_MARKS and chunk[:-1].isalpha():
        return [chunk[:-1], chunk[-1]]
    if chunk.isascii():
        return _TOKEN.findall(chunk)
    pieces: list[str] = []
    start = 0
    for match in _EMOJI.finditer(chunk):
        pieces += _TOKEN.findall(chunk, start, match.start())
        pieces.append(match[0])
        start = match.end()
    return pieces + _TOKEN.findall(chunk, start)


def is_url(chunk: str) -> bool:
    """Say whether a chunk is one link and nothing else (links with other letters than ASCII go the long way)."""
    return chunk.isascii() and _URL_ONLY.fullmatch(chunk) is not None


def emoji_of(text: str, limit: int) -> list[str]:
    """Return the first emoji of a text, joined sequences and flags as one.

    >>> emoji_of("so late 😡😡 ✈️ ©", 20)
    ['😡', '😡', '✈️']
    """
    return [] if text.isascii() else [match[0] for match in islice(_EMOJI.finditer(text), limit)]


def token_of(piece: str) -> Token:
    """Return the token that is written so."""
    kind = _kind(piece)
    lower = piece.lower()
    if kind is not Kind.WORD:
        return Token(kind, piece, lower, lower)
    stem = _ELISION.sub("", lower).removesuffix("'s") if "'" in lower else lower
    return Token(kind, piece, lower, stem[:_MAX_WORD_CHARS])


def plain_form(piece: str) -> str:
    """Return a piece whose token says the same: in lower case, if it is a word that is not all capitals.

    >>> plain_form("Flight"), plain_form("iPhone"), plain_form("LATE"), plain_form("xD"), plain_form("It's")
    ('flight', 'iphone', 'LATE', 'xD', "It's")
    """
    if not piece.isalpha() or (len(piece) > 2 and piece.isupper()) or (piece[-1] == "D" and _is_laugh(piece)):
        return piece
    return piece.lower()


def _kind(raw: str) -> Kind:
    if raw.isalpha():
        return Kind.EMOTICON if raw[-1] == "D" and _is_laugh(raw) else Kind.WORD
    if len(raw) > 1 and raw[0] in _SIGILS and (raw[1].isalnum() or raw[1] == "_"):
        return _SIGILS[raw[0]]
    return next((kind for kind, is_one in _OTHER_KINDS if is_one(raw)), Kind.WORD)


def _is_emoticon(raw: str) -> bool:
    return not (raw[0].isalnum() or raw[0] == "_") or _is_laugh(raw)


def _is_laugh(raw: str) -> bool:
    return raw.strip("xX") in _LAUGHS


_PLAIN_MARKS = frozenset(".,!?")
_SIGILS = {"@": Kind.HANDLE, "#": Kind.HASHTAG, "$": Kind.CASHTAG}
_OTHER_KINDS: tuple[tuple[Kind, Callable[[str], object]], ...] = (
    (Kind.URL, lambda raw: len(raw) > 4 and _URL_START.match(raw)),
    (Kind.MARK, lambda raw: not raw.strip(".!?…؟？！。,;:\n")),
    (Kind.EMOJI, lambda raw: not raw.isascii() and _EMOJI.match(raw)),
    (Kind.EMOTICON, _is_emoticon),
    (Kind.NUMBER, lambda raw: raw[0].isdigit() and sum(map(str.isalpha, raw)) < 3),
)
"""What else a token may be, in the order in which to ask; a word when none."""
_LAUGHS = frozenset(["D" * n for n in range(1, 9)] + ["D:"])

HANDLE, URL = token_of("@x"), token_of("http://x")
"""What stands for every handle and for every link where only its kind matters."""
