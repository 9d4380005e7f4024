"""The course of a crisis as its situations told it, kept within a bound whatever their number and their order."""

from __future__ import annotations

from typing import TypeVar

from schemas.situation import CommunicationOverdue, OwnPost, Situation

__all__ = ["Course"]

_T = TypeVar("_T")
_Key = tuple[str, str]
"""Time and ID."""

_MAX_SITUATIONS = 120
"""Situations kept at most, beside the last: every first, second, fourth, ... one."""
_MAX_ENDS = 60
"""Posts, and overdue moments, that are kept at most: so many of the first and so many of the last."""


class Course:
    """Situations and overdue moments of one crisis. What is told twice counts once, as its last version says it."""

    def __init__(self) -> None:
        self.latest: Situation | None = None
        """The situation told last; none when there was none."""
        self._step = 1
        self._situations: dict[int, Situation] = {}
        self._posts: dict[_Key, tuple[int, OwnPost]] = {}
        self._overdue: dict[_Key, CommunicationOverdue] = {}
        self._missed: set[str] = set()

    def add(self, record: Situation | CommunicationOverdue) -> None:
        """Take in a record."""
        if isinstance(record, CommunicationOverdue):
            self._overdue[record.time, record.id] = record
            self._missed.add(record.id)
            _keep_ends(self._overdue)
            return
        if self.latest is None or record.sequence >= self.latest.sequence:
            self.latest = record
        for key in [key for key, (sequence, _) in self._posts.items() if sequence == record.sequence]:
            del self._posts[key]  # an earlier version may have named posts that were withdrawn
        for post in record.voice.posts:
            key = (post.time, post.tweet_id)
            if key not in self._posts or _rank(*self._posts[key]) <= _rank(record.sequence, post):
                self._posts[key] = (record.sequence, post)
        _keep_ends(self._posts)
        if record.sequence % self._step == 0:
            self._situations[record.sequence] = record
        while len(self._situations) > _MAX_SITUATIONS:
            self._step *= 2
            self._situations = {n: each for n, each in self._situations.items() if n % self._step == 0}

    @property
    def situations(self) -> list[Situation]:
        """Those that were kept and the last, in order of sequence."""
        kept = dict(self._situations)
        if self.latest is not None:
            kept[self.latest.sequence] = self.latest
        return [kept[sequence] for sequence in sorted(kept)]

    @property
    def height(self) -> Situation | None:
        """That of the highest level and the most mentions, of equals the first; none when there was none."""
        return max(self.situations, key=_loudness, default=None)

    @property
    def thinned(self) -> bool:
        """Whether situations were left out."""
        return self._step > 1

    @property
    def posts(self) -> list[OwnPost]:
        """The brand's own posts that situations name, oldest first, each as it was judged last.

        As long as it spoke to anything: at the end people talk of something else than when it was posted.
        """
        return [self._posts[key][1] for key in sorted(self._posts)]

    @property
    def overdue(self) -> list[CommunicationOverdue]:
        """Moments at which an update was overdue, oldest first."""
        return [self._overdue[key] for key in sorted(self._overdue)]

    @property
    def missed(self) -> int:
        """How many such moments there were, those that were not kept as well."""
        return len(self._missed)


def _rank(sequence: int, post: OwnPost) -> tuple[bool, int]:
    return bool(post.speaks_to), sequence


def _loudness(situation: Situation) -> tuple[int, float, int]:
    now = next((figure.now for figure in situation.figures if figure.name == "mentions"), 0.0)
    return situation.level, now, -situation.sequence


def _keep_ends(kept: dict[_Key, _T]) -> None:
    """Drop from the middle. What is among the first or last of all is so of any part of it: order does not matter."""
    if len(kept) > 2 * _MAX_ENDS:
        for key in sorted(kept)[_MAX_ENDS:-_MAX_ENDS]:
            del kept[key]
