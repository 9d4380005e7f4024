"""What has been said of a brand: its level, and the crisis that is open. It outlives the model that said it."""

from __future__ import annotations

from typing import Any, Self

from pipeline.detection.lifecycle import LifeCycle, Step
from pipeline.detection.severity import Hysteresis, Verdict
from pipeline.detection.standing import Standing
from pipeline.feedback import Held, Inbox, Intake, problem_of
from pipeline.settings import DetectionSettings
from schemas.deadletter import DeadLetterReason
from schemas.feedback import Feedback, FeedbackVerdict
from schemas.ids import crisis_id
from schemas.times import from_rfc3339
from schemas.window import Level

__all__ = ["Alarm"]

_CARRIED_MINUTES = 24 * 60
"""As long as a model takes to learn when there is enough to learn from."""
_MINUTE_MS = 60_000
_LOOK_AHEAD = 24 * 60
"""Minutes. After a crash a worker may hear of a crisis before it has opened it once more: so far behind it may be."""
_PLAIN = 3
"""Parts of a state of before there was feedback."""


class Alarm:
    """Level and life cycle of one brand: the part of detection that subscribers hold us to.

    It is apart from the model, so that another model, or a damaged one, neither forgets an open crisis nor
    opens a second one for the same incident.

    *A crisis that outlives its model.* What the new model says at first is ignorance: it would call anything
    ordinary. A crisis team would rather be told for some hours too long that a crisis goes on than hear that
    it is over from somebody who does not know. So while the new model learns, the crisis is carried: it keeps
    its level, and at alert and above goes on publishing ``updated`` with how far learning is; nothing but
    silence (no mention within the longest window that is tested) counts towards its end. It is carried until
    the model has learnt, at most for a day of observed minutes. From then on the model is taken at its word, and
    a crisis that it does not hold falls and is resolved like any other: at the latest a day and `resolve_after_ms`
    of observed minutes after the change, if the talk is no longer unusual.

    *A crisis that people dismiss.* It is over at once, and the talk teaches what is usual. The same talk does not open
    the next crisis: the level goes on by itself, out of sight, and the brand is calm for everybody else (muted) until
    that level has come down to calm, which takes as long as it always does. Only a level above the dismissed crisis's
    peak is seen: that is news, and opens a new crisis. How long a brand can be muted is bounded by how long the
    baseline takes to accept the talk, since nothing protects it.

    Feedback takes effect in the first observed minute that it holds for, before the minute's own step: a dismissal
    stops an escalation of the same minute, unless that goes beyond the peak.

    Parameters
    ----------
    brand : str
        Key of the brand.
    settings : DetectionSettings
        How long a brand must be calm, and how often an open crisis is told of.
    """

    __slots__ = ("_brand", "_carried", "_carries", "_hysteresis", "_inbox", "_life", "_muted")

    def __init__(self, brand: str, settings: DetectionSettings) -> None:
        self._brand = brand
        self._hysteresis = Hysteresis(settings)
        self._life = LifeCycle(brand, settings.update_interval_ms)
        self._carries = False
        """Whether the open crisis was opened under a model that is gone, and this one has not learnt yet."""
        self._carried = 0
        """Observed minutes for which that has been so, however many models there were."""
        self._inbox = Inbox()
        self._muted = Level.CALM
        """The peak of the dismissed crisis whose talk goes on; calm when there is none."""

    @property
    def level(self) -> Level:
        """The level that is published."""
        return self._life.level

    @property
    def protected_from_ms(self) -> int | None:
        """When the open crisis began that must not teach a new model what is usual; none when there is none."""
        return self._life.opened_ms if self._life.is_unusual() else None

    @property
    def standing(self) -> Standing | None:
        """The open crisis; none while there is none."""
        return self._life.standing

    @property
    def minutes(self) -> Hysteresis:
        """For how long each level has been earned and missed. To read only."""
        return self._hysteresis

    @property
    def is_carried(self) -> bool:
        """Whether the open crisis keeps its level because the model is new."""
        return self._carries and self._carried < _CARRIED_MINUTES

    def carry(self) -> None:
        """Carry the open crisis, if there is one, over to a new model. Doing so again lengthens nothing."""
        self._carries = self.level > Level.CALM

    def step(
        self, verdict: Verdict, end_ms: int, *, learning: float, silent: bool, sees: bool = True
    ) -> tuple[Step, ...]:
        """Take in the verdict on an observed minute.

        Parameters
        ----------
        verdict : Verdict
            What the minute would be by itself.
        end_ms : int
            Its end, epoch milliseconds.
        learning : float
            How far the model that says so has learnt, 0 to 1.
        silent : bool
            Whether nothing at all was said in any window that is tested.
        sees : bool
            Whether enough of those windows was observed for a minute to count towards calm.

        Returns
        -------
        tuple of Step
            The steps in the life of crises that are to be published: those that people asked for, then the minute's
            own.
        """
        carried = self._is_carried(learning) and not silent
        if not carried:
            self._hysteresis.step(verdict, calms=sees)
        steps = [step for held in self._inbox.due(end_ms) if (step := self._obey(held, end_ms))]
        if step := self._life.step(self.level if carried else self._seen(), end_ms):
            steps.append(step)
        return tuple(steps)

    def _obey(self, held: Held, end_ms: int) -> Step | None:
        step = self._life.obey(held, end_ms)
        if step is not None and held.verdict is FeedbackVerdict.DISMISS:
            self._muted = step.peak_level
        return step

    def _seen(self) -> Level:
        """Return the level that is seen of the one that goes on by itself."""
        level = self._hysteresis.level
        if self._muted is not Level.CALM and Level.CALM < level <= self._muted:
            return Level.CALM
        self._muted = Level.CALM
        return level

    def _is_carried(self, learning: float) -> bool:
        if not self._carries:
            return False
        if learning >= 1.0 or self.level is Level.CALM:
            self._carries, self._carried = False, 0
            return False
        self._carried = min(self._carried + 1, _CARRIED_MINUTES)
        return self._carried < _CARRIED_MINUTES

    # -- feedback ------------------------------------------------------------------------------------

    def hear(self, offset: int, feedback: Feedback, next_end_ms: int | None) -> Intake:
        """Take in what somebody says of a crisis, once; it takes effect in its minute.

        Parameters
        ----------
        offset : int
            Of the record, in the partition that all of the brand's feedback comes from.
        feedback : Feedback
            What was said. Of a record heard before nothing is taken.
        next_end_ms : int or None
            End of the minute that the brand closes next, epoch milliseconds; none when it has never closed one.
        """
        inbox, standing = self._inbox, self.standing
        if inbox.is_known(offset, feedback.id):
            inbox.note(offset)
            return Intake()
        inbox.note(offset)
        if problem := problem_of(feedback):
            return Intake(reason=DeadLetterReason.BAD_FIELD, message=problem)
        if next_end_ms is not None and from_rfc3339(feedback.time) > next_end_ms + _LOOK_AHEAD * _MINUTE_MS:
            message = "time: more than a day after what has been read of the brand"
            return Intake(reason=DeadLetterReason.BAD_FIELD, message=message)
        if next_end_ms is None or not (
            (standing and standing.crisis_id == feedback.crisis_id) or self._may_open(feedback, next_end_ms)
        ):
            return Intake(reason=DeadLetterReason.UNKNOWN_CRISIS, message="the brand has no such crisis open")
        if inbox.is_full:
            inbox.forget_others(feedback.crisis_id)
        if inbox.is_full:
            return Intake(reason=DeadLetterReason.BAD_FIELD, message="too much feedback waits for its minute already")
        return self._take(Held.of(feedback, next_end_ms))

    def _take(self, held: Held) -> Intake:
        asked = any((each.crisis_id, each.verdict) == (held.crisis_id, held.verdict) for each in self._inbox.waiting)
        self._inbox.take(held)
        return Intake(
            held_from_ms=held.from_ms,
            peak_level=self._life.peak,
            is_first=not asked and not (self._life.confirmed and held.verdict is FeedbackVerdict.CONFIRM),
        )

    def _may_open(self, feedback: Feedback, next_end_ms: int) -> bool:
        """Whether it is of a crisis that opens in a minute which is still to be closed (once more, after a crash)."""
        last_ms = min(from_rfc3339(feedback.time), next_end_ms + _LOOK_AHEAD * _MINUTE_MS)
        ends = range(next_end_ms, last_ms + 1, _MINUTE_MS)
        return any(crisis_id(self._brand, end_ms) == feedback.crisis_id for end_ms in ends)

    def expect(self, feedback: Feedback) -> None:
        """Know beforehand what somebody will say, as a replay does: without a crisis of that ID it will say nothing."""
        self._inbox.expect(Held.of(feedback))

    # -- the baseline --------------------------------------------------------------------------------

    def is_protected(self, end_ms: int) -> bool:
        """Whether the baseline is to be protected from what is going on."""
        return self._life.is_protected(end_ms)

    def accepts(self, end_ms: int) -> bool:
        """Whether a crisis has now lasted long enough to be the new ordinary; true once a crisis."""
        return self._life.accepts(end_ms)

    def is_alert(self) -> bool:
        """Whether the level is alert or above."""
        return self.level >= Level.ALERT

    def state(self) -> list[Any]:
        """State as JSON has it. It is part of the brand's layout, not of the model's."""
        return [
            self._hysteresis.state(),
            self._life.state(),
            [int(self._carries), self._carried],
            [int(self._muted), *self._inbox.state()],
        ]

    @classmethod
    def restore(cls, brand: str, settings: DetectionSettings, state: list[Any]) -> Self:
        """Return what gave a state; ``TypeError``, ``ValueError`` or ``LookupError`` when it is none.

        States of before there was feedback have three parts, and there is nothing to say of it.
        """
        levels, life, (carries, carried), (muted, *heard) = [*state, [0]] if len(state) == _PLAIN else state
        alarm = cls(brand, settings)
        alarm._hysteresis.restore(levels)
        alarm._life.restore(life)
        alarm._muted, alarm._inbox = Level(muted), Inbox.restore(heard)
        # A snooze holds a level that falls meanwhile, and a crisis that is carried then keeps it when the snooze ends.
        if alarm._life.level is not alarm._hysteresis.level and not (muted or alarm._life.snoozed_ms or carries):
            raise ValueError("two levels")
        if muted and alarm.level is not Level.CALM:
            raise ValueError("a crisis of a muted brand")
        if type(carries) is not int or type(carried) is not int or not 0 <= carried <= _CARRIED_MINUTES:
            raise ValueError("carried for ever")
        alarm._carries, alarm._carried = bool(carries), carried
        return alarm
