"""Everything needed to check a decision by hand, as it is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log10
from typing import Any

from pipeline.bucket import BUCKET_MS, ClosedBucket
from pipeline.concerns.listener import Listener
from pipeline.detection import laws
from pipeline.detection.account import Account, Reading, decisive, of_negativity, of_volume, readings
from pipeline.detection.assessment import Assessment, HorizonView, Support
from pipeline.detection.exemplars import Exemplars
from pipeline.detection.model import RARITY, BrandModel
from pipeline.detection.peaks import ORDER
from pipeline.detection.rounding import short
from pipeline.detection.tails import count_interval
from pipeline.detection.volume import HORIZON_MINUTES, HORIZONS
from pipeline.settings import DetectionSettings
from schemas.crisis import Concern, Decision, Evidence, Exemplar, Law, Planned, Signal, ToLearn
from schemas.times import to_rfc3339
from schemas.window import WINDOW_SECONDS

__all__ = ["MODEL", "Finding", "Talk", "build", "find", "interval", "window_ms"]

MODEL = "brand-surprise/2"
"""Name and version of the model; the version changes whenever its numbers would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What is talked about at a minute."""

    concerns: tuple[Concern, ...]
    hashtags: tuple[str, ...]
    exemplars: tuple[Exemplar, ...]

    @classmethod
    def of(cls, listener: Listener, exemplars: Exemplars, end_minute: int) -> Talk:
        """Read it from what was heard."""
        return cls(concerns=listener.concerns(), hashtags=listener.hashtags(), exemplars=exemplars.top(end_minute))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found in a minute."""

    assessment: Assessment
    view: HorizonView
    """The view that decided."""
    account: Account
    """What each signal put into its score."""
    readings: tuple[Reading, Reading, Reading]
    """Its negative mentions: all, without copies, and without repeated authors."""
    dispersion: float
    """Of the volume in that window."""
    ordinary: tuple[float, float]
    """Mean and dispersion of the volume there, if nothing were planned."""
    usual: float
    """The brand's usual negative share."""
    correlation: float
    """Of the negative share in that window."""
    usual_peak: float
    """What the brand's daily peaks come to."""
    support: Support
    learning: float
    """How far the baseline has been learnt, 0 to 1."""
    to_learn: ToLearn | None


def find(model: BrandModel, x: Mapping[Any, Any], settings: DetectionSettings, *, is_told: bool) -> Finding:
    """Assess the windows ``x`` once more, with everything that is only told and does not decide."""
    assessment = model.assess(x)._replace(is_told=is_told)
    view, by_volume = decisive(assessment, settings)
    read = readings(model, x, view.horizon)
    expected = model.expectations(int(x["end_minute"]))
    minutes, mentions, hours = model.missing
    return Finding(
        assessment=assessment,
        view=view,
        account=of_volume(assessment, settings) if by_volume else of_negativity(view, read),
        usual_peak=model.peaks.usual_peak,
        readings=read,
        dispersion=expected.counts[view.horizon][1],
        ordinary=expected.ordinary[view.horizon],
        usual=expected.usual,
        correlation=expected.correlations[view.horizon],
        support=model.support(x),
        learning=model.learning,
        to_learn=ToLearn(minutes=minutes, mentions=mentions, hours=hours) if model.learning < 1.0 else None,
    )


def build(
    bucket: ClosedBucket, finding: Finding, talk: Talk, *, score: float, decision: Decision, config_hash: str
) -> Evidence:
    """Return the evidence of one step: of the minute that decided, what was found, what is talked about."""
    view = finding.view
    window = HORIZONS[view.horizon]
    observed = bucket.windows[window]
    low, high = interval(finding.ordinary, (view.expected, finding.dispersion))
    return Evidence(
        window=window,
        observed=observed,
        expected_volume=short(view.expected),
        interval=(short(low), short(high)),
        negative_share=short(observed.negative / observed.volume if observed.volume else 0.0),
        negative_share_expected=short(finding.usual),
        score=short(score),
        signals=_signals(bucket, finding),
        concerns=talk.concerns,
        hashtags=talk.hashtags,
        questions=observed.questions,
        exemplars=talk.exemplars,
        own_posts_24h=bucket.own_posts_24h,
        learning=short(finding.learning),
        unobserved_minutes=bucket.unobserved_minutes,
        config_hash=config_hash,
        model=MODEL,
        decision=decision,
        to_learn=finding.to_learn,
        planned=_planned(bucket, finding),
    )


def interval(ordinary: tuple[float, float], most: tuple[float, float]) -> tuple[float, float]:
    """98 % interval of a volume that lies anywhere between what is expected ordinarily and at most.

    Both are mean and dispersion; they are equal unless an event is planned, and then it is the usual interval.
    """
    if ordinary == most:
        return count_interval(*most)
    return count_interval(*ordinary)[0], count_interval(*most)[1]


