"""What track writes to ``vigie.crises``: the life of a crisis, each step with its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import ConfigDict

from schemas.feedback import FeedbackHeld
from schemas.window import Level, WindowCounts

__all__ = [
    "Concern",
    "CrisisEvent",
    "CrisisEventType",
    "Decision",
    "Evidence",
    "Exemplar",
    "Law",
    "Planned",
    "Signal",
    "ToLearn",
    "Trend",
    "WindowScore",
]


class CrisisEventType(StrEnum):
    """The steps of the life of a crisis."""

    OPENED = "opened"
    """A brand left calm. The first event of a crisis, sequence 0."""
    ESCALATED = "escalated"
    """The level rose."""
    UPDATED = "updated"
    """The level stayed; the numbers moved on."""
    DEESCALATED = "deescalated"
    """The level fell, not to calm."""
    RESOLVED = "resolved"
    """Calm again, and for long enough. The last event of a crisis."""


class Law(StrEnum):
    """How a surprise follows from `observed`, `expected` and `spread`; it is 0 unless observed is above expected."""

    NEGATIVE_BINOMIAL = "negative_binomial"
    """P(count >= observed), mean = expected, variance = mean + spread * mean²."""
    BETA_BINOMIAL = "beta_binomial"
    """P(hits >= observed * trials), hits and trials rounded down: expected is the mean share, spread the correlation
    of two mentions, variance = trials * p * (1 - p) * (1 + (trials - 1) * spread)."""
    BETA = "beta"
    """As `beta_binomial`, of so many trials that the share itself is tested, half a hit below: a beta distribution of
    equal mean and variance."""
    NORMAL = "normal"
    """Standard normal at (observed - expected) / spread: stands in near the expectation, where nobody acts."""
    LOG_NORMAL = "log_normal"
    """Standard normal at (log(1 + observed) - log(1 + expected)) / spread."""
    MOMENT = "moment"
    """Markov's bound by the moment of order `spread` of the brand's daily peaks: whatever their law, a day has such a
    peak with a probability of at most ((1 + expected) / (1 + observed)) ** spread."""
    NONE = "none"
    """Nothing was tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal's part in the decision."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    name: str
    """What was looked at: `volume`, `negative_share`, `question_share`, `reach`; `peak`, the last quarter of an hour
    against the brand's daily peaks; `copies` and `authors`, the negative share when retweets and repeated texts are
    left out, and then what one author posted beyond two posts, or one negative one; `looks`, how often there is
    something new to look at; `limit`, what volume alone does not count."""
    window: str
    """Over which window, such as `1h`."""
    observed: float
    """What was seen; of `looks`, how often an hour."""
    expected: float
    """What was expected."""
    surprise: float
    """-log10 of the probability of seeing this much or more in ordinary times."""
    contribution: float = 0.0
    """What it adds to the score, in bans. All of them together are the score before `learning`."""
    law: Law = Law.NONE
    """The distribution that the surprise is of."""
    spread: float | None = None
    """Its width: dispersion, correlation or standard deviation, as the law says."""
    trials: float | None = None
    """Of how many mentions `observed` is a share; none when it is no share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowScore:
    """What one window would make of it by itself."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    window: str
    """Which window, such as `1h`."""
    score: float
    """Its negative share's surprise, with the volume's, in bans at one look an hour."""
    negative_authors: float
    """Estimated distinct authors of its negative mentions, copies and repeated posts left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """From scores to the level: what was asked for, and what there was. Four numbers are watch to severe.

    In a minute, a window earns the highest level whose threshold its score and whose authors its negative authors
    reach; severe also asks for an attention, or a surprise of questions or reach, of the first threshold. Watch is also
    earned by attention, with as many authors of any mood. Below full learning nothing but watch is earned.
    """

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    thresholds: tuple[float, float, float, float]
    """Score that each level asks for."""
    authors_needed: tuple[float, float, float, float]
    """Distinct authors that each level asks for."""
    windows: tuple[WindowScore, ...]
    """What each window says, shortest first."""
    attention: float
    """How unusual the last quarter of an hour's mentions alone are, on the scale of the score: the first threshold at
    the bound that is set, one more for each ten times rarer. They make no more than watch."""
    told: bool
    """Such a crowd has been told of within the day: only one ten times rarer is watch by itself."""
    authors: float
    """Distinct authors, in the window with most."""
    earned: Level
    """What the minute earns by itself."""
    at_once: Level
    """What it earns however short it lasts: its scores are above the thresholds by `at_once_above`."""
    held: Level
    """What it is enough to hold: its scores are no further below the thresholds than `held_below`."""
    at_once_above: float
    """How far above."""
    held_below: float
    """How far below."""
    earned_minutes: tuple[int, int, int, int]
    """Minutes in a row, this one included, that earned each level."""
    rise_minutes: tuple[int, int, int, int]
    """Minutes that each level must be earned before it is given."""
    missed_minutes: tuple[int, int, int, int]
    """Minutes in a row in which each level was not even held."""
    fall_minutes: tuple[int, int, int, int]
    """Minutes after which a level that is not held is given up."""
    carried: bool
    """The level is an earlier model's, kept while this one learns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToLearn:
    """What is still missing from a baseline that has not been learnt."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    minutes: int
    """Minutes still to be observed."""
    mentions: int
    """Mentions still to be seen."""
    hours: int
    """Hours with mentions still to come."""


class Trend(StrEnum):
    """Where the share of a concern is going, tested as a change of proportion."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """What people talk about now and talked about less before: phrases that come together. Near copies count once."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    phrase: str
    """Its label: the phrase that says it best, lower case."""
    count: int
    """Recent mentions with one of its phrases; scaled up to all of them when they were sampled."""
    share: float
    """Share of the recent mentions that have one, 0 to 1."""
    usual_share: float
    """Share of the brand's ordinary mentions that have its label, 0 to 1."""
    phrases: tuple[str, ...] = ()
    """All of its phrases, the label first, at most 6."""
    trend: Trend = Trend.STEADY
    """Whether its share rises or falls within the recent mentions."""
    exemplars: tuple[str, ...] = ()
    """IDs of tweets worth reading about it, at most 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """A tweet worth reading, by ID only."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    tweet_id: str
    """The platform's ID of the post."""
    engagement: int
    """Retweets + replies + likes + quotes when it was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An event for which more mentions than usual are expected."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    name: str
    """Its name in the calendar."""
    start: str
    """When it begins, RFC 3339 UTC."""
    end: str
    """When it ends, RFC 3339 UTC."""
    expect: float
    """How many times the ordinary mentions are expected in its minutes at most."""
    ordinary_volume: float
    """Mentions that would be expected in the window if nothing were planned: `expected_volume` is the most expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything needed to check the decision by hand."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    window: str
    """The window that `observed` counts."""
    observed: WindowCounts
    """What was seen in it."""
    expected_volume: float
    """Mentions expected in that window."""
    interval: tuple[float, float]
    """98 % interval of the expected mentions."""
    negative_share: float
    """Negative share seen in the window, 0 to 1."""
    negative_share_expected: float
    """The brand's usual negative share, 0 to 1."""
    score: float
    """The combined surprise that the level was read from: the signals' contributions together, times `learning`."""
    signals: tuple[Signal, ...]
    """Each signal with what it saw, expected and added, by what it added: most first."""
    concerns: tuple[Concern, ...]
    """What people talk about now and did not before, strongest first."""
    hashtags: tuple[str, ...]
    """The hashtags most used in the recent window, without `#`."""
    questions: int
    """Mentions in the window that ask something."""
    exemplars: tuple[Exemplar, ...]
    """Tweets to read, by engagement."""
    own_posts_24h: int
    """Posts of the brand's own accounts in the last 24 hours."""
    learning: float
    """How far the baseline had been learnt, 0 to 1."""
    unobserved_minutes: int
    """Minutes of the last 24 hours in which input is known to be missing."""
    config_hash: str
    """Hash of the detection settings that decided."""
    model: str
    """Name and version of the model that decided."""
    decision: Decision | None = None
    """How the level follows from the score; none in records of before there was this."""
    to_learn: ToLearn | None = None
    """What the baseline still lacks; none when it has been learnt."""
    planned: Planned | None = None
    """The planned event, declared in the watchlist's calendar, that part of the window lies in; of several the one
    that expects most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisEvent:
    """A step in the life of a crisis of one brand."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    id: str
    """Deterministic ID of (crisis, sequence)."""
    crisis_id: str
    """The crisis it belongs to: the same from opened to resolved."""
    brand: str
    """Key of the brand; it also chooses the partition."""
    type: CrisisEventType
    """Which step."""
    sequence: int
    """0 for opened, then counting up without holes."""
    level: Level
    """The level now."""
    previous_level: Level
    """The level before this event."""
    peak_level: Level
    """The highest level of the crisis so far."""
    time: str
    """When it was decided in event time, RFC 3339 UTC; the end of the bucket that decided."""
    opened_at: str
    """When the crisis was opened, RFC 3339 UTC."""
    window_start: str
    """Start of the window that `evidence.observed` counts, RFC 3339 UTC."""
    window_end: str
    """End of that window, RFC 3339 UTC."""
    evidence: Evidence
    """Why."""
    feedback: FeedbackHeld | None = None
    """What people said of the crisis that made this step; none when nobody had to."""
    authors: dict[str, int] = field(default_factory=dict)
    """By ID of a tweet that the event names, the keyed hash of its author, as far as known: so that an account's posts
    are found when they must go."""
