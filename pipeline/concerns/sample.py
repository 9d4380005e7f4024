"""The documents of one minute of a brand, a uniform sample of bounded size, whatever the order of arrival.

A bound must be met by leaving something out. Leaving out words by their own hash would lose, for good, whichever word
has the wrong hash, the one that everybody uses included. So whole documents are left out: those whose keys, hashes of
what near copies have in common, are not among the lowest. A document that is among the lowest at the end was so when
it came first, so all of its posts are counted.

A document that must be forgotten leaves its place: which others are among the lowest, and how many posts there were,
is as before. Its words are gone for the rest of the minute, copies that are still to come included.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from pipeline.concerns.document import (
    MOST_ENGAGEMENT,
    MOST_MENTIONS,
    Document,
    blank,
    document_of,
    from_row,
    key_of,
    place_of,
)
from schemas.mention import Mention

__all__ = ["DOCUMENTS_A_MINUTE", "DocumentSample"]

DOCUMENTS_A_MINUTE = 8
"""Never another number: what has been closed, and so the level, depends on how the log is cut into batches."""


class DocumentSample:
    """The documents with the lowest keys, at most `DOCUMENTS_A_MINUTE`; less than 2.5 KiB of JSON."""

    __slots__ = ("_cut", "_kept")

    def __init__(self) -> None:
        self._kept: dict[int, list[Any]] = {}
        """By key: the post that stands for its copies, the most engagement of one, how many there are."""
        self._cut = 1 << 32
        """The highest key kept, once there is no more room."""

    def add(self, mention: Mention) -> bool:
        """Count a mention; return whether it may stand for its copies now.

        A mention is compressed to a document only when somebody asks: few are kept.
        """
        key = key_of(mention)
        if key > self._cut:
            return False
        entry = self._kept.get(key)
        if entry is None:
            self._keep(key, mention)
            return True
        entry[1] = max(entry[1], mention.engagement)
        entry[2] += 1
        if place_of(mention) <= place_of(entry[0]):
            entry[0] = _first(mention, entry[0])
            return True
        return False

    def _keep(self, key: int, mention: Mention) -> None:
        kept = self._kept
        kept[key] = [mention, mention.engagement, 1]
        if len(kept) > DOCUMENTS_A_MINUTE:
            del kept[max(kept)]
        if len(kept) == DOCUMENTS_A_MINUTE:
            self._cut = max(kept)

    def named(self) -> list[str]:
        """Return the IDs of the posts that stand for their copies."""
        return [entry[0].tweet_id for entry in self._kept.values() if entry[0].tweet_id]

    def forget(self, gone: Collection[str]) -> None:
        """Name these posts no more, and drop their words."""
        for entry in self._kept.values():
            first = entry[0]
            if first.tweet_id in gone:
                entry[0] = blank(first if type(first) is Document else document_of(first))

    def documents(self) -> tuple[Document, ...]:
        """Return the documents, lowest key first."""
        return tuple([Document(*row) for row in self._rows()])

    def _rows(self) -> list[tuple[Any, ...]]:
        """Return the fields of the documents, lowest key first."""
        return [self._row(entry) for _key, entry in sorted(self._kept.items())]

    @staticmethod
    def _row(entry: list[Any]) -> tuple[Any, ...]:
        if type(entry[0]) is not Document:
            entry[0] = document_of(entry[0])
            entry[1] = max(entry[1], entry[0].engagement)
        first, engagement, mentions = entry
        return (*first[:5], min(max(engagement, 0), MOST_ENGAGEMENT), min(mentions, MOST_MENTIONS))

    def state(self) -> list[Any]:
        """Return the sample as JSON has it."""
        return list(map(list, self._rows()))

    @classmethod
    def restore(cls, state: Sequence[Any]) -> DocumentSample:
        """Return the sample that gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        sample = cls()
        documents = [from_row(row) for row in state]
        sample._kept = {document.key: [document, document.engagement, document.mentions] for document in documents}
        if list(sample._kept) != sorted(document.key for document in documents):
            raise ValueError("not documents in order")
        if len(documents) > DOCUMENTS_A_MINUTE:
            raise ValueError("more than the sample can hold")
        if len(documents) == DOCUMENTS_A_MINUTE:
            sample._cut = max(sample._kept)
        return sample


def _first(one: Mention, other: Mention | Document) -> Mention | Document:
    """Return which stands for both: by place, and of one post, which nobody should send in two forms, by content."""
    if place_of(one) != place_of(other):
        return one
    mine = document_of(one)
    theirs = other if isinstance(other, Document) else document_of(other)
    return min(mine, theirs, key=lambda document: document[:5])