def _planned(bucket: ClosedBucket, finding: Finding) -> Planned | None:
    """Return the planned event that raised what was expected of the window that decided; the largest of several."""
    end, view = bucket.end_ms // BUCKET_MS, finding.view
    event = bucket.calendar.leading(end - HORIZON_MINUTES[view.horizon], end)
    if event is None:
        return None
    return Planned(
        name=event.name,
        start=to_rfc3339(event.start * BUCKET_MS),
        end=to_rfc3339(event.end * BUCKET_MS),
        expect=event.expect,
        ordinary_volume=short(finding.ordinary[0]),
    )


def _signals(bucket: ClosedBucket, finding: Finding) -> tuple[Signal, ...]:
    """Every signal of the window that decided, and what the hour has beside; what adds most comes first."""
    account, plain, fewer, tested = finding.account, *finding.readings
    signals = [
        _volume(finding),
        _peak(bucket, finding),
        _share("negative_share", finding, plain, account.negative_share),
        _share("copies", finding, fewer, account.copies),
        _share("authors", finding, tested, account.authors),
        _looks(finding),
        *_beside(bucket, finding.support),
    ]
    if account.limit:
        signals.append(_signal("limit", finding, account.peak + account.looks, 0.0, contribution=account.limit))
    return tuple(sorted(signals, key=lambda signal: (-signal.contribution, -signal.surprise, signal.name)))


def _volume(finding: Finding) -> Signal:
    view = finding.view
    law, spread = laws.of_count(view.volume, view.expected, finding.dispersion)
    return Signal(
        name="volume",
        window=HORIZONS[view.horizon],
        observed=short(view.volume),
        expected=short(view.expected),
        surprise=short(view.volume_surprise),
        contribution=short(finding.account.volume),
        law=law,
        spread=short(spread),
    )


def _peak(bucket: ClosedBucket, finding: Finding) -> Signal:
    """Mentions of the last quarter of an hour, over what a planned event was expected to multiply them by."""
    end = bucket.end_ms // BUCKET_MS
    event = bucket.calendar.leading(end - HORIZON_MINUTES[0], end) if bucket.calendar else None
    days = finding.assessment.peak_days
    return Signal(
        name="peak",
        window=HORIZONS[0],
        observed=short(bucket.windows[HORIZONS[0]].volume / (event.expect if event else 1.0)),
        expected=short(finding.usual_peak),
        surprise=short(max(0.0, log10(days))) if days > 0.0 else 0.0,
        contribution=short(finding.account.peak),
        law=Law.MOMENT if finding.usual_peak else Law.NONE,
        spread=ORDER if finding.usual_peak else None,
    )


def _share(name: str, finding: Finding, reading: Reading, contribution: float) -> Signal:
    law, spread = laws.of_share(reading.hits, reading.trials, finding.usual, finding.correlation)
    return Signal(
        name=name,
        window=HORIZONS[finding.view.horizon],
        observed=short(reading.hits / reading.trials if reading.trials else 0.0),
        expected=short(finding.usual),
        surprise=short(reading.surprise),
        contribution=short(contribution),
        law=law,
        spread=short(spread),
        trials=short(reading.trials),
    )


def _looks(finding: Finding) -> Signal:
    return _signal("looks", finding, 10.0 ** -RARITY[finding.view.horizon], 1.0, contribution=finding.account.looks)


def _signal(name: str, finding: Finding, observed: float, expected: float, *, contribution: float) -> Signal:
    """Return a signal that is no test of its own."""
    return Signal(
        name=name,
        window=HORIZONS[finding.view.horizon],
        observed=short(observed),
        expected=short(expected),
        surprise=0.0,
        contribution=short(contribution),
    )


def _beside(bucket: ClosedBucket, support: Support) -> tuple[Signal, Signal]:
    """Questions and reach: they open the way to severe and add nothing to the score."""
    hour = bucket.windows["1h"]
    asked = min(hour.volume, hour.questions)
    law, spread = laws.of_share(asked, hour.volume, support.usual_questions, support.questions_correlation)
    questions = Signal(
        name="question_share",
        window="1h",
        observed=short(asked / hour.volume if hour.volume else 0.0),
        expected=short(support.usual_questions),
        surprise=short(support.questions_surprise),
        law=law,
        spread=short(spread),
        trials=short(hour.volume),
    )
    known = support.reach_spread > 0.0
    reach = Signal(
        name="reach",
        window="1h",
        observed=short(hour.reach),
        expected=short(support.usual_reach),
        surprise=short(support.reach_surprise),
        law=Law.LOG_NORMAL if known else Law.NONE,
        spread=short(support.reach_spread) if known else None,
    )
    return questions, reach


def window_ms(evidence: Evidence) -> int:
    """Length of the window that the evidence counts, milliseconds."""
    return WINDOW_SECONDS[evidence.window] * 1000
