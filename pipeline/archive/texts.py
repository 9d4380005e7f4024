"""Texts of a few tweets, read from the log where they are: what we publish holds their IDs only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from pipeline.erasure.notices import account_of, posts_of
from pipeline.formats import parse
from schemas.crisis import CrisisEvent
from schemas.situation import CommunicationOverdue, CrisisRecord, Situation

__all__ = ["MAX_CHARS", "MAX_IDS", "TextSearch", "tweet_ids"]

MAX_IDS = 20_000
"""Texts that are looked for at most: the first so many IDs."""
MAX_CHARS = 1_000
"""A longer text is cut there."""


def tweet_ids(records: Iterable[CrisisRecord]) -> list[str]:
    """Return the IDs of the tweets that records name as worth reading, each once, in order, at most `MAX_IDS`."""
    found: dict[str, None] = {}
    for record in records:
        for tweet_id in _named(record):
            if tweet_id:
                found.setdefault(tweet_id)
            if len(found) >= MAX_IDS:
                return list(found)
    return list(found)


def _named(record: CrisisRecord) -> Iterator[str]:
    match record:
        case CrisisEvent():
            yield from (exemplar.tweet_id for exemplar in record.evidence.exemplars)
            for concern in record.evidence.concerns:
                yield from concern.exemplars
        case Situation():
            yield from (exemplar.tweet_id for exemplar in record.exemplars)
            yield from (post.tweet_id for post in record.voice.posts)
            for named in (
                *(concern.exemplars for concern in record.concerns),
                *(hashtag.exemplars for hashtag in record.hashtags),
                *(group.exemplars for group in record.questions.groups),
            ):
                yield from named
        case CommunicationOverdue():
            pass


class TextSearch:
    """Looks for tweets by ID in the records of a log, in their order. Holds what was asked for, nothing else.

    A post that its author or the platform took back, anywhere in the log, is not told: nor is any of an account that is
    gone, protected or suspended.

    Parameters
    ----------
    wanted : collection of str
        IDs; those beyond `MAX_IDS` are left out.
    max_bytes : int
        Larger records are not read.
    """

    def __init__(self, wanted: Collection[str], *, max_bytes: int) -> None:
        self._wanted = frozenset(list(wanted)[:MAX_IDS])
        self._max_bytes = max_bytes
        self._texts: dict[str, tuple[str, str | None]] = {}
        """By ID, the text and who wrote it."""
        self._gone: set[str] = set()
        self._accounts: set[str] = set()
        """Of authors that are gone."""

    def read(self, value: bytes | None) -> None:
        """Take in the value of one record, whatever it is."""
        parsed = parse(value, max_bytes=self._max_bytes)
        for tweet in parsed.tweets:
            if tweet.id in self._wanted:
                self._texts.setdefault(tweet.id, (tweet.text[:MAX_CHARS], tweet.author_id))
        for notice in parsed.compliance:
            self._gone |= self._wanted.intersection(posts_of(notice))
            if (account := account_of(notice)) is not None:
                self._accounts.add(account)

    @property
    def texts(self) -> dict[str, str]:
        """What was found so far, by ID."""
        return {
            tweet_id: text
            for tweet_id, (text, author) in self._texts.items()
            if tweet_id not in self._gone and author not in self._accounts
        }

    @property
    def missing(self) -> int:
        """How many IDs have no text."""
        return len(self._wanted) - len(self.texts)
