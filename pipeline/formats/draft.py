"""Tweets in the making: filling a frozen, keyword-only class of twenty fields costs as much as decoding its JSON.

A draft has the slots of the class it becomes and no checks: its fields are set one by one, and when all are,
`finished` makes it the real thing in place. Python allows that between classes of one layout
(https://docs.python.org/3/reference/datamodel.html, ``object.__class__``). No draft leaves this package.
"""

from __future__ import annotations

from pipeline.formats.outcome import ComplianceNotice, GapNotice, Parsed, Reject
from schemas.tweet import SourceForm, Tweet, TweetKind

__all__ = ["TweetDraft", "parsed_one"]


class TweetDraft:
    """A tweet whose fields are still to be set, every one of them."""

    __slots__ = tuple(Tweet.__dataclass_fields__)

    id: str
    created_at_ms: int
    text: str
    platform: str
    kind: TweetKind
    author_id: str | None
    author_handle: str | None
    author_followers: int
    lang: str | None
    conversation_id: str | None
    in_reply_to_id: str | None
    in_reply_to_handle: str | None
    referenced_id: str | None
    engagement: int
    hashtags: tuple[str, ...]
    mentions: tuple[str, ...]
    cashtags: tuple[str, ...]
    urls: tuple[str, ...]
    truncated: bool
    source_form: SourceForm

    def finished(self) -> Tweet:
        """Make this very object a tweet. A field that was not set stays without a value."""
        self.__class__ = Tweet  # type: ignore[assignment]
        return self  # type: ignore[return-value]


class _ParsedDraft:
    __slots__ = tuple(Parsed.__dataclass_fields__)

    tweets: tuple[Tweet, ...]
    rejects: tuple[Reject, ...]
    compliance: tuple[ComplianceNotice, ...]
    gaps: tuple[GapNotice, ...]
    ignored: str | None


def parsed_one(tweet: Tweet) -> Parsed:
    """Return ``Parsed(tweets=(tweet,))``.

    >>> tweet = Tweet(id="1", created_at_ms=0, text="late again")
    >>> parsed_one(tweet) == Parsed(tweets=(tweet,))
    True
    """
    draft = _ParsedDraft()
    draft.tweets = (tweet,)
    draft.rejects = draft.compliance = draft.gaps = ()
    draft.ignored = None
    draft.__class__ = Parsed  # type: ignore[assignment]
    return draft  # type: ignore[return-value]
