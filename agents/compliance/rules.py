"""As what something may be found, and whether it may be there.

Rules
-----
What is "allowed" here is so until the bound of its topic is over: retention, and the time of a segment, as
`agents.topics` sets them. What is found behind that is not, wherever it is.

==================  =====================================================  =========================================
As what             Where                                                  Allowed
==================  =====================================================  =========================================
`notice`            compliance messages, wherever they are; erasures on    yes: what says that a post must go has to
                    the topic of mentions, and those that track remembers  name it
`mention`           a mention's own ID, and its author hash                yes: it is what counts are made of; it
                                                                           has no text, and nobody is shown it
`reference`         in a mention, what it answers or links to              yes, likewise
`phrase`            one or two words of a text, as mentions, events and    yes: names no post; what many said is told by
                    state have them                                        such words
`post`              raw records and dead letters, as X sent them, text     no; gone within the day, with retention
                    and all: the post, or another that holds it
`text`              the text of a mention (`keep_text`), of a report       no; of a mention gone with retention
`exemplar`          named as worth reading: events, state                  no
`concern`           named for a concern or a hashtag: events, state; with  no
                    some of its words: state
`question`          a question to the brand: events, state                 no
`own post`          a post of the brand's own: events, state               no
`author`            the author hash of a post that is named: events, state no
`untold event`      an event that notify is still to tell                  no
`report`            a file of a report                                     no
`elsewhere`         anywhere else                                          no
==================  =====================================================  =========================================

A record of a compacted topic that a newer one with its key has replaced is judged as any other: until compaction has
removed it, it is there, and whoever reads the topic from its beginning reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agents.compliance.sought import Sought
from agents.topics import TopicSpec

__all__ = ["Found", "What", "judged"]

_DAY_MS = 24 * 3600 * 1000
_SEGMENT_MS = 7 * _DAY_MS
"""Kafka's default time of a segment."""
_CHECK_MS = 10 * 60 * 1000
"""Kafka looks every five minutes what has to go; as much again for a busy broker."""


class What(StrEnum):
    """As what something is there; the table above says what each means."""

    NOTICE = "notice"
    MENTION = "mention"
    REFERENCE = "reference"
    PHRASE = "phrase"
    POST = "post"
    TEXT = "text"
    EXEMPLAR = "exemplar"
    CONCERN = "concern"
    QUESTION = "question"
    OWN_POST = "own post"
    AUTHOR = "author"
    UNTOLD = "untold event"
    REPORT = "report"
    ELSEWHERE = "elsewhere"


_ALLOWED = frozenset({What.NOTICE, What.MENTION, What.REFERENCE, What.PHRASE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that is looked for, at a place."""

    sought: Sought
    what: What
    topic: str
    """The topic; of a report the file."""
    partition: int
    """Of a report 0."""
    offset: int
    """Of a report the line."""
    time_ms: int
    """When the record was written, epoch milliseconds; of a report when the file was."""
    allowed: bool = False
    replaced: bool = False
    """A newer record has its key: it goes with compaction."""
    until_ms: int | None = None
    """When the topic's bound is over, epoch milliseconds; none where there is none."""

    def is_overdue(self, now_ms: int) -> bool:
        """Whether it is kept longer than it may be."""
        return self.until_ms is not None and self.until_ms < now_ms


def judged(found: Found, spec: TopicSpec, now_ms: int, *, replaced: bool) -> Found:
    """Return what was found with what the rules say of it.

    Parameters
    ----------
    found : Found
        As it was found.
    spec : TopicSpec
        What its topic must look like.
    now_ms : int
        Epoch milliseconds.
    replaced : bool
        Whether a newer record has its key, on a topic that is compacted.
    """
    kept_ms = bound_ms(spec)
    until_ms = None if kept_ms is None else found.time_ms + kept_ms
    return Found(
        sought=found.sought,
        what=found.what,
        topic=found.topic,
        partition=found.partition,
        offset=found.offset,
        time_ms=found.time_ms,
        allowed=found.what in _ALLOWED and (until_ms is None or now_ms <= until_ms),
        replaced=replaced,
        until_ms=until_ms,
    )


def bound_ms(spec: TopicSpec) -> int | None:
    """Return for how long a topic keeps a record at most, in milliseconds; none when only compaction removes it."""
    if "delete" not in spec.config.get("cleanup.policy", "delete").split(","):
        return None
    kept_ms = int(spec.config["retention.ms"])
    return kept_ms + int(spec.config.get("segment.ms", _SEGMENT_MS)) + _CHECK_MS
