"""Everything needed to check a decision by hand, as it is published."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.bucket import ClosedBucket
from pipeline.detection.concerns import Phrases
from pipeline.detection.exemplars import Exemplars
from pipeline.detection.model import Assessment, HorizonView
from pipeline.detection.tails import count_interval
from pipeline.detection.volume import HORIZONS
from schemas.crisis import Concern, Evidence, Exemplar, Signal
from schemas.window import WINDOW_SECONDS

__all__ = ["MODEL", "Finding", "Talk", "build", "decisive", "short", "window_ms"]

MODEL = "brand-surprise/1"
"""Name and version of the model; the version changes whenever its numbers would."""


def short(number: float) -> float:
    """Round to six significant digits, as published.

    >>> short(0.123456789), short(1234567.0)
    (0.123457, 1234570.0)
    """
    return float(f"{number:.6g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What is talked about at a minute."""

    concerns: tuple[Concern, ...]
    hashtags: tuple[str, ...]
    exemplars: tuple[Exemplar, ...]

    @classmethod
    def of(cls, phrases: Phrases, exemplars: Exemplars, end_minute: int) -> Talk:
        """Read it from the counters."""
        return cls(concerns=phrases.concerns(), hashtags=phrases.hashtags(), exemplars=exemplars.top(end_minute))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found in a minute."""

    assessment: Assessment
    view: HorizonView
    """The view that decided."""
    score: float
    """What the level was read from."""
    dispersion: float
    """Of the volume in the horizon that decided."""
    usual: float
    """The brand's usual negative share."""
    learning: float
    """How far the baseline has been learnt, 0 to 1."""


def decisive(assessment: Assessment, alert_score: float) -> HorizonView:
    """Return the view that decided: the strongest of what the level was read from, or the hour if all is calm.

    Volume alone counts up to alert, as it does for the level.
    """
    hour = assessment.views[HORIZONS.index("1h")]
    if assessment.crisis <= 0.0 and assessment.attention <= 0.0:
        return hour
    if assessment.crisis >= min(assessment.attention, alert_score):
        return max(assessment.views, key=lambda view: view.crisis)
    return max(assessment.views, key=lambda view: view.attention)


def build(bucket: ClosedBucket, finding: Finding, talk: Talk, config_hash: str) -> Evidence:
    """Return the evidence of one step: of the minute that decided, what was found, what is talked about."""
    view = finding.view
    window = HORIZONS[view.horizon]
    observed = bucket.windows[window]
    low, high = count_interval(view.expected, finding.dispersion)
    return Evidence(
        window=window,
        observed=observed,
        expected_volume=short(view.expected),
        interval=(short(low), short(high)),
        negative_share=short(observed.negative / observed.volume if observed.volume else 0.0),
        negative_share_expected=short(finding.usual),
        score=short(finding.score),
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
    )


def _signals(bucket: ClosedBucket, finding: Finding) -> tuple[Signal, ...]:
    """Every signal in the window in which it is strongest, strongest first."""
    assessment, usual, support = finding.assessment, finding.usual, finding.assessment.support
    loud = max(assessment.views, key=lambda view: view.volume_surprise)
    worse = max(assessment.views, key=lambda view: view.share_surprise)
    hour = bucket.windows["1h"]
    share = worse.negative / worse.trials if worse.trials else 0.0
    questions = hour.questions / hour.volume if hour.volume else 0.0
    signals = [
        _signal("volume", HORIZONS[loud.horizon], loud.volume, loud.expected, loud.volume_surprise),
        _signal(
            "negative_share",
            HORIZONS[worse.horizon],
            share,
            usual,
            worse.share_surprise,
        ),
        _signal("question_share", "1h", questions, support.usual_questions, support.questions_surprise),
        _signal("reach", "1h", float(hour.reach), support.usual_reach, support.reach_surprise),
    ]
    return tuple(sorted(signals, key=lambda signal: (-signal.surprise, signal.name)))


def _signal(name: str, window: str, observed: float, expected: float, surprise: float) -> Signal:
    return Signal(
        name=name,
        window=window,
        observed=short(observed),
        expected=short(expected),
        surprise=short(surprise),
    )


def window_ms(evidence: Evidence) -> int:
    """Length of the window that the evidence counts, milliseconds."""
    return WINDOW_SECONDS[evidence.window] * 1000
