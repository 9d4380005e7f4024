"""Records of ``vigie.crises`` without the posts that must be named no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import chain

from pipeline.erasure.wanted import Wanted
from schemas.crisis import Concern, CrisisEvent, Exemplar
from schemas.situation import CommunicationOverdue, CrisisRecord, Situation

__all__ = ["named_ids", "redacted"]


def named_ids(record: CrisisRecord) -> frozenset[str]:
    """Return the IDs of the posts that a record names."""
    match record:
        case CrisisEvent():
            return frozenset(_of_talk(record.evidence.concerns, record.evidence.exemplars)) | record.authors.keys()
        case Situation():
            return frozenset(_of_situation(record)) | record.authors.keys()
        case CommunicationOverdue():
            return frozenset()


def _of_talk(concerns: Collection[Concern], exemplars: Collection[Exemplar]) -> Iterator[str]:
    yield from chain.from_iterable(concern.exemplars for concern in concerns)
    yield from (exemplar.tweet_id for exemplar in exemplars)


def _of_situation(record: Situation) -> Iterator[str]:
    yield from _of_talk(record.concerns, record.exemplars)
    yield from chain.from_iterable(hashtag.exemplars for hashtag in record.hashtags)
    yield from chain.from_iterable(group.exemplars for group in record.questions.groups)
    yield from (post.tweet_id for post in record.voice.posts)


def redacted(record: CrisisRecord, tweet_ids: Collection[str], authors: Collection[int]) -> CrisisRecord:
    """Return a record that does not name these posts, nor any of these authors; else it is as it was.

    Counts, labels and everything else stay. The same object is returned when it names none of them.

    Parameters
    ----------
    record : CrisisEvent, Situation or CommunicationOverdue
        As published.
    tweet_ids : collection of str
        IDs of posts.
    authors : collection of int
        Keyed hashes of authors (`Mention.author`).
    """
    if isinstance(record, CommunicationOverdue):
        return record
    known = dict.fromkeys(named_ids(record), -1) | record.authors
    gone = Wanted(tweet_ids, authors).among(known)
    if not gone:
        return record
    left = {tweet_id: author for tweet_id, author in record.authors.items() if tweet_id not in gone}
    if isinstance(record, CrisisEvent):
        evidence = replace(
            record.evidence,
            concerns=_concerns(record.evidence.concerns, gone),
            exemplars=_exemplars(record.evidence.exemplars, gone),
        )
        return replace(record, evidence=evidence, authors=left)
    groups = tuple(replace(group, exemplars=_ids(group.exemplars, gone)) for group in record.questions.groups)
    return replace(
        record,
        concerns=_concerns(record.concerns, gone),
        exemplars=_exemplars(record.exemplars, gone),
        hashtags=tuple(replace(one, exemplars=_ids(one.exemplars, gone)) for one in record.hashtags),
        questions=replace(record.questions, groups=groups),
        voice=replace(record.voice, posts=tuple(post for post in record.voice.posts if post.tweet_id not in gone)),
        authors=left,
    )


def _concerns(concerns: Collection[Concern], gone: Collection[str]) -> tuple[Concern, ...]:
    return tuple(replace(concern, exemplars=_ids(concern.exemplars, gone)) for concern in concerns)


def _exemplars(exemplars: Collection[Exemplar], gone: Collection[str]) -> tuple[Exemplar, ...]:
    return tuple(exemplar for exemplar in exemplars if exemplar.tweet_id not in gone)


def _ids(ids: Collection[str], gone: Collection[str]) -> tuple[str, ...]:
    return tuple(tweet_id for tweet_id in ids if tweet_id not in gone)
