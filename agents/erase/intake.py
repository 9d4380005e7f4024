"""From the records of the compliance topic to what trackers are told to erase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeVar

from aiokafka import ConsumerRecord

from pipeline.authorhash import AuthorHasher
from pipeline.erasure import Wanted, erasure_of
from pipeline.formats import ComplianceKind, Reject, parse
from schemas.deadletter import DeadLetterReason
from schemas.mention import MOST_ERASED, Erasure

__all__ = ["Intake", "read_notices"]

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Intake:
    """What a batch of the compliance topic asks for."""

    kinds: Counter[ComplianceKind] = field(default_factory=Counter)
    """Notices by kind, also those that ask nothing of us."""
    erasures: list[Erasure] = field(default_factory=list)
    """What they ask together, in as few records as can be."""
    wanted: Wanted = field(default_factory=Wanted)
    """The same, as what is to be looked for."""
    rejected: list[tuple[ConsumerRecord[bytes, bytes], Reject]] = field(default_factory=list)
    """What could not be used, with its reason."""


def read_notices(
    records: Iterable[ConsumerRecord[bytes, bytes]], hasher: AuthorHasher, *, max_bytes: int, now_ms: int
) -> Intake:
    """Read records. What the stream says of itself is passed over; never raises.

    Parameters
    ----------
    records : iterable of ConsumerRecord
        Of the compliance topic.
    hasher : AuthorHasher
        With the secret that enrich has.
    max_bytes : int
        A larger record is rejected unread.
    now_ms : int
        When a record without a timestamp is taken to have been written, epoch milliseconds.
    """
    read = Intake()
    asked: list[Erasure] = []
    for record in records:
        parsed = parse(record.value, max_bytes=max_bytes)
        read.rejected += [(record, reject) for reject in parsed.rejects]
        if parsed.tweets or parsed.gaps:
            read.rejected.append((record, _NO_NOTICE))
        received_ms = record.timestamp if record.timestamp is not None and record.timestamp >= 0 else now_ms
        for notice in parsed.compliance:
            read.kinds[notice.kind] += 1
            if (erasure := erasure_of(notice, hasher, received_ms)) is not None:
                asked.append(erasure)
    read.wanted = Wanted.by(asked)
    read.erasures = list(_together(asked))
    return read


_NO_NOTICE = Reject(
    reason=DeadLetterReason.UNKNOWN_FORM,
    message="this topic is for compliance messages; posts belong into the topic of raw tweets",
    exception="NoNotice",
)


def _together(asked: Sequence[Erasure]) -> Iterator[Erasure]:
    """Yield what several erasures ask for. All are remembered until the time of the newest: longer, never less."""
    for platform in sorted({erasure.platform for erasure in asked}):
        meant = [erasure for erasure in asked if erasure.platform == platform]
        time_ms = max(erasure.time_ms for erasure in meant)
        ids = dict.fromkeys(tweet_id for erasure in meant for tweet_id in erasure.tweet_ids)
        authors = dict.fromkeys(author for erasure in meant for author in erasure.authors)
        due = {author for erasure in meant for author in erasure.coming}
        for some_ids, some_authors in zip_longest(_parts(list(ids)), _parts(list(authors)), fillvalue=()):
            coming = tuple(author for author in some_authors if author in due)
            yield Erasure(time_ms=time_ms, tweet_ids=some_ids, authors=some_authors, coming=coming, platform=platform)


def _parts(values: Sequence[T]) -> Iterator[tuple[T, ...]]:
    return (tuple(values[at : at + MOST_ERASED]) for at in range(0, len(values), MOST_ERASED))
