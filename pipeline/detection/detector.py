"""The detection of one brand, minute by minute: what track calls for every closed bucket."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

from pipeline.bucket import BUCKET_MS, ClosedBucket
from pipeline.concerns.listener import Listener
from pipeline.detection import evidence as proof
from pipeline.detection.alarm import Alarm
from pipeline.detection.brief import Brief
from pipeline.detection.concerns import ordinary_talk
from pipeline.detection.decision import decision
from pipeline.detection.exemplars import Exemplars
from pipeline.detection.lifecycle import Step
from pipeline.detection.model import BrandModel
from pipeline.detection.peaks import OnePage
from pipeline.detection.reading import features
from pipeline.detection.rounding import short
from pipeline.detection.severity import CALM, HOLD, Verdict, judge
from pipeline.detection.stored import number
from pipeline.detection.volume import HORIZON_MINUTES, HORIZONS
from pipeline.settings import DetectionSettings
from schemas.crisis import CrisisEvent
from schemas.ids import crisis_event_id
from schemas.times import to_rfc3339
from schemas.window import Detection, Level

__all__ = ["Detector", "Outcome", "UnknownDetectorState"]

_VERSION = 4
_BEFORE = (2, 3)
"""Of both, what was said of late is forgotten and ordinary talk taken over; the older had no peaks, which are learnt
anew."""
_HOUR = HORIZONS.index("1h")
_LOOK_MINUTES = 15
"""A minute without mentions is looked at only this often: its windows only lose."""
_PROTECTED_WEIGHT = 0.1
"""How far a minute may teach while a crisis is open."""
_TALK_MINUTES = 2 * 60 + 1
"""What is said becomes usual talk up to so much later."""


def _sees(bucket: ClosedBucket) -> bool:
    """Whether at least half of every window that is tested was observed: what is missing is no calm."""
    if not bucket.unobserved:
        return True
    return all(
        2 * bucket.unobserved.get(window, 0) <= minutes
        for window, minutes in zip(HORIZONS, HORIZON_MINUTES, strict=True)
    )


class UnknownDetectorState(ValueError):
    """The state was written by a version of the detector that this one does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a closed minute came to."""

    detection: Detection
    """What the model said of the minute, before it learnt from it."""
    events: tuple[CrisisEvent, ...]
    """The steps in the life of a crisis that are to be published, in order."""


class Detector:
    """Model, severity and evidence of one brand, and what they do to its alarm.

    `observe` is called once for every closed minute in order, empty ones included. It depends on nothing
    but the buckets, the settings, the state and the alarm, so a restored detector goes on bit for bit.

    *Where input is missing.* A minute that was not observed raises nothing, calms nothing and teaches nothing, and no
    window that holds one teaches. But such windows are judged, by what they hold against all that was expected of
    them. Expecting less of them was tried: an alert of a crisis that began in a gap of one to six hours then comes 2 to
    5 minutes earlier than 5 to 30 after its end (median of 24 simulated ones: 3). It was left, for a minute that misses
    a second counts as missing: of a stream that breaks off every minute nothing would be expected, and everything would
    be surprising. So a window with a gap can be too calm, never too loud; and what is too calm does not count towards
    the end of a crisis (`_sees`).

    Parameters
    ----------
    brand : str
        Key of the brand.
    settings : DetectionSettings
        When a brand leaves calm, and when it returns.
    alarm : Alarm, optional
        What has been said of the brand; nothing unless told. Its state is not part of the detector's.
    """

    __slots__ = (
        "_exemplars",
        "_is_told",
        "_listener",
        "_model",
        "_pages",
        "_settings",
        "_shown",
        "_verdict",
        "alarm",
        "brand",
    )

    def __init__(self, brand: str, settings: DetectionSettings, alarm: Alarm | None = None) -> None:
        self.brand = brand
        self._settings = settings
        self.alarm = Alarm(brand, settings) if alarm is None else alarm
        self._model = BrandModel()
        self._listener = Listener()
        self._exemplars = Exemplars()
        self._pages = OnePage(settings.watch_days)
        self._is_told = False
        """Of the minute judged last; events are of minutes that were judged."""
        self._verdict = CALM
        self._shown: tuple[Any, tuple[float, float, float, float]] = (None, (0.0, 0.0, 0.0, 0.0))

    def observe(self, bucket: ClosedBucket) -> Outcome:
        """Score a closed minute, then learn from it.

        Parameters
        ----------
        bucket : ClosedBucket
            The minute that follows the one observed last.
        """
        minute = bucket.end_ms // BUCKET_MS
        self._model.calendar = bucket.calendar
        if not bucket.observed:
            detection = self._detection(bucket, minute, score=0.0)
            self._model.skip(minute)
            return Outcome(detection=detection, events=())
        mentions = bucket.windows["1m"].volume
        x = self._features(bucket, minute, tense=self._is_tense())
        if "volume_1m" in x:
            self._verdict = self._judge(x)
        self._listen(bucket, minute, mentions)
        events = self._live(bucket, minute)
        detection = self._detection(bucket, minute, score=self._verdict.score)
        self._learn(bucket.end_ms, x)
        return Outcome(detection=detection, events=events)

    def brief(self) -> Brief:
        """Return what is known at the minute observed last, for reports; it changes nothing."""
        talk = proof.Talk.of(self._listener, self._exemplars, max(0, self._model.clock - 1))
        questions, reach = self._model.usual
        calm = self.alarm.minutes
        return Brief(
            concerns=talk.concerns,
            hashtags=self._listener.rising_hashtags(),
            exemplars=talk.exemplars,
            usual_question_share=questions,
            usual_reach=reach,
            calm_below=self._settings.watch_score - HOLD,
            calm_minutes=calm.missed[0],
            calm_minutes_needed=calm.calm_minutes,
            learning=self._model.learning,
        )

    def learn(self, bucket: ClosedBucket) -> None:
        """Learn from a closed minute that another model has judged: nothing is scored, no alarm is raised.

        An open crisis that has reached alert teaches nothing: this model knows too little yet to tell it from
        what is usual.
        """
        minute = bucket.end_ms // BUCKET_MS
        self._model.calendar = bucket.calendar
        protected_ms = self.alarm.protected_from_ms
        if not bucket.observed or (protected_ms is not None and bucket.end_ms >= protected_ms):
            self._model.skip(minute)
        else:
            self._model.learn_one(self._features(bucket, minute, tense=False))

    def _is_tense(self) -> bool:
        return self.alarm.level > Level.CALM or self._verdict.earned > Level.CALM

    @staticmethod
    def _features(bucket: ClosedBucket, minute: int, *, tense: bool) -> dict[str, float]:
        """Return what there is to look at in a minute; nothing in most minutes without mentions.

        While it is tense every minute is looked at, so that whatever is published was judged at its own minute.
        """
        if bucket.windows["1m"].volume > 0 or tense or minute % _LOOK_MINUTES == 0:
            return features(minute, bucket.windows, bucket.unobserved)
        return {"end_minute": minute}

    def _judge(self, x: Mapping[str, float]) -> Verdict:
        if not x["volume_6h"]:
            return CALM
        assessment = self._model.assess(x)
        let_through = self._pages.step(assessment.peak_days, int(x["end_minute"]))
        self._is_told = not let_through and assessment.peak_days >= self._settings.watch_days
        assessment = assessment._replace(is_told=self._is_told)
        if assessment.crisis >= self._settings.crisis_score:  # what severe asks for beside
            assessment = assessment._replace(support=self._model.support(x))
        return judge(assessment, self._model.learning, self._settings)

    def _listen(self, bucket: ClosedBucket, minute: int, mentions: int) -> None:
        planned = bucket.calendar and bucket.calendar.within(minute - _TALK_MINUTES, minute)
        if mentions:
            usual = not (self.alarm.is_alert() or planned)
            self._listener.fold(minute, bucket.documents, mentions, tense=self._is_tense(), usual=usual)
            self._exemplars.fold(minute, bucket.exemplars)

    def _live(self, bucket: ClosedBucket, minute: int) -> tuple[CrisisEvent, ...]:
        steps = self.alarm.step(
            self._verdict,
            bucket.end_ms,
            learning=self._model.learning,
            silent=self._is_silent(bucket),
            sees=_sees(bucket),
        )
        return tuple(self._event(bucket, minute, step) for step in steps)

    @staticmethod
    def _is_silent(bucket: ClosedBucket) -> bool:
        """Whether nobody has said anything for as long as anything is tested, as far as is known."""
        return not bucket.windows[HORIZONS[-1]].volume and HORIZONS[-1] not in bucket.unobserved

    def _learn(self, end_ms: int, x: dict[str, float]) -> None:
        if self.alarm.accepts(end_ms):
            self._model.accept()
        self._model.learn_one(x, w=_PROTECTED_WEIGHT if self.alarm.is_protected(end_ms) else 1.0)

    def _detection(self, bucket: ClosedBucket, minute: int, *, score: float) -> Detection:
        expected = self._model.expectations(minute)
        if self._shown[0] is not expected:
            low, high = proof.interval(expected.ordinary[_HOUR], expected.counts[_HOUR])
            mean = short(expected.counts[_HOUR][0])
            self._shown = (expected, (mean, low, high, round(expected.usual, 6)))
        mean, low, high, usual = self._shown[1]
        return Detection(
            level=self.alarm.level,
            score=round(score, 4),
            expected_1h=mean,
            low_1h=low,
            high_1h=high,
            negative_share_expected=usual,
            learning=round(self._model.learning, 4),
            planned=planned.name if (planned := bucket.planned) else None,
        )

    def _event(self, bucket: ClosedBucket, minute: int, step: Step) -> CrisisEvent:
        finding = proof.find(self._model, features(minute, bucket.windows), self._settings, is_told=self._is_told)
        carried = self.alarm.is_carried and not self._is_silent(bucket)
        evidence = proof.build(
            bucket,
            finding,
            proof.Talk.of(self._listener, self._exemplars, minute),
            score=self._verdict.score,
            decision=decision(finding.assessment, self._verdict, self.alarm, self._settings, carried=carried),
            config_hash=self._settings.fingerprint(),
        )
        end = to_rfc3339(bucket.end_ms)
        return CrisisEvent(
            id=crisis_event_id(step.crisis_id, step.sequence),
            crisis_id=step.crisis_id,
            brand=self.brand,
            type=step.type,
            sequence=step.sequence,
            level=step.level,
            previous_level=step.previous_level,
            peak_level=step.peak_level,
            time=end,
            opened_at=to_rfc3339(step.opened_at_ms),
            window_start=to_rfc3339(bucket.end_ms - proof.window_ms(evidence)),
            window_end=end,
            evidence=evidence,
            feedback=step.feedback,
        )

    def named(self) -> Iterator[str]:
        """Yield the IDs of the posts that it may name; some twice."""
        return chain(self._listener.named(), self._exemplars.named())

    def forget(self, gone: Collection[str]) -> None:
        """Name these posts no more. It changes no level, no score and no count."""
        self._listener.forget(gone)
        self._exemplars.forget(gone)

    def state(self) -> dict[str, Any]:
        """Return the state as JSON has it: numbers, strings, lists and mappings; its bounds are those of its parts."""
        return {
            "version": _VERSION,
            "model": self._model.state(),
            "verdict": [self._verdict.score, *(int(level) for level in self._verdict[1:])],
            "pages": self._pages.numbers(),
            "talk": self._listener.state(),
            "exemplars": self._exemplars.state(),
        }

    @classmethod
    def restore(
        cls, brand: str, settings: DetectionSettings, state: Mapping[str, Any], alarm: Alarm | None = None
    ) -> Self:
        """Return a detector that goes on where the one that gave the state left off, under its alarm.

        Raises
        ------
        UnknownDetectorState
            The state has another version, or is no state of a detector.
        """
        version = state.get("version")
        if version not in (_VERSION, *_BEFORE):
            raise UnknownDetectorState(f"detector state of version {version!r}, known is {_VERSION}")
        detector = cls(brand, settings, alarm)
        try:
            detector._restore(state)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise UnknownDetectorState(f"detector state of version {_VERSION} is damaged: {error!r}") from error
        return detector

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._model.restore(state["model"])
        score, earned, at_once, held = state["verdict"]
        self._verdict = Verdict(number(score), Level(earned), Level(at_once), Level(held))
        if "pages" in state:
            self._pages.restore(state["pages"])
        if state["version"] == _VERSION:
            self._listener.restore(state["talk"])
        else:
            self._listener.take_over(*ordinary_talk(state["phrases"]))
        self._exemplars.restore(state["exemplars"])
