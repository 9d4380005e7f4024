"""What track writes to ``vigie.crises`` beside the life of a crisis: how things stand, and that an update is due."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from pydantic import ConfigDict

from schemas.crisis import Concern, CrisisEvent, Exemplar
from schemas.tone import ToneIssue
from schemas.window import Level

__all__ = [
    "CommunicationOverdue",
    "CrisisRecord",
    "Duty",
    "DutyStatus",
    "Figure",
    "OwnPost",
    "Practice",
    "QuestionGroup",
    "Questions",
    "Recovery",
    "RisingHashtag",
    "Situation",
    "Voice",
]


class Practice(StrEnum):
    """The five practices of crisis communication."""

    IDENTIFY_EARLY = "identify_early"
    BE_TRANSPARENT = "be_transparent"
    LISTEN_AND_ANSWER = "listen_and_answer"
    COMMUNICATE_REGULARLY = "communicate_regularly"
    STAY_CALM = "stay_calm"


class DutyStatus(StrEnum):
    """How a duty of the playbook stands."""

    DONE = "done"
    """Done, in time or not: `done_at` says when."""
    DUE = "due"
    """Not done, and its time has not come."""
    LATE = "late"
    """Not done, and its time has passed."""
    BY_HAND = "by_hand"
    """Posts do not show whether it was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number beside what is usual."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    name: str
    """`mentions`, `negative_share`, `question_share`, `authors` or `reach`."""
    window: str
    """Over which window, such as `1h`."""
    now: float
    """What it is; a share is 0 to 1."""
    usual: float | None = None
    """What it is in ordinary times, as far as that is known."""
    low: float | None = None
    """Lower end of the 98 % interval of ordinary times."""
    high: float | None = None
    """Upper end of it."""
    before: float | None = None
    """What it was in the situation before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RisingHashtag:
    """A hashtag that travels with the brand now and did not before."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    hashtag: str
    """Lower case, without `#`."""
    count: int
    """Recent mentions with it; scaled up to all of them when they were sampled."""
    share: float
    """Share of the recent mentions that have it, 0 to 1."""
    usual_share: float
    """Share of the brand's ordinary mentions that have it, 0 to 1."""
    on_watchlist: bool
    """False: it is proposed as an addition to the watchlist."""
    exemplars: tuple[str, ...] = ()
    """IDs of tweets with it, at most 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionGroup:
    """Questions of one matter that wait for an answer."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    about: str
    """Label of the concern that they share; empty for all others."""
    waiting: int
    """How many wait."""
    oldest_at: str
    """When the oldest was asked, RFC 3339 UTC."""
    reach: int
    """Followers of those who ask, together."""
    exemplars: tuple[str, ...] = ()
    """IDs of those with the most reach, at most 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Questions put to the brand: threads that name one of its accounts and ask something, a thread counted once."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    asked: int
    """Asked since shortly before the crisis was opened; scaled up when they were sampled."""
    answered: int
    """Of these, in whose thread an account of the brand replied afterwards."""
    waiting: int
    """Of these, the others."""
    share_answered: float | None = None
    """Share that was answered, 0 to 1; none when nothing was asked."""
    median_minutes: float | None = None
    """Median time to answer of those answered, minutes."""
    oldest_waiting_at: str | None = None
    """When the oldest of those that wait was asked, RFC 3339 UTC."""
    waiting_reach: int = 0
    """Followers of those who wait, together."""
    groups: tuple[QuestionGroup, ...] = ()
    """Those that wait, by what they are about, most first, at most 6."""
    sampled_share: float = 1.0
    """Share of the threads that was followed: 1 is all, less a uniform sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPost:
    """An update by an account of the brand."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    tweet_id: str
    """The platform's ID of the post."""
    time: str
    """When it was posted, RFC 3339 UTC."""
    reply: bool
    """Whether it answers somebody; else it is an update for all."""
    speaks_to: tuple[str, ...] = ()
    """Labels of the top concerns that it speaks to."""
    tone: tuple[ToneIssue, ...] = ()
    """Why it does not sound calm and professional; empty when it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What the brand's own accounts have said since the crisis was opened."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    updates: int
    """Posts for all: no replies, no retweets."""
    answers: int
    """Replies."""
    off_tone: int
    """Of both, those that do not sound calm and professional."""
    last_update_at: str | None = None
    """When the last update was posted, RFC 3339 UTC; of before the crisis, too."""
    update_due_at: str | None = None
    """When the next is due, RFC 3339 UTC; none at a level that asks for none."""
    overdue: bool = False
    """Whether that time has passed."""
    speaks_to: tuple[str, ...] = ()
    """Labels of the top concerns that an update since the opening speaks to."""
    silent_on: tuple[str, ...] = ()
    """Labels of the others."""
    posts: tuple[OwnPost, ...] = ()
    """The newest updates and whatever is off tone, newest first, at most 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something that the playbook asks for at this level."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    id: str
    """Its name in the playbook."""
    practice: Practice
    """Which of the five practices it serves."""
    what: dict[str, str]
    """What to do, by language code."""
    who: dict[str, str]
    """Who does it, by language code."""
    status: DutyStatus
    """How it stands."""
    due_at: str | None = None
    """By when, RFC 3339 UTC; none when it has no time."""
    done_at: str | None = None
    """When it was done, RFC 3339 UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What the end of the crisis looks like, and how far it is."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    score: float
    """The score now, in bans."""
    calm_below: float
    """Below this score a minute counts as calm."""
    calm_minutes: int
    """Minutes in a row that have been calm."""
    calm_minutes_needed: int
    """So many in a row end the crisis."""
    earliest_end: str | None = None
    """When it ends if every minute from now on is calm, RFC 3339 UTC; none when it has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """How things stand in a crisis of alert or above: at its start, at an interval, and once at its end."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    type: Literal["situation"] = "situation"
    """Tells the records of this topic apart."""
    id: str
    """Deterministic ID of (crisis, sequence)."""
    crisis_id: str
    """The crisis."""
    brand: str
    """Key of the brand; it also chooses the partition."""
    sequence: int
    """0 for the first, then counting up without holes."""
    final: bool
    """Whether it is the last: the crisis is over."""
    level: Level
    """The level now."""
    peak_level: Level
    """The highest level so far."""
    time: str
    """The end of the minute that it is as of, RFC 3339 UTC."""
    opened_at: str
    """When the crisis was opened, RFC 3339 UTC."""
    alerted_at: str
    """When it first reached alert, RFC 3339 UTC."""
    previous_at: str | None = None
    """When the situation before was told, RFC 3339 UTC; none of the first."""
    previous_level: Level | None = None
    """The level then."""
    confirmed: bool = False
    """Whether somebody has confirmed it."""
    dismissed: bool = False
    """Whether somebody has dismissed it, which ended it."""
    snoozed_until: str | None = None
    """Until when somebody has put it off, RFC 3339 UTC."""
    figures: tuple[Figure, ...] = ()
    """The numbers, with their baselines."""
    mentions: int = 0
    """Mentions since the crisis was opened."""
    negative: int = 0
    """Of these, the negative ones."""
    reach: int = 0
    """Followers of their authors, an author counted once a mention."""
    languages: dict[str, int] = field(default_factory=dict)
    """Mentions of the last hour by language, most frequent first."""
    concerns: tuple[Concern, ...] = ()
    """What people talk about, strongest first."""
    concerns_new: tuple[str, ...] = ()
    """Labels of those that the situation before did not have."""
    concerns_gone: tuple[str, ...] = ()
    """Labels that the situation before had and this one does not."""
    hashtags: tuple[RisingHashtag, ...] = ()
    """Hashtags that rise with it, strongest first, at most 5."""
    questions: Questions
    """Who waits for an answer."""
    voice: Voice
    """What the brand has said."""
    duties: tuple[Duty, ...] = ()
    """What the playbook asks for, late ones first, then by time; in the last, what was done and what was missed."""
    recovery: Recovery
    """What its end looks like."""
    exemplars: tuple[Exemplar, ...] = ()
    """Tweets worth reading, most engaging first."""
    learning: float = 1.0
    """How far the baseline has been learnt, 0 to 1."""
    unobserved_minutes: int = 0
    """Minutes of the last 24 hours in which input is known to be missing."""
    config_hash: str = ""
    """Hash of the detection settings."""
    playbook_hash: str = ""
    """Hash of the playbook."""
    authors: dict[str, int] = field(default_factory=dict)
    """By ID of a tweet that the situation names, the keyed hash of its author, as far as known: so that an account's
    posts are found when they must go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationOverdue:
    """The brand has said nothing for longer than the playbook's interval of this level. Again at each interval."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    type: Literal["communication_overdue"] = "communication_overdue"
    """Tells the records of this topic apart."""
    id: str
    """Deterministic ID of (crisis, time)."""
    crisis_id: str
    """The crisis."""
    brand: str
    """Key of the brand; it also chooses the partition."""
    level: Level
    """The level now."""
    time: str
    """The end of the minute in which it became overdue, or overdue again, RFC 3339 UTC."""
    due_at: str
    """When the update was due first, RFC 3339 UTC."""
    interval_minutes: int
    """The interval of this level."""
    missed: int
    """How many intervals have passed without an update, from 1."""
    last_update_at: str | None = None
    """When the last update was posted, RFC 3339 UTC; none that we know of."""
    silent_on: tuple[str, ...] = ()
    """Labels of the top concerns that no update since the opening speaks to."""
    waiting: int = 0
    """Questions that wait for an answer."""
    unobserved_minutes: int = 0
    """Minutes of the last 24 hours in which input is known to be missing: an update posted then was not seen."""


CrisisRecord: TypeAlias = CrisisEvent | Situation | CommunicationOverdue
"""Whatever is on ``vigie.crises``."""
