"""X's time, as far as its answers tell it: the ``Date`` of an answer, and what has passed here since.

ADR: this machine's clock may be wrong, and bounds of gaps by a wrong clock would call the wrong minutes incomplete. So
it only stands in until X has answered once. What passes is measured by the monotonic clock, which nobody sets.

ADR: all that X tells are lower bounds: it is no earlier than the `Date` of what has just come, nor than a post that
was just received. So the highest is kept, and the time never goes back, except by more than two seconds: then one of
the two clocks has been set, or has run wrong for days, and the newest answer is right.

ADR: an error may be the answer of something between X and us, whose clock is wrong. What was once taken for heard out
stays so; a time far ahead would hide every gap until then, in the next runs, too. So when an error tells a time that
neither what has passed nor this machine's clock bears out (which alone goes on while a machine sleeps), it tells none.

ADR: the IDs of posts hold times too, which X itself has given. When several in a row agree with one another, and can
not have been made at the time that is thought, it is the time that is wrong: then it is set by them, and from then on
an answer has to be borne out as an error has. Posts may be a day late; but when this machine's clock agrees with them
as well, it is two against one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = ["XClock"]

logger = logging.getLogger(__name__)

DATE_MS = 1000
"""The header has whole seconds, cut: an answer was given up to so much later than it says."""
_SET_MS = 2_000
_ODD_S = 5.0
"""A clock that is off by more is worth a word."""
_ERROR_MS = 600_000
"""By so much an error may tell another time than is thought."""
_MOST_AHEAD_MS = 60_000
"""A post that is dated further ahead says nothing of the time, alone."""
_MOST_LATE_MS = 86_400_000
"""Nor does one that is older."""
_IN_A_ROW = 3
"""Readings with posts that have to agree against the time that is thought."""


class XClock:
    """Tells X's time. It may be behind by a second, and is not ahead.

    Parameters
    ----------
    monotonic, wall : callable
        Seconds that pass, and seconds since the epoch as this machine has them.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self.monotonic = monotonic
        self._wall = wall
        self._ahead_ms: int | None = None
        """X's time less the monotonic one."""
        self._wall_ahead_ms = 0
        """This machine's time less X's, at the last answer."""
        self._offset_told_s = 0.0
        self._odd_ahead_ms = self._odd = 0
        """The same by the last posts, if they cannot have been made at the time that is thought; how often in a row."""
        self._is_by_posts = False
        self.jumps = 0
        """How often the time was set to another one."""

    @property
    def known(self) -> bool:
        """Whether X has told its time."""
        return self._ahead_ms is not None

    def now_ms(self) -> int:
        """Return X's time in epoch milliseconds; until X has told it, this machine's."""
        if self._ahead_ms is None:
            return int(self._wall() * 1000)
        return self._ahead_ms + int(self.monotonic() * 1000)

    def latest_ms(self) -> int:
        """Return a time that X's is not after."""
        return self.now_ms() + 2 * DATE_MS

    def answered(self, date: str | None, *, is_error: bool = False) -> None:
        """Take in the ``Date`` of an answer; one that is none changes nothing."""
        try:
            moment = parsedate_to_datetime(date) if date else None
        except (ValueError, OverflowError):
            moment = None
        if moment is not None:
            aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
            time_ms, wall_ms = int(aware.timestamp()) * 1000, int(self._wall() * 1000)
            if (is_error or self._is_by_posts) and self.known and not self._is_likely(time_ms, wall_ms):
                return
            ahead_ms = time_ms - int(self.monotonic() * 1000)
            self._wall_ahead_ms = wall_ms - time_ms
            if self._ahead_ms is None or not 0 <= self._ahead_ms - ahead_ms <= _SET_MS:
                self.jumps += self._ahead_ms is not None and abs(self._ahead_ms - ahead_ms) > _SET_MS
                self._ahead_ms = ahead_ms
            self._tell()

    def _is_likely(self, time_ms: int, wall_ms: int) -> bool:
        thought_ms = (self.now_ms(), wall_ms - self._wall_ahead_ms)
        return any(abs(time_ms - each) <= _ERROR_MS for each in thought_ms)

    def posted(self, time_ms: int) -> None:
        """Take in the time of a post that was just received."""
        ahead_ms = time_ms - self.now_ms()
        if self._is_odd(time_ms, ahead_ms):
            self._take_odd(time_ms)
            return
        self._odd = 0
        if self._ahead_ms is not None and 0 < ahead_ms <= _MOST_AHEAD_MS:
            self._ahead_ms += ahead_ms

    def _is_odd(self, time_ms: int, ahead_ms: int) -> bool:
        """Say whether a post of this time cannot have just been received."""
        if ahead_ms > _MOST_AHEAD_MS or ahead_ms < -_MOST_LATE_MS:
            return True
        return ahead_ms < -_ERROR_MS and abs(time_ms - int(self._wall() * 1000)) <= _MOST_AHEAD_MS

    def _take_odd(self, time_ms: int) -> None:
        odd_ahead_ms = time_ms - int(self.monotonic() * 1000)
        if self._odd and abs(odd_ahead_ms - self._odd_ahead_ms) <= _ERROR_MS:
            self._odd += 1
            self._odd_ahead_ms = max(self._odd_ahead_ms, odd_ahead_ms)
        else:
            self._odd, self._odd_ahead_ms = 1, odd_ahead_ms
        if self._odd < _IN_A_ROW:
            return
        logger.warning("X's time was taken from a date that its posts contradict; it is taken from their IDs now")
        self._ahead_ms, self._odd = self._odd_ahead_ms, 0
        self._wall_ahead_ms = int(self._wall() * 1000) - self.now_ms()
        self._is_by_posts = True
        self.jumps += 1

    def offset_s(self) -> float:
        """Return this machine's clock less X's, in seconds."""
        return self._wall() - (self.now_ms() + DATE_MS / 2) / 1000 if self.known else 0.0

    def _tell(self) -> None:
        offset_s = self.offset_s()
        if abs(offset_s) > _ODD_S and abs(offset_s - self._offset_told_s) > 1.0:
            self._offset_told_s = offset_s
            way = "ahead of" if offset_s > 0 else "behind"
            logger.warning(
                "this machine's clock is %.0f s %s X's; times are taken from X, but set the clock", abs(offset_s), way
            )
