"""A document: what near copies of one text have in common, in few bytes and without the text.

Its words are kept as runs: neighbours joined by a space, runs parted by a bar. Words and pairs of neighbours are
read back from them, which takes a third of the room that both take written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from pipeline.postid import LONGEST, is_keepable
from pipeline.watchlist.folding import fold
from pipeline.watchlist.model import joined
from schemas.mention import Mention, SentimentLabel
from schemas.tweet import TweetKind

__all__ = [
    "MOST_ENGAGEMENT",
    "MOST_MENTIONS",
    "Document",
    "blank",
    "document_of",
    "from_row",
    "hashtags_of",
    "key_of",
    "phrases_of",
    "place_of",
    "whole",
]

_SPREAD = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_KEY_BITS = 32
_LONGEST_SAID = 120
"""Bytes of the words of a document, and of its hashtags with their marks."""
_LONGEST_TAGS = 80
_MOST_TAGS = 4
MOST_ENGAGEMENT = (1 << 53) - 1
MOST_MENTIONS = (1 << 31) - 1
_BAR = "|"
_KNOWN, _NEW = "=", "#"
"""In front of a hashtag: it is on the watchlist, or it is not."""
_NEGATIVE, _RETWEET = 1, 2


class Document(NamedTuple):
    """A text and its near copies, as the first of the posts has it: no retweet if there is another, then lowest ID."""

    key: int
    """Uniform hash of what the copies have in common, 32 bits."""
    flags: int
    """1 when negative, 2 when all are retweets."""
    tweet_id: str
    """The platform's ID of that post; empty when it cannot be kept."""
    said: str
    """Runs of its words."""
    tags: str
    """Its hashtags, each behind `=` when it is on the watchlist, else behind `#`."""
    engagement: int
    """The most that one of the posts has."""
    mentions: int
    """How many posts there are."""

    @property
    def is_negative(self) -> bool:
        """Whether that post is negative."""
        return bool(self.flags & _NEGATIVE)


def key_of(mention: Mention) -> int:
    """Return the key of a mention's document: equal for near copies, uniform over 32 bits.

    The key of near copies is itself a lowest hash, so it is spread once more.
    """
    return ((mention.cluster_key or mention.repeat_key) * _SPREAD & _MASK) >> _KEY_BITS


def place_of(one: Mention | Document) -> tuple[bool, int, str]:
    """Return by what the post is chosen that stands for its copies, lowest first."""
    if isinstance(one, Document):
        return one.flags >= _RETWEET, len(one.tweet_id), one.tweet_id
    tweet_id = _id(one.tweet_id)
    return one.kind == TweetKind.RETWEET, len(tweet_id), tweet_id


def document_of(mention: Mention) -> Document:
    """Return the document of a mention alone."""
    negative = mention.sentiment.label == SentimentLabel.NEGATIVE
    retweet = mention.kind == TweetKind.RETWEET
    return Document(
        key=key_of(mention),
        flags=negative * _NEGATIVE + retweet * _RETWEET,
        tweet_id=_id(mention.tweet_id),
        said=_said(mention.phrases),
        tags=_tags(mention.hashtags, mention.matched) if mention.hashtags else "",
        engagement=min(max(mention.engagement, 0), MOST_ENGAGEMENT),
        mentions=1,
    )


def blank(document: Document) -> Document:
    """Return the document of a post that is to be named no more: its place and its counts, without ID and words."""
    return document._replace(tweet_id="", said="", tags="")


def phrases_of(document: Document) -> list[str]:
    """Return its distinct words and pairs of neighbours, in order of appearance.

    >>> phrases_of(Document(1, 0, "7", "lost bag|crew", "", 0, 1))
    ['lost', 'bag', 'lost bag', 'crew']
    """
    found: dict[str, None] = {}
    for run in document.said.split(_BAR):
        words = run.split(" ")
        found |= dict.fromkeys(words)
        found |= dict.fromkeys(map(" ".join, pairwise(words)))
    found.pop("", None)
    return list(found)


def hashtags_of(document: Document) -> Iterator[tuple[str, bool]]:
    """Yield its hashtags without mark, and whether each is on the watchlist."""
    for tag in document.tags.split():
        yield tag[1:], tag[0] == _KNOWN


def from_row(row: Any) -> Document:
    """Return the document of which a state holds the fields; ``TypeError`` or ``ValueError`` when it is none."""
    document = Document(*row)
    key, flags, tweet_id, said, tags, engagement, mentions = document
    whole(key, (1 << _KEY_BITS) - 1)
    whole(flags, _NEGATIVE | _RETWEET)
    whole(engagement, MOST_ENGAGEMENT)
    if not whole(mentions, MOST_MENTIONS):
        raise ValueError("a document that nobody posted")
    for text, longest in ((tweet_id, LONGEST), (said, _LONGEST_SAID), (tags, _LONGEST_TAGS)):
        if len(text.encode()) > longest:
            raise ValueError("not a text of a document")
    return document


def whole(value: Any, most: int = (1 << 53) - 1) -> int:
    """Return a whole number of a state; ``TypeError`` when it is none, ``ValueError`` when it is out of bounds."""
    if type(value) is not int:
        raise TypeError("not a whole number")
    if not 0 <= value <= most:
        raise ValueError("no such number")
    return value


def _id(tweet_id: str) -> str:
    return tweet_id if is_keepable(tweet_id) else ""


def _said(phrases: Sequence[str]) -> str:
    """Join phrases (words, and each pair of neighbours before its second word) to runs, as many as there is room."""
    runs: list[str] = []
    last = ""
    room = _LONGEST_SAID
    every = "".join(phrases)
    plain = every.isascii() and _is_usable(every)  # then each word is, unless it is empty: nearly always
    for phrase in phrases:
        first, pair, second = phrase.partition(" ")
        if not first or (pair and (not second or " " in second)):
            continue
        if not plain and not (_is_usable(first) and (not pair or _is_usable(second))):
            continue
        if not pair:
            if last == phrase:
                continue  # it came with its pair
            text, last = _BAR + phrase, phrase
        else:
            text = " " + second if first == last else _BAR + phrase
            last = second
        room -= len(text) if plain or text.isascii() else len(text.encode())
        if room < -1:  # the first bar is taken away
            break
        runs.append(text)
    return "".join(runs)[1:]


def _is_usable(word: str) -> bool:
    """Whether a word has a form in UTF-8 (a lone surrogate has none) and cannot be taken for several."""
    if word.isascii():
        return word.isprintable() and word != "" and _BAR not in word
    return _is_text(word) and word.split() == [word] and _BAR not in word and min(word) >= " "


def _is_text(word: str) -> bool:
    return word.encode("utf-8", "replace") == word.encode("utf-8", "surrogatepass")


def _tags(hashtags: Iterable[str], matched: Iterable[str]) -> str:
    known = {label[1:] if label[:1] == "#" else joined(label) for label in matched if label[:1] != "@"}
    tags: list[str] = []
    room = _LONGEST_TAGS
    for hashtag in dict.fromkeys(hashtags):
        if not _is_usable(hashtag):
            continue
        text = (_KNOWN if fold(hashtag) in known else _NEW) + hashtag
        room -= len(text.encode()) + 1
        if room < -1 or len(tags) == _MOST_TAGS:
            break
        tags.append(text)
    return " ".join(tags)
