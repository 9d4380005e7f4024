"""Which tweet IDs a raw partition has delivered lately: the memory behind dropping duplicates."""

from __future__ import annotations

from collections import deque

__all__ = ["RecentIds"]


class RecentIds:
    """The tweet IDs of the last ``span`` records of one partition.

    What counts as a duplicate depends only on the log: an ID is remembered while its record's offset is
    at most ``span`` behind. The memory is therefore bounded and can be rebuilt by reading the last
    ``span`` records again, so that a restarted worker decides as the old one would have.

    >>> ids = RecentIds(span=2)
    >>> [ids.is_duplicate("a", 0), ids.is_duplicate("a", 1), ids.is_duplicate("b", 2), ids.is_duplicate("a", 3)]
    [False, True, False, True]
    >>> ids.is_duplicate("b", 5)
    False
    """

    def __init__(self, span: int) -> None:
        self._span = span
        self.unsure_before = 0
        """Of records before this offset it is not known whether they were used: the memory was rebuilt from them."""
        self._last_offset: dict[str, int] = {}
        self._order: deque[tuple[int, str]] = deque()

    def is_duplicate(self, tweet_id: str, offset: int, redriven_from: int | None = None) -> bool:
        """Say whether ``tweet_id`` was in one of the last ``span`` records, and remember it.

        Call in offset order, once a tweet.

        Parameters
        ----------
        tweet_id : str
            The tweet.
        offset : int
            Of its record.
        redriven_from : int, optional
            The record was a dead letter at this offset, and comes once more: that one is no reason to call it a
            repeat. A memory that was rebuilt under other settings than it failed under holds its tweets.

        >>> ids = RecentIds(span=9)
        >>> ids.is_duplicate("a", 0)
        False
        >>> ids.unsure_before = 1
        >>> [ids.is_duplicate("a", 1, redriven_from=0), ids.is_duplicate("a", 2, redriven_from=0)]
        [False, True]
        """
        order, last = self._order, self._last_offset
        oldest = offset - self._span
        while order and order[0][0] < oldest:
            gone_offset, gone = order.popleft()
            if last.get(gone) == gone_offset:
                del last[gone]
        known = tweet_id in last
        if redriven_from is not None and redriven_from < self.unsure_before and last.get(tweet_id) == redriven_from:
            known = False
        last[tweet_id] = offset
        order.append((offset, tweet_id))
        return known

    def __len__(self) -> int:
        return len(self._last_offset)
