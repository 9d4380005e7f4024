"""What can happen to a brand: harmless things that look alarming, and crises."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CRISES", "HARMLESS", "MASKS", "Happening", "HappeningKind", "Posts"]

_HOUR = 60


class HappeningKind(StrEnum):
    """What happens."""

    VIRAL = "viral"
    """Many times the usual volume in good humour, most of it retweets of a few posts."""
    LAUNCH = "launch"
    """A planned launch: several times the usual volume, for hours, no worse than usual."""
    GIVEAWAY = "giveaway"
    """Many people post the same text, as a campaign asks them to."""
    NEWSLETTER = "newsletter"
    """A modest spike at the same hour every week."""
    TV = "tv"
    """The brand is on television: a steep, short spike, as negative as usual."""
    CASCADE = "cascade"
    """One post that complains of nothing is retweeted for hours."""
    RANT = "rant"
    """One author posts dozens of complaints."""
    LEVEL_SHIFT = "level_shift"
    """The volume changes, and stays."""
    SILENCE = "silence"
    """Nobody says anything for days."""
    OUTAGE = "outage"
    """The input fails: minutes that are known to be unobserved."""
    VOLUME_CRISIS = "volume_crisis"
    """Many people complain all of a sudden."""
    CREEP_CRISIS = "creep_crisis"
    """The negative share creeps up over hours; the volume does not move."""


CRISES = (HappeningKind.VOLUME_CRISIS, HappeningKind.CREEP_CRISIS)
HARMLESS = tuple(kind for kind in HappeningKind if kind not in CRISES)
MASKS = (HappeningKind.SILENCE, HappeningKind.OUTAGE)
"""During these nothing is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """Posts that come on top of the ordinary ones."""

    times: float
    """How many at full strength, in multiples of the ordinary volume of that hour."""
    ramp: float
    """Minutes from the start to full strength."""
    hold: float
    """Minutes at full strength."""
    decay: float
    """Minutes in which it falls to 1 / e."""
    negative: float
    """True negative share of what is written about it."""
    retweets: float = 0.0
    """Share of them that are retweets, of a few posts each of which is read as one thing."""
    template: bool = False
    """Whether all of them, retweets aside, are one and the same text."""
    one_author: bool = False
    """Whether one author writes all of them."""

    def strength(self, since: float) -> float:
        """Return the strength, 0 to 1, so many minutes after the start."""
        if since < 0.0:
            return 0.0
        if since < self.ramp:
            return since / self.ramp
        late = since - self.ramp - self.hold
        return 1.0 if late <= 0.0 else float(2.718281828459045 ** (-late / self.decay))


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happens. Times are minutes from the start of the simulation."""

    kind: HappeningKind
    start: int
    end: int
    """When it is over."""
    strength: float
    """What it is told apart by: times the usual volume, factor of the level, posts, or rise of the negative share."""
    posts: Posts | None = None
    """What is posted besides; none where a happening is of another nature."""

    @property
    def until(self) -> int:
        """Until when an alarm may be due to it: six hours after its end, as far as the tested windows look back.

        A changed level is given a week, a silence a day, to be got used to.
        """
        match self.kind:
            case HappeningKind.LEVEL_SHIFT:
                return self.end + 7 * 24 * _HOUR
            case HappeningKind.SILENCE:
                return self.end + 24 * _HOUR
            case _:
                return self.end + 6 * _HOUR
