"""A post before it is put into a payload."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.simulate.people import Person
from schemas.mention import SentimentLabel
from schemas.tweet import TweetKind

__all__ = ["Draft"]


@dataclass(slots=True, kw_only=True, eq=False)
class Draft:
    """A post before it is put into a payload."""

    brand: str
    time_ms: int
    author: Person
    text: str
    language: str
    tone: SentimentLabel
    """What the author meant, whatever a model will make of it."""
    kind: TweetKind = TweetKind.POST
    about: Draft | None = None
    """The post that this one retweets, quotes or answers."""
    answers: Person | None = None
    """Whom a reply answers."""
    tweet_id: int = 0
    """Given when it is put in order."""
    retweeted: int = 0
    """How often it has been retweeted so far."""
    apart: bool = False
    """The brand's handling of a crisis: has a stream of chance of its own."""
    withheld: bool = False
    """Drawn and not posted: the brand thought better of it. Takes the chance that it would have taken."""
