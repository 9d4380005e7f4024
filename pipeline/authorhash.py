"""Who wrote a post, as a number that nobody can follow for longer than a week.

ADR: hashes with a key that rotates
-----------------------------------
Authors are counted, never followed, so of an author there is a keyed hash only. Its key is derived from the secret and
the ISO week (Monday 00:00 UTC) of the post's event time: whoever holds our topics cannot say whether an author of one
week is an author of the next, and whoever holds the secret as well can only ask it of an account that they name. Event
time, not a clock, so that a replay gives the same numbers. What it costs: whoever posts on Sunday night and again after
midnight is two authors in the windows that hold both.

When an account must go, its hashes of every week of which something may be kept are computed again from its ID
(`all_of`). Crises are kept for a year, and one that was published again without some post for a year from then, so
these are the weeks of the last two years, and the next one. Where a payload
had no author ID, the handle was hashed, or the post itself; such posts are found by their own IDs only.
"""

from __future__ import annotations

from hashlib import blake2b

__all__ = ["AuthorHasher"]

_MASK_53 = (1 << 53) - 1
_DAY_MS = 24 * 3_600_000
_WEEK_MS = 7 * _DAY_MS
_MONDAY_MS = 4 * _DAY_MS
"""The first Monday of the epoch."""
_KEPT_MS = 2 * 366 * _DAY_MS
_LONGEST_KEY = 64


class AuthorHasher:
    """Hashes authors.

    Parameters
    ----------
    key : bytes
        The secret. Its first 64 bytes count.
    """

    __slots__ = ("_end_ms", "_of_week", "_secret", "_start_ms")

    def __init__(self, key: bytes) -> None:
        self._secret = key[:_LONGEST_KEY]
        self._turn(0)

    def _turn(self, week: int) -> None:
        """Take the key of a week, counted from the first Monday of the epoch."""
        key = blake2b(str(week).encode(), digest_size=32, key=self._secret, person=b"author of a week").digest()
        self._start_ms = _MONDAY_MS + week * _WEEK_MS
        self._end_ms = self._start_ms + _WEEK_MS
        self._of_week = blake2b(digest_size=8, key=key)

    def of(self, platform: str, name: str, time_ms: int) -> int:
        """Return the hash, 53 bits, of an author by the name that a payload has.

        Parameters
        ----------
        platform : str
            Where it was posted.
        name : str
            The author's ID; without one, whatever else tells authors apart.
        time_ms : int
            Event time of the post, epoch milliseconds.
        """
        if not self._start_ms <= time_ms < self._end_ms:
            self._turn((time_ms - _MONDAY_MS) // _WEEK_MS)
        digest = self._of_week.copy()
        digest.update(f"{platform}|{name}".encode("utf-8", "replace"))
        return int.from_bytes(digest.digest(), "big") & _MASK_53

    def all_of(self, platform: str, user_id: str, until_ms: int) -> tuple[int, ...]:
        """Return the hashes that an account can have in what is kept: oldest week first, some 107 of them.

        Parameters
        ----------
        platform : str
            Where it is an account.
        user_id : str
            Its ID.
        until_ms : int
            When that is asked, epoch milliseconds: the weeks of the 732 days before it, and the week after its own.
        """
        first, last = ((ms - _MONDAY_MS) // _WEEK_MS for ms in (until_ms - _KEPT_MS, until_ms + _WEEK_MS))
        return tuple(self.of(platform, user_id, _MONDAY_MS + week * _WEEK_MS) for week in range(first, last + 1))
