"""What a brand remembers for its situations, and when it tells one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import chain
from struct import Struct
from typing import NamedTuple, Self

from pipeline.bucket import BUCKET_MS, ClosedBucket
from pipeline.compression import deflate, inflate
from pipeline.detection import Outcome
from pipeline.detection.brief import Brief
from pipeline.detection.standing import Standing
from pipeline.openbucket import OpenBucket
from pipeline.playbook import Rhythm
from pipeline.settings import EngineSettings
from pipeline.situation.course import Course
from pipeline.situation.overdue import update_due
from pipeline.situation.pool import Pool
from pipeline.situation.reporting import Scene, overdue, situation
from pipeline.situation.threads import Reply
from pipeline.situation.voice import OwnVoice
from schemas.codec import decode, encode
from schemas.feedback import FeedbackVerdict
from schemas.situation import CommunicationOverdue, Situation
from schemas.window import Level

__all__ = ["SituationKeeper", "joined", "parted"]

_VERSION = 1
_HEAD = Struct(">BII")
_MOST = 1 << 17
"""Several times what it has at most."""
_HOURLY = Rhythm()


class SituationKeeper:
    """The questions, the own voice and the course of the open crisis of one brand, minute by minute.

    `observe` is called once for every closed minute in order. What it returns depends on the closed minutes, the
    settings and the state only. A minute of a calm brand without questions or own posts costs a look.

    Of a brand of which no own account is known it is not known what it says: it is never said that an update is
    overdue, and what posts would show is left to people.

    Parameters
    ----------
    settings : EngineSettings
        The playbook, and the settings of detection for their hash.
    """

    __slots__ = ("_asked", "_course", "_pool", "_settings", "_stored", "_voice")

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._pool = Pool()
        self._voice = OwnVoice()
        self._course: Course | None = None
        self._asked: bytes | None = None
        """The state of the pool, while it has not changed."""
        self._stored: bytes | None = b""
        """The state, while it has not changed."""

    def observe(
        self,
        closed: ClosedBucket,
        minute: OpenBucket,
        outcome: Outcome,
        standing: Standing | None,
        brief: Callable[[], Brief],
    ) -> list[Situation | CommunicationOverdue]:
        """Take in a closed minute and return what is to be told of it, in order.

        Parameters
        ----------
        closed : ClosedBucket
            The minute, as the detector had it.
        minute : OpenBucket
            What was folded into it.
        outcome : Outcome
            What the detector made of it.
        standing : Standing, optional
            The open crisis at its end.
        brief : callable
            Gives what the detector knows at its end; asked only when something is told.
        """
        if self._course is None and self._pool.let_go(closed.end_ms // BUCKET_MS - 1):
            self._asked = self._stored = None
        if standing is None and self._course is None and minute.asked is None and minute.own is None:
            return []
        told: list[Situation | CommunicationOverdue] = []
        seen, course = _Seen(closed, outcome, brief), self._course
        if standing is not None and (course is None or course.opened_ms != standing.opened_ms):
            told += self._end(seen)
            course = self._begin(standing, closed.end_ms)
        self._listen(minute, closed.end_ms // BUCKET_MS - 1)
        if standing is None:
            told += self._end(seen)
        elif course is not None:
            told += self._go_on(course, seen, standing)
        return told

    def resume(self, standing: Standing | None, end_ms: int) -> None:
        """Go on with an open crisis whose course was lost, as of the minute closed last (epoch milliseconds).

        The numbers of its situations go on above any that may have been told: there is at most one a minute.
        """
        if standing is not None:
            course = self._begin(standing, end_ms)
            course.go_on(standing, end_ms)
            course.told.sequence = max(0, end_ms - standing.opened_ms) // BUCKET_MS + 1

    def _begin(self, standing: Standing, end_ms: int) -> Course:
        self._course = course = Course(standing.opened_ms)
        self._voice.open()
        self._pool.open(end_ms // BUCKET_MS - 1)
        self._asked = self._stored = None
        return course

    def _listen(self, minute: OpenBucket, number: int) -> None:
        """Take in the questions and the own posts of a minute (epoch minutes)."""
        replies: list[Reply] = []
        if minute.own is not None:
            first_ms, replies = self._voice.take(minute.own, counts=self._course is not None)
            if first_ms and self._course is not None:
                self._course.acknowledge(first_ms)
            self._stored = None
        if self._pool.take(number, minute.asked, replies):
            self._asked = self._stored = None

    def _go_on(self, course: Course, seen: _Seen, standing: Standing) -> list[Situation | CommunicationOverdue]:
        """Tell of a crisis that is open what is due."""
        closed, self._stored = seen.closed, None
        rose = course.go_on(standing, closed.end_ms)
        course.count(closed.windows["1m"])
        if not closed.observed or course.level < Level.ALERT:
            return []
        due = update_due(self._settings.playbook, course, self._voice.last_update_ms) if closed.heard else None
        is_overdue = due is not None and due.is_to_be_said(course, closed.end_ms)
        is_reported = rose or self._is_report_due(course, closed.end_ms)
        if not is_overdue and not is_reported:
            return []
        scene = self._scene(course, seen)
        told: list[Situation | CommunicationOverdue] = [situation(scene, final=False)] if is_reported else []
        if due is not None and is_overdue:
            told.append(overdue(scene, due))
        return told

    def _is_report_due(self, course: Course, end_ms: int) -> bool:
        rhythm = self._settings.playbook.rhythms.get(course.level, _HOURLY)
        return end_ms >= course.told.time_ms + rhythm.report_every_minutes * BUCKET_MS

    def _end(self, seen: _Seen) -> list[Situation | CommunicationOverdue]:
        """Tell the last of a crisis that is over, if it has reached alert, and let go of it."""
        course = self._course
        if course is None:
            return []
        told: list[Situation | CommunicationOverdue] = []
        course.count(seen.closed.windows["1m"])
        if course.alert_ms:
            dismissed = seen.is_dismissed()
            course.end(seen.closed.end_ms, verified=dismissed)
            told.append(situation(self._scene(course, seen), final=True, dismissed=dismissed))
        self._course, self._pool = None, Pool()
        self._asked = self._stored = None
        self._voice.open()
        return told

    def _scene(self, course: Course, seen: _Seen) -> Scene:
        return Scene(
            bucket=seen.closed,
            detection=seen.outcome.detection,
            brief=seen.brief(),
            course=course,
            voice=self._voice,
            pool=self._pool,
            playbook=self._settings.playbook if seen.closed.heard else self._settings.playbook.unheard(),
            config_hash=self._settings.detection.fingerprint(),
        )

    def named(self) -> Iterator[str]:
        """Yield the IDs of the questions and posts that it may name; some twice."""
        return chain(self._pool.named(), self._voice.posts.named())

    def forget(self, gone: Collection[str]) -> None:
        """Name these posts no more. Who asked, who was answered and what was said stays counted."""
        if self._pool.forget(gone):
            self._asked = self._stored = None
        if self._voice.posts.forget(gone):
            self._stored = None

    def state(self) -> bytes:
        """Return the state, its parts compressed; nothing at all when there is nothing to remember.

        The questions and the posts, by far the largest parts, are compressed again only when one that is kept changed.
        """
        if self._stored is None:
            self._stored = self._state()
        return self._stored

    def _state(self) -> bytes:
        if self._course is None and self._pool.is_empty() and self._voice.is_empty():
            return b""
        if self._asked is None:
            self._asked = deflate(encode(self._pool.state()))
        posts = self._voice.posts
        if posts.stored is None:
            posts.stored = deflate(encode(posts.state()))
        rest = [self._voice.state(), None if self._course is None else self._course.state()]
        return joined(self._asked, posts.stored, deflate(encode(rest)))

    @classmethod
    def restore(cls, settings: EngineSettings, state: bytes) -> Self:
        """Return the keeper that gave a state; one of `pipeline.statevalue.DAMAGE` is raised when it is none."""
        keeper = cls(settings)
        if state:
            asked, posts, rest = parted(state)
            keeper._pool = Pool.restore(decode(inflate(asked, _MOST)))
            voice, course = decode(inflate(rest, _MOST))
            keeper._voice = OwnVoice.restore(voice, decode(inflate(posts, _MOST)))
            keeper._course = None if course is None else Course.restore(course)
            keeper._asked, keeper._stored = asked, state
        return keeper


def joined(asked: bytes, posts: bytes, rest: bytes) -> bytes:
    """Return a state of its parts: the version, the lengths of the first two, the parts."""
    return b"".join((_HEAD.pack(_VERSION, len(asked), len(posts)), asked, posts, rest))


def parted(state: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the parts of a state; ``ValueError`` when it is none."""
    if len(state) < _HEAD.size:
        raise ValueError("cut short")
    version, asked, posts = _HEAD.unpack_from(state)
    if version != _VERSION:
        raise ValueError("of another version")
    first, second = _HEAD.size + asked, _HEAD.size + asked + posts
    return state[_HEAD.size : first], state[first:second], state[second:]


class _Seen(NamedTuple):
    """A closed minute, and what the detector made of it."""

    closed: ClosedBucket
    outcome: Outcome
    brief: Callable[[], Brief]

    def is_dismissed(self) -> bool:
        """Whether somebody ended the crisis by saying that it is none."""
        held = [step.feedback for step in self.outcome.events if step.feedback is not None]
        return any(feedback.verdict == FeedbackVerdict.DISMISS for feedback in held)
