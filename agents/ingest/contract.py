"""What a source and the way into Kafka have to know of one another.

A source reads from outside and puts posts into an :class:`Outlet`; everything after that (the journal on disk, Kafka,
what an outage of either means) is not its business. How to write one is in `agents.ingest.sources`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from agents import exits
from pipeline.ingest.coverage import Missing

if TYPE_CHECKING:
    from agents.metrics.ingest import SourceMetrics

__all__ = ["Gap", "Mark", "Outlet", "Post", "Source", "SourceRefused", "Sums"]


class Post(NamedTuple):
    """One line of a source, as it is to stand in Kafka."""

    key: bytes | None
    """The post's ID, so that duplicates of one post meet in one partition; None for a line that has none."""
    value: bytes
    """The line as it came."""


class Mark(NamedTuple):
    """How far a source has been heard out."""

    until_ms: int | None
    """Everything of the source before this was put, or is in a recorded gap. The source's time, epoch milliseconds."""
    cursor: str | None
    """What the source can go on from, in its own words."""


class Gap(NamedTuple):
    """Input that is missing, as it was recorded."""

    missing: Missing
    reason: str
    posts: int | None
    """How many, where that is known."""


class SourceRefused(Exception):
    """The source will not work as it is configured, now or later. The message names the setting or option to change."""

    exit_code = exits.CONFIG


class Outlet(Protocol):
    """Where a source puts what it reads. One task at a time may call it, or several: calls keep their order."""

    resumed: Mark
    """The last mark of the runs before, as far as it is sure; ``Mark(None, None)`` at the first. What came between this
    and now is for the source to ask for again, or to call missing."""
    metrics: SourceMetrics
    """The metrics, for what only the source knows: connections, lines passed over. Posts and gaps count themselves."""

    async def put(self, posts: Sequence[Post], received_ms: int | None = None) -> None:
        """Take posts, in order; returns when they are in the journal, or in a recorded gap because it is full.

        Never waits for Kafka, and never raises because of a post, a disk, or Kafka. Many at once are cheap, one by one
        is not: give what one read has brought. An empty sequence is nothing.

        Parameters
        ----------
        posts : sequence of Post
            What to store.
        received_ms : int, optional
            The source's time by when the newest of these was received: none of them can have been made later. It
            bounds the gap when they are dropped. Left out, the last mark is carried forward by the time that has passed
            since, plus a margin; so it need not be given by a source that marks each second or so. A source whose posts
            may be of any age (a file) marks no times; then the bounds are what the posts' IDs say, where they are
            numbers of X.
        """
        ...

    def mark(self, until_ms: int | None, cursor: str | None = None) -> None:
        """Note that everything of the source before a time was put, in its place in the order.

        A source that is heard without end marks when it connects, and then each second or so, also when nothing came:
        the time between the last mark and a crash is missing in the next run. A mark that repeats the last one costs
        nothing. A cursor is kept until another mark replaces it: ``None`` says that there is none to go on from.
        """
        ...

    async def gap(self, missing: Missing, reason: str, *, of: str = "posts") -> None:
        """Record that posts (or ``of="compliance"``: notices) between two times cannot be had any more.

        It reaches every partition of the topic in its place in the order, and is counted. ``reason`` is one of
        `GapReason`. Mark afterwards up to its end.
        """
        ...

    async def room(self) -> None:
        """Wait until the journal is well below its bound. For sources that can wait: they lose nothing then."""
        ...


class Source(Protocol):
    """Something that is heard.

    A source of compliance notices also has a class attribute ``of = "compliance"``: its losses are gaps of these.
    """

    @property
    def name(self) -> str:
        """Label of its metrics and folder of its journal: lower-case letters, digits and hyphens. May be a field."""
        ...

    async def run(self, outlet: Outlet) -> None:
        """Put everything there is. Returns at the end, if there is one; is cancelled to stop.

        Raises
        ------
        SourceRefused
            It will not work as it is configured. What may get better by itself is tried again and never raised.
        """
        ...


@dataclass(slots=True)
class Sums:
    """What became of posts. Always ``left + put == stored + dropped + waiting``."""

    left: int = 0
    """Waiting in the journal when this run began."""
    put: int = 0
    """Put by the source in this run."""
    stored: int = 0
    """Acknowledged by Kafka in this run; never more than it has."""
    dropped: int = 0
    """Not taken by the spool, or not kept because of their age: each in one of the gaps."""
    waiting: int = 0
    """In the journal, for the next run."""
    gaps: list[Gap] = field(default_factory=list)
    """Recorded in this run."""
