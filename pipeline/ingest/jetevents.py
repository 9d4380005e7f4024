"""Which events of Jetstream are passed on.

ADR: most of Bluesky is about no brand of ours, and is none of our business. So each post is held against the watchlist
here, with the same function that enrich has, and what matches no brand is counted and let go: it reaches no disk. Both
read the same file, but may be some seconds apart when it changes.

ADR: deletions. Five a second are of posts that we never had, and track has room for ten thousand whose posts may still
come (`pipeline.erasure.early`): they would drive out those that are meant. So a deletion is passed on when the post, or
of an account any post, has been passed on before. A crisis may name a post for two years, so that has to be known for
as long, and for as many posts as there are: a memory of fixed size, without names in it, that never forgets and now and
then takes a stranger for known (`pipeline.ingest.knownnames`). A deletion too many does no harm, one too few does.
Where the memory cannot be whole (it was lost, or other ways in have brought posts), all deletions are passed on.

ADR: what cannot be read as an event is passed on as it came, to become a dead letter that somebody can look at. Of a
kind that nobody knows yet it is not: there may be as many as there are posts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from pipeline.formats import jetstream, wire
from pipeline.formats.jetstreampayload import Event
from pipeline.formats.outcome import ComplianceNotice, FormError
from pipeline.watchlist import Watchlist
from schemas.deadletter import DeadLetterReason
from schemas.tweet import Tweet

__all__ = ["Choice", "Known", "Picked"]


class Known(Protocol):
    """The IDs of posts and accounts that were passed on."""

    def add(self, name: str) -> None:
        """Know a name from now on."""

    def __contains__(self, name: str) -> bool:
        """Whether a name may be known."""


class Picked(NamedTuple):
    """What is done with an event."""

    time_us: int | None
    """When the server saw it, epoch microseconds; none when it does not say."""
    key: bytes | None = None
    """Of one that is passed on, the ID by which its copies and its deletion meet; none for what cannot be read."""
    passed_over: str | None = None
    """Why it is not passed on, in a word; none when it is."""


class Choice:
    """Chooses.

    Parameters
    ----------
    watchlist : callable
        Returns the watchlist in force.
    known : Known
        What was passed on, which is added to before it is.
    all_deletions : bool
        Pass on deletions of posts that are not known, too.
    """

    def __init__(self, watchlist: Callable[[], Watchlist], known: Known, *, all_deletions: bool = False) -> None:
        self._watchlist = watchlist
        self._known = known
        self._all_deletions = all_deletions

    def pick(self, value: bytes) -> Picked:
        """Say what is done with an event. Never raises, whatever it is."""
        event = _event(value)
        if event is None:
            return Picked(None)
        time_us = None if event.seen_ms is None else event.time_us
        try:
            found = jetstream.read(event)
        except FormError as error:
            strange = error.reason is DeadLetterReason.UNKNOWN_FORM
            return Picked(time_us, passed_over="unknown" if strange else None)
        if found.tweet is not None:
            return self._post(time_us, found.tweet, changed=found.notice is not None)
        if found.notice is not None:
            return self._notice(time_us, found.notice)
        return Picked(time_us, passed_over=found.ignored or "unknown")

    def _post(self, time_us: int | None, tweet: Tweet, *, changed: bool) -> Picked:
        if not self._watchlist().match(tweet) and not (changed and self._is_known(tweet.id)):
            return Picked(time_us, passed_over="unmatched")
        self._known.add(tweet.id)
        if tweet.author_id is not None:
            self._known.add(tweet.author_id)
        return Picked(time_us, key=tweet.id.encode())

    def _notice(self, time_us: int | None, notice: ComplianceNotice) -> Picked:
        name = notice.tweet_id or notice.user_id or ""
        if not self._is_known(name):
            return Picked(time_us, passed_over="deletion")
        return Picked(time_us, key=name.encode())

    def _is_known(self, name: str) -> bool:
        return self._all_deletions or name in self._known


def _event(value: bytes) -> Event | None:
    """Return an event; none when it is no object that looks like one."""
    try:
        if wire.is_sound(value) and (event := jetstream.line(value)) is not None and event.kind is not None:
            return event
        payload = wire.load(value, len(value))
    except FormError:
        return None
    return jetstream.event_of(payload) if type(payload) is dict and jetstream.looks_like(payload) else None
