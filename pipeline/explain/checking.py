"""What a published event says of itself, recomputed from its own numbers alone."""

from __future__ import annotations

from math import log1p, log10
from typing import NamedTuple

from pipeline.explain import sums
from schemas.crisis import CrisisEvent, Decision, Evidence, Law, Signal
from schemas.window import Level

__all__ = ["Check", "earned_level", "recheck", "surprise_of"]

_RELATIVE = 2e-5
"""Numbers are published with six digits: so far may two be apart that should be equal."""
_ABSOLUTE = 2e-5


class Check(NamedTuple):
    """One number of an event, as published and as it follows from others."""

    name: str
    """A signal's name, `score` or `level`."""
    published: float
    recomputed: float

    @property
    def agrees(self) -> bool:
        """Whether they are equal, but for the rounding."""
        return abs(self.published - self.recomputed) <= _ABSOLUTE + _RELATIVE * abs(self.published)


def recheck(event: CrisisEvent) -> tuple[Check, ...]:
    """Recompute every surprise, the score and the level that the minute earned.

    Empty for events of before evidence held what it takes.
    """
    evidence = event.evidence
    if evidence.decision is None:
        return ()
    checks = [
        Check(signal.name, signal.surprise, again)
        for signal in evidence.signals
        if (again := surprise_of(signal, evidence)) is not None
    ]
    total = sum(signal.contribution for signal in evidence.signals)
    checks.append(Check("score", evidence.score, total * evidence.learning))
    checks.append(Check("level", evidence.decision.earned, earned_level(evidence, evidence.decision)))
    return tuple(checks)


def surprise_of(signal: Signal, evidence: Evidence) -> float | None:
    """Return a signal's surprise by its law; none where nothing was tested, or the law is not one to recompute."""
    if signal.law is Law.NONE or signal.spread is None:
        return None
    if signal.trials is not None:
        return _of_share(signal, signal.spread, *_counted(signal, evidence))
    return _of_count(signal, signal.spread) if signal.observed > signal.expected else 0.0


def _of_count(signal: Signal, spread: float) -> float:
    match signal.law:
        case Law.NORMAL:
            return sums.normal((signal.observed - signal.expected) / spread)
        case Law.MOMENT:
            return spread * log10((1.0 + signal.observed) / (1.0 + signal.expected))
        case Law.LOG_NORMAL:
            return sums.normal((log1p(signal.observed) - log1p(signal.expected)) / spread)
        case _:
            return sums.negative_binomial(round(signal.observed), signal.expected, spread)


def _of_share(signal: Signal, spread: float, hits: float, trials: float) -> float:
    share = signal.expected
    if not trials or hits <= trials * share * (1.0 + 1e-9):
        return 0.0
    match signal.law:
        case Law.NORMAL:
            return sums.normal((hits / trials - share) / spread)
        case Law.BETA:
            return sums.beta_share(hits, trials, share, spread)
        case _:
            whole = int(hits), int(trials)
            return sums.beta_binomial(*whole, share, spread) if whole[0] > whole[1] * share else 0.0


def _counted(signal: Signal, evidence: Evidence) -> tuple[float, float]:
    """Return hits and trials of a share.

    Those of the negative share follow from the counts of the window: copies are left out of both, then what is more
    than 1.26 negative posts for each of their authors, then both are brought down to two posts an author.
    """
    counts = evidence.observed
    trials = signal.trials or 0.0
    if signal.name not in ("negative_share", "copies", "authors"):
        return float(round(signal.observed * trials)), trials
    hits, trials = float(counts.negative), float(counts.volume)
    if signal.name == "negative_share":
        return hits, trials
    trials = float(counts.volume - counts.retweets)
    hits = float(min(counts.negative - counts.negative_retweets, trials))
    copies = min(counts.repeats, trials)
    if copies:
        trials -= copies
        hits = min(max(evidence.negative_share_expected * trials, hits - copies), hits, trials)
    if signal.name == "copies":
        return hits, trials
    if counts.negative_authors is not None:
        beyond = max(0.0, hits - 1.26 * min(counts.negative_authors, counts.authors))
        hits, trials = hits - beyond, trials - beyond
    most = 2.0 * min(counts.authors, counts.volume)
    return (hits * most / trials, most) if trials > most else (hits, trials)


def earned_level(evidence: Evidence, decision: Decision) -> Level:
    """Return the level that the minute earns by itself, from its scores, authors and thresholds."""
    watch, alert, _, _ = decision.thresholds
    if evidence.learning < 1.0:
        enough = evidence.score >= watch and decision.authors >= decision.authors_needed[0]
        return Level.WATCH if enough else Level.CALM
    most = watch if decision.told else alert
    loud = min(decision.attention, most - 0.01) >= watch and decision.authors >= decision.authors_needed[0]
    reached = Level.WATCH if loud else Level.CALM
    for window in decision.windows:
        for level, threshold, needed in zip(list(Level)[1:], decision.thresholds, decision.authors_needed, strict=True):
            if window.score >= threshold and window.negative_authors >= needed:
                reached = max(reached, level)
    return Level.CRISIS if reached is Level.SEVERE and _loudest(evidence, decision) < watch else reached


def _loudest(evidence: Evidence, decision: Decision) -> float:
    beside = (signal.surprise for signal in evidence.signals if signal.name in ("question_share", "reach"))
    return max(decision.attention, *beside)
